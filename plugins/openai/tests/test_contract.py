"""The provider contract, over answers in OpenAI's format."""

from collections.abc import Sequence
from typing import Any

import orjson
import pytest
from ymera_openai.listing import Offer
from ymera_openai.provider import ByModel, OpenAiProvider
from ymera_openai.vendors import VENDORS

from ymera_service.sdk.http import Endpoint, HttpRequest, Transport
from ymera_service.sdk.providers import Provider
from ymera_service.sdk.testing.contracts.providers import HttpProviderContract
from ymera_service.sdk.testing.recorded import Exchange

USAGE = {"prompt_tokens": 12, "completion_tokens": 5, "total_tokens": 17}
CALL = {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city":"Paris"}'}}


def listing(*names: str) -> Exchange:
    entries = [{"id": name, "object": "model"} for name in names]
    return Exchange(orjson.dumps({"object": "list", "data": entries}), path="/models")


def is_generation(request: HttpRequest, stream: bool, field: str) -> bool:
    body = orjson.loads(request.body)
    return body.get("stream", False) == stream and (not field or field in body)


def exchange(body: bytes, path: str, stream: bool, field: str = "") -> Exchange:
    return Exchange(body, path=path, when=lambda request: is_generation(request, stream, field))


def sse(*chunks: object, end: bytes = b"data: [DONE]\n\n") -> bytes:
    return b"".join(b"data: " + orjson.dumps(chunk) + b"\n\n" for chunk in chunks) + end


def chat(message: dict[str, Any], reason: str) -> bytes:
    head = {"id": "chatcmpl-1", "object": "chat.completion", "model": "gpt-4o-2024-11-20", "usage": USAGE}
    return orjson.dumps({**head, "choices": [{"index": 0, "message": message, "finish_reason": reason}]})


def chat_stream(deltas: Sequence[dict[str, Any]], reason: str) -> bytes:
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": "gpt-4o-2024-11-20"}
    chunks = [{**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
    end = {**head, "choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}
    return sse(*chunks, end, {**head, "choices": [], "usage": USAGE})


def text_deltas(*pieces: str) -> list[dict[str, Any]]:
    return [{"role": "assistant", "content": ""}, *({"content": piece} for piece in pieces)]


CALL_DELTAS: list[dict[str, Any]] = [
    {"tool_calls": [{"index": 0, **CALL, "function": {"name": "get_weather", "arguments": ""}}]},
    {"tool_calls": [{"index": 0, "function": {"arguments": '{"city":'}}]},
    {"tool_calls": [{"index": 0, "function": {"arguments": '"Paris"}'}}]},
]
CHAT = "/chat/completions"
RESPONSES = "/responses"


class TestChatCompletions(HttpProviderContract):
    def connect(self, transport: Transport) -> Provider:
        endpoint = Endpoint("https://openai.test/v1", {"authorization": "Bearer key"})
        quirks = VENDORS["openai"].quirks
        return OpenAiProvider("openai", ByModel(quirks), endpoint, transport, offer=Offer("openai"))

    @pytest.fixture
    def exchanges(self) -> Sequence[Exchange]:
        words = {"role": "assistant", "content": "Grüße! 1 2 3"}
        colour = {"role": "assistant", "content": '{"colour":"blue"}'}
        return (
            listing("gpt-4o"),
            exchange(chat_stream(CALL_DELTAS, "tool_calls"), CHAT, True, "tools"),
            exchange(chat({"content": None, "tool_calls": [CALL]}, "tool_calls"), CHAT, False, "tools"),
            exchange(chat_stream(text_deltas('{"colour":', '"blue"}'), "stop"), CHAT, True, "response_format"),
            exchange(chat(colour, "stop"), CHAT, False, "response_format"),
            exchange(chat_stream(text_deltas("Grüße! ", "1 2 3"), "stop"), CHAT, True),
            exchange(chat(words, "stop"), CHAT, False),
        )


MESSAGE = {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed"}
FUNCTION = {"id": "fc_1", "type": "function_call", "call_id": "call_1", "name": "get_weather"}
THOUGHT = {
    "id": "rs_1",
    "type": "reasoning",
    "encrypted_content": "sealed",
    "summary": [{"type": "summary_text", "text": "Think."}],
}


def said(text: str) -> dict[str, Any]:
    return {**MESSAGE, "content": [{"type": "output_text", "text": text, "annotations": []}]}


def response(*output: dict[str, Any], status: str = "completed") -> dict[str, Any]:
    usage = {"input_tokens": 12, "output_tokens": 5, "total_tokens": 17}
    return {"id": "resp_1", "object": "response", "model": "o3-pro", "status": status, "output": output, "usage": usage}


def response_stream(item: dict[str, Any], event: str, *deltas: str) -> bytes:
    summary = {
        "type": "response.reasoning_summary_text.delta",
        "output_index": 0,
        "summary_index": 0,
        "delta": "Think.",
    }
    place = {"output_index": 1, "content_index": 0}
    return sse(
        {"type": "response.created", "response": {**response(status="in_progress"), "usage": None}},
        {"type": "response.output_item.added", "output_index": 0, "item": {**THOUGHT, "summary": []}},
        summary | {"delta": "Think."},
        {"type": "response.output_item.done", "output_index": 0, "item": THOUGHT},
        {"type": "response.output_item.added", "output_index": 1, "item": {**item, "content": [], "arguments": ""}},
        *({"type": event, **place, "delta": delta} for delta in deltas),
        {"type": "response.output_item.done", "output_index": 1, "item": item},
        {"type": "response.completed", "response": response(THOUGHT, item)},
        end=b"",
    )


class TestResponses(TestChatCompletions):
    """A model that OpenAI offers by its Responses API alone."""

    @pytest.fixture
    def exchanges(self) -> Sequence[Exchange]:
        call: dict[str, Any] = {**FUNCTION, "arguments": '{"city":"Paris"}'}
        words, colour = said("Grüße! 1 2 3"), said('{"colour":"blue"}')
        arguments, text = "response.function_call_arguments.delta", "response.output_text.delta"
        return (
            listing("o3-pro"),
            exchange(response_stream(call, arguments, '{"city":', '"Paris"}'), RESPONSES, True, "tools"),
            exchange(orjson.dumps(response(THOUGHT, call)), RESPONSES, False, "tools"),
            exchange(response_stream(colour, text, '{"colour":', '"blue"}'), RESPONSES, True, "text"),
            exchange(orjson.dumps(response(THOUGHT, colour)), RESPONSES, False, "text"),
            exchange(response_stream(words, text, "Grüße! ", "1 2 3"), RESPONSES, True),
            exchange(orjson.dumps(response(THOUGHT, words)), RESPONSES, False),
        )
