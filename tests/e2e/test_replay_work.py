"""Every recorded embedding, ranking, moderation and count, through client, server, plugin and HTTP, and back.

One server calls one replay server. Each exchange is an endpoint of its own, whose address selects it in the replay
server. The tests of the plugins compare what is sent with the recorded requests.
"""

from __future__ import annotations

import json
from array import array
from base64 import b64decode
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
import pytest_asyncio
from google.rpc import error_details_pb2  # type: ignore[import-untyped]  # ships no py.typed
from grpc_status import rpc_status
from ymera.v1 import content_pb2, inference_pb2_grpc, routing_pb2
from ymera.v1 import inference_pb2 as pb

from tests.e2e.recorded.serving import serving

Exchange = dict[str, Any]

WIRE = Path(__file__).parents[3] / "shared" / "wire"
if not (WIRE / "replay_server.py").exists():
    pytest.skip(f"no recordings in {WIRE}", allow_module_level=True)

WAIT = 30.0
PRICE = 2
"""USD per million input tokens: two micro-USD each."""
OPENAI = ("openai", "azure", "copilot", "doubleword", "llamacpp", "mistral", "openrouter", "perplexity")
"""The vendors whose embeddings are in OpenAI's format, and whose models the name tells to embed."""


def recorded(pattern: str, *vendors: str) -> list[Exchange]:
    paths = [path for vendor in vendors for path in sorted((WIRE / vendor).glob(pattern))]
    exchanges: list[Exchange] = [json.loads(path.read_bytes()) for path in paths]
    return [each for each in exchanges if each["request"]["json"] is not None]


EMBEDDINGS = recorded("*.embeddings.*.json", *OPENAI)
GEMINI_EMBEDDINGS = [each for each in recorded("*.embeddings.*.json", "gemini") if each["expect"]["kind"] != "error"]
RANKINGS = recorded("*.rerank.*.json", "openrouter", "llamacpp")
MODERATIONS = recorded("*.moderations.*.json", "openai")
ANTHROPIC_COUNTS = recorded("*.messages-count_tokens.*.json", "anthropic")
GEMINI_COUNTS = [each for each in recorded("*.countTokens.*.json", "gemini") if each["expect"]["kind"] != "error"]
REASONS = {
    "authentication": "PROVIDER_AUTHENTICATION",
    "context_too_long": "CONTEXT_TOO_LONG",
    "invalid_request": "PROVIDER_INVALID_REQUEST",
    "not_found": "PROVIDER_NOT_FOUND",
}
MODULE_LOOP = pytest.mark.asyncio(loop_scope="module")


def name_of(exchange: Exchange) -> str:
    return str(exchange["id"]).lower().replace(".", "-").replace("_", "-")


