"""Asks a model to think more or less, in the field and with the values that it accepts."""

from ymera_openai import profiles
from ymera_openai.efforts import TOGGLE, accepted, nearest
from ymera_openai.quirks import Quirks, ReasoningControl
from ymera_service.sdk.generation import ReasoningEffort, Sampling
from ymera_service.sdk.wire.json_reader import Json
from ymera_service.sdk.wire.thinking import effort_asked

_USUAL = ("none", "low", "medium", "high")
"""What a model that accepts any effort accepts."""
_OF_OPENROUTER = ("none", "minimal", "low", "medium", "high", "xhigh")
"""OpenRouter makes a budget of these for a model that has no efforts."""


def effort_of(model: str, asked: ReasoningEffort, vendor: str) -> str | None:
    """Returns the effort to send to a model; None if it accepts none that fits.

    A model of which nothing is known gets the nearest of the efforts that are usual.
    """
    values = accepted(vendor, model)
    if values is None:
        return None if profiles.reasons(model) is False else nearest(_USUAL, asked)
    return nearest(values, asked)


def thinks(sampling: Sampling) -> bool:
    """Returns whether a request asks for thinking."""
    return effort_asked(sampling) not in (None, ReasoningEffort.NONE)


def thinking_of(model: str, sampling: Sampling, quirks: Quirks) -> Json:
    """Returns the members of a request that ask for this much thinking, and for its text."""
    asked, budget = effort_asked(sampling), sampling.reasoning_budget_tokens
    if quirks.reasoning is ReasoningControl.OBJECT:
        return _object(model, sampling, quirks)
    if asked is None:
        return {}
    effort = effort_of(model, asked, quirks.vendor)
    if quirks.reasoning is ReasoningControl.EFFORT:
        return {"reasoning_effort": effort} if effort else {}
    if quirks.reasoning is ReasoningControl.NONE:
        return {}
    members = _switch(model, asked, effort, quirks)
    if budget is not None and members and quirks.reasoning is ReasoningControl.ENABLE_THINKING:
        members["thinking_budget"] = budget
    return members


def _object(model: str, sampling: Sampling, quirks: Quirks) -> Json:
    asked, budget = effort_asked(sampling), sampling.reasoning_budget_tokens
    values = accepted(quirks.vendor, model)
    members: Json = {}
    if budget is not None and values != ():
        members["max_tokens"] = budget
    elif asked is not None:
        toggled = values == (TOGGLE,)
        if effort := nearest(_OF_OPENROUTER, asked) if toggled else effort_of(model, asked, quirks.vendor):
            members["effort"] = effort
    if sampling.reasoning_summary is not None:
        members["exclude"] = not sampling.reasoning_summary
    return {"reasoning": members} if members else {}


def _switch(model: str, asked: ReasoningEffort, effort: str | None, quirks: Quirks) -> Json:
    """Returns the members for vendors that switch thinking on and off; some of their models also accept an effort."""
    values = accepted(quirks.vendor, model)
    if values == () or (values is None and effort is None):
        return {}
    on = asked is not ReasoningEffort.NONE
    if quirks.reasoning is ReasoningControl.ENABLE_THINKING:
        return {"enable_thinking": on}
    if quirks.reasoning is ReasoningControl.TEMPLATE:
        return {"chat_template_kwargs": {"enable_thinking": on}}
    state: Json = {"thinking": {"type": "enabled" if on else "disabled"}}
    stated = effort if on and values not in (None, (TOGGLE,)) else None
    if quirks.reasoning is ReasoningControl.EFFORT_OR_OFF:
        return state if stated in (None, "high") else {"reasoning_effort": stated}
    return state | ({"reasoning_effort": stated} if stated else {})
