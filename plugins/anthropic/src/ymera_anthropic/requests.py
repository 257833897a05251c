"""A prompt as the body of a request."""

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
    """Returns the body that asks for an answer.

    Raises:
        InvalidProviderRequest: The prompt holds something that the API has no words for.
    """
    sampling = request.prompt.sampling
    limit = max_tokens(sampling, profile, default_max_tokens)
    body = question(request.model, request.prompt, profile, limit)
    body["max_tokens"] = limit
    if sampling.stop_sequences:
        body["stop_sequences"] = sampling.stop_sequences
    if request.stream:
        body["stream"] = True
    thinks = body.get("thinking", {}).get("type") in {"adaptive", "enabled"}
    return body if thinks else body | _samplers(sampling, profile.samplers)


def question(model: str, prompt: Prompt, profile: Profile, limit: int) -> Json:
    """Returns the part of a body that makes up the prompt, which is what `count_tokens` takes.

    Raises:
        InvalidProviderRequest: The prompt holds something that the API has no words for.
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
    """Returns how many tokens the answer may have; no more than the model can write, which the API would refuse."""
    limit = sampling.max_output_tokens or default
    return min(limit, profile.max_output_tokens or limit)


def _tool(tool: Tool, profile: Profile) -> Json:
    schema = json_object(tool.parameters_schema, tool.name) if tool.parameters_schema else _NO_PARAMETERS
    told: Json = {"name": tool.name, "input_schema": schema}
    if tool.description:
        told["description"] = tool.description
    if tool.strict and Capability.STRUCTURED_OUTPUT in profile.capabilities:
        told["strict"] = True
    return told


def _tool_choice(choice: ToolChoice) -> Json:
    told: Json = {"type": _CHOICES[choice.mode]}
    if choice.mode is ToolChoiceMode.TOOL:
        told["name"] = choice.tool_name
    if choice.parallel_tool_calls is not None and choice.mode is not ToolChoiceMode.NONE:
        told["disable_parallel_tool_use"] = not choice.parallel_tool_calls
    return {} if told == {"type": "auto"} else {"tool_choice": told}


def _thinking(prompt: Prompt, profile: Profile, limit: int) -> Json:
    effort = prompt.sampling.reasoning_effort
    # The API refuses to think where a tool call is forced.
    if effort is ReasoningEffort.NONE or (prompt.tools and prompt.tool_choice.mode in _FORCED):
        return _no_thinking(profile)
    if effort is None:
        return {}
    if "adaptive" in profile.thinking:
        return {"type": "adaptive"} | ({"display": "summarized"} if profile.thinks_in_secret else {})
    budget = min(_BUDGETS[effort], limit - 1)
    if "enabled" in profile.thinking and budget >= _LEAST_BUDGET:
        return {"type": "enabled", "budget_tokens": budget}
    return {}


def _no_thinking(profile: Profile) -> Json:
    if not profile.thinks_unasked:
        return {}
    return next(({"type": kind} for kind in ("disabled", "between_tools") if kind in profile.thinking), {})


def _effort(sampling: Sampling, profile: Profile) -> Json:
    effort = sampling.reasoning_effort
    if effort is ReasoningEffort.NONE and profile.thinks_unasked and not _no_thinking(profile):
        effort = ReasoningEffort.LOW  # the nearest there is
    return {"effort": effort.value} if effort and effort.value in profile.efforts else {}


def _format(wanted: ResponseFormat) -> Json:
    if wanted.type is not ResponseType.JSON_SCHEMA:
        return {}
    json_object(wanted.schema, wanted.name)
    return {"format": {"type": "json_schema", "schema": _closed(orjson.loads(wanted.schema or "{}"))}}


def _closed(schema: Any) -> Any:
    """Returns a schema whose objects hold only the properties they name: the API takes no others."""
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
    told = {"temperature": sampling.temperature, "top_p": sampling.top_p, "top_k": sampling.top_k}
    if sampling.temperature is not None:
        told["temperature"] = min(sampling.temperature, 1.0)  # other vendors' range goes up to 2
        if taken is Samplers.ONE:
            del told["top_p"]
    return {name: value for name, value in told.items() if value is not None}
