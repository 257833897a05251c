"""Asks a model to think more or less, in the field and with the values that it accepts."""

from ymera_openai import profiles
from ymera_openai.efforts import TOGGLE, accepted, nearest
from ymera_openai.quirks import Quirks, ReasoningControl
from ymera_service.sdk.generation import ReasoningEffort
from ymera_service.sdk.wire.json_reader import Json


def effort_of(model: str, asked: ReasoningEffort, vendor: str) -> str | None:
    """Returns the effort to send to a model; None if it accepts none that fits.

    A model of which nothing is known gets the effort that was asked for.
    """
    values = accepted(vendor, model)
    if values is None:
        return None if profiles.reasons(model) is False else asked.value
    return nearest(values, asked)


def thinking_of(model: str, asked: ReasoningEffort, quirks: Quirks) -> Json:
    """Returns the members of a request that ask for this much thinking."""
    effort = effort_of(model, asked, quirks.vendor)
    if quirks.reasoning is ReasoningControl.OBJECT and accepted(quirks.vendor, model) == (TOGGLE,):
        effort = asked.value  # OpenRouter makes a budget of it
    match quirks.reasoning:
        case ReasoningControl.EFFORT:
            return {"reasoning_effort": effort} if effort else {}
        case ReasoningControl.OBJECT:
            return {"reasoning": {"effort": effort}} if effort else {}
        case ReasoningControl.NONE:
            return {}
    return _switch(model, asked, effort, quirks)


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
