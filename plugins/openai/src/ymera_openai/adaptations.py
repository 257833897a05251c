"""What of a request the bodies of chat completions and of responses do not hold as the caller gave it."""

from collections.abc import Iterator

from ymera_openai.quirks import Quirks
from ymera_service.sdk.generation import Adaptation, Prompt, ReasoningEffort, ResponseType
from ymera_service.sdk.wire.adaptations import dropped, mapped, sampling_adaptations
from ymera_service.sdk.wire.json_reader import Json

_EFFORTS = ("reasoning_effort", "reasoning", "thinking", "enable_thinking")
_RESPONSES = {name: name for name in ("temperature", "top_p", "max_output_tokens")} | {"reasoning_effort": "reasoning"}


def of_chat(prompt: Prompt, body: Json, quirks: Quirks) -> tuple[Adaptation, ...]:
    """Returns what of a prompt is not in a body of chat completions as it was given."""
    effort = next((name for name in _EFFORTS if name in body), "")
    sent = {name: name for name in ("temperature", "top_p", "top_k", "frequency_penalty", "presence_penalty")}
    sent |= {"max_output_tokens": quirks.max_tokens, "seed": quirks.seed, "stop_sequences": "stop"}
    sent["reasoning_effort"] = effort
    found = [*sampling_adaptations(prompt.sampling, body, sent), *_effort(prompt, body.get("reasoning_effort"))]
    if prompt.response_format.type is ResponseType.JSON_SCHEMA and not quirks.json_schema:
        found.append(mapped("prompt.response_format.schema", "it was sent as an instruction, with JSON mode"))
    if prompt.tools:
        found += _of_tools(prompt, quirks)
    return tuple(found)


def of_responses(prompt: Prompt, body: Json) -> tuple[Adaptation, ...]:
    """Returns what of a prompt is not in a body of responses as it was given."""
    found = sampling_adaptations(prompt.sampling, body, _RESPONSES)
    return (*found, *_effort(prompt, body.get("reasoning", {}).get("effort")))


def _effort(prompt: Prompt, sent: str | None) -> Iterator[Adaptation]:
    if prompt.sampling.reasoning_effort is ReasoningEffort.NONE and sent not in (None, "none"):
        yield mapped("prompt.sampling.reasoning_effort", f"the model always thinks; its effort is {sent}")


def _of_tools(prompt: Prompt, quirks: Quirks) -> Iterator[Adaptation]:
    if prompt.tool_choice.parallel_tool_calls is not None and not quirks.parallel_tool_calls:
        yield dropped("prompt.tool_choice.parallel_tool_calls", "the provider does not accept it")
    if not quirks.strict_tools and any(tool.strict for tool in prompt.tools):
        yield dropped("prompt.tools.strict", "the provider does not enforce schemas of tools")
