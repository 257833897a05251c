"""What each kind of work is called, which models do it, and what it needs of them."""

from collections.abc import Mapping

from ymera_service.routing.decision import Weights
from ymera_service.routing.prompts.estimate import Needs, prompt_tokens, text_tokens
from ymera_service.sdk.generation import Usage
from ymera_service.sdk.models import Kind
from ymera_service.sdk.work import CountRequest, EmbedRequest, ModerateRequest, RerankRequest, WorkRequest
from ymera_service.storage.records import Operation

OPERATIONS: Mapping[type[WorkRequest], Operation] = {
    EmbedRequest: Operation.EMBEDDINGS,
    CountRequest: Operation.COUNT_TOKENS,
    ModerateRequest: Operation.MODERATION,
    RerankRequest: Operation.RERANK,
}

KINDS: Mapping[Operation, Kind] = {
    Operation.CHAT: Kind.GENERATE,
    Operation.EMBEDDINGS: Kind.EMBED,
    Operation.COUNT_TOKENS: Kind.GENERATE,
    Operation.MODERATION: Kind.MODERATE,
    Operation.RERANK: Kind.RERANK,
}
"""The kind of the models that do it."""

COST_ALONE = Weights(0.0, 0.0, 1.0)
"""How candidates are scored that are not measured against each other."""


def work_tokens(work: WorkRequest) -> int:
    """Estimates the input tokens of some work."""
    match work:
        case CountRequest():
            return prompt_tokens(work.prompt)
        case RerankRequest():
            return text_tokens(work.query) + sum(map(text_tokens, work.documents))
        case EmbedRequest() | ModerateRequest():
            return sum(map(text_tokens, work.inputs))


def work_usage(work: WorkRequest) -> Usage:
    """Estimates what some work consumes."""
    return Usage() if is_free(work) else Usage(work_tokens(work))


def is_free(work: WorkRequest | None) -> bool:
    """Returns whether the work is free, and says nothing of how well its targets answer prompts."""
    return isinstance(work, CountRequest)


def work_needs(tokens: int) -> Needs:
    """Returns what work with this many input tokens needs."""
    return Needs(frozenset(), tokens, 0, Usage(tokens), 0, whole=False)
