"""Moderation: whether texts are harmful."""

import orjson

from ymera_openai.embeddings import read_object
from ymera_openai.usage import read_usage
from ymera_service.sdk.errors import MalformedResponse
from ymera_service.sdk.http import HttpRequest, HttpResponse
from ymera_service.sdk.wire.json_reader import Json, member, members, text
from ymera_service.sdk.work import Finding, Harm, ModerateRequest, Moderations, Verdict

MOST_INPUTS = 32
"""Texts of one request; vendors don't state a limit."""

_HARMS = {
    "harassment": Harm.HARASSMENT,
    "hate": Harm.HATE,
    "hate_and_discrimination": Harm.HATE,
    "sexual": Harm.SEXUAL,
    "sexual/minors": Harm.MINORS,
    "self-harm": Harm.SELF_HARM,
    "selfharm": Harm.SELF_HARM,
    "violence": Harm.VIOLENCE,
    "violence_and_threats": Harm.VIOLENCE,
    "illicit": Harm.ILLICIT,
    "dangerous_and_criminal_content": Harm.ILLICIT,
    "dangerous": Harm.ILLICIT,
    "criminal": Harm.ILLICIT,
    "pii": Harm.PRIVACY,
    "health": Harm.ADVICE,
    "financial": Harm.ADVICE,
    "law": Harm.ADVICE,
    "jailbreaking": Harm.JAILBREAK,
}
"""The categories of OpenAI and of Mistral; those of OpenAI have parts, such as `hate/threatening`."""


def encode(request: ModerateRequest) -> HttpRequest:
    """Returns the request for the verdicts on the inputs."""
    body = orjson.dumps({"model": request.model, "input": list(request.inputs)})
    return HttpRequest("POST", "/moderations", {"content-type": "application/json"}, body)


def decode(response: HttpResponse) -> Moderations:
    """Reads the verdicts.

    Raises:
        ProviderError: The body holds an error.
        MalformedResponse: The body is not in the format.
    """
    document = read_object(response)
    results = members(document, "results")
    if not results:
        raise MalformedResponse("the answer has no results")
    reported = read_usage(member(document, "usage"))
    return Moderations(
        tuple([_verdict(result) for result in results]),
        usage=reported.usage if reported else None,
        model=text(document, "model"),
        response_id=text(document, "id"),
    )


def _verdict(result: Json) -> Verdict:
    """Mistral reports no verdict, only categories."""
    scores, verdict = member(result, "category_scores"), result.get("flagged")
    findings = tuple(
        [
            Finding(_harm(name), name, flagged, _score(scores.get(name)))
            for name, flagged in member(result, "categories").items()
            if isinstance(flagged, bool)
        ]
    )
    flagged = verdict if isinstance(verdict, bool) else any(finding.flagged for finding in findings)
    return Verdict(flagged, findings)


def _harm(name: str) -> Harm:
    return _HARMS.get(name) or _HARMS.get(name.partition("/")[0], Harm.OTHER)


def _score(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
