"""Turns a prompt into the body of a request."""

import re
from collections.abc import Mapping

import orjson

from ymera_anthropic.caching import bound, cache_control
from ymera_anthropic.messages import conversation, json_object, system_prompt
from ymera_anthropic.profiles import Profile, Samplers
from ymera_service.sdk.generation import (
    CODE_EXECUTION,
    WEB_SEARCH,
    GenerateRequest,
    Prompt,
    ProviderTool,
    ReasoningEffort,
    ResponseFormat,
    ResponseType,
    Sampling,
    ServiceTier,
    Tool,
    ToolChoice,
    ToolChoiceMode,
)
from ymera_service.sdk.models import Capability
from ymera_service.sdk.wire.json_reader import Json
from ymera_service.sdk.wire.schemas import closed
from ymera_service.sdk.wire.thinking import effort_asked
from ymera_service.sdk.wire.tiers import Names, tier_named
from ymera_service.sdk.wire.tools import allowed

_NO_PARAMETERS = orjson.Fragment('{"type":"object","properties":{}}')
_JSON_NOTE = "Answer with one JSON object and nothing else."
_LEAST_BUDGET = 1_024
_BUDGETS: Mapping[ReasoningEffort, int] = {
    ReasoningEffort.MINIMAL: _LEAST_BUDGET,
    ReasoningEffort.LOW: _LEAST_BUDGET,
    ReasoningEffort.MEDIUM: 4_096,
    ReasoningEffort.HIGH: 16_384,
    ReasoningEffort.XHIGH: 32_768,
    ReasoningEffort.MAX: 65_536,
}
_EFFORTS = ("low", "medium", "high", "xhigh", "max")
"""Ascending."""
_CHOICES: Mapping[ToolChoiceMode, str] = {
    ToolChoiceMode.AUTO: "auto",
    ToolChoiceMode.NONE: "none",
    ToolChoiceMode.REQUIRED: "any",
    ToolChoiceMode.TOOL: "tool",
}
_SERVER_TOOLS: Mapping[str, str] = {WEB_SEARCH: "web_search_20250305", CODE_EXECUTION: "code_execution_20250825"}
_DATE = re.compile(r"_\d{8}$")
"""Ends the type of a tool; what is before it is the tool's name."""
TIERS: Names = {ServiceTier.STANDARD: "standard_only", ServiceTier.PRIORITY: "auto"}
"""With `auto`, an account's priority capacity is used as far as it has any."""
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
    if tier := tier_named(request.prompt.service_tier, TIERS):
        body["service_tier"] = tier
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
    if prompt.tools or prompt.provider_tools:
        functions = [_tool(tool, profile) for tool in allowed(prompt.tools, prompt.tool_choice)]
        body["tools"] = functions + [_server_tool(tool, prompt.tool_choice) for tool in prompt.provider_tools]
        body |= _tool_choice(prompt.tool_choice)
    bound(body)
    if thinking := _thinking(prompt, profile, limit):
        body["thinking"] = thinking
    if output := _effort(prompt, profile) | _format(prompt.response_format):
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
    return encoded | cache_control(tool.cache)


def _server_tool(tool: ProviderTool, choice: ToolChoice) -> Json:
    kind = _SERVER_TOOLS.get(tool.name, tool.name)
    encoded: Json = {"type": kind, "name": _DATE.sub("", kind)}
    if choice.max_tool_calls is not None and is_bounded(tool):
        encoded["max_uses"] = choice.max_tool_calls
    return {**encoded, **tool.options, **cache_control(tool.cache)}


def is_bounded(tool: ProviderTool) -> bool:
    """Returns whether the calls of a tool can be bounded."""
    return tool.name.startswith(("web_search", "web_fetch"))


