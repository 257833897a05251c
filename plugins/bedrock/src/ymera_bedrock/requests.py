"""Turns a prompt into the body of a request."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from ymera_bedrock.caching import bound, cache_point
from ymera_bedrock.contents import called_tools, conversation, json_object, system_blocks
from ymera_bedrock.profiles import Profile
from ymera_bedrock.thinking import config_effort, refuses_samplers, thinking_fields
from ymera_service.sdk.generation import (
    CODE_EXECUTION,
    WEB_SEARCH,
    Prompt,
    ProviderTool,
    ResponseFormat,
    ResponseType,
    Sampling,
    ServiceTier,
    Tool,
    ToolChoiceMode,
)
from ymera_service.sdk.models import Capability
from ymera_service.sdk.wire.json_reader import Json
from ymera_service.sdk.wire.schemas import closed
from ymera_service.sdk.wire.tiers import Names, tier_named
from ymera_service.sdk.wire.tools import allowed

_NO_PARAMETERS = orjson.Fragment('{"type":"object","properties":{}}')
_SYSTEM_TOOLS: Mapping[str, str] = {WEB_SEARCH: "nova_grounding", CODE_EXECUTION: "nova_code_interpreter"}
_FORCED = frozenset({ToolChoiceMode.REQUIRED, ToolChoiceMode.TOOL})
TIERS: Names = {ServiceTier.STANDARD: "default", ServiceTier.FLEX: "flex", ServiceTier.PRIORITY: "priority"}
_NO_CALLS = "Answer without calling a tool."


def generation(prompt: Prompt, profile: Profile) -> Json:
    """Returns the body of a request for an answer.

    Raises:
        InvalidProviderRequest: The prompt holds something that the API can't express.
    """
    body = prompt_body(prompt, profile)
    samples = not refuses_samplers(body.get("additionalModelRequestFields", {}))
    if config := _inference_config(prompt.sampling, profile, samples=samples):
        body["inferenceConfig"] = config
    if output := _output_config(prompt, profile):
        body["outputConfig"] = output
    if tier := tier_named(prompt.service_tier, TIERS):
        body["serviceTier"] = {"type": tier}
    if prompt.sampling.stop_sequences and profile.signs:  # Claude says which one it wrote
        body["additionalModelResponseFieldPaths"] = ["/stop_sequence"]
    return body


def prompt_body(prompt: Prompt, profile: Profile) -> Json:
    """Returns the part of a body that represents the prompt, of which tokens can be counted.

    Raises:
        InvalidProviderRequest: The prompt holds something that the API can't express.
    """
    body: Json = {"messages": conversation(prompt.messages, profile)}
    if system := system_blocks(prompt.messages, profile, *_notes(prompt, profile)):
        body["system"] = system
    if tools := _tool_config(prompt, profile):
        body["toolConfig"] = tools
    bound(body)
    if fields := _additional_fields(prompt, profile):
        body["additionalModelRequestFields"] = fields
    return body


def is_forced(prompt: Prompt) -> bool:
    """Returns whether the model has to call a tool."""
    return bool(prompt.tools) and prompt.tool_choice.mode in _FORCED


def is_asked_in_words(prompt: Prompt, profile: Profile) -> bool:
    """Returns whether the format of the answer goes into the system prompt, as the API or the model has no field."""
    wanted = prompt.response_format.type
    if wanted is ResponseType.JSON_SCHEMA:
        return Capability.STRUCTURED_OUTPUT not in profile.capabilities | profile.unknown
    return wanted is ResponseType.JSON_OBJECT


def offered_only_for_history(prompt: Prompt) -> bool:
    """Returns whether tools are sent that must not be called, as the API requires those of earlier calls."""
    return (not prompt.tools or prompt.tool_choice.mode is ToolChoiceMode.NONE) and bool(called_tools(prompt.messages))


def prevents_parallel_calls(prompt: Prompt, profile: Profile) -> bool:
    """Returns whether calls are kept from being parallel; Converse has no field for it, but Claude has one."""
    choice = prompt.tool_choice
    wanted = choice.parallel_tool_calls is False and choice.mode is ToolChoiceMode.AUTO
    return wanted and bool(prompt.tools) and profile.signs


def choice_of(prompt: Prompt, profile: Profile) -> Json:
    """Returns the `toolChoice`; empty if the model may choose, or can't be made to call a tool."""
    choice = prompt.tool_choice
    if choice.mode is ToolChoiceMode.TOOL and "tool" in profile.choices:
        return {"tool": {"name": choice.tool_name}}
    return {"any": {}} if choice.mode in _FORCED and "any" in profile.choices else {}


