"""What is offered, sent and read; recorded traffic; errors."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from ymera_cohere import providers, ymera_describe, ymera_register_providers
from ymera_cohere.embeddings import decode as decode_embeddings
from ymera_cohere.embeddings import encode as encode_embeddings
from ymera_cohere.provider import CohereProvider
from ymera_cohere.reranking import decode as decode_ranking
from ymera_cohere.reranking import encode as encode_ranking
from ymera_cohere.settings import CohereSettings

from ymera_service.sdk.context import CallContext
from ymera_service.sdk.errors import (
    AuthenticationFailed,
    MalformedResponse,
    RateLimited,
)
from ymera_service.sdk.generation import AdaptationKind, Usage
from ymera_service.sdk.http import Endpoint, HttpResponse
from ymera_service.sdk.models import Capability, Kind, ModelInfo
from ymera_service.sdk.targets import Deployment, Target
from ymera_service.sdk.testing.answers import context_of
from ymera_service.sdk.testing.checks.work import check_embeddings, check_ranking
from ymera_service.sdk.testing.recorded import Exchange, RecordedTransport
from ymera_service.sdk.work import EmbedPurpose, EmbedRequest, Ranked, RerankRequest

WIRE = Path(__file__).parents[4] / "shared" / "wire" / "cohere"
EXCHANGES: list[dict[str, Any]] = [json.loads(path.read_bytes()) for path in sorted(WIRE.glob("*.json"))]
Record = Callable[..., RecordedTransport]


def of_kind(kind: str) -> list[Any]:
    return [pytest.param(each, id=each["id"]) for each in EXCHANGES if each["expect"]["kind"] == kind]


def body_of(exchange: dict[str, Any]) -> HttpResponse:
    return HttpResponse(exchange["response"]["status"], {}, exchange["response"]["body_text"].encode())


def at(transport: RecordedTransport) -> CohereProvider:
    return CohereProvider(Endpoint("https://upstream.example", {"authorization": "Bearer key"}), transport)


@pytest.mark.parametrize("exchange", of_kind("embeddings"))
def test_recorded_embeddings_are_read(exchange: dict[str, Any]) -> None:
    expect, reply = exchange["expect"], decode_embeddings(body_of(exchange))
    assert (len(reply.vectors), {len(vector) for vector in reply.vectors}) == (expect["count"], {expect["dims"]})
    assert list(reply.vectors[0][:3]) == expect["first"]
    tokens = expect.get("usage", {}).get("billed_input")
    assert reply.usage == (None if tokens is None else Usage(tokens))
    assert reply.response_id == expect["response_id"]


@pytest.mark.parametrize("exchange", of_kind("rerank"))
def test_recorded_rankings_are_read_and_asked_for(exchange: dict[str, Any]) -> None:
    expect, reply = exchange["expect"], decode_ranking(body_of(exchange))
    assert [[each.index, each.score] for each in reply.results] == expect["results"]
    assert reply.response_id == expect["response_id"]
    asked = exchange["request"]["json"]
    request = RerankRequest(asked["model"], asked["query"], tuple(asked["documents"]), asked.get("top_n"))
    sent = json.loads(encode_ranking(request).body)
    fields = ("model", "query", "documents", "top_n")
    assert sent == {name: asked[name] for name in fields if asked.get(name) is not None}


@pytest.mark.parametrize("exchange", of_kind("error"))
async def test_recorded_errors_are_classified(exchange: dict[str, Any], recorded_http: Record) -> None:
    refused = exchange["response"]
    provider = at(recorded_http(Exchange(refused["body_text"].encode(), refused["status"])))
    request = EmbedRequest("embed-v4.0", ("a",))
    with pytest.raises(AuthenticationFailed) as caught:
        await provider.embed(request, context_of(provider, request))
    assert caught.value.message == exchange["expect"]["error"]["message"]


VECTORS = orjson.dumps(
    {
        "id": "e1",
        "embeddings": {"float": [[0.5, 1], [2, 3]]},
        "meta": {"billed_units": {"input_tokens": 7}},
    }
)


async def test_texts_are_embedded(recorded_http: Record) -> None:
    transport = recorded_http(Exchange(VECTORS, path="/v2/embed"))
    provider, request = at(transport), EmbedRequest("embed-v4.0", ("a", "b"), 2, EmbedPurpose.QUERY)
    reply = await provider.embed(request, context_of(provider, request))
    check_embeddings(request, reply)
    assert (reply.vectors, reply.usage, reply.adaptations) == (((0.5, 1), (2, 3)), Usage(7), ())
    assert orjson.loads(transport.requests[0].body) == {
        "model": "embed-v4.0",
        "texts": ["a", "b"],
        "input_type": "search_query",
        "embedding_types": ["float"],
        "truncate": "NONE",
        "output_dimension": 2,
    }
    assert transport.requests[0].headers["authorization"] == "Bearer key"


@pytest.mark.parametrize(
    ("purpose", "sent", "warned"),
    [
        (None, "search_document", True),
        (EmbedPurpose.DOCUMENT, "search_document", False),
        (EmbedPurpose.CLASSIFICATION, "classification", False),
        (EmbedPurpose.CLUSTERING, "clustering", False),
        (EmbedPurpose.SIMILARITY, "clustering", True),
    ],
)
async def test_a_purpose_that_is_not_sent_as_it_is_is_an_adaptation(
    recorded_http: Record, purpose: EmbedPurpose | None, sent: str, warned: bool
) -> None:
    request = EmbedRequest("embed-v4.0", ("a", "b"), purpose=purpose)
    assert orjson.loads(encode_embeddings(request).body)["input_type"] == sent
    provider = at(recorded_http(Exchange(VECTORS)))
    reply = await provider.embed(request, context_of(provider, request))
    kinds = [(each.kind, each.field) for each in reply.adaptations]
    assert kinds == ([(AdaptationKind.MAPPED, "purpose")] if warned else [])


async def test_documents_are_ranked(recorded_http: Record) -> None:
    ranked = b'{"id":"r1","results":[{"index":1,"relevance_score":0.9}],"meta":{"billed_units":{"search_units":1}}}'
    provider = at(recorded_http(Exchange(ranked, path="/v2/rerank")))
    request = RerankRequest("rerank-v3.5", "q", ("a", "b"), 1)
    reply = await provider.rerank(request, context_of(provider, request))
    check_ranking(request, reply)
    assert (reply.results, reply.usage, reply.response_id) == ((Ranked(1, 0.9),), None, "r1")


@pytest.mark.parametrize(
    "body", [b"7", b"{}", b'{"embeddings":{}}', b'{"embeddings":[]}', b'{"embeddings":{"float":[7]}}', b"\xff"]
)
def test_what_is_not_an_embedding_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedResponse):
        decode_embeddings(HttpResponse(200, {}, body))


def page(*models: dict[str, Any], after: str = "") -> bytes:
    return orjson.dumps({"models": models, "next_page_token": after})


async def test_all_pages_are_listed_and_each_model_is_for_what_it_is_called_at(recorded_http: Record) -> None:
    transport = recorded_http(
        Exchange(
            page(
                {"name": "embed-v4.0", "endpoints": ["embed"], "context_length": 128_000},
                {"name": "command-a-03-2025", "endpoints": ["chat"], "context_length": 256_000},
                after="second page",
            ),
            path="/v1/models",
            when=lambda request: "page_token" not in request.url,
        ),
        Exchange(page({"name": "rerank-v3.5", "endpoints": ["rerank"]}, {"name": "odd"}), path="/v1/models"),
    )
    models = {info.name: info for info in await at(transport).models()}
    assert {name: info.kind for name, info in models.items()} == {
        "embed-v4.0": Kind.EMBED,
        "command-a-03-2025": Kind.GENERATE,
        "rerank-v3.5": Kind.RERANK,
        "odd": Kind.OTHER,
    }
    assert models["embed-v4.0"] == ModelInfo(
        "embed-v4.0", kind=Kind.EMBED, context_window=128_000, price_vendor="cohere", max_batch_inputs=96
    )
    assert [request.url.partition("?")[2] for request in transport.requests] == [
        "page_size=1000",
        "page_size=1000&page_token=second%20page",
    ]


async def test_configured_models_are_offered_instead_of_the_list(recorded_http: Record) -> None:
    table = {
        "api_key": "key",
        "models": {"command-a": {"context_window": 9, "capabilities": ["tools"]}, "embed-v9": {}, "rerank-v9": {}},
    }
    transport = recorded_http()
    (provider,) = providers(CohereSettings.model_validate(table), transport, {})
    chat, embed, rerank = await provider.models()
    assert (chat.kind, chat.context_window) == (Kind.GENERATE, 9)
    assert (set(chat.capabilities), set(chat.unknown)) == ({Capability.TOOLS}, set())
    assert (embed.kind, embed.max_batch_inputs, rerank.kind) == (Kind.EMBED, 96, Kind.RERANK)
    assert transport.requests == []


async def test_a_list_without_end_ends(recorded_http: Record) -> None:
    same = Exchange(page({"name": "embed-v4.0", "endpoints": ["embed"]}, after="again"), path="/v1/models")
    transport = recorded_http(same)
    assert len(await at(transport).models()) == 1
    assert len(transport.requests) == 2


async def test_a_model_can_do_what_its_features_say_or_perhaps_anything(recorded_http: Record) -> None:
    entries = page(
        {
            "name": "a",
            "endpoints": ["chat"],
            "features": ["tools", "vision", "json_schema", "reasoning", "safety_modes"],
        },
        {"name": "b", "endpoints": ["chat"], "features": ["tools"]},
        {"name": "c", "endpoints": ["chat"], "features": None},
        {"name": "d", "endpoints": ["embed"], "features": 7},
    )
    infos = {info.name: info for info in await at(recorded_http(Exchange(entries, path="/v1/models"))).models()}
    everything = {Capability.TOOLS, Capability.IMAGE_INPUT, Capability.STRUCTURED_OUTPUT, Capability.REASONING}
    assert {name: (set(info.capabilities), set(info.unknown)) for name, info in infos.items()} == {
        "a": (everything, {Capability.FILE_INPUT}),
        "b": ({Capability.TOOLS}, {Capability.FILE_INPUT}),
        "c": (set(), everything | {Capability.FILE_INPUT}),
        "d": (set(), set()),
    }


async def test_a_rate_limit_is_one(recorded_http: Record) -> None:
    provider = at(recorded_http(Exchange(b'{"message":"You are past the per minute request limit"}', 429)))
    request = RerankRequest("rerank-v3.5", "q", ("a",))
    with pytest.raises(RateLimited):
        await provider.rerank(request, context_of(provider, request))


def test_without_a_key_nothing_is_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("COHERE_API_KEY", "CO_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    assert not list(ymera_register_providers(CohereSettings(), RecordedTransport(), None))
    monkeypatch.setenv("CO_API_KEY", "key")
    assert [each.name for each in ymera_register_providers(CohereSettings(), RecordedTransport(), None)] == ["cohere"]
    assert (ymera_describe().settings, ymera_describe().contract) == (CohereSettings, (1, 1))


async def test_each_key_is_a_target_and_the_targets_key_is_sent() -> None:
    listing = Exchange(page({"name": "embed-v4.0", "endpoints": ["embed"]}), path="/v1/models")
    transport = RecordedTransport(listing, Exchange(VECTORS, path="/v2/embed"))
    settings = CohereSettings.model_validate(
        {
            "api_keys": {"a": "key-a", "b": "key-b"},
            "base_url": "https://proxy.example",
        }
    )
    (provider,) = providers(settings, transport, {})
    (info,) = await provider.models()
    assert info.deployments == (Deployment("a"), Deployment("b"))
    target = Target("cohere", "cohere/embed-v4.0", Deployment("b"))
    await provider.embed(EmbedRequest("embed-v4.0", ("a", "b")), CallContext("id", target, 0.0))
    sent = transport.requests[-1]
    assert (sent.url, sent.headers["authorization"]) == ("https://proxy.example/v2/embed", "Bearer key-b")
