"""Bedrock's provider keeps what every provider promises."""

from collections.abc import Sequence
from typing import Any

import orjson
import pytest
from ymera_bedrock.authorization import by_signature
from ymera_bedrock.credentials import constant
from ymera_bedrock.provider import BedrockProvider
from ymera_bedrock.regions import Region
from ymera_bedrock.signing import Credentials

from ymera_service.sdk.http import HttpRequest, Transport
from ymera_service.sdk.providers import Provider
from ymera_service.sdk.testing.contracts import HttpProviderContract
from ymera_service.sdk.testing.recorded import Exchange

from .frames import answer, block

JSON = {"content-type": "application/json"}
EVENTS = {"content-type": "application/vnd.amazon.eventstream"}
MODEL = "anthropic.claude-sonnet-4-5-20250929-v1:0"
MODELS = {
    "modelSummaries": [
        {
            "modelId": MODEL,
            "inputModalities": ["TEXT", "IMAGE"],
            "outputModalities": ["TEXT"],
            "inferenceTypesSupported": ["ON_DEMAND"],
        }
    ]
}
TEXT = "Hello, wörld: 1, 2, 3, 4, 5 🌍"
OTHER_TEXT = "Seine, Loire, Rhône"
JSON_TEXT = '{"colour": "blue"}'
CALL = {"toolUseId": "call-1", "name": "get_weather"}
ARGUMENTS = {"city": "Paris"}
USAGE = {"inputTokens": 12, "outputTokens": 9, "totalTokens": 21}


def whole(*content: Any, reason: str = "end_turn") -> bytes:
    message = {"role": "assistant", "content": content}
    return orjson.dumps({"output": {"message": message}, "stopReason": reason, "usage": USAGE})


def said(text: str) -> tuple[bytes, bytes]:
    pieces = [{"text": text[start : start + 5]} for start in range(0, len(text), 5)]
    return whole({"text": text}), answer(block(0, *pieces))


def called() -> tuple[bytes, bytes]:
    pieces = [{"toolUse": {"input": piece}} for piece in ('{"city": ', '"Paris"}')]
    streamed = answer(block(0, *pieces, start={"toolUse": CALL}), reason="tool_use")
    return whole({"toolUse": {**CALL, "input": ARGUMENTS}}, reason="tool_use"), streamed


class TestBedrock(HttpProviderContract):
    def connect(self, transport: Transport) -> Provider:
        credentials = Credentials("AKIAIOSFODNN7EXAMPLE", "secret-of-nobody", "session-of-nobody")
        regions = {"us-east-1": Region.of("us-east-1")}
        return BedrockProvider(regions, {"": by_signature(constant(credentials))}, transport)

    @pytest.fixture
    def exchanges(self) -> Sequence[Exchange]:
        answers = [(b"toolSpec", *called()), (b"textFormat", *said(JSON_TEXT)), (b"rivers", *said(OTHER_TEXT))]
        lists = [
            Exchange(orjson.dumps(MODELS), headers=JSON, path="/foundation-models"),
            Exchange(b'{"inferenceProfileSummaries": []}', headers=JSON, path="/inference-profiles"),
        ]
        return [*lists, *(each for one in [*answers, (b"", *said(TEXT))] for each in _both(*one))]


def _both(word: bytes, whole: bytes, streamed: bytes) -> list[Exchange]:
    def says(request: HttpRequest) -> bool:
        return word in request.body

    model = f"/model/{MODEL}"
    return [
        Exchange(streamed, headers=EVENTS, path=f"{model}/converse-stream", when=says),
        Exchange(whole, headers=JSON, path=f"{model}/converse", when=says),
    ]
