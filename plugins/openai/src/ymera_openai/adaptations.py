"""What of a request the bodies of chat completions and of responses do not hold as the caller gave it."""

from collections.abc import Iterator

from ymera_openai.quirks import Quirks, ReasoningControl, ReasoningEcho
from ymera_service.sdk.content import Media, MediaKind
from ymera_service.sdk.generation import Adaptation, Prompt, ReasoningEffort, Sampling
from ymera_service.sdk.wire.adaptations import ANY, dropped, mapped, sampling_adaptations
from ymera_service.sdk.wire.declared import Declared
from ymera_service.sdk.wire.json_reader import Json

_EFFORTS = ("reasoning_effort", "reasoning", "thinking", "enable_thinking", "chat_template_kwargs")
_BUDGETS = ("max_tokens", "thinking_budget")
_SAME = ("logprobs", "temperature", "top_p", "top_k", "frequency_penalty", "presence_penalty")
_RESPONSES = {
    **{name: name for name in ("temperature", "top_p", "max_output_tokens")},
    "logprobs": "top_logprobs",
    **dict.fromkeys(("reasoning_effort", "reasoning_budget_tokens", "reasoning_summary"), "reasoning"),
}

_COMPLETIONS = {name: name for name in ("temperature", "top_p", "logprobs", *_SAME[-2:])} | {
    "max_output_tokens": "max_tokens",
    "stop_sequences": "stop",
}


def of_chat(prompt: Prompt, body: Json, quirks: Quirks, declared: Declared) -> tuple[Adaptation, ...]:
    """Returns what of a prompt is not in a body of chat completions as it was given."""
    found: list[Adaptation] = []
    if prompt.sampling != ANY:
        found += _of_sampling(prompt.sampling, body, quirks)
    if _has_closely_seen_video(prompt):
        found.append(dropped("prompt.messages.parts.detail", "chat completions have no detail for videos"))
    found += declared.of(prompt)
    return tuple(found)


def of_responses(prompt: Prompt, body: Json, declared: Declared) -> tuple[Adaptation, ...]:
    """Returns what of a prompt is not in a body of responses as it was given."""
    sampling = prompt.sampling
    others = declared.of(prompt)
    if sampling == ANY:
        return tuple(others)
    found = sampling_adaptations(sampling, body, _RESPONSES)
    thinking = _thinking(sampling, body.get("reasoning") or {})
    return (*(one for one in found if not _is_met(one, sampling, shown=False)), *thinking, *others)


def _has_closely_seen_video(prompt: Prompt) -> bool:
    for message in prompt.messages:
        for part in message.parts:
            if type(part) is Media and part.kind is MediaKind.VIDEO and part.detail is not None:
                return True
    return False


def _of_sampling(sampling: Sampling, body: Json, quirks: Quirks) -> Iterator[Adaptation]:
    is_object = quirks.reasoning is ReasoningControl.OBJECT
    effort = next((name for name in _EFFORTS if name in body), "")
    sent = {**{name: name for name in _SAME}, "stop_sequences": "stop"}
    sent |= {"max_output_tokens": quirks.max_tokens, "seed": quirks.seed}
    sent |= {"reasoning_effort": effort, "reasoning_budget_tokens": effort}
    sent["reasoning_summary"] = "reasoning" if is_object else ""
    shown = quirks.echo is not ReasoningEcho.NONE
    for one in sampling_adaptations(sampling, body, sent):
        if not _is_met(one, sampling, shown=shown):
            yield one
    yield from _thinking(sampling, body.get("reasoning") or {} if is_object else body)


def _is_met(adaptation: Adaptation, sampling: Sampling, *, shown: bool) -> bool:
    """Returns whether what was left out is so without a word of it: thinking is always shown, or never."""
    return adaptation.field.endswith("reasoning_summary") and sampling.reasoning_summary is shown


def _thinking(sampling: Sampling, members: Json) -> Iterator[Adaptation]:
    """Yields what of the thinking that was asked for is expressed by another value."""
    asked, budget = sampling.reasoning_effort, sampling.reasoning_budget_tokens
    sent = members.get("reasoning_effort") or members.get("effort")
    if asked is ReasoningEffort.NONE and sent not in (None, "none"):
        yield mapped("prompt.sampling.reasoning_effort", f"the model always thinks; its effort is {sent}")
    elif asked is not None and sent not in (None, asked.value):
        yield mapped("prompt.sampling.reasoning_effort", f"the model accepts no {asked.value}; {sent} was sent")
    if budget is not None and not any(members.get(name) == budget for name in _BUDGETS):
        if sent:
            yield mapped("prompt.sampling.reasoning_budget_tokens", f"the effort {sent} was sent instead")
        elif any(name in members for name in _EFFORTS):
            yield mapped("prompt.sampling.reasoning_budget_tokens", "thinking was switched on, without a budget")


def of_completions(sampling: Sampling, body: Json, quirks: Quirks) -> Iterator[Adaptation]:
    """Yields what of a prompt is not in a body of completions as it was given."""
    for one in sampling_adaptations(sampling, body, _COMPLETIONS | {"seed": quirks.seed}):
        if not _is_met(one, sampling, shown=False) and not _is_quiet(one, sampling):
            yield one


def _is_quiet(adaptation: Adaptation, sampling: Sampling) -> bool:
    """Returns whether the effort may be left out, as the model does not think."""
    return adaptation.field.endswith("reasoning_effort") and sampling.reasoning_effort is ReasoningEffort.NONE
