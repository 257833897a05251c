"""Asks a model to think more or less, by a level or a budget of tokens, whichever it accepts."""

from collections.abc import Mapping

from ymera_gemini.profiles import Profile
from ymera_service.sdk.generation import ReasoningEffort
from ymera_service.sdk.wire.json_reader import Json

_BUDGETS: Mapping[ReasoningEffort, int] = {
    ReasoningEffort.NONE: 0,
    ReasoningEffort.LOW: 1_024,
    ReasoningEffort.MEDIUM: 8_192,
    ReasoningEffort.HIGH: 24_576,
}
"""Google's own translation of efforts: https://ai.google.dev/gemini-api/docs/openai#thinking."""

_LEVELS: Mapping[ReasoningEffort, tuple[str, ...]] = {
    ReasoningEffort.NONE: ("minimal", "low"),
    ReasoningEffort.LOW: ("low", "minimal"),
    ReasoningEffort.MEDIUM: ("medium", "high"),
    ReasoningEffort.HIGH: ("high",),
}
"""The levels for an effort, the nearest first."""


def thinking_config(effort: ReasoningEffort | None, profile: Profile) -> Json:
    """Returns the `thinkingConfig` for an effort; empty if none is asked for or the model does not think."""
    if effort is None:
        return {}
    if profile.levels:
        level = next((level for level in _LEVELS[effort] if level in profile.levels), profile.levels[-1])
        asked: Json = {"thinkingLevel": level}
    elif profile.budgets:
        asked = {"thinkingBudget": _budget(effort, profile, *profile.budgets)}
    else:
        return {}
    return asked if effort is ReasoningEffort.NONE else asked | {"includeThoughts": True}


def _budget(effort: ReasoningEffort, profile: Profile, least: int, most: int) -> int:
    if effort is ReasoningEffort.NONE and profile.can_stop_thinking:
        return 0
    return max(least, min(_BUDGETS[effort], most))


def is_mapped(effort: ReasoningEffort, sent: Json) -> bool:
    """Returns whether a `thinkingConfig` that was sent asks for something else than the effort."""
    if "thinkingLevel" in sent:
        return bool(sent["thinkingLevel"] != effort.value)
    return effort is ReasoningEffort.NONE and bool(sent.get("thinkingBudget"))
