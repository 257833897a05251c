"""What a call consumed and costs, however it ended."""

from dataclasses import replace

from ymera_service.execution.context import ExecutionContext
from ymera_service.execution.portions import portion_of
from ymera_service.execution.progress import Progress
from ymera_service.routing.operations import is_free, work_tokens, work_usage
from ymera_service.routing.prompts.estimate import TYPICAL_OUTPUT_TOKENS, expected_usage, prompt_tokens, text_tokens
from ymera_service.sdk.errors import (
    CallerBudgetSpent,
    MalformedResponse,
    ProviderError,
    ProviderTimeout,
    RequestError,
    StreamInterrupted,
    YmeraError,
)
from ymera_service.sdk.generation import Usage
from ymera_service.sdk.models import Model

_NOTHING = Usage()

DEAREST_TIER = 2
"""The most that vendors charge for a service tier, in multiples of their usual prices: for priority."""
HOSTED_TOOL_MICROS = 50_000
"""What is counted for each tool that a vendor runs itself: a web search costs 10,000 to 35,000 micro-USD, and an answer
seldom takes several."""


def _was_refused(progress: Progress, failure: YmeraError | None) -> bool:
    """Returns whether a call failed before the provider accepted it, so that it can't have cost anything."""
    if progress.portion is not None and isinstance(failure, MalformedResponse | StreamInterrupted):
        return False  # a reply that is returned whole does not say when its head arrived
    refused = isinstance(failure, ProviderError | RequestError) and not isinstance(failure, ProviderTimeout)
    return progress.accepted_at is None and refused


CHARGED = "charged"
"""The source of a cost that the provider stated; others are those of prices."""


def cost_of(model: Model, usage: Usage, progress: Progress, failure: YmeraError | None) -> tuple[int | None, str]:
    """Returns what a call costs in micro-USD, and who says so: what its provider says that it charges, or else the
    source of the price.

    None means that it is not known: the price or that of its service tier is missing, or the call has fees that are not
    in the price list. A cost of 0 has no source.
    """
    if _was_refused(progress, failure) or is_free(progress.portion):
        return 0, ""
    if progress.finished is not None and progress.charged_micros is not None:
        return progress.charged_micros, CHARGED
    billed = progress.billed if progress.finished is not None else None
    micros = _by_price(model, billed or usage, progress)
    return micros, model.price.source if micros is not None and model.price is not None else ""


def _by_price(model: Model, usage: Usage, progress: Progress) -> int | None:
    return model.cost_micros(usage, progress.service_tier) if progress.usual_rates else None


def usage_of(context: ExecutionContext, progress: Progress, failure: YmeraError | None) -> tuple[Usage, bool]:
    """Returns what a call consumed and whether that is an estimate.

    A call that failed before it was accepted cost nothing. Of one that broke off, or that was cut off when its
    time was over, the provider's count may lag behind what it charges; and of an answer that is not streamed
    nothing was seen, while the provider may go on writing it.
    """
    execution = context.execution
    reported = progress.usage or _NOTHING
    whole = reported.input_tokens and (reported.output_tokens or not any(progress.written))
    if progress.finished is not None and whole:
        return reported, progress.usage_estimated or progress.not_credible is not None
    if _was_refused(progress, failure) or is_free(progress.portion):
        return _NOTHING, False
    if progress.portion is not None:
        return replace(reported, input_tokens=reported.input_tokens or work_tokens(progress.portion)), True
    written = text_tokens("".join(progress.written))
    if not written and progress.finished is None and not execution.stream and execution.decision is not None:
        written = expected_usage(0, execution.decision.inputs.max_output_tokens).output_tokens
    return replace(
        reported,
        input_tokens=reported.input_tokens or prompt_tokens(execution.request.prompt),
        output_tokens=max(reported.output_tokens, written),
    ), True


def next_usage(context: ExecutionContext, model: Model) -> Usage:
    """Returns what the next call of a model will probably consume."""
    execution = context.execution
    if execution.request.work is not None:
        return work_usage(portion_of(execution.request.work, model, context.done))
    inputs = execution.decision.inputs if execution.decision else None
    return expected_usage(inputs.input_tokens, inputs.max_output_tokens) if inputs else _NOTHING


def counted_micros(context: ExecutionContext, model: Model, usage: Usage) -> int:
    """Returns what counts as spent for a call whose cost is not known, as it has other rates or fees than the usual."""
    tools = len(context.execution.request.prompt.provider_tools)
    return DEAREST_TIER * (model.cost_micros(usage) or 0) + HOSTED_TOOL_MICROS * tools


def affords(context: ExecutionContext, model: Model) -> bool:
    """Reserves what the next call of a model may cost, if its caller's spending is limited; returns whether it may."""
    if context.tab is None:
        return True
    try:
        context.tab.reserve(context.calls + 1, _most_micros(context, model))
    except CallerBudgetSpent as error:
        context.unaffordable = error
        return False
    return True


def _most_micros(context: ExecutionContext, model: Model) -> int | None:
    """Returns what the next call may cost: with as long an answer as the caller allows, or a usual one; None if its
    price is not known."""
    request, decision = context.execution.request, context.execution.decision
    if model.price is None:
        return None
    if request.work is not None:
        return model.cost_micros(work_usage(portion_of(request.work, model, context.done)))
    if decision is None:
        return 0
    usage = Usage(decision.inputs.input_tokens, decision.inputs.max_output_tokens or TYPICAL_OUTPUT_TOKENS)
    if request.prompt.service_tier or request.prompt.provider_tools:
        return counted_micros(context, model, usage)
    return model.cost_micros(usage)