def _tool_choice(choice: ToolChoice) -> Json:
    encoded: Json = {"type": _CHOICES[choice.mode]}
    if choice.mode is ToolChoiceMode.TOOL:
        encoded["name"] = choice.tool_name
    if choice.parallel_tool_calls is not None and choice.mode is not ToolChoiceMode.NONE:
        encoded["disable_parallel_tool_use"] = not choice.parallel_tool_calls
    return {} if encoded == {"type": "auto"} else {"tool_choice": encoded}


def _thinking(prompt: Prompt, profile: Profile, limit: int) -> Json:
    effort, wanted = effort_asked(prompt.sampling), prompt.sampling.reasoning_budget_tokens
    if effort is ReasoningEffort.NONE or is_forced(prompt):
        return _no_thinking(profile)
    if effort is None:
        return _shown_thinking(prompt.sampling, profile)
    if "adaptive" in profile.thinking and (wanted is None or "enabled" not in profile.thinking):
        return {"type": "adaptive"} | _display(prompt.sampling, profile)
    budget = min(max(wanted or _BUDGETS[effort], _LEAST_BUDGET), limit - 1)
    if "enabled" in profile.thinking and budget >= _LEAST_BUDGET:
        return {"type": "enabled", "budget_tokens": budget} | _display(prompt.sampling, profile)
    return {}


def is_forced(prompt: Prompt) -> bool:
    """Returns whether the model has to call a tool; the API rejects thinking together with that."""
    return bool(prompt.tools or prompt.provider_tools) and prompt.tool_choice.mode in _FORCED


def _shown_thinking(sampling: Sampling, profile: Profile) -> Json:
    """Returns the thinking of a model that thinks without being asked to, if its text is asked for."""
    display = _display(sampling, profile) if sampling.reasoning_summary is not None else {}
    return {"type": "adaptive"} | display if display and profile.thinks_by_default else {}


def _display(sampling: Sampling, profile: Profile) -> Json:
    """Returns whether the text of the thinking is wanted, where that is not what the model does anyway."""
    if "adaptive" not in profile.thinking:
        return {}
    if profile.hides_thinking:
        return {} if sampling.reasoning_summary is False else {"display": "summarized"}
    return {"display": "omitted"} if sampling.reasoning_summary is False else {}


def _no_thinking(profile: Profile) -> Json:
    if not profile.thinks_by_default:
        return {}
    return next(({"type": kind} for kind in ("disabled", "between_tools") if kind in profile.thinking), {})


def _effort(prompt: Prompt, profile: Profile) -> Json:
    effort = effort_asked(prompt.sampling)
    if effort is None or (prompt.sampling.reasoning_budget_tokens and "enabled" in profile.thinking):
        return {}
    if effort is ReasoningEffort.NONE and not (profile.thinks_by_default and not _no_thinking(profile)):
        return {}
    # A model that always thinks gets its lowest effort for none; without thinking, high is the highest.
    taken = [name for name in _EFFORTS[: 3 if is_forced(prompt) else None] if name in profile.efforts]
    rank = _EFFORTS.index(effort.value) if effort.value in _EFFORTS else 0
    nearest = min(reversed(taken), key=lambda name: abs(_EFFORTS.index(name) - rank), default="")
    return {"effort": nearest} if nearest else {}


def _format(wanted: ResponseFormat) -> Json:
    if wanted.type is not ResponseType.JSON_SCHEMA:
        return {}
    json_object(wanted.schema, wanted.name)
    schema: Json = closed(orjson.loads(wanted.schema or "{}"))
    if wanted.description:
        schema.setdefault("description", wanted.description)
    return {"format": {"type": "json_schema", "schema": schema}}


def _samplers(sampling: Sampling, taken: Samplers) -> Json:
    if taken is Samplers.NONE:
        return {}
    values = {"temperature": sampling.temperature, "top_p": sampling.top_p, "top_k": sampling.top_k}
    if sampling.temperature is not None:
        values["temperature"] = min(sampling.temperature, 1.0)  # other vendors' range goes up to 2
        if taken is Samplers.ONE:
            del values["top_p"]
    return {name: value for name, value in values.items() if value is not None}
