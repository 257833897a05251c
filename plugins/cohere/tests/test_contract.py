"""Cohere's provider keeps what every provider of such work promises."""

from collections.abc import Mapping
from typing import Any

import orjson
import pytest
from ymera_cohere.provider import CohereProvider

from ymera_service.sdk.http import Endpoint, HttpRequest
from ymera_service.sdk.providers import Provider
from ymera_service.sdk.testing.contracts import EmbedContract, RerankContract
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
