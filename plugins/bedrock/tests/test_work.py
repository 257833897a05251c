"""Embeddings and reranking."""

from collections.abc import Callable, Mapping
from typing import Any

import orjson
import pytest
from ymera_bedrock.authorization import by_headers
from ymera_bedrock.provider import BedrockProvider
from ymera_bedrock.regions import Region

from ymera_service.sdk.errors import InvalidProviderRequest, MalformedResponse
from ymera_service.sdk.generation import Usage
from ymera_service.sdk.http import HttpRequest
from ymera_service.sdk.keys import bearer
from ymera_service.sdk.providers import Provider
from ymera_service.sdk.testing.answers import context_of
from ymera_service.sdk.testing.contracts import EmbedContract, RerankContract
from ymera_service.sdk.testing.recorded import Exchange, RecordedTransport
from ymera_service.sdk.work import Embeddings, EmbedPurpose, EmbedRequest, RerankRequest

Record = Callable[..., RecordedTransport]

TITAN, COHERE = "amazon.titan-embed-text-v2:0", "cohere.embed-v4:0"
RERANK, RERANK_OF_AMAZON = "cohere.rerank-v3-5:0", "amazon.rerank-v1:0"
LISTED = [
    {"modelId": name, "outputModalities": ["TEXT"], "inferenceTypesSupported": ["ON_DEMAND"]}
    for name in (COHERE, RERANK, TITAN)
]
LISTS = (
    Exchange(orjson.dumps({"modelSummaries": LISTED}), path="/foundation-models"),
    Exchange(b'{"inferenceProfileSummaries": []}', path="/inference-profiles"),
)


def asked(request: HttpRequest) -> Mapping[str, Any]:
    return orjson.loads(request.body or b"{}")  # type: ignore[no-any-return]  # an object


def vectors(texts: int) -> Exchange:
    values = {"A cat sat on the mat.": [1, 0], "Rust is a language.": [0, 1]}
    body = orjson.dumps({"embeddings": {"float": [values[text] for text in EmbedContract.inputs[:texts]]}})
    return Exchange(body, path=f"/{COHERE}/invoke", when=lambda request: len(asked(request)["texts"]) == texts)


def ranking(top: int | None) -> Exchange:
    results = [{"index": index, "relevance_score": score} for index, score in ((1, 0.9), (2, 0.1), (0, 0.05))]
    body = orjson.dumps({"results": results[:top]})
    return Exchange(body, path="/invoke", when=lambda request: asked(request).get("top_n") == top)


def over(transport: RecordedTransport) -> BedrockProvider:
    return BedrockProvider({"us-east-1": Region.of("us-east-1")}, {"": by_headers(bearer("k"))}, transport)


@pytest.fixture
def provider() -> Provider:
    return over(RecordedTransport(*LISTS, *map(vectors, (1, 2, 3)), *map(ranking, (None, 1))))


class TestEmbeddings(EmbedContract):
    @pytest.fixture
    def provider(self, provider: Provider) -> Provider:
        return provider


class TestReranking(RerankContract):
    @pytest.fixture
    def provider(self, provider: Provider) -> Provider:
        return provider


async def embedded(transport: RecordedTransport, request: EmbedRequest) -> Embeddings:
    provider = over(transport)
    return await provider.embed(request, context_of(provider, request))


async def test_titan_embeds_one_text(recorded_http: Record) -> None:
    transport = recorded_http(Exchange(b'{"embedding": [0.5, 1], "inputTextTokenCount": 3}'))
    reply = await embedded(transport, EmbedRequest(TITAN, ("Hi",), 256, EmbedPurpose.QUERY))
    assert (reply.vectors, reply.usage) == (((0.5, 1),), Usage(3))
    assert [(one.kind, one.field) for one in reply.adaptations] == [("dropped", "purpose")]
    [sent] = transport.requests
    assert sent.url == f"https://bedrock-runtime.us-east-1.amazonaws.com/model/{TITAN}/invoke"
    assert asked(sent) == {"inputText": "Hi", "dimensions": 256}
    with pytest.raises(InvalidProviderRequest, match="at most 1 texts"):
        await embedded(transport, EmbedRequest(TITAN, ("a", "b")))


@pytest.mark.parametrize(
    ("purpose", "input_type", "warnings"),
    [
        (None, "search_document", ["mapped"]),
        (EmbedPurpose.DOCUMENT, "search_document", []),
        (EmbedPurpose.QUERY, "search_query", []),
        (EmbedPurpose.CLASSIFICATION, "classification", []),
        (EmbedPurpose.CLUSTERING, "clustering", []),
        (EmbedPurpose.SIMILARITY, "clustering", ["mapped"]),
    ],
)
async def test_cohere_embeds_for_a_purpose(
    recorded_http: Record, purpose: EmbedPurpose | None, input_type: str, warnings: list[str]
) -> None:
    counted = {"x-amzn-bedrock-input-token-count": "4"}
    transport = recorded_http(Exchange(b'{"embeddings": [[1, 2], [3, 4]], "id": "e-1"}', headers=counted))
    reply = await embedded(transport, EmbedRequest(COHERE, ("a", "b"), 2, purpose))
    assert (reply.vectors, reply.usage, reply.response_id) == (((1, 2), (3, 4)), Usage(4), "e-1")
    assert [one.kind for one in reply.adaptations] == warnings
    sent = asked(transport.requests[0])
    assert (sent["input_type"], sent["output_dimension"]) == (input_type, 2)


@pytest.mark.parametrize("body", [b"{}", b'{"embeddings": []}', b'{"embeddings": {"int8": []}}', b'{"embedding": 7}'])
async def test_an_answer_without_vectors_is_malformed(recorded_http: Record, body: bytes) -> None:
    with pytest.raises(MalformedResponse):
        await embedded(recorded_http(Exchange(body)), EmbedRequest(TITAN, ("a",)))


@pytest.mark.parametrize(("model", "version"), [(RERANK, 2), (RERANK_OF_AMAZON, None)])
async def test_documents_are_ranked_by_either_reranker(recorded_http: Record, model: str, version: int | None) -> None:
    transport = recorded_http(ranking(2))
    request = RerankRequest(model, "q", ("a", "b", "c"), 2)
    reply = await over(transport).rerank(request, context_of(over(transport), request))
    assert [(one.index, one.score) for one in reply.results] == [(1, 0.9), (2, 0.1)]
    sent = asked(transport.requests[0])
    assert {"query": "q", "documents": ["a", "b", "c"], "top_n": 2} | ({"api_version": 2} if version else {}) == sent