def _notes(prompt: Prompt, profile: Profile) -> list[str]:
    notes = [_format_note(prompt.response_format)] if is_asked_in_words(prompt, profile) else []
    return [*notes, _NO_CALLS] if offered_only_for_history(prompt) else notes


def _format_note(wanted: ResponseFormat) -> str:
    if wanted.type is ResponseType.JSON_OBJECT:
        return "Answer with one JSON object and nothing else."
    words = f"Answer with one JSON document that follows this JSON Schema, and nothing else: {wanted.schema or '{}'}"
    return f"{wanted.description}\n\n{words}" if wanted.description else words


def _tool_config(prompt: Prompt, profile: Profile) -> Json:
    tools = [each for tool in _offered(prompt, profile) for each in _tool(tool, profile)]
    tools += [each for tool in prompt.provider_tools for each in _system_tool(tool, profile)]
    if not tools:
        return {}
    choice = choice_of(prompt, profile) if prompt.tools else {}
    return {"tools": tools} | ({"toolChoice": choice} if choice else {})


def _offered(prompt: Prompt, profile: Profile) -> Sequence[Tool]:
    choice = prompt.tool_choice
    if choice.mode is ToolChoiceMode.NONE and not called_tools(prompt.messages):
        return []
    if not prompt.tools:
        return [Tool(name) for name in called_tools(prompt.messages)]
    if choice.mode is ToolChoiceMode.TOOL and "tool" not in profile.choices:
        return [tool for tool in prompt.tools if tool.name == choice.tool_name]
    return allowed(prompt.tools, choice)


def _tool(tool: Tool, profile: Profile) -> list[Json]:
    schema = json_object(tool.parameters_schema, tool.name) if tool.parameters_schema else _NO_PARAMETERS
    spec: Json = {"name": tool.name, "inputSchema": {"json": schema}}
    if tool.description:
        spec["description"] = tool.description
    if tool.strict and Capability.STRUCTURED_OUTPUT in profile.capabilities:
        spec["strict"] = True
    return [{"toolSpec": spec}, *(cache_point(tool.cache, profile) if profile.caches_tools else ())]


def _system_tool(tool: ProviderTool, profile: Profile) -> list[Json]:
    named = {"systemTool": {"name": _SYSTEM_TOOLS.get(tool.name, tool.name), **tool.options}}
    return [named, *(cache_point(tool.cache, profile) if profile.caches_tools else ())]


def _additional_fields(prompt: Prompt, profile: Profile) -> Json:
    sampling = prompt.sampling
    fields = thinking_fields(sampling, profile, forced=is_forced(prompt))
    if prevents_parallel_calls(prompt, profile):
        fields["tool_choice"] = {"type": "auto", "disable_parallel_tool_use": True}
    if sampling.top_k is not None and profile.top_k and not refuses_samplers(fields):
        value: Any = sampling.top_k
        for name in reversed(profile.top_k):
            value = {name: value}
        fields |= value
    return fields


def _inference_config(sampling: Sampling, profile: Profile, *, samples: bool) -> Json:
    limit = sampling.max_output_tokens
    config: Json = {
        "maxTokens": limit and min(limit, profile.max_output_tokens or limit),  # the API refuses a higher one
        "stopSequences": sampling.stop_sequences or None,
    }
    if samples:
        if "temperature" in profile.samplers and sampling.temperature is not None:
            config["temperature"] = min(sampling.temperature, 1.0)  # other vendors' range goes up to 2
        if "topP" in profile.samplers and not (profile.one_sampler and "temperature" in config):
            config["topP"] = sampling.top_p
    return {name: value for name, value in config.items() if value is not None}


def _output_config(prompt: Prompt, profile: Profile) -> Json:
    effort = "" if is_forced(prompt) else config_effort(prompt.sampling, profile)
    config: Json = {"effort": effort} if effort else {}
    wanted = prompt.response_format
    if wanted.type is not ResponseType.JSON_SCHEMA or is_asked_in_words(prompt, profile):
        return config
    json_object(wanted.schema, wanted.name)
    schema = orjson.loads(wanted.schema or "{}")
    described = {"description": wanted.description} if wanted.description else {}
    definition = {
        "schema": _text(closed(schema) if profile.closes_schemas else schema),
        "name": wanted.name,
        **described,
    }
    return config | {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": definition}}}


def _text(schema: object) -> str:
    return orjson.dumps(schema).decode()
