"""Every recorded answer in Gemini's format, through client, server, plugin and HTTP, and back.

One server calls one replay server. Each exchange is an endpoint of its own, whose address selects it in the replay
server. `plugins/gemini/tests` compare what is sent with the recorded requests.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from ymera.v1 import content_pb2, routing_pb2, ymera_pb2, ymera_pb2_grpc

from tests.e2e.recorded.received import CACHED_PRICE, INPUT_PRICE, OUTPUT_PRICE, WRITTEN_PRICE, Received, check_streamed
from tests.e2e.recorded.serving import serving

Exchange = dict[str, Any]

WIRE = Path(__file__).parents[3] / "shared" / "wire"
if not (WIRE / "replay_server.py").exists():
    pytest.skip(f"no recordings in {WIRE}", allow_module_level=True)

WAIT = 30.0
COMPLETIONS: list[Exchange] = [
    exchange
    for vendor in ("gemini", "vertexai")
    for path in sorted((WIRE / vendor).glob("*enerateContent*.json"))
    if (exchange := json.loads(path.read_bytes()))["expect"]["kind"] == "completion"
]
SIGNED = next(
    each
    for each in COMPLETIONS
    if each["expect"]["tool_calls"]
    and "gemini-3" in each["expect"]["model"]
    and "thoughtSignature" in str(each["response"])
)
MODULE_LOOP = pytest.mark.asyncio(loop_scope="module")


def name_of(exchange: Exchange) -> str:
    return str(exchange["id"]).lower().replace(".", "-")


def model_of(exchange: Exchange) -> str:
    return str(exchange["expect"]["model"])


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stub(
    replay: Any, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[ymera_pb2_grpc.YmeraServiceAsyncStub]:
    """A server with all installed plugins, each exchange being one of its providers."""
    price = {"input": INPUT_PRICE, "output": OUTPUT_PRICE, "cache_read": CACHED_PRICE, "cache_write": WRITTEN_PRICE}
    endpoints = {
        name_of(exchange): {"base_url": f"{replay.url(exchange['id'])}/v1beta", "models": {model_of(exchange): {}}}
        for exchange in COMPLETIONS
    }
    prices = {f"{name_of(each)}/{model_of(each)}": price for each in COMPLETIONS}
    plugins = {"gemini": {"endpoints": endpoints}}
    async with serving(tmp_path_factory.mktemp("replay"), plugins, prices) as channel:
        yield ymera_pb2_grpc.YmeraServiceStub(channel)


def said(role: content_pb2.Role.ValueType, *parts: content_pb2.Part) -> content_pb2.Message:
    return content_pb2.Message(role=role, parts=parts)


QUESTION = said(content_pb2.ROLE_USER, content_pb2.Part(text="What was recorded?"))


def asked(exchange: Exchange, *more: content_pb2.Message) -> dict[str, Any]:
    only = routing_pb2.RoutingPreferences(allow_models=[f"{name_of(exchange)}/{model_of(exchange)}"])
    return {"prompt": content_pb2.Prompt(messages=[QUESTION, *more]), "preferences": only}


def each(exchanges: list[Exchange]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("exchange", [pytest.param(one, id=one["id"]) for one in exchanges])


@MODULE_LOOP
@each(COMPLETIONS)
async def test_a_recorded_answer_reaches_the_caller(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub, exchange: Exchange
) -> None:
    answer = await stub.Execute(ymera_pb2.ExecuteRequest(**asked(exchange)), timeout=WAIT)
    Received.whole(answer).check(exchange if "input" in exchange["expect"]["usage"] else without_usage(exchange))


def without_usage(exchange: Exchange) -> Exchange:
    """One whose input was not counted; the server then estimates it."""
    return exchange | {"expect": {name: value for name, value in exchange["expect"].items() if name != "usage"}}


@MODULE_LOOP
@each(COMPLETIONS)
async def test_a_recorded_answer_is_streamed_to_the_caller(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub, exchange: Exchange
) -> None:
    await check_streamed(stub, ymera_pb2.ExecuteStreamRequest(**asked(exchange)), exchange["expect"])


@MODULE_LOOP
async def test_a_signature_comes_back_to_the_vendor(stub: ymera_pb2_grpc.YmeraServiceAsyncStub, replay: Any) -> None:
    answer = await stub.Execute(ymera_pb2.ExecuteRequest(**asked(SIGNED)), timeout=WAIT)
    [turn] = answer.messages
    results = [
        content_pb2.Part(
            tool_result=content_pb2.ToolResult(tool_call_id=part.tool_call.id, parts=[content_pb2.Part(text="Sunny")])
        )
        for part in turn.parts
        if part.WhichOneof("kind") == "tool_call"
    ]
    again = asked(SIGNED, turn, said(content_pb2.ROLE_TOOL, *results))
    await stub.Execute(ymera_pb2.ExecuteRequest(**again), timeout=WAIT)
    [_, calls, _] = replay.received[-1]["json"]["contents"]
    [call, *_] = [part for part in calls["parts"] if "functionCall" in part]
    assert call["thoughtSignature"] in str(SIGNED["response"])
    assert len(call["thoughtSignature"]) > 40
