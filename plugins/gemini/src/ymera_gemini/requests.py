"""Turns a prompt into the body of a request."""

from collections.abc import Mapping, Sequence

import orjson

from ymera_gemini.contents import contents, detail_of, json_object, system_instruction
from ymera_gemini.profiles import Profile
from ymera_gemini.thinking import thinking_config
from ymera_service.sdk.errors import InvalidProviderRequest
from ymera_service.sdk.generation import (
    CODE_EXECUTION,
    WEB_SEARCH,
    Prompt,
    ProviderTool,
    ResponseFormat,
    ResponseType,
    Sampling,
    Tool,
    ToolChoice,
    ToolChoiceMode,
)
from ymera_service.sdk.wire.json_reader import Json
from ymera_service.sdk.wire.tools import allowed

MOST_STOP_SEQUENCES = 5
"""See https://ai.google.dev/api/generate-content#generationconfig."""
_SEEDS = 1 << 31
"""The API's seed has 32 bits, with a sign."""
_CHOICES: Mapping[ToolChoiceMode, str] = {
    ToolChoiceMode.AUTO: "AUTO",
    ToolChoiceMode.NONE: "NONE",
    ToolChoiceMode.REQUIRED: "ANY",
    ToolChoiceMode.TOOL: "ANY",
}

_SERVER_TOOLS: Mapping[str, str] = {WEB_SEARCH: "googleSearch", CODE_EXECUTION: "codeExecution"}


def generation(prompt: Prompt, profile: Profile) -> Json:
    """Returns the body of a request for an answer.

    Raises:
        InvalidProviderRequest: The prompt holds something that the API can't express.
    """
    body: Json = {"contents": contents(prompt.messages, profile)}
    in_words = is_asked_in_words(prompt, profile)
    if system := system_instruction(prompt.messages, _note(prompt.response_format) if in_words else ""):
        body["systemInstruction"] = system
    if prompt.provider_tools:
        body["tools"] = [_server_tool(tool) for tool in prompt.provider_tools]
    if prompt.tools:
        if prompt.provider_tools and not profile.formats_beside_tools:
            raise InvalidProviderRequest("the model does not accept functions beside tools that the API runs itself")
        declared = {"functionDeclarations": [_tool(tool) for tool in _offered(prompt)]}
        body["tools"] = [declared, *body.get("tools", ())]
        body |= _tool_config(prompt.tool_choice, strict=validates(prompt, profile))
    config = _sampling(prompt.sampling, profile) | ({} if in_words else _format(prompt.response_format))
    if detail := detail_of(prompt.messages):
        config["mediaResolution"] = f"MEDIA_RESOLUTION_{detail.name}"
    if config:
        body["generationConfig"] = config
    return body


def is_asked_in_words(prompt: Prompt, profile: Profile) -> bool:
    """Returns whether the format of the answer goes into the system instruction: not every model has it with tools."""
    wanted = prompt.response_format.type is not ResponseType.TEXT
    return wanted and bool(prompt.tools) and not profile.formats_beside_tools


def validates(prompt: Prompt, profile: Profile) -> bool:
    """Returns whether the model is made to follow the schemas of the tools."""
    return profile.validates and any(tool.strict for tool in prompt.tools)


def _offered(prompt: Prompt) -> Sequence[Tool]:
    """Returns the tools to offer: only where a call is required can the API allow a part of them."""
    choice = prompt.tool_choice
    return allowed(prompt.tools, choice) if choice.mode is ToolChoiceMode.AUTO else prompt.tools


def _note(wanted: ResponseFormat) -> str:
    if wanted.type is ResponseType.JSON_OBJECT:
        return "Answer with one JSON object and nothing else."
    words = f"Answer with one JSON document that follows this JSON Schema, and nothing else: {wanted.schema or '{}'}"
    return f"{wanted.description}\n\n{words}" if wanted.description else words


def _tool(tool: Tool) -> Json:
    encoded: Json = {"name": tool.name}
    if tool.description:
        encoded["description"] = tool.description
    if tool.parameters_schema:
        encoded["parametersJsonSchema"] = json_object(tool.parameters_schema, tool.name)
    return encoded


def _server_tool(tool: ProviderTool) -> Json:
    return {_SERVER_TOOLS.get(tool.name, tool.name): tool.options}


def _tool_config(choice: ToolChoice, *, strict: bool) -> Json:
    config: Json = {"mode": _CHOICES[choice.mode]}
    if choice.mode is ToolChoiceMode.TOOL:
        config["allowedFunctionNames"] = [choice.tool_name]
    elif choice.mode is ToolChoiceMode.REQUIRED and choice.allowed_tools:
        config["allowedFunctionNames"] = choice.allowed_tools
    if choice.mode is ToolChoiceMode.AUTO:
        if not strict:
            return {}
        config["mode"] = "VALIDATED"
    return {"toolConfig": {"functionCallingConfig": config}}


def _format(wanted: ResponseFormat) -> Json:
    if wanted.type is ResponseType.TEXT:
        return {}
    config: Json = {"responseMimeType": "application/json"}
    if wanted.type is ResponseType.JSON_SCHEMA:
        config["responseJsonSchema"] = _schema(wanted)
    return config


def _schema(wanted: ResponseFormat) -> object:
    schema = json_object(wanted.schema, wanted.name)
    return {"description": wanted.description} | orjson.loads(wanted.schema or "{}") if wanted.description else schema


def _sampling(sampling: Sampling, profile: Profile) -> Json:
    limit, seed = sampling.max_output_tokens, sampling.seed
    if limit is not None and profile.max_output_tokens:
        limit = min(limit, profile.max_output_tokens)  # the API refuses a higher one
    config: Json = {
        "temperature": sampling.temperature,
        "topP": sampling.top_p,
        "topK": sampling.top_k,
        "maxOutputTokens": limit,
        "stopSequences": sampling.stop_sequences[:MOST_STOP_SEQUENCES] or None,
        "seed": seed if seed is None or -_SEEDS <= seed < _SEEDS else seed % _SEEDS,
        "frequencyPenalty": sampling.frequency_penalty,
        "presencePenalty": sampling.presence_penalty,
        "thinkingConfig": thinking_config(sampling, profile) or None,
        "responseLogprobs": True if sampling.logprobs is not None else None,
        "logprobs": sampling.logprobs or None,
    }
    return {name: value for name, value in config.items() if value is not None}
