"""How work is divided into calls: each is a turn, so that one that fails is made again alone."""

from dataclasses import replace

from ymera_service.routing.prompts.estimate import text_tokens
from ymera_service.sdk.errors import InvalidProviderRequest
from ymera_service.sdk.models import Model
from ymera_service.sdk.work import EmbedRequest, ModerateRequest, WorkRequest

USUAL_INPUTS = 96
"""Texts of a call where the model's limit is not known; no vendor takes fewer unless its models say so,"""
USUAL_TOKENS = 200_000
"""and the tokens that they have together."""
SAFETY = 2
"""How many times the estimated tokens there may really be."""
MAX_TURNS = 64
"""Calls that one request may be divided into: each is kept in its record."""


def parts_of(work: WorkRequest) -> int:
    """Returns how many inputs some work has; what can't be divided is one."""
    return len(work.inputs) if isinstance(work, EmbedRequest | ModerateRequest) else 1


def portion_of(work: WorkRequest, model: Model, done: int) -> WorkRequest:
    """Returns what the next call of a model does, of work of which this many inputs are done."""
    if not isinstance(work, EmbedRequest | ModerateRequest):
        return replace(work, model=model.info.name)
    most = model.info.max_batch_inputs or USUAL_INPUTS
    tokens, count = (model.info.max_batch_tokens or USUAL_TOKENS) // SAFETY, 0
    for text in work.inputs[done : done + most]:
        tokens -= text_tokens(text)
        if tokens < 0 and count:
            break
        count += 1
    return replace(work, model=model.info.name, inputs=work.inputs[done : done + count])


def check_turns(work: WorkRequest, model: Model) -> None:
    """Checks that a model needs few enough calls.

    Raises:
        InvalidProviderRequest: It takes too few inputs in each.
    """
    most = MAX_TURNS * (model.info.max_batch_inputs or USUAL_INPUTS)
    if parts_of(work) > most:
        raise InvalidProviderRequest(f"{model.id} takes {most} inputs in one request at most; send fewer")
