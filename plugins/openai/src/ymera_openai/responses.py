"""The Responses API: `POST /responses`."""

from collections.abc import Iterator, Sequence

import orjson

from ymera_openai import features, profiles
from ymera_openai.adaptations import of_responses
from ymera_openai.blocks import FORMAT
from ymera_openai.chat_completions import JSON, schema_of
from ymera_openai.chat_messages import data_uri, detail_of, result_text
from ymera_openai.errors import decode_error
from ymera_openai.quirks import Quirks
from ymera_openai.responses_decoder import ResponsesDecoder
from ymera_openai.thinking import effort_of, thinks
from ymera_service.sdk.content import (
    Media,
    MediaKind,
    Message,
    Part,
    ProviderBlock,
    Reasoning,
    Refusal,
    Role,
    Text,
    ToolCall,
    ToolResult,
)
from ymera_service.sdk.errors import InvalidProviderRequest
from ymera_service.sdk.generation import (
    CODE_EXECUTION,
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
from ymera_service.sdk.wire.blocks import opened
from ymera_service.sdk.wire.declared import Declared
from ymera_service.sdk.wire.json_reader import Json, read_object, strict_object
from ymera_service.sdk.wire.thinking import effort_asked
from ymera_service.sdk.wire.tiers import tier_named
from ymera_service.sdk.work import CountRequest

_COUNTED = frozenset({"model", "input", "parallel_tool_calls", "reasoning", "text", "tool_choice", "tools"})
"""The fields of a request that the count takes, too."""


class Responses:
    """The dialect. Nothing is stored at the vendor: encrypted reasoning is returned to us and sent back instead."""

    def __init__(self, quirks: Quirks) -> None:
        self._quirks = quirks
        self._declared = Declared(features.of_responses(quirks), FORMAT)

    def encode(self, request: GenerateRequest) -> HttpRequest:
        """See `Dialect.encode`.

        Raises:
            InvalidProviderRequest: The Responses API can't express the prompt.
        """
        prompt = request.prompt
        items = _input(prompt.messages, sealed=self._quirks.openai_families)
        body: Json = {"model": request.model, "input": items, "store": False}
        if profiles.reasons(request.model) is not False:
            body["include"] = ["reasoning.encrypted_content"]
        if prompt.tools or prompt.provider_tools:
            body |= _tools(prompt)
        if form := _form(prompt.response_format):
            body["text"] = {"format": form}
        body |= self._sampling(request.model, prompt.sampling)
        if "top_logprobs" in body:
            body.setdefault("include", []).append("message.output_text.logprobs")
        if tier := tier_named(prompt.service_tier, self._quirks.tiers):
            body["service_tier"] = tier
        if request.stream:
            body["stream"] = True
        return HttpRequest("POST", "/responses", JSON, orjson.dumps(body), of_responses(prompt, body, self._declared))

    def encode_count(self, request: CountRequest) -> HttpRequest:
        """Returns the request for the number of a prompt's tokens.

        Raises:
            InvalidProviderRequest: The Responses API can't express the prompt.
        """
        body = read_object(self.encode(GenerateRequest(request.model, request.prompt, stream=False)).body)
        counted = {name: value for name, value in body.items() if name in _COUNTED}
        return HttpRequest("POST", "/responses/input_tokens", JSON, orjson.dumps(counted))

    def decoder(self, request: GenerateRequest) -> Decoder:
        """See `Dialect.decoder`."""
        return ResponsesDecoder()

    decode_error = staticmethod(decode_error)

    def _sampling(self, model: str, sampling: Sampling) -> Json:
        """Stop sequences, seed, penalties and top_k are omitted: the API has no fields for them."""
        encoded: Json = {}
        if sampling.max_output_tokens is not None:
            encoded["max_output_tokens"] = sampling.max_output_tokens
        if profiles.accepts_sampling(model, thinking=thinks(sampling)):
            chosen = {"temperature": sampling.temperature, "top_p": sampling.top_p, "top_logprobs": sampling.logprobs}
            encoded |= {name: value for name, value in chosen.items() if value is not None}
        reasoning: Json = {}
        if (asked := effort_asked(sampling)) and (accepted := effort_of(model, asked, self._quirks.vendor)):
            reasoning["effort"] = accepted
        if sampling.reasoning_summary and profiles.reasons(model) is not False:
            reasoning["summary"] = "auto"
        return encoded | ({"reasoning": reasoning} if reasoning else {})


def _input(messages: Sequence[Message], *, sealed: bool) -> list[Json]:
    return [item for message in messages for item in _items(message, sealed=sealed)]


def _items(message: Message, *, sealed: bool) -> Iterator[Json]:
    """Splits a message into items; consecutive parts that fit into one item's content stay together, in order."""
    content: list[Json] = []
    for part in message.parts:
        item = _item(part, sealed=sealed)
        if item is None:
            content.append(_content(part, message.role))
            continue
        if content:
            yield _message(message.role, content)
            content = []
        if item:
            yield item
    if content:
        yield _message(message.role, content)


def _message(role: Role, content: list[Json]) -> Json:
    return {"type": "message", "role": "user" if role is Role.TOOL else role.value, "content": content}


def _item(part: Part, *, sealed: bool) -> Json | None:
    """Returns the item of a part; empty if it is not sent back, None if the part belongs into a message's content."""
    if isinstance(part, ToolCall):
        return {"type": "function_call", "call_id": part.id, "name": part.name, "arguments": part.arguments or "{}"}
    if isinstance(part, ToolResult):
        return {"type": "function_call_output", "call_id": part.tool_call_id, "output": _output(part)}
    if isinstance(part, Reasoning):
        return _reasoning(part, sealed=sealed)
    if isinstance(part, ProviderBlock):
        return opened(part, FORMAT) or {}
    return None


def _output(result: ToolResult) -> str | list[Json]:
    if any(isinstance(part, Media) for part in result.parts):
        return [_content(part, Role.TOOL) for part in result.parts]
    return result_text(result)


def _reasoning(part: Reasoning, *, sealed: bool) -> Json:
    """Returns the item that reasoning came from; empty if it came from another API.

    With `sealed`, only encrypted items: OpenAI does not know the others again, as nothing is stored there.
    """
    item = strict_object(part.signature)
    if not item or "type" in item or not ("encrypted_content" in item or (not sealed and "id" in item)):
        return {}
    if "summary" in item:
        return {"type": "reasoning", **item, "content": [{"type": "reasoning_text", "text": part.text}]}
    summary = [{"type": "summary_text", "text": part.text}] if part.text else []
    return {"type": "reasoning", **item, "summary": summary}


def _content(part: Part, role: Role) -> Json:
    if isinstance(part, Text):
        return {"type": "output_text" if role is Role.ASSISTANT else "input_text", "text": part.text}
    if isinstance(part, Refusal):
        return {"type": "refusal", "refusal": part.text}
    if not isinstance(part, Media) or part.kind in (MediaKind.AUDIO, MediaKind.VIDEO):
        raise InvalidProviderRequest("the Responses API does not accept audio and video")
    if part.file_id:
        kind = "input_image" if part.kind is MediaKind.IMAGE else "input_file"
        return {"type": kind, "file_id": part.file_id, **detail_of(part)}
    if part.kind is MediaKind.IMAGE:
        return {"type": "input_image", "image_url": data_uri(part), **detail_of(part)}
    if part.uri and not part.uri.startswith("data:"):
        return {"type": "input_file", "file_url": part.uri}
    return {"type": "input_file", "filename": part.filename or "file", "file_data": data_uri(part)}


def _tools(prompt: Prompt) -> Json:
    encoded: Json = {"tools": [*map(_tool, prompt.tools), *map(_hosted, prompt.provider_tools)]}
    choice = prompt.tool_choice
    if chosen := _tool_choice(choice):
        encoded["tool_choice"] = chosen
    if choice.max_tool_calls is not None:
        encoded["max_tool_calls"] = choice.max_tool_calls
    if choice.parallel_tool_calls is not None:
        encoded["parallel_tool_calls"] = choice.parallel_tool_calls
    return encoded


def _tool(tool: Tool) -> Json:
    # Unlike chat completions, this API treats a missing `strict` as true.
    return {
        "type": "function",
        "name": tool.name,
        "description": tool.description,
        "parameters": schema_of(tool.parameters_schema),
        "strict": tool.strict,
    }


def _hosted(tool: ProviderTool) -> Json:
    if tool.name == CODE_EXECUTION:
        return {"type": "code_interpreter", "container": {"type": "auto"}, **tool.options}
    return {"type": tool.name, **tool.options}


def _tool_choice(choice: ToolChoice) -> str | Json | None:
    if choice.allowed_tools:
        tools = [{"type": "function", "name": name} for name in choice.allowed_tools]
        return {"type": "allowed_tools", "mode": choice.mode.value, "tools": tools}
    if choice.mode is ToolChoiceMode.TOOL:
        return {"type": "function", "name": choice.tool_name}
    return None if choice.mode is ToolChoiceMode.AUTO else choice.mode.value


def _form(form: ResponseFormat) -> Json:
    if form.type is ResponseType.JSON_SCHEMA:
        described = {"description": form.description} if form.description else {}
        schema = schema_of(form.schema)
        return {"type": "json_schema", "name": form.name, "schema": schema, "strict": form.strict, **described}
    return {"type": "json_object"} if form.type is ResponseType.JSON_OBJECT else {}
