"""Ollama's provider keeps what every provider promises."""

from collections.abc import Callable, Mapping, Sequence

import orjson
import pytest
from ymera_ollama.provider import OllamaProvider
from ymera_ollama.settings import OllamaSettings

from ymera_service.sdk.http import HttpRequest, Transport
from ymera_service.sdk.providers import Provider
from ymera_service.sdk.testing.contracts import EmbedContract, HttpProviderContract
from ymera_service.sdk.testing.recorded import Exchange, RecordedTransport

COUNTS = {"total_duration": 90, "prompt_eval_count": 12, "eval_count": 9}
TAGS = {"models": [{"name": "qwen3-vl:8b"}, {"name": "nomic-embed-text:latest"}]}
CHAT_MODEL = {
    "capabilities": ["completion", "tools", "vision", "thinking"],
    "model_info": {"general.architecture": "qwen3vl", "qwen3vl.context_length": 262144},
}
EMBED_MODEL = {"capabilities": ["embedding"]}
CALL = {"id": "call_1", "function": {"index": 0, "name": "get_weather", "arguments": {"city": "Paris"}}}


def line(message: Mapping[str, object], **more: object) -> bytes:
    said = {"role": "assistant", "content": "", **message}
    return orjson.dumps({"model": "qwen3-vl:8b", "message": said, "done": False, **more}) + b"\n"


def both(asks: bytes, messages: Sequence[Mapping[str, object]], whole: Mapping[str, object]) -> list[Exchange]:
    """A streamed answer and the same in one piece, to requests that contain some bytes."""
    end = {"done": True, "done_reason": "stop", **COUNTS}
    streamed = b"".join(map(line, messages)) + line({}, **end)

    def streams(request: HttpRequest) -> bool:
        return asks in request.body and b'"stream":true' in request.body

    return [
        Exchange(streamed, path="/api/chat", when=streams),
        Exchange(line(whole, **end), path="/api/chat", when=lambda request: asks in request.body),
    ]


def pieces(text: str) -> list[Mapping[str, object]]:
    return [{"content": text[start : start + 5]} for start in range(0, len(text), 5)]


def texts(asks: bytes, text: str) -> list[Exchange]:
    return both(asks, pieces(text), {"content": text})


def asks_for(word: bytes) -> Callable[[HttpRequest], bool]:
    return lambda request: word in request.body


LISTING = [
    Exchange(orjson.dumps(TAGS), path="/api/tags"),
    Exchange(orjson.dumps(EMBED_MODEL), path="/api/show", when=asks_for(b"nomic")),
    Exchange(orjson.dumps(CHAT_MODEL), path="/api/show"),
]


def connect(transport: Transport) -> Provider:
    return OllamaProvider("ollama", {"gpu": "http://upstream"}, transport, OllamaSettings(), key="token-of-nobody")


class TestOllama(HttpProviderContract):
    def connect(self, transport: Transport) -> Provider:
        return connect(transport)

    @pytest.fixture
    def exchanges(self) -> Sequence[Exchange]:
        return [
            *LISTING,
            *both(b'"tools"', [{"tool_calls": [CALL]}], {"tool_calls": [CALL]}),
            *texts(b'"format"', '{"colour": "blue"}'),
            *texts(b"rivers", "Seine, Loire, Rhône"),
            *texts(b"", "Hello, wörld: 1, 2, 3, 4, 5 🌍"),
        ]


class TestOllamasEmbeddings(EmbedContract):
    @pytest.fixture
    def provider(self, recorded_http: Callable[..., RecordedTransport]) -> Provider:
        vectors = [[0.5, 1.0], [1.0, 0.25], [0.5, 1.0]]
        answers = [
            Exchange(
                orjson.dumps({"model": "nomic-embed-text", "embeddings": vectors[:count], "prompt_eval_count": count}),
                path="/api/embed",
                when=takes(count),
            )
            for count in (1, 2, 3)
        ]
        return connect(recorded_http(*LISTING, *answers))


def takes(count: int) -> Callable[[HttpRequest], bool]:
    return lambda request: len(orjson.loads(request.body)["input"]) == count
