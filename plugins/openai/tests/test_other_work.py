"""Embeddings, moderations and listings decode to what is expected of them."""

import json
from pathlib import Path
from typing import Any

import pytest
from ymera_openai import embeddings, moderations, reranking
from ymera_openai.listing import decode_models

from ymera_service.sdk.errors import MalformedResponse, RateLimited
from ymera_service.sdk.generation import Usage
from ymera_service.sdk.http import HttpResponse
from ymera_service.sdk.work import EmbedRequest, Finding, Harm, Ranked, Ranking, RerankRequest

Exchange = dict[str, Any]

WIRE = Path(__file__).parents[4] / "shared" / "wire"
OTHER_FORMATS = [
    ("anthropic", "models"),
    ("cohere", "embeddings"),
    ("cohere", "rerank"),
    ("gemini", "embeddings"),
    ("gemini", "models"),
    ("ollama", "embeddings"),
]
"""What is in a form of the vendor's own."""


def recorded(endpoint: str) -> list[Any]:
    exchanges = [json.loads(path.read_bytes()) for path in sorted(WIRE.glob("*/*.json"))]
    return [
        pytest.param(exchange, id=exchange["id"])
        for exchange in exchanges
        if exchange["endpoint"] == endpoint
        and exchange["expect"]["kind"] != "error"
        and (exchange["vendor"], endpoint) not in OTHER_FORMATS
    ]


def body_of(exchange: Exchange) -> bytes:
    return str(exchange["response"]["body_text"]).encode()


@pytest.mark.parametrize("exchange", recorded("embeddings"))
def test_embeddings_decode(exchange: Exchange) -> None:
    result = embeddings.decode(HttpResponse(200, {}, body_of(exchange)))
    expect = exchange["expect"]
    assert len(result.vectors) == expect["count"]
    assert len(result.vectors[0]) == expect["dims"]
    assert list(result.vectors[0][:3]) == expect["first"]
    assert result.usage == Usage(expect["usage"].get("input", expect["usage"]["total"]))
    assert (result.model, result.response_id) == (expect.get("model", ""), expect.get("response_id", ""))


@pytest.mark.parametrize("exchange", recorded("embeddings"))
def test_embeddings_are_asked_for_as_recorded(exchange: Exchange) -> None:
    asked = exchange["request"]["json"]
    if asked is None:
        pytest.skip("the recording has no request")
    inputs = asked["input"] if isinstance(asked["input"], list) else [asked["input"]]
    form = embeddings.PACKED if asked.get("encoding_format") == "base64" else embeddings.JSON_NUMBERS
    sent = json.loads(
        embeddings.encode(EmbedRequest(asked["model"], tuple(inputs), asked.get("dimensions")), form).body
    )
    same = {"model", "input", "dimensions", "encoding_format"}
    assert sent == {name: value for name, value in asked.items() if name in same} | {"input": inputs}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"data":[]}',
        b'{"data":[{"embedding":7}]}',
        b'{"data":[{"embedding":["a"]}]}',
        b'{"data":[{"embedding":[[1]]}]}',
        b'{"data":[{"embedding":"not base64"}]}',
        b'{"data":[{"embedding":"AAA="}]}',
    ],
)
def test_what_is_not_an_embedding_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedResponse):
        embeddings.decode(HttpResponse(200, {}, body))


def test_an_error_in_place_of_embeddings_is_raised() -> None:
    with pytest.raises(RateLimited):
        embeddings.decode(HttpResponse(200, {}, b'{"error":{"message":"Slow down","code":429}}'))


def test_perplexity_returns_signed_bytes() -> None:
    request = embeddings.encode(EmbedRequest("pplx-embed-v1-4b", ("a",)), embeddings.INT8)
    assert (request.url, json.loads(request.body)["encoding_format"]) == ("/v1/embeddings", "base64_int8")
    body = b'{"data":[{"index":0,"embedding":"f4AA/w=="}]}'
    assert list(embeddings.decode(HttpResponse(200, {}, body), embeddings.INT8).vectors[0]) == [127, -128, 0, -1]


def test_embeddings_come_in_the_order_of_the_inputs() -> None:
    body = b'{"data":[{"index":1,"embedding":[1]},{"index":0,"embedding":[0]}]}'
    assert embeddings.decode(HttpResponse(200, {}, body)).vectors == ((0.0,), (1.0,))


@pytest.mark.parametrize("body", [b"7", b"{}", b'{"results":[]}'])
def test_what_is_not_a_moderation_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedResponse):
        moderations.decode(HttpResponse(200, {}, body))


