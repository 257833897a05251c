"""Asks a model to think more or less, by a level or a budget of tokens, whichever it accepts."""

from collections.abc import Mapping

from ymera_gemini.profiles import Profile
from ymera_service.sdk.generation import ReasoningEffort, Sampling
from ymera_service.sdk.wire.json_reader import Json
from ymera_service.sdk.wire.thinking import effort_asked

_BUDGETS: Mapping[ReasoningEffort, int] = {
    ReasoningEffort.NONE: 0,
    ReasoningEffort.MINIMAL: 512,
    ReasoningEffort.LOW: 1_024,
    ReasoningEffort.MEDIUM: 8_192,
    ReasoningEffort.HIGH: 24_576,
    ReasoningEffort.XHIGH: 32_768,
    ReasoningEffort.MAX: 32_768,
}
"""Google's own translation of efforts, with its least and its highest budget: https://ai.google.dev/gemini-api/docs/openai#thinking."""

_LEVELS: Mapping[ReasoningEffort, tuple[str, ...]] = {
    ReasoningEffort.NONE: ("minimal", "low"),
    ReasoningEffort.MINIMAL: ("minimal", "low"),
    ReasoningEffort.LOW: ("low", "minimal"),
    ReasoningEffort.MEDIUM: ("medium", "high"),
    ReasoningEffort.HIGH: ("high",),
    ReasoningEffort.XHIGH: ("high",),
    ReasoningEffort.MAX: ("high",),
}
"""The levels for an effort, the nearest first."""


def thinking_config(sampling: Sampling, profile: Profile) -> Json:
    """Returns the `thinkingConfig` that is asked for; empty if none is, or the model does not think."""
    effort, shown = effort_asked(sampling), sampling.reasoning_summary
    if not profile.levels and not profile.budgets:
        return {}
    if effort is None:
        return {} if shown is None else {"includeThoughts": shown}
    if profile.levels:
        level = next((level for level in _LEVELS[effort] if level in profile.levels), profile.levels[-1])
        asked: Json = {"thinkingLevel": level}
    else:
        assert profile.budgets
        asked = {"thinkingBudget": _budget(effort, sampling.reasoning_budget_tokens, profile, *profile.budgets)}
    if effort is ReasoningEffort.NONE:
        return asked
    return asked | {"includeThoughts": shown is not False}


def _budget(effort: ReasoningEffort, wanted: int | None, profile: Profile, least: int, most: int) -> int:
    if effort is ReasoningEffort.NONE and profile.can_stop_thinking:
        return 0
    return max(least, min(_BUDGETS[effort] if wanted is None else wanted, most))


def replacement(sampling: Sampling, sent: Json) -> str:
    """Returns in words what a `thinkingConfig` that was sent asks for instead of what the caller did; else empty."""
    effort, wanted = sampling.reasoning_effort, sampling.reasoning_budget_tokens
    level, budget = sent.get("thinkingLevel"), sent.get("thinkingBudget")
    if level:
        return f"the level {level}" if wanted is not None or (effort and level != effort.value) else ""
    if not budget:
        return ""
    as_asked = budget == wanted if wanted is not None else effort is not ReasoningEffort.NONE
    return "" if as_asked else f"a budget of {budget} tokens"
