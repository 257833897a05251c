"""Gemini's provider keeps what every provider promises."""

from collections.abc import Mapping, Sequence

import orjson
import pytest
from ymera_gemini.provider import GeminiProvider

from ymera_service.sdk.http import Endpoint, HttpRequest, Transport
from ymera_service.sdk.providers import Provider
from ymera_service.sdk.testing.contracts import HttpProviderContract
from ymera_service.sdk.testing.recorded import Exchange

JSON = {"content-type": "application/json; charset=UTF-8"}
SSE = {"content-type": "text/event-stream"}
USAGE = {"promptTokenCount": 12, "candidatesTokenCount": 9, "cachedContentTokenCount": 4, "totalTokenCount": 21}
MODELS = {"models": [{"name": "models/gemini-2.5-flash", "supportedGenerationMethods": ["generateContent"]}]}

TEXT = "Hello, wörld: 1, 2, 3, 4, 5 🌍"
OTHER_TEXT = "Seine, Loire, Rhône"
JSON_TEXT = '{"colour": "blue"}'
CALL = {"functionCall": {"id": "call-1", "name": "get_weather", "args": {"city": "Paris"}}}


def chunk(*parts: object, **more: object) -> Mapping[str, object]:
    candidate = {"content": {"parts": parts, "role": "model"}, "index": 0, **more}
    return {"candidates": [candidate], "usageMetadata": USAGE, "modelVersion": "gemini-2.5-flash", "responseId": "r-1"}


def stream(*chunks: Mapping[str, object]) -> bytes:
    return b"".join(b"data: %b\r\n\r\n" % orjson.dumps(each) for each in chunks)


def text_stream(text: str) -> bytes:
    pieces = [text[start : start + 5] for start in range(0, len(text), 5)]
    return stream(*(chunk({"text": piece}) for piece in pieces), chunk({"text": ""}, finishReason="STOP"))


class TestGemini(HttpProviderContract):
    def connect(self, transport: Transport) -> Provider:
        endpoint = Endpoint("http://upstream/v1beta", {"x-goog-api-key": "AIza-of-nobody"})
        return GeminiProvider("gemini", endpoint, transport)

    @pytest.fixture
    def exchanges(self) -> Sequence[Exchange]:
        answers = [
            (
                b"functionDeclarations",
                chunk(CALL, finishReason="STOP"),
                stream(chunk(CALL), chunk(finishReason="STOP")),
            ),
            (b"responseJsonSchema", chunk({"text": JSON_TEXT}, finishReason="STOP"), text_stream(JSON_TEXT)),
            (b"rivers", chunk({"text": OTHER_TEXT}, finishReason="STOP"), text_stream(OTHER_TEXT)),
            (b"", chunk({"text": TEXT}, finishReason="STOP"), text_stream(TEXT)),
        ]
        listing = Exchange(orjson.dumps(MODELS), headers=JSON, path="/models")
        return [listing, *(each for word, whole, streamed in answers for each in _both(word, whole, streamed))]


def _both(word: bytes, whole: Mapping[str, object], streamed: bytes) -> list[Exchange]:
    def says(request: HttpRequest) -> bool:
        return word in request.body

    model = "/models/gemini-2.5-flash"
    return [
        Exchange(streamed, headers=SSE, path=f"{model}:streamGenerateContent", when=says),
        Exchange(orjson.dumps(whole), headers=JSON, path=f"{model}:generateContent", when=says),
    ]