@pytest.mark.parametrize("exchange", recorded("moderations"))
def test_a_moderation_decodes(exchange: Exchange) -> None:
    result = moderations.decode(HttpResponse(200, {}, body_of(exchange)))
    expect = exchange["expect"]
    assert [verdict.flagged for verdict in result.verdicts] == expect["flagged"]
    theirs = json.loads(body_of(exchange))["results"]
    for verdict, original in zip(result.verdicts, theirs, strict=True):
        assert {each.name: each.flagged for each in verdict.findings} == original["categories"]
        assert {each.name: each.score for each in verdict.findings} == original["category_scores"]
        assert Harm.OTHER not in {each.harm for each in verdict.findings}
    assert (result.model, result.response_id) == (expect["model"], expect["response_id"])


def test_a_moderation_without_a_verdict_is_judged_by_its_categories() -> None:
    body = {"results": [{"categories": {"violence": False, "pii": True}}, {"categories": {"pii": False}}]}
    result = moderations.decode(HttpResponse(200, {}, json.dumps(body).encode()))
    assert [verdict.flagged for verdict in result.verdicts] == [True, False]
    assert result.verdicts[0].findings[1] == Finding(Harm.PRIVACY, "pii", True)


@pytest.mark.parametrize(
    ("name", "harm"),
    [
        ("hate/threatening", Harm.HATE),
        ("sexual/minors", Harm.MINORS),
        ("self-harm/intent", Harm.SELF_HARM),
        ("illicit/violent", Harm.ILLICIT),
        ("jailbreaking", Harm.JAILBREAK),
        ("law", Harm.ADVICE),
        ("something/new", Harm.OTHER),
    ],
)
def test_vendors_categories_have_a_common_one(name: str, harm: Harm) -> None:
    body = json.dumps({"results": [{"categories": {name: True}, "category_scores": {name: 0.5}}]}).encode()
    assert moderations.decode(HttpResponse(200, {}, body)).verdicts[0].findings == (Finding(harm, name, True, 0.5),)


@pytest.mark.parametrize("exchange", recorded("rerank"))
def test_a_ranking_decodes_and_is_asked_for_as_recorded(exchange: Exchange) -> None:
    expect, asked = exchange["expect"], exchange["request"]["json"]
    result = reranking.decode(HttpResponse(200, {}, body_of(exchange)))
    assert [[each.index, each.score] for each in result.results] == expect["results"]
    assert (result.model, result.response_id) == (expect["model"], expect["response_id"])
    assert result.usage == Usage(expect["usage"]["total"])
    request = RerankRequest(asked["model"], asked["query"], tuple(asked["documents"]), asked.get("top_n"))
    assert json.loads(reranking.encode(request).body) == asked


def test_what_a_ranking_says_of_tokens_and_cost_is_read() -> None:
    ranked = '"results":[{"index":0,"relevance_score":-7}]'
    whole = f'{{{ranked},"usage":{{"prompt_tokens":9,"total_tokens":9,"cost":0.0000031}}}}'.encode()
    assert reranking.decode(HttpResponse(200, {}, whole)) == Ranking((Ranked(0, -7.0),), usage=Usage(9), cost_micros=4)
    assert reranking.decode(HttpResponse(200, {}, f"{{{ranked}}}".encode())).usage is None
    voyage = b'{"data":[{"index":1,"relevance_score":0.5}],"usage":{"total_tokens":3}}'
    assert reranking.decode(HttpResponse(200, {}, voyage)) == Ranking((Ranked(1, 0.5),), usage=Usage(3))


@pytest.mark.parametrize(
    "body",
    [
        b"7",
        b"{}",
        b'{"results":[]}',
        b'{"results":[{"index":0}]}',
        b'{"results":[{"relevance_score":1}]}',
        b'{"results":[{"index":true,"relevance_score":1}]}',
        b'{"results":[{"index":0,"relevance_score":"1"}]}',
    ],
)
def test_what_is_not_a_ranking_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedResponse):
        reranking.decode(HttpResponse(200, {}, body))


@pytest.mark.parametrize("exchange", recorded("models"))
def test_a_listing_decodes(exchange: Exchange) -> None:
    entries = decode_models(HttpResponse(200, {}, body_of(exchange)))
    assert [entry["id"] for entry in entries] == exchange["expect"]["ids"]
    assert len(entries) == exchange["expect"]["count"]
