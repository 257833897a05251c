"""Work other than answering prompts."""

import asyncio

from ymera.v1 import inference_pb2 as pb

from ymera_service.api.convert import Fields
from ymera_service.api.convert.history import attempts_fields
from ymera_service.api.convert.routing import decision_fields
from ymera_service.api.convert.usage import consumption_fields
from ymera_service.execution.facts import Execution
from ymera_service.sdk.work import EmbedPurpose, EmbedRequest, Finding, Harm, ModerateRequest, RerankRequest
from ymera_service.serving.checks.limits import fits
from ymera_service.serving.checks.violations import Violations
from ymera_service.serving.inference import Counted, Embedded, Moderated, Reranked

TURN = 64
"""Vectors after which the loop gets a turn."""

_PURPOSES: dict[int, EmbedPurpose | None] = {
    pb.EMBED_PURPOSE_UNSPECIFIED: None,
    **{pb.EmbedPurpose.Value(f"EMBED_PURPOSE_{purpose.name}"): purpose for purpose in EmbedPurpose},
}


_HARMS = {harm: pb.Harm.Value(f"HARM_{harm.name}") for harm in Harm}


def embed_of(request: pb.EmbedRequest, faults: Violations) -> EmbedRequest:
    """Returns what is to be embedded, noting what our types can't express; the checks are in `serving.checks`."""
    if request.purpose not in _PURPOSES:
        faults.add("purpose", "is not known")
    return EmbedRequest(
        "",
        tuple(request.inputs) if fits("inputs", len(request.inputs), faults) else (),
        request.dimensions if request.HasField("dimensions") else None,
        _PURPOSES.get(request.purpose),
    )


async def embed_response(done: Embedded) -> pb.EmbedResponse:
    """Returns the vectors. Converting thousands takes a fifth of a second, so the loop gets a turn meanwhile."""
    embeddings = []
    for place, vector in enumerate(done.vectors):
        if place % TURN == 0:
            await asyncio.sleep(0)
        embeddings.append(pb.Embedding(values=vector))
    return pb.EmbedResponse(embeddings=embeddings, **_execution_fields(done.execution))


def moderate_of(request: pb.ModerateRequest, faults: Violations) -> ModerateRequest:
    """Returns what is to be judged; the checks are in `serving.checks`."""
    return ModerateRequest("", tuple(request.inputs) if fits("inputs", len(request.inputs), faults) else ())


def moderate_response(done: Moderated) -> pb.ModerateResponse:
    """Returns the verdicts."""
    verdicts = [
        pb.ModerationVerdict(flagged=verdict.flagged, findings=[_finding(each) for each in verdict.findings])
        for verdict in done.verdicts
    ]
    return pb.ModerateResponse(verdicts=verdicts, **_execution_fields(done.execution))


def _finding(finding: Finding) -> pb.HarmFinding:
    return pb.HarmFinding(harm=_HARMS[finding.harm], name=finding.name, flagged=finding.flagged, score=finding.score)


def rerank_of(request: pb.RerankRequest, faults: Violations) -> RerankRequest:
    """Returns what is to be ordered; the checks are in `serving.checks`."""
    documents = tuple(request.documents) if fits("documents", len(request.documents), faults) else ()
    return RerankRequest("", request.query, documents, request.top if request.HasField("top") else None)


def rerank_response(done: Reranked) -> pb.RerankResponse:
    """Returns the best documents."""
    results = [pb.RankedDocument(index=each.index, score=each.score) for each in done.results]
    return pb.RerankResponse(results=results, **_execution_fields(done.execution))


def count_response(done: Counted) -> pb.CountTokensResponse:
    """Returns a count of tokens; without an attempt, the model is that of the first candidate."""
    execution, attempt = done.execution, done.execution.answering
    assert execution.decision is not None
    fields: Fields = {"attempts": attempts_fields(execution.turns)}
    return pb.CountTokensResponse(
        request_id=execution.request.request_id,
        input_tokens=done.input_tokens,
        estimated=done.estimated,
        model=attempt.target.model if attempt else execution.decision.candidates[0].target.model,
        **fields,
    )


def _execution_fields(execution: Execution) -> Fields:
    attempt = execution.answering
    assert execution.decision is not None
    return {
        "request_id": execution.request.request_id,
        "model": attempt.target.model if attempt else "",
        "usage": consumption_fields(execution.consumption),
        "decision": decision_fields(execution.decision),
        "attempts": attempts_fields(execution.turns),
        "simulated": attempt is not None and attempt.simulated,
    }
