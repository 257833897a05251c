"""The vendors keep what every provider of embeddings and rankings promises."""

from base64 import b64encode
from collections.abc import Mapping
from struct import pack
from typing import Any

import orjson
import pytest
from ymera_embedders.provider import EmbedderProvider
from ymera_embedders.vendors import VENDORS, Vendor

from ymera_service.sdk.http import Endpoint, HttpRequest
from ymera_service.sdk.providers import Provider
from ymera_service.sdk.testing.contracts import EmbedContract, RerankContract
from ymera_service.sdk.testing.recorded import Exchange, RecordedTransport

VECTORS: Mapping[str, tuple[float, float]] = {"A cat sat on the mat.": (1, 0), "Rust is a language.": (0, 1)}


def asked(request: HttpRequest) -> Mapping[str, Any]:
    return orjson.loads(request.body)  # type: ignore[no-any-return]  # an object


def vectors(texts: int) -> Exchange:
    packed = [b64encode(pack("<2f", *VECTORS[text])).decode() for text in EmbedContract.inputs[:texts]]
    data = [{"index": index, "embedding": each} for index, each in enumerate(packed)]
    body = orjson.dumps({"data": data, "model": "m", "usage": {"total_tokens": texts}})
    return Exchange(body, path="/embeddings", when=lambda request: len(asked(request)["input"]) == texts)


def ranking(top: int | None, vendor: Vendor) -> Exchange:
    results = [{"index": index, "relevance_score": score} for index, score in ((1, 0.9), (2, 0.1), (0, 0.05))]
    body = orjson.dumps({"data": results[:top], "usage": {"total_tokens": 9}})
    return Exchange(body, path="/rerank", when=lambda request: asked(request).get(vendor.top) == top)


@pytest.fixture(params=VENDORS)
def provider(request: pytest.FixtureRequest) -> Provider:
    vendor = VENDORS[request.param]
    exchanges = [*map(vectors, (1, 2, 3)), *(ranking(top, vendor) for top in (None, 1))]
    return EmbedderProvider(vendor, Endpoint("https://upstream.example"), RecordedTransport(*exchanges))


class TestEmbeddings(EmbedContract):
    @pytest.fixture
    def provider(self, provider: Provider) -> Provider:
        return provider


class TestReranking(RerankContract):
    @pytest.fixture
    def provider(self, provider: Provider) -> Provider:
        return provider
