"""What of a request the body of the Messages API does not hold as the caller gave it."""

from collections.abc import Iterator

from ymera_anthropic.features import FEATURES
from ymera_anthropic.messages import FORMAT
from ymera_anthropic.profiles import Profile
from ymera_anthropic.requests import is_bounded
from ymera_service.sdk.generation import (
    Adaptation,
    AdaptationKind,
    Prompt,
    ReasoningEffort,
    Sampling,
    ToolChoiceMode,
)
from ymera_service.sdk.models import Capability
from ymera_service.sdk.wire.adaptations import ANY, dropped, mapped, sampling_adaptations
from ymera_service.sdk.wire.declared import Declared
from ymera_service.sdk.wire.json_reader import Json

_DECLARED = Declared(FEATURES, FORMAT)
_SENT = {name: name for name in ("temperature", "top_p", "top_k", "stop_sequences")} | {
    "max_output_tokens": "max_tokens"
}


def adaptations_of(prompt: Prompt, body: Json, profile: Profile) -> tuple[Adaptation, ...]:
    """Returns what of a prompt is not in a body as it was given."""
    found = [] if prompt.sampling == ANY else [*_of_sampling(prompt.sampling, body, profile)]
    found += _DECLARED.of(prompt)
    if prompt.provider_tools:
        found += _of_server_tools(prompt)
    return (*found, *_of_tools(prompt, profile)) if prompt.tools else tuple(found)


def _of_sampling(sampling: Sampling, body: Json, profile: Profile) -> Iterator[Adaptation]:
    thinking, effort = body.get("thinking", {}), body.get("output_config", {}).get("effort", "")
    how = "thinking" if thinking else "output_config" if effort else ""
    sent = _SENT | {"reasoning_effort": how, "reasoning_budget_tokens": how}
    quiet = sampling.reasoning_effort is ReasoningEffort.NONE and not profile.thinks_by_default
    for one in sampling_adaptations(sampling, body, sent):
        if one.field.endswith("reasoning_summary"):
            if not _is_met(sampling, thinking, profile):
                yield one
        elif not (quiet and one.field.endswith("effort")):  # without a word of it, the model does not think
            yield one
    if (asked := sampling.reasoning_effort) and effort not in ("", asked.value):
        yield mapped("prompt.sampling.reasoning_effort", f"the model accepts no {asked.value}; {effort} was sent")
    if budget := sampling.reasoning_budget_tokens:
        yield from _of_budget(budget, thinking, effort)


def _is_met(sampling: Sampling, thinking: Json, profile: Profile) -> bool:
    """Returns whether the text of the thinking will be there, or not, as it was asked for."""
    thinks = profile.thinks_by_default if not thinking else thinking["type"] != "disabled"
    shown = thinks and thinking.get("display", "omitted" if profile.hides_thinking else "summarized") == "summarized"
    return shown == sampling.reasoning_summary


def _of_budget(budget: int, thinking: Json, effort: str) -> Iterator[Adaptation]:
    sent = thinking.get("budget_tokens")
    if sent and sent != budget:
        kind = AdaptationKind.REDUCED if sent < budget else AdaptationKind.MAPPED
        yield Adaptation(kind, "prompt.sampling.reasoning_budget_tokens", f"{sent} was sent instead of {budget}")
    elif thinking and not sent:
        instead = f"the effort {effort} was sent" if effort else f"thinking is {thinking['type']}"
        yield mapped("prompt.sampling.reasoning_budget_tokens", f"{instead} instead")


def _of_server_tools(prompt: Prompt) -> Iterator[Adaptation]:
    if prompt.tool_choice.max_tool_calls is None:
        return
    bounded = [is_bounded(tool) for tool in prompt.provider_tools]
    if not all(bounded):
        yield dropped("prompt.tool_choice.max_tool_calls", "the API bounds only the calls that use the web")
    elif len(bounded) > 1:
        yield mapped("prompt.tool_choice.max_tool_calls", "it bounds the calls of each tool")


def _of_tools(prompt: Prompt, profile: Profile) -> Iterator[Adaptation]:
    if Capability.STRUCTURED_OUTPUT not in profile.capabilities and any(tool.strict for tool in prompt.tools):
        yield dropped("prompt.tools.strict", "the model does not enforce schemas of tools")
    choice = prompt.tool_choice
    if choice.parallel_tool_calls is not None and choice.mode is ToolChoiceMode.NONE:
        yield dropped("prompt.tool_choice.parallel_tool_calls", "no tool may be called")
