"""Work whose reply a provider returns whole, as the events of a call, so that the same code bounds and accounts for it
as for an answer."""

import asyncio
from array import array
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any

from ymera_service.plugins.answers import size_of
from ymera_service.sdk.context import CallContext
from ymera_service.sdk.errors import InvalidProviderRequest, MalformedResponse
from ymera_service.sdk.events import Accepted, Finished, ProviderEvent, ResponseStarted, UsageReported
from ymera_service.sdk.generation import MAX_TOKENS, FinishReason, Usage
from ymera_service.sdk.providers import Provider
from ymera_service.sdk.work import (
    CountRequest,
    Embeddings,
    EmbedRequest,
    Finding,
    Harm,
    ModerateRequest,
    Moderations,
    Ranked,
    Ranking,
    Reply,
    RerankRequest,
    TokenCount,
    Verdict,
    WorkRequest,
)

MAX_DIMENSIONS = 65_536
"""Numbers of a vector; models return up to 8,192."""

MAX_FINDINGS, MAX_NAME = 64, 256
"""Categories of a verdict, and characters of the name of one."""
TURN = 64
"""Vectors after which the loop gets a turn."""

_NOTHING = Usage()


@dataclass(frozen=True, slots=True)
class Replied:
    """The whole reply of a provider, checked."""

    reply: Reply


CallEvent = ProviderEvent | Replied


async def events_of(provider: Provider, request: WorkRequest, context: CallContext) -> AsyncGenerator[CallEvent, None]:
    """Has a provider do some work, and yields what came of it.

    Raises:
        MalformedResponse: The reply is not one, or does not fit the request.
        BaseException: Whatever the provider raises.
    """
    kind = _KINDS[type(request)]
    reply = await kind.checked(request, _typed(await kind.call(provider, request, context), kind.reply))
    yield Accepted(reply.adaptations)
    yield ResponseStarted(reply.response_id, reply.model)
    yield UsageReported(_NOTHING if reply.usage is None else reply.usage, cost_micros=reply.cost_micros)
    yield Replied(reply)
    yield Finished(FinishReason.STOP)


def size_of_step(event: object) -> int:
    """Returns what an event of `events_of` counts of `MAX_ANSWER`: a reply is bounded by its request.

    Raises:
        MalformedResponse: A part of the reply is of a wrong type, or has text that is not valid Unicode.
    """
    return 0 if type(event) is Replied else size_of(event)


def _typed(reply: object, kind: type[Reply]) -> Any:
    if type(reply) is not kind:
        raise MalformedResponse(f"the provider returned {type(reply).__name__} instead of {kind.__name__}")
    return reply


async def _embeddings(request: EmbedRequest, reply: Embeddings) -> Embeddings:
    """Returns the vectors in little space.

    Raises:
        MalformedResponse: They don't fit the inputs.
        InvalidProviderRequest: They have another length than was asked for.
    """
    if len(reply.vectors) != len(request.inputs):
        raise MalformedResponse(f"there are {len(reply.vectors)} vectors for {len(request.inputs)} inputs")
    vectors: list[Sequence[float]] = []
    for vector in reply.vectors:
        if len(vectors) % TURN == 0:
            await asyncio.sleep(0)
        vectors.append(_packed(vector))
    lengths = set(map(len, vectors))
    if len(lengths) > 1:
        raise MalformedResponse(f"the vectors have {min(lengths)} to {max(lengths)} dimensions")
    if request.dimensions is not None and lengths != {request.dimensions}:
        raise InvalidProviderRequest(
            f"{request.model} returns vectors of {lengths.pop()} dimensions, not of {request.dimensions}"
        )
    return replace(reply, vectors=tuple(vectors))


def _packed(vector: Sequence[float]) -> Sequence[float]:
    try:
        fits = 0 < len(vector) <= MAX_DIMENSIONS  # before it is read, as what has no length may have no end
        packed = vector if isinstance(vector, array) and vector.typecode == "f" else array("f", vector if fits else ())
    except (TypeError, ValueError, OverflowError) as error:
        raise MalformedResponse(f"a vector is not made of numbers: {error}") from None
    if not fits or not isfinite(sum(packed)):
        raise MalformedResponse("a vector is empty, too long, or has numbers that are not finite")
    return packed


async def _count(request: CountRequest, reply: TokenCount) -> TokenCount:
    if type(reply.input_tokens) is not int or not 0 <= reply.input_tokens <= MAX_TOKENS:
        raise MalformedResponse(f"{reply.input_tokens!r:.50} is not a count of tokens")
    return reply


async def _moderations(request: ModerateRequest, reply: Moderations) -> Moderations:
    if len(reply.verdicts) != len(request.inputs):
        raise MalformedResponse(f"there are {len(reply.verdicts)} verdicts on {len(request.inputs)} inputs")
    for verdict in reply.verdicts:
        right = type(verdict) is Verdict and type(verdict.flagged) is bool and len(verdict.findings) <= MAX_FINDINGS
        if not right or not all(map(_is_finding, verdict.findings)):
            raise MalformedResponse("a verdict has a part of a wrong type, or too many findings")
    return reply


def _is_finding(finding: object) -> bool:
    return (
        type(finding) is Finding
        and type(finding.harm) is Harm
        and type(finding.flagged) is bool
        and type(finding.name) is str
        and finding.name.isprintable()
        and len(finding.name) <= MAX_NAME
        and (finding.score is None or (type(finding.score) in (int, float) and 0 <= finding.score <= 1))
    )


async def _ranking(request: RerankRequest, reply: Ranking) -> Ranking:
    """Returns the best results, the best first."""
    documents = range(len(request.documents))
    if not isinstance(reply.results, tuple | list) or len(reply.results) > len(documents):
        raise MalformedResponse("the results are not a list of at most as many as there are documents")
    for result in reply.results:
        if type(result) is not Ranked or type(result.index) is not int or result.index not in documents:
            raise MalformedResponse("a result is not that of a document")
        if type(result.score) not in (int, float) or not isfinite(result.score):
            raise MalformedResponse("a score is not a finite number")
    if len({result.index for result in reply.results}) < len(reply.results):
        raise MalformedResponse("a document is ranked twice")
    most = min(len(documents), request.top or len(documents))
    if len(reply.results) < most:
        raise MalformedResponse(f"there are {len(reply.results)} results instead of {most}")
    best = sorted(reply.results, key=lambda result: -result.score)[:most]
    return replace(reply, results=tuple(best))


@dataclass(frozen=True, slots=True)
class _Kind:
    """One kind of work: the method that does it, what that returns, and how it is checked."""

    call: Callable[[Provider, Any, CallContext], Awaitable[object]]
    reply: type[Reply]
    checked: Callable[[Any, Any], Awaitable[Reply]]


_KINDS: Mapping[type[WorkRequest], _Kind] = {
    EmbedRequest: _Kind(lambda provider, *call: provider.embed(*call), Embeddings, _embeddings),
    ModerateRequest: _Kind(lambda provider, *call: provider.moderate(*call), Moderations, _moderations),
    RerankRequest: _Kind(lambda provider, *call: provider.rerank(*call), Ranking, _ranking),
    CountRequest: _Kind(lambda provider, *call: provider.count_tokens(*call), TokenCount, _count),
}
