"""Asks a model to think, by the values of `think` that it accepts."""

from ymera_ollama.profiles import Thinking
from ymera_service.sdk.generation import ReasoningEffort, Sampling
from ymera_service.sdk.wire.thinking import effort_asked

_ORDER = tuple(effort.value for effort in ReasoningEffort)


def think(sampling: Sampling, values: tuple[Thinking, ...] | None) -> Thinking | None:
    """Returns the value of `think` that is nearest to what is asked for; None leaves it out.

    Args:
        sampling: What the caller asks for.
        values: The values that the model accepts; None if they are not known.
    """
    effort = effort_asked(sampling)
    switch = (False, True) if values is None else values
    if effort is None:
        return True if sampling.reasoning_summary and values and True in values else None
    if effort is ReasoningEffort.NONE and False in switch:
        return False
    levels = [value for value in switch if isinstance(value, str)]
    if levels:
        return min(levels, key=lambda level: _distance(level, effort))
    return True if effort is not ReasoningEffort.NONE and True in switch else None


def _distance(level: str, effort: ReasoningEffort) -> tuple[int, int]:
    """Returns how far a level is from an effort; of two that are equally far, the higher level is preferred."""
    place = _ORDER.index(level) if level in _ORDER else len(_ORDER)
    return abs(place - _ORDER.index(effort.value)), -place
