"""What of a request the body of the Messages API does not hold as the caller gave it."""

from collections.abc import Iterator

from ymera_anthropic.profiles import Profile
from ymera_service.sdk.generation import Adaptation, Prompt, ReasoningEffort, ResponseType, ToolChoiceMode
from ymera_service.sdk.models import Capability
from ymera_service.sdk.wire.adaptations import dropped, mapped, sampling_adaptations
from ymera_service.sdk.wire.json_reader import Json

_SENT = {name: name for name in ("temperature", "top_p", "top_k", "stop_sequences")} | {
    "max_output_tokens": "max_tokens"
}


def adaptations_of(prompt: Prompt, body: Json, profile: Profile) -> tuple[Adaptation, ...]:
    """Returns what of a prompt is not in a body as it was given."""
    effort = "thinking" if "thinking" in body else "output_config" if "effort" in body.get("output_config", {}) else ""
    sent = _SENT | {"reasoning_effort": effort}
    quiet = prompt.sampling.reasoning_effort is ReasoningEffort.NONE and not profile.thinks_by_default
    found = [
        one
        for one in sampling_adaptations(prompt.sampling, body, sent)
        if not (quiet and one.field.endswith("effort"))  # without a word of it, the model does not think
    ]
    if prompt.response_format.type is ResponseType.JSON_OBJECT:
        found.append(mapped("prompt.response_format.type", "JSON was asked for in the system prompt"))
    return (*found, *_of_tools(prompt, profile)) if prompt.tools else tuple(found)


def _of_tools(prompt: Prompt, profile: Profile) -> Iterator[Adaptation]:
    if Capability.STRUCTURED_OUTPUT not in profile.capabilities and any(tool.strict for tool in prompt.tools):
        yield dropped("prompt.tools.strict", "the model does not enforce schemas of tools")
    choice = prompt.tool_choice
    if choice.parallel_tool_calls is not None and choice.mode is ToolChoiceMode.NONE:
        yield dropped("prompt.tool_choice.parallel_tool_calls", "no tool may be called")
