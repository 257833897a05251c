"""Turns a prompt into the body of a request."""

from collections.abc import Mapping
from typing import Any

import orjson

from ymera_anthropic.messages import conversation, json_object, system_prompt
from ymera_anthropic.profiles import Profile, Samplers
from ymera_service.sdk.generation import (
    GenerateRequest,
    Prompt,
    ReasoningEffort,
    ResponseFormat,
    ResponseType,
    Sampling,
    Tool,
    ToolChoice,
    ToolChoiceMode,
)
from ymera_service.sdk.models import Capability
from ymera_service.sdk.wire.json_reader import Json

_NO_PARAMETERS = orjson.Fragment('{"type":"object","properties":{}}')
_JSON_NOTE = "Answer with one JSON object and nothing else."
_LEAST_BUDGET = 1_024
_BUDGETS: Mapping[ReasoningEffort, int] = {
    ReasoningEffort.LOW: _LEAST_BUDGET,
    ReasoningEffort.MEDIUM: 4_096,
    ReasoningEffort.HIGH: 16_384,
}
_CHOICES: Mapping[ToolChoiceMode, str] = {
    ToolChoiceMode.AUTO: "auto",
    ToolChoiceMode.NONE: "none",
    ToolChoiceMode.REQUIRED: "any",
    ToolChoiceMode.TOOL: "tool",
}
_FORCED = frozenset({ToolChoiceMode.REQUIRED, ToolChoiceMode.TOOL})


def generation(request: GenerateRequest, profile: Profile, default_max_tokens: int) -> Json:
    """Returns the body of a request for an answer.

    Raises:
        InvalidProviderRequest: The prompt holds something that the API can't express.
    """
    sampling = request.prompt.sampling
    limit = max_tokens(sampling, profile, default_max_tokens)
    body = prompt_body(request.model, request.prompt, profile, limit)
    body["max_tokens"] = limit
    if sampling.stop_sequences:
        body["stop_sequences"] = sampling.stop_sequences
    if request.stream:
        body["stream"] = True
    thinks = body.get("thinking", {}).get("type") in {"adaptive", "enabled"}
    return body if thinks else body | _samplers(sampling, profile.samplers)


def prompt_body(model: str, prompt: Prompt, profile: Profile, limit: int) -> Json:
    """Returns the part of a body that represents the prompt, which is the body of `count_tokens`.

    Raises:
        InvalidProviderRequest: The prompt holds something that the API can't express.
    """
    body: Json = {"model": model, "messages": conversation(prompt.messages)}
    wants_object = prompt.response_format.type is ResponseType.JSON_OBJECT
    if system := system_prompt(prompt.messages, _JSON_NOTE if wants_object else ""):
        body["system"] = system
    if prompt.tools:
        body["tools"] = [_tool(tool, profile) for tool in prompt.tools]
        body |= _tool_choice(prompt.tool_choice)
    if thinking := _thinking(prompt, profile, limit):
        body["thinking"] = thinking
    if output := _effort(prompt.sampling, profile) | _format(prompt.response_format):
        body["output_config"] = output
    return body


def max_tokens(sampling: Sampling, profile: Profile, default: int) -> int:
    """Returns the token limit of the answer, at most the model's maximum: the API refuses a higher one."""
    limit = sampling.max_output_tokens or default
    return min(limit, profile.max_output_tokens or limit)


def _tool(tool: Tool, profile: Profile) -> Json:
    schema = json_object(tool.parameters_schema, tool.name) if tool.parameters_schema else _NO_PARAMETERS
    encoded: Json = {"name": tool.name, "input_schema": schema}
    if tool.description:
        encoded["description"] = tool.description
    if tool.strict and Capability.STRUCTURED_OUTPUT in profile.capabilities:
        encoded["strict"] = True
    return encoded


def _tool_choice(choice: ToolChoice) -> Json:
    encoded: Json = {"type": _CHOICES[choice.mode]}
    if choice.mode is ToolChoiceMode.TOOL:
        encoded["name"] = choice.tool_name
    if choice.parallel_tool_calls is not None and choice.mode is not ToolChoiceMode.NONE:
        encoded["disable_parallel_tool_use"] = not choice.parallel_tool_calls
    return {} if encoded == {"type": "auto"} else {"tool_choice": encoded}


def _thinking(prompt: Prompt, profile: Profile, limit: int) -> Json:
    effort = prompt.sampling.reasoning_effort
    # The API rejects thinking together with a forced tool call.
    if effort is ReasoningEffort.NONE or (prompt.tools and prompt.tool_choice.mode in _FORCED):
        return _no_thinking(profile)
    if effort is None:
        return {}
    if "adaptive" in profile.thinking:
        return {"type": "adaptive"} | ({"display": "summarized"} if profile.hides_thinking else {})
    budget = min(_BUDGETS[effort], limit - 1)
    if "enabled" in profile.thinking and budget >= _LEAST_BUDGET:
        return {"type": "enabled", "budget_tokens": budget}
    return {}


def _no_thinking(profile: Profile) -> Json:
    if not profile.thinks_by_default:
        return {}
    return next(({"type": kind} for kind in ("disabled", "between_tools") if kind in profile.thinking), {})


def _effort(sampling: Sampling, profile: Profile) -> Json:
    effort = sampling.reasoning_effort
    if effort is ReasoningEffort.NONE and profile.thinks_by_default and not _no_thinking(profile):
        effort = ReasoningEffort.LOW  # this model always thinks; low is nearest to none
    return {"effort": effort.value} if effort and effort.value in profile.efforts else {}


def _format(wanted: ResponseFormat) -> Json:
    if wanted.type is not ResponseType.JSON_SCHEMA:
        return {}
    json_object(wanted.schema, wanted.name)
    return {"format": {"type": "json_schema", "schema": _closed(orjson.loads(wanted.schema or "{}"))}}


def _closed(schema: Any) -> Any:
    """Returns a schema whose objects allow only the properties that they name, which the API requires."""
    if isinstance(schema, list):
        return [_closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    data = {"const", "default", "enum", "examples"}
    closed = {key: value if key in data else _closed(value) for key, value in schema.items()}
    kind = closed.get("type")
    if kind == "object" or (isinstance(kind, list) and "object" in kind):
        closed.setdefault("additionalProperties", False)
    return closed


def _samplers(sampling: Sampling, taken: Samplers) -> Json:
    if taken is Samplers.NONE:
        return {}
    values = {"temperature": sampling.temperature, "top_p": sampling.top_p, "top_k": sampling.top_k}
    if sampling.temperature is not None:
        values["temperature"] = min(sampling.temperature, 1.0)  # other vendors' range goes up to 2
        if taken is Samplers.ONE:
            del values["top_p"]
    return {name: value for name, value in values.items() if value is not None}
