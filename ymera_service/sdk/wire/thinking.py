"""Translates a budget of tokens for thinking into an effort, for models that know efforts only."""

from ymera_service.sdk.generation import ReasoningEffort, Sampling

_UP_TO: tuple[tuple[int, ReasoningEffort], ...] = (
    (1_023, ReasoningEffort.MINIMAL),
    (4_095, ReasoningEffort.LOW),
    (16_383, ReasoningEffort.MEDIUM),
    (32_767, ReasoningEffort.HIGH),
)
"""The most tokens for which each effort stands; above, it is XHIGH."""


def effort_asked(sampling: Sampling) -> ReasoningEffort | None:
    """Returns the effort that is asked for, by name or by a budget of tokens; None if the caller does not say."""
    budget = sampling.reasoning_budget_tokens
    return sampling.reasoning_effort if budget is None else effort_for(budget)


def effort_for(budget: int) -> ReasoningEffort:
    """Returns the effort that is nearest to a budget of tokens."""
    return next((effort for most, effort in _UP_TO if budget <= most), ReasoningEffort.XHIGH)
