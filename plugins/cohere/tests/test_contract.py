"""Cohere's provider keeps what every provider promises."""

from collections.abc import Mapping
from typing import Any

import orjson
import pytest
from ymera_cohere.provider import CohereProvider

from ymera_service.sdk.http import Endpoint, HttpRequest, Transport
from ymera_service.sdk.providers import Provider
from ymera_service.sdk.testing.contracts import EmbedContract, HttpProviderContract, RerankContract
from ymera_service.sdk.testing.recorded import Exchange, RecordedTransport

MODELS = orjson.dumps(
    {"models": [{"name": "embed-v4.0", "endpoints": ["embed"]}, {"name": "rerank-v3.5", "endpoints": ["rerank"]}]}
)


def asked(request: HttpRequest) -> Mapping[str, Any]:
    return orjson.loads(request.body or b"{}")  # type: ignore[no-any-return]  # an object


def vectors(texts: int) -> Exchange:
    values = {"A cat sat on the mat.": [1, 0], "Rust is a language.": [0, 1]}
    floats = [values[text] for text in EmbedContract.inputs[:texts]]
    body = orjson.dumps({"embeddings": {"float": floats}, "meta": {"billed_units": {"input_tokens": texts}}})
    return Exchange(body, path="/v2/embed", when=lambda request: len(asked(request)["texts"]) == texts)


def ranking(top: int | None) -> Exchange:
    results = [{"index": index, "relevance_score": score} for index, score in ((1, 0.9), (2, 0.1), (0, 0.05))]
    return Exchange(
        orjson.dumps({"results": results[:top]}),
        path="/v2/rerank",
        when=lambda request: asked(request).get("top_n") == top,
    )


@pytest.fixture
def provider() -> Provider:
    exchanges = [Exchange(MODELS, path="/v1/models"), *map(vectors, (1, 2, 3)), *map(ranking, (None, 1))]
    return CohereProvider(Endpoint("https://upstream.example"), RecordedTransport(*exchanges))


class TestEmbeddings(EmbedContract):
    @pytest.fixture
    def provider(self, provider: Provider) -> Provider:
        return provider


class TestReranking(RerankContract):
    @pytest.fixture
    def provider(self, provider: Provider) -> Provider:
        return provider


def chat_stream(*deltas: Mapping[str, Any], reason: str) -> bytes:
    usage = {
        "tokens": {"input_tokens": 12, "output_tokens": 9},
        "billed_units": {"input_tokens": 3, "output_tokens": 9},
    }
    events = [
        {"type": "message-start", "id": "r1"},
        *deltas,
        {"type": "message-end", "delta": {"finish_reason": reason, "usage": usage}},
    ]
    return b"".join(b"event: %b\ndata: %b\n\n" % (str(each["type"]).encode(), orjson.dumps(each)) for each in events)


def chat_whole(message: Mapping[str, Any], reason: str) -> bytes:
    usage = {
        "tokens": {"input_tokens": 12, "output_tokens": 9},
        "billed_units": {"input_tokens": 3, "output_tokens": 9},
    }
    return orjson.dumps({"id": "r1", "message": message, "finish_reason": reason, "usage": usage})


def chats(word: bytes, streamed: bytes, unary: bytes) -> list[Exchange]:
    def streams(request: HttpRequest) -> bool:
        return word in request.body and asked(request)["stream"]

    return [
        Exchange(streamed, path="/v2/chat", when=streams),
        Exchange(unary, path="/v2/chat", when=lambda request: word in request.body),
    ]


def texts(word: bytes, text: str) -> list[Exchange]:
    pieces = [text[start : start + 5] for start in range(0, len(text), 5)]
    deltas = [
        {"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": each}}}} for each in pieces
    ]
    unary = chat_whole({"role": "assistant", "content": [{"type": "text", "text": text}]}, "COMPLETE")
    return chats(word, chat_stream(*deltas, reason="COMPLETE"), unary)


def calls(arguments: str) -> Mapping[str, Any]:
    return {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": arguments}}


def event(kind: str, **message: Any) -> Mapping[str, Any]:
    return {"type": kind, "index": 0, "delta": {"message": message}}


class TestCohere(HttpProviderContract):
    def connect(self, transport: Transport) -> Provider:
        return CohereProvider(Endpoint("http://upstream", {"authorization": "Bearer key-of-nobody"}), transport)

    @pytest.fixture
    def exchanges(self) -> list[Exchange]:
        features = ["tools", "json_schema", "vision", "reasoning"]
        model = {"name": "command-a-03-2025", "endpoints": ["chat"], "features": features, "context_length": 256_000}
        called = chat_stream(
            event("tool-plan-delta", tool_plan="I will look."),
            event("tool-call-start", tool_calls=calls("")),
            event("tool-call-delta", tool_calls={"function": {"arguments": '{"city": '}}),
            event("tool-call-delta", tool_calls={"function": {"arguments": '"Paris"}'}}),
            reason="TOOL_CALL",
        )
        message = {"tool_plan": "I will look.", "tool_calls": [calls('{"city": "Paris"}')]}
        return [
            Exchange(orjson.dumps({"models": [model]}), path="/v1/models"),
            *chats(b'"tools"', called, chat_whole(message, "TOOL_CALL")),
            *texts(b'"response_format"', '{"colour": "blue"}'),
            *texts(b"rivers", "Seine, Loire, Rhône"),
            *texts(b"", "Hello, wörld: 1, 2, 3, 4, 5 🌍"),
        ]
