"""Moderation: whether texts are harmful."""

from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from ymera_openai.embeddings import read_object
from ymera_service.sdk.errors import MalformedResponse
from ymera_service.sdk.http import HttpRequest, HttpResponse
from ymera_service.sdk.wire.json_reader import Json, member, members, text


@dataclass(frozen=True, slots=True)
class Moderation:
    """Whether each input was flagged, in their order."""

    flagged: tuple[bool, ...]
    model: str = ""
    response_id: str = ""


def encode(model: str, inputs: Sequence[str]) -> HttpRequest:
    """Returns the request for the verdicts on the inputs."""
    body = orjson.dumps({"model": model, "input": list(inputs)})
    return HttpRequest("POST", "/moderations", {"content-type": "application/json"}, body)


def decode(response: HttpResponse) -> Moderation:
    """Reads the verdicts.

    Raises:
        ProviderError: The body holds an error.
        MalformedResponse: The body is not in the format.
    """
    document = read_object(response)
    results = members(document, "results")
    if not results:
        raise MalformedResponse("the answer has no results")
    flagged = tuple(_is_flagged(result) for result in results)
    return Moderation(flagged, text(document, "model"), text(document, "id"))


def _is_flagged(result: Json) -> bool:
    """Mistral reports no verdict, only categories."""
    verdict = result.get("flagged")
    return verdict if isinstance(verdict, bool) else True in member(result, "categories").values()
