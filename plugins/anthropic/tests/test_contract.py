"""Anthropic's provider keeps what every provider promises."""

from collections.abc import Mapping, Sequence

import orjson
import pytest
from ymera_anthropic.provider import AnthropicProvider, Vendor
from ymera_anthropic.settings import AnthropicSettings

from ymera_service.sdk.http import HttpRequest, Transport
from ymera_service.sdk.providers import Provider
from ymera_service.sdk.testing.contracts import HttpProviderContract
from ymera_service.sdk.testing.recorded import Exchange

JSON = {"content-type": "application/json"}
SSE = {"content-type": "text/event-stream; charset=utf-8"}
USAGE = {"input_tokens": 12, "cache_read_input_tokens": 4, "cache_creation_input_tokens": 0, "output_tokens": 9}
MODELS = {"data": [{"type": "model", "id": "claude-sonnet-4-6"}], "has_more": False, "last_id": "claude-sonnet-4-6"}

TEXT = {"type": "text", "text": "Hello, wörld: 1, 2, 3, 4, 5 🌍"}
OTHER_TEXT = {"type": "text", "text": "Seine, Loire, Rhône"}
JSON_TEXT = {"type": "text", "text": '{"colour": "blue"}'}
CALL = {"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": {"city": "Paris"}}


def message(*content: object, stop_reason: str) -> bytes:
    return orjson.dumps(
        {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": "claude-sonnet-4-6",
            "content": content,
            "stop_reason": stop_reason,
            "stop_sequence": None,
            "usage": USAGE,
        }
    )


def stream(block: Mapping[str, object], *deltas: Mapping[str, object], stop_reason: str) -> bytes:
    start = orjson.loads(message(stop_reason=stop_reason)) | {
        "stop_reason": None,
        "usage": USAGE | {"output_tokens": 1},
    }
    events = [
        {"type": "message_start", "message": start},
        {"type": "content_block_start", "index": 0, "content_block": block},
        {"type": "ping"},
        *({"type": "content_block_delta", "index": 0, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": stop_reason}, "usage": USAGE},
        {"type": "message_stop"},
    ]
    return b"".join(b"event: %b\ndata: %b\n\n" % (str(each["type"]).encode(), orjson.dumps(each)) for each in events)


def text_stream(text: str) -> bytes:
    deltas = [{"type": "text_delta", "text": text[start : start + 5]} for start in range(0, len(text), 5)]
    return stream({"type": "text", "text": ""}, *deltas, stop_reason="end_turn")


def asks(request: HttpRequest) -> dict[str, object]:
    body: dict[str, object] = orjson.loads(request.body)
    return body


class TestAnthropic(HttpProviderContract):
    def connect(self, transport: Transport) -> Provider:
        return AnthropicProvider(Vendor("anthropic", "http://upstream/v1", {}), AnthropicSettings(), transport)

    @pytest.fixture
    def exchanges(self) -> Sequence[Exchange]:
        pieces = ({"type": "input_json_delta", "partial_json": piece} for piece in ("", '{"ci', 'ty": "Par', 'is"}'))
        call = stream(CALL | {"input": {}}, *pieces, stop_reason="tool_use")
        answers = [
            ("tools", message(CALL, stop_reason="tool_use"), call),
            ("output_config", message(JSON_TEXT, stop_reason="end_turn"), text_stream(JSON_TEXT["text"])),
            ("rivers", message(OTHER_TEXT, stop_reason="end_turn"), text_stream(OTHER_TEXT["text"])),
            ("", message(TEXT, stop_reason="end_turn"), text_stream(TEXT["text"])),
        ]
        listing = Exchange(orjson.dumps(MODELS), headers=JSON, path="/models")
        return [listing, *(each for word, unary, streamed in answers for each in _both(word.encode(), unary, streamed))]


def _both(word: bytes, unary: bytes, streamed: bytes) -> list[Exchange]:
    return [
        Exchange(
            streamed,
            headers=SSE,
            path="/messages",
            when=lambda request: word in request.body and "stream" in asks(request),
        ),
        Exchange(unary, headers=JSON, path="/messages", when=lambda request: word in request.body),
    ]
