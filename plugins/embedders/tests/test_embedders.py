"""What is sent to the vendors, what comes back, and which of them are offered."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest
from pydantic import ValidationError
from ymera_embedders import providers
from ymera_embedders.formats import decode_embed, decode_error, decode_rerank, encode_embed, encode_rerank
from ymera_embedders.settings import NAMES, EmbeddersSettings
from ymera_embedders.vendors import JINA, VENDORS, VOYAGE, Vendor

from ymera_service.sdk.errors import InvalidProviderRequest, MalformedResponse, NotFound
from ymera_service.sdk.generation import GenerateRequest, Prompt, Usage
from ymera_service.sdk.http import HttpResponse
from ymera_service.sdk.models import Kind
from ymera_service.sdk.testing.answers import context_of, events_of
from ymera_service.sdk.testing.checks.providers import check_models
from ymera_service.sdk.testing.recorded import Exchange, RecordedTransport
from ymera_service.sdk.work import EmbedPurpose, EmbedRequest, Ranked, RerankRequest

RECORDED = Path(__file__).parents[4] / "shared" / "wire" / "voyage"


def sent(vendor: Vendor, **asked: Any) -> dict[str, Any]:
    body: dict[str, Any] = orjson.loads(encode_embed(EmbedRequest("m", ("a", "b"), **asked), vendor).body)
    return body


def test_each_vendor_gets_its_own_words() -> None:
    voyage = sent(VOYAGE, dimensions=256, purpose=EmbedPurpose.QUERY)
    assert voyage == {
        "model": "m",
        "input": ["a", "b"],
        "truncation": False,
        "encoding_format": "base64",
        "output_dimension": 256,
        "input_type": "query",
    }
    jina = sent(JINA, dimensions=256, purpose=EmbedPurpose.DOCUMENT)
    assert jina == {
        "model": "m",
        "input": ["a", "b"],
        "embedding_type": "base64",
        "dimensions": 256,
        "task": "retrieval.passage",
    }


@pytest.mark.parametrize("vendor", VENDORS.values(), ids=VENDORS)
@pytest.mark.parametrize("purpose", [None, *EmbedPurpose])
def test_a_purpose_is_sent_or_dropped_with_a_warning(vendor: Vendor, purpose: EmbedPurpose | None) -> None:
    request = encode_embed(EmbedRequest("m", ("a",), purpose=purpose), vendor)
    said = vendor.purpose in orjson.loads(request.body)
    assert said == (purpose in vendor.purposes)
    assert bool(request.adaptations) == (purpose is not None and not said)


@pytest.mark.parametrize(("vendor", "top"), [(VOYAGE, "top_k"), (JINA, "top_n")])
def test_the_number_of_documents_is_asked_for(vendor: Vendor, top: str) -> None:
    request = encode_rerank(RerankRequest("m", "q", ("a", "b"), top=1), vendor)
    assert request.url == "/rerank"
    body = orjson.loads(request.body)
    assert (body["query"], body["documents"], body[top]) == ("q", ["a", "b"], 1)
    assert top not in orjson.loads(encode_rerank(RerankRequest("m", "q", ("a",)), vendor).body)


def test_vectors_are_in_the_order_of_the_inputs_as_numbers_or_in_base64() -> None:
    data = [{"index": 1, "embedding": [0.0, 1.0]}, {"index": 0, "embedding": "AACAPwAAAAA="}]
    reply = decode_embed(answer({"data": data, "model": "m", "usage": {"prompt_tokens": 3, "total_tokens": 4}}))
    assert [list(vector) for vector in reply.vectors] == [[1, 0], [0, 1]]
    assert (reply.usage, reply.model) == (Usage(3), "m")
    assert decode_embed(answer({"data": data})).usage is None


def test_a_ranking_has_its_tokens() -> None:
    reply = decode_rerank(answer({"data": [{"index": 1, "relevance_score": 0.5}], "usage": {"total_tokens": 3}}))
    assert (reply.results, reply.usage) == ((Ranked(1, 0.5),), Usage(3))


@pytest.mark.parametrize("body", [{}, {"data": []}, {"data": [{}]}, {"data": [{"embedding": "§"}]}, {"data": 7}])
def test_another_form_is_malformed(body: dict[str, Any]) -> None:
    for decode in (decode_embed, decode_rerank):
        with pytest.raises(MalformedResponse):
            decode(answer(body))


def answer(document: Any) -> HttpResponse:
    return HttpResponse(200, {}, orjson.dumps(document))


def offered(environment: dict[str, str], **tables: Any) -> list[Any]:
    return [*providers(EmbeddersSettings(**tables), RecordedTransport(), environment)]


def test_a_vendor_is_offered_if_it_has_a_key() -> None:
    assert offered({}) == []
    assert [one.name for one in offered({"JINA_API_KEY": "k"})] == ["jina"]
    assert [one.name for one in offered({}, vendors={"voyage": {"api_key": "k"}})] == ["voyage"]
    assert set(NAMES) == set(VENDORS)


class VoyageVault:
    """Holds a key of Voyage."""

    def accounts(self, provider: str, origin: str) -> Mapping[str, str]:
        return {"work": "sk-kept"} if (provider, origin) == ("voyage", "https://api.voyageai.com") else {}


async def test_a_key_of_the_vault_is_one_more_account() -> None:
    found = providers(EmbeddersSettings(), RecordedTransport(), {"VOYAGE_API_KEY": "k"}, VoyageVault())
    voyage, jina = found
    assert (voyage.name, jina.name) == ("voyage", "jina")
    accounts = {deployment.account for model in await voyage.models() for deployment in model.deployments}
    assert accounts == {"configured", "work"}
    assert voyage.keys is not None
    assert voyage.keys["work"] == {"authorization": "Bearer sk-kept"}


async def test_models_are_those_that_are_documented_or_configured() -> None:
    keys = {vendor.key_variable: "k" for vendor in VENDORS.values()}
    for provider in offered(keys):
        models = await provider.models()
        check_models(models)
        assert {model.kind for model in models} == {Kind.EMBED, Kind.RERANK}
    table = {"models": ["voyage-9", "rerank-9"], "api_keys": {"a": "1", "b": "2"}}
    [voyage] = offered({}, vendors={"voyage": table})
    assert [(model.name, model.kind, len(model.deployments)) for model in await voyage.models()] == [
        ("voyage-9", Kind.EMBED, 2),
        ("rerank-9", Kind.RERANK, 2),
    ]


async def test_no_prompt_is_sent() -> None:
    [voyage] = offered({"VOYAGE_API_KEY": "k"})
    with pytest.raises(InvalidProviderRequest):
        await events_of(voyage, GenerateRequest("voyage-4", Prompt(())))


async def test_an_error_has_its_meaning() -> None:
    transport = RecordedTransport(Exchange(b'{"detail": "Model x is not supported."}', 400))
    [voyage] = providers(EmbeddersSettings(), transport, {"VOYAGE_API_KEY": "k"})
    request = EmbedRequest("x", ("a",))
    with pytest.raises(NotFound, match="not supported"):
        await voyage.embed(request, context_of(voyage, request))
    assert transport.requests[0].headers["authorization"] == "Bearer k"


def test_an_unknown_vendor_is_refused() -> None:
    with pytest.raises(ValidationError, match="unknown vendor acme"):
        EmbeddersSettings.model_validate({"vendors": {"acme": {}}})


@pytest.mark.skipif(not RECORDED.exists(), reason=f"no recordings in {RECORDED}")
def test_the_recorded_exchanges_are_read_and_asked_the_same() -> None:
    for path in RECORDED.glob("*.json"):
        exchange = json.loads(path.read_bytes())
        asked, response, expected = exchange["request"]["json"], exchange["response"], exchange["expect"]
        found = HttpResponse(response["status"], response["headers"], response["body_text"].encode())
        request = encode_embed(EmbedRequest(asked["model"], tuple(asked["input"]), purpose=EmbedPurpose.QUERY), VOYAGE)
        assert orjson.loads(request.body) == {name: value for name, value in asked.items() if value is not None}
        if expected["kind"] == "error":
            error = decode_error(found)
            assert (type(error), error.message) == (NotFound, expected["error"]["message"])
        else:
            reply = decode_embed(found)
            assert (len(reply.vectors), len(reply.vectors[0])) == (expected["count"], expected["dims"])
            assert list(reply.vectors[0][:3]) == expected["first"]
            assert reply.usage == Usage(expected["usage"]["total"])
