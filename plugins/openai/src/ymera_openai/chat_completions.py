"""The chat completions API: `POST /chat/completions`."""

import orjson

from ymera_openai import features, profiles
from ymera_openai.adaptations import of_chat
from ymera_openai.chat_decoder import ChatDecoder
from ymera_openai.chat_messages import cache_control, encode_messages
from ymera_openai.errors import decode_error
from ymera_openai.quirks import Quirks, ReasoningEcho
from ymera_openai.thinking import thinking_of, thinks
from ymera_service.sdk.errors import InvalidProviderRequest
from ymera_service.sdk.generation import (
    WEB_SEARCH,
    GenerateRequest,
    Prompt,
    ProviderTool,
    ResponseFormat,
    ResponseType,
    Sampling,
    Tool,
    ToolChoice,
    ToolChoiceMode,
)
from ymera_service.sdk.http import Decoder, HttpRequest
from ymera_service.sdk.wire.declared import Declared
from ymera_service.sdk.wire.json_reader import Json, strict_object
from ymera_service.sdk.wire.tiers import tier_named
from ymera_service.sdk.wire.tools import allowed

JSON = {"content-type": "application/json"}
_AGENTS = ("ag_", "ag:")
"""How the ids of Mistral's agents begin."""


class ChatCompletions:
    """The dialect, adapted to a vendor's quirks."""

    def __init__(self, quirks: Quirks) -> None:
        self._quirks = quirks
        self._declared = Declared(features.of_chat(quirks))

    def encode(self, request: GenerateRequest) -> HttpRequest:
        """See `Dialect.encode`.

        Raises:
            InvalidProviderRequest: Chat completions can't express the prompt.
        """
        prompt, quirks = request.prompt, self._quirks
        system_role = "developer" if quirks.openai_families and profiles.has_developer(request.model) else "system"
        body: Json = {"messages": encode_messages(prompt.messages, quirks, system_role)}
        path = _address(body, request.model, quirks)
        if prompt.tools or prompt.provider_tools:
            body |= _tools(prompt, quirks)
        if prompt.response_format.type is not ResponseType.TEXT:
            _require_format(body, prompt.response_format, quirks, system_role)
        body |= _sampling(request.model, prompt.sampling, quirks)
        if tier := tier_named(prompt.service_tier, quirks.tiers):
            body["service_tier"] = tier
        if request.stream:
            body["stream"] = True
            if quirks.stream_usage:
                body["stream_options"] = {"include_usage": True}
        if "agent_id" in body:  # agents have their own
            body = {name: value for name, value in body.items() if name not in ("temperature", "top_p")}
        adaptations = of_chat(prompt, body, quirks, self._declared)
        return HttpRequest("POST", path, JSON, orjson.dumps(body), adaptations)

    def decoder(self, request: GenerateRequest) -> Decoder:
        """See `Dialect.decoder`."""
        return ChatDecoder(tags=self._quirks.echo is ReasoningEcho.TAGS)

    decode_error = staticmethod(decode_error)


def _address(body: Json, model: str, quirks: Quirks) -> str:
    """Names the model in a body and returns the path to call; an agent of Mistral's has a path of its own."""
    if quirks.mistral and model.startswith(_AGENTS):
        body["agent_id"] = model
        return "/agents/completions"
    body["model"] = model
    return "/chat/completions"


def schema_of(text: str) -> Json:
    """Returns a JSON Schema; empty text means the schema of an object without members.

    Raises:
        InvalidProviderRequest: The text is not a JSON object.
    """
    schema = strict_object(text or b'{"type":"object","properties":{}}')
    if schema is None:
        raise InvalidProviderRequest("a schema is not a JSON object")
    return schema


def _tools(prompt: Prompt, quirks: Quirks) -> Json:
    choice = prompt.tool_choice
    offered = prompt.tools if quirks.allowed_tools else allowed(prompt.tools, choice)
    hosted = [_hosted(tool, quirks) for tool in prompt.provider_tools]
    encoded: Json = {"tools": [*(_tool(tool, quirks) for tool in offered), *hosted]}
    if chosen := _tool_choice(choice, quirks):
        encoded["tool_choice"] = chosen
    if choice.parallel_tool_calls is not None and quirks.parallel_tool_calls:
        encoded["parallel_tool_calls"] = choice.parallel_tool_calls
    return encoded


def _tool(tool: Tool, quirks: Quirks) -> Json:
    function: Json = {"name": tool.name, "parameters": schema_of(tool.parameters_schema)}
    if tool.description:
        function["description"] = tool.description
    if tool.strict and quirks.strict_tools:
        function["strict"] = True
    return {"type": "function", "function": function} | cache_control(tool.cache, quirks)


def _hosted(tool: ProviderTool, quirks: Quirks) -> Json:
    kind = quirks.web_search if tool.name == WEB_SEARCH else ""
    if not kind and not tool.provider:
        raise InvalidProviderRequest(f"the provider has no tool {tool.name!r} in chat completions")
    return {"type": kind or tool.name, **tool.options, **cache_control(tool.cache, quirks)}


def _tool_choice(choice: ToolChoice, quirks: Quirks) -> str | Json | None:
    if choice.allowed_tools and quirks.allowed_tools:
        tools = [{"type": "function", "function": {"name": name}} for name in choice.allowed_tools]
        return {"type": "allowed_tools", "allowed_tools": {"mode": choice.mode.value, "tools": tools}}
    if choice.mode is ToolChoiceMode.TOOL:
        return {"type": "function", "function": {"name": choice.tool_name}}
    return None if choice.mode is ToolChoiceMode.AUTO else choice.mode.value


def _require_format(body: Json, form: ResponseFormat, quirks: Quirks, system_role: str) -> None:
    if form.type is ResponseType.JSON_SCHEMA and quirks.json_schema:
        schema: Json = {"name": form.name, "schema": schema_of(form.schema)}
        if form.strict:
            schema["strict"] = True
        if form.description:
            schema["description"] = form.description
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
        return
    body["response_format"] = {"type": "json_object"}
    if form.type is ResponseType.JSON_SCHEMA:
        words = f"Answer with a JSON object that follows this JSON Schema, and with nothing else:\n{form.schema}"
        if form.description:
            words = f"{form.description}\n\n{words}"
        body["messages"] = [{"role": system_role, "content": words}, *body["messages"]]


def _sampling(model: str, sampling: Sampling, quirks: Quirks) -> Json:
    encoded: Json = {}
    if profiles.accepts_sampling(model, thinking=thinks(sampling)):
        encoded |= {"temperature": sampling.temperature, "top_p": sampling.top_p}
        if sampling.stop_sequences:
            encoded["stop"] = list(sampling.stop_sequences)
        if quirks.penalties:
            encoded["frequency_penalty"] = sampling.frequency_penalty
            encoded["presence_penalty"] = sampling.presence_penalty
        if sampling.logprobs is not None:
            encoded |= {"logprobs": True, "top_logprobs": sampling.logprobs or None}
    encoded[quirks.max_tokens] = sampling.max_output_tokens
    if quirks.top_k:
        encoded["top_k"] = sampling.top_k
    if quirks.seed:
        encoded[quirks.seed] = sampling.seed
    encoded |= thinking_of(model, sampling, quirks)
    return {name: value for name, value in encoded.items() if value is not None}