def model_of(exchange: Exchange) -> str:
    """Returns the model that is asked for; where its name does not tell what it is for, one that does."""
    asked = str(exchange["request"]["json"].get("model") or exchange["request"]["path"].rpartition("/")[2])
    asked = asked.partition(":")[0]
    if exchange["endpoint"] == "embeddings" and "embed" not in asked.lower():
        return f"{asked}-embedding"
    return asked


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stub(
    replay: Any, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[inference_pb2_grpc.InferenceServiceAsyncStub]:
    """A server with all installed plugins, each exchange being one of its providers."""
    of_openai = {
        name_of(each): {"base_url": f"{replay.url(each['id'])}/v1", "models": [model_of(each)], "like": "openai"}
        for each in (*EMBEDDINGS, *MODERATIONS)
    }
    for each in EMBEDDINGS:
        if each["vendor"] == "perplexity":  # its embeddings are at another version than its answers
            of_openai[name_of(each)] |= {"base_url": replay.url(each["id"]), "like": "perplexity"}
    for each in RANKINGS:
        of_openai[name_of(each)] = {"base_url": f"{replay.url(each['id'])}/v1", "models": [model_of(each)]}
    of_gemini = {
        name_of(each): {"base_url": f"{replay.url(each['id'])}/v1beta", "models": {model_of(each): {}}}
        for each in (*GEMINI_EMBEDDINGS, *GEMINI_COUNTS)
    }
    of_anthropic = {
        name_of(each): {"base_url": f"{replay.url(each['id'])}/v1", "models": {model_of(each): {}}}
        for each in ANTHROPIC_COUNTS
    }
    priced = {"input": PRICE, "output": 0}
    prices = {f"{name_of(each)}/{model_of(each)}": priced for each in (*EMBEDDINGS, *RANKINGS)}
    plugins = {
        "openai": {"endpoints": of_openai},
        "gemini": {"endpoints": of_gemini},
        "anthropic": {"endpoints": of_anthropic},
    }
    async with serving(tmp_path_factory.mktemp("replay"), plugins, prices) as channel:
        yield inference_pb2_grpc.InferenceServiceStub(channel)


def each(exchanges: list[Exchange]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("exchange", [pytest.param(one, id=one["id"]) for one in exchanges])


def only(exchange: Exchange) -> routing_pb2.RoutingPreferences:
    return routing_pb2.RoutingPreferences(model=f"{name_of(exchange)}/{model_of(exchange)}")


async def reason_of(call: Any) -> str:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    status = rpc_status.from_call(caught.value)  # type: ignore[arg-type]  # has what it reads
    assert status is not None
    info = error_details_pb2.ErrorInfo()
    assert any(detail.Unpack(info) for detail in status.details)
    return str(info.reason)


@MODULE_LOOP
@each([*EMBEDDINGS, *GEMINI_EMBEDDINGS])
async def test_recorded_embeddings_reach_the_caller(stub: Any, exchange: Exchange) -> None:
    expect = exchange["expect"]
    sent = pb.EmbedRequest(inputs=["x"] * expect.get("count", 1), preferences=only(exchange))
    if expect["kind"] == "error":
        assert await reason_of(stub.Embed(sent, timeout=WAIT)) == REASONS[expect["error"]["class"]]
        return
    dimensions, first = expect["dims"], expect["first"]
    if exchange["vendor"] == "perplexity":  # what is expected there takes its signed bytes for floats
        packed = b64decode(json.loads(exchange["response"]["body_text"])["data"][0]["embedding"])
        dimensions, first = len(packed), list(array("b", packed[:3]))
    response = await stub.Embed(sent, timeout=WAIT)
    assert {len(one.values) for one in response.embeddings} == {dimensions}
    assert list(response.embeddings[0].values[:3]) == pytest.approx(first, rel=1e-6)
    if tokens := expect.get("usage", {}).get("input"):
        assert (response.usage.input_tokens, response.usage.estimated) == (tokens, False)
    charged = "cost" in json.loads(exchange["response"]["body_text"]).get("usage", {})
    if exchange in EMBEDDINGS:  # what a vendor charges itself is less than a millionth of a dollar, and rounded up
        assert response.usage.cost_micros == (1 if charged else PRICE * response.usage.input_tokens)
    assert response.attempts[0].response_model == expect.get("model", "")


@MODULE_LOOP
@each(RANKINGS)
async def test_a_recorded_ranking_reaches_the_caller(stub: Any, exchange: Exchange) -> None:
    expect, asked = exchange["expect"], exchange["request"]["json"]
    sent = pb.RerankRequest(query=asked["query"], documents=asked["documents"], preferences=only(exchange))
    if expect["kind"] == "error":
        assert await reason_of(stub.Rerank(sent, timeout=WAIT)) == REASONS[expect["error"]["class"]]
        return
    response = await stub.Rerank(sent, timeout=WAIT)
    assert [[one.index, one.score] for one in response.results] == expect["results"]
    assert response.usage.input_tokens == expect["usage"]["total"]
    assert response.usage.cost_micros == 1  # it states 3.4e-7 USD, which is rounded up


@MODULE_LOOP
@each(MODERATIONS)
async def test_a_recorded_moderation_reaches_the_caller(stub: Any, exchange: Exchange) -> None:
    response = await stub.Moderate(pb.ModerateRequest(inputs=["x"], preferences=only(exchange)), timeout=WAIT)
    assert [verdict.flagged for verdict in response.verdicts] == exchange["expect"]["flagged"]
    theirs = json.loads(exchange["response"]["body_text"])["results"][0]["category_scores"]
    assert {one.name: one.score for one in response.verdicts[0].findings} == theirs


@MODULE_LOOP
@each([*ANTHROPIC_COUNTS, *GEMINI_COUNTS])
async def test_a_recorded_count_reaches_the_caller(stub: Any, exchange: Exchange) -> None:
    said = content_pb2.Message(role=content_pb2.ROLE_USER, parts=[content_pb2.Part(text="What was recorded?")])
    sent = pb.CountTokensRequest(
        model=f"{name_of(exchange)}/{model_of(exchange)}", prompt=content_pb2.Prompt(messages=[said])
    )
    response = await stub.CountTokens(sent, timeout=WAIT)
    assert (response.input_tokens, response.estimated) == (exchange["expect"]["input"], False)
