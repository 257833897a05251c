"""Texts become vectors."""

from collections.abc import Callable

import orjson
import pytest
from ymera_gemini.provider import GeminiProvider
from ymera_gemini.settings import ModelSettings
from ymera_gemini.tokens import AccessToken
from ymera_gemini.vertex import VertexProvider

from ymera_service.sdk.errors import MalformedResponse
from ymera_service.sdk.generation import Usage
from ymera_service.sdk.http import Endpoint
from ymera_service.sdk.models import Kind
from ymera_service.sdk.testing.answers import context_of
from ymera_service.sdk.testing.recorded import Exchange, RecordedTransport
from ymera_service.sdk.work import Embeddings, EmbedPurpose, EmbedRequest

Record = Callable[..., RecordedTransport]


async def embedded(provider: GeminiProvider, request: EmbedRequest) -> Embeddings:
    return await provider.embed(request, context_of(provider, request))


async def test_the_developer_api_embeds_a_batch(recorded_http: Record) -> None:
    answer = {"embeddings": [{"values": [0.5, 1]}, {"values": [2, 3]}], "usageMetadata": {"promptTokenCount": 4}}
    transport = recorded_http(Exchange(orjson.dumps(answer), path="/models/e:batchEmbedContents"))
    provider = GeminiProvider("gemini", Endpoint("http://upstream"), transport)
    request = EmbedRequest("e", ("a", "b"), 2, EmbedPurpose.QUERY)
    assert await embedded(provider, request) == Embeddings(((0.5, 1.0), (2.0, 3.0)), usage=Usage(4))
    same = {"model": "models/e", "outputDimensionality": 2, "taskType": "RETRIEVAL_QUERY"}
    assert orjson.loads(transport.requests[0].body)["requests"] == [
        {**same, "content": {"parts": [{"text": text}]}} for text in "ab"
    ]


def vertex(transport: RecordedTransport, **models: ModelSettings) -> VertexProvider:
    async def issue() -> tuple[str, float]:
        return "token", 100.0

    return VertexProvider({"global": "http://upstream"}, AccessToken(issue), transport, models)


async def test_vertex_predicts(recorded_http: Record) -> None:
    one = {"embeddings": {"values": [1], "statistics": {"token_count": 3}}}
    transport = recorded_http(Exchange(orjson.dumps({"predictions": [one, one]}), path="/models/e:predict"))
    request = EmbedRequest("e", ("a", "b"), 1, EmbedPurpose.DOCUMENT)
    assert await embedded(vertex(transport), request) == Embeddings(((1.0,), (1.0,)), usage=Usage(6))
    instances = [{"content": text, "task_type": "RETRIEVAL_DOCUMENT"} for text in "ab"]
    asked = {"instances": instances, "parameters": {"outputDimensionality": 1}}
    assert orjson.loads(transport.requests[0].body) == asked


async def test_models_state_how_many_texts_a_request_takes(recorded_http: Record) -> None:
    listed = {"models": [{"name": f"models/{name}"} for name in ("gemini-embedding-001", "gemini-3.5-flash")]}
    provider = GeminiProvider(
        "gemini", Endpoint("http://upstream"), recorded_http(Exchange(orjson.dumps(listed), path="/models"))
    )
    infos = [*await provider.models()]
    names = {"gemini-embedding-001": ModelSettings(), "text-embedding-005": ModelSettings()}
    infos += await vertex(recorded_http(), **names).models()
    assert [(info.kind, info.max_batch_inputs, info.max_batch_tokens) for info in infos] == [
        (Kind.EMBED, 100, 0),
        (Kind.GENERATE, 0, 0),
        (Kind.EMBED, 1, 20_000),
        (Kind.EMBED, 250, 20_000),
    ]


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b'{"embeddings": []}',
        b'{"embeddings": [{}]}',
        b'{"predictions": [7]}',
        b'{"embeddings": [{"values": ["x"]}]}',
    ],
)
async def test_a_body_without_vectors_is_malformed(recorded_http: Record, body: bytes) -> None:
    with pytest.raises(MalformedResponse):
        await embedded(
            GeminiProvider("gemini", Endpoint("http://upstream"), recorded_http(Exchange(body))),
            EmbedRequest("e", ("a",)),
        )
