"""Texts become vectors."""

from collections.abc import Callable

import orjson
import pytest
from ymera_gemini.embeddings import Embeddings
from ymera_gemini.provider import GeminiProvider
from ymera_gemini.tokens import AccessToken
from ymera_gemini.vertex import VertexProvider

from ymera_service.sdk.errors import MalformedResponse
from ymera_service.sdk.generation import Usage
from ymera_service.sdk.http import Endpoint
from ymera_service.sdk.testing.recorded import Exchange, RecordedTransport

Record = Callable[..., RecordedTransport]


async def test_the_developer_api_embeds_a_batch(recorded_http: Record) -> None:
    answer = {"embeddings": [{"values": [0.5, 1]}, {"values": [2, 3]}], "usageMetadata": {"promptTokenCount": 4}}
    transport = recorded_http(Exchange(orjson.dumps(answer), path="/models/e:batchEmbedContents"))
    embeddings = await GeminiProvider("gemini", Endpoint("http://upstream"), transport).embed("e", ["a", "b"], 2)
    assert embeddings == Embeddings(((0.5, 1.0), (2.0, 3.0)), Usage(4))
    assert orjson.loads(transport.requests[0].body)["requests"] == [
        {"model": "models/e", "outputDimensionality": 2, "content": {"parts": [{"text": text}]}} for text in "ab"
    ]


async def test_vertex_predicts(recorded_http: Record) -> None:
    async def issue() -> tuple[str, float]:
        return "token", 100.0

    one = {"embeddings": {"values": [1], "statistics": {"token_count": 3}}}
    transport = recorded_http(Exchange(orjson.dumps({"predictions": [one, one]}), path="/models/e:predict"))
    provider = VertexProvider({"global": "http://upstream"}, AccessToken(issue), transport)
    assert await provider.embed("e", ["a", "b"], 1) == Embeddings(((1.0,), (1.0,)), Usage(6))
    asked = {"instances": [{"content": "a"}, {"content": "b"}], "parameters": {"outputDimensionality": 1}}
    assert orjson.loads(transport.requests[0].body) == asked


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
        await GeminiProvider("gemini", Endpoint("http://upstream"), recorded_http(Exchange(body))).embed("e", ["a"])
