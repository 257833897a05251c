"""Every recorded answer of Bedrock's Converse, through client, server, plugin and HTTP, and back.

One provider calls one server on this machine. Each exchange is a model of its own, whose name selects it there.
`plugins/bedrock/tests` compare what is sent with the recorded requests.
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from ymera.v1 import content_pb2, routing_pb2, ymera_pb2, ymera_pb2_grpc

from tests.e2e.recorded.received import (
    CACHED_PRICE,
    FINISH_REASONS,
    INPUT_PRICE,
    OUTPUT_PRICE,
    WRITTEN_PRICE,
    check_streamed,
)
from tests.e2e.recorded.serving import serving

Exchange = dict[str, Any]

WIRE = Path(__file__).parents[3] / "shared" / "wire"
COMPLETIONS: dict[str, Exchange] = {
    exchange["id"]: exchange
    for path in sorted((WIRE / "bedrock").glob("bedrock.converse*.json"))
    if (exchange := json.loads(path.read_bytes()))["expect"]["kind"] == "completion"
}
if not COMPLETIONS:
    pytest.skip(f"no recordings in {WIRE}", allow_module_level=True)

WAIT = 30.0
HOSTED = '"server_tool_use"'
"""In answers with a tool that Bedrock ran itself, whose call `expect` counts as one of the caller's."""
MODULE_LOOP = pytest.mark.asyncio(loop_scope="module")


async def replay(request: web.Request) -> web.Response:
    response = COMPLETIONS[request.match_info["model"]]["response"]
    assert request.headers["authorization"] == "Bearer key-of-bedrock"
    body = b64decode(response["body_b64"]) if "body_b64" in response else response["body_text"].encode()
    return web.Response(body=body, headers={"content-type": response["headers"]["content-type"]})


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bedrock() -> AsyncIterator[str]:
    """The recordings, served over HTTP on this machine; returns the address."""
    app = web.Application()
    app.router.add_post("/model/{model}/{method:converse|converse-stream}", replay)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stub(
    bedrock: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[ymera_pb2_grpc.YmeraServiceAsyncStub]:
    """A server with all installed plugins, each exchange being one of Bedrock's models."""
    price = {"input": INPUT_PRICE, "output": OUTPUT_PRICE, "cache_read": CACHED_PRICE, "cache_write": WRITTEN_PRICE}
    table = {"api_key": "key-of-bedrock", "base_url": bedrock, "models": {name: {} for name in COMPLETIONS}}
    prices = {f"bedrock/{name}": price for name in COMPLETIONS}
    async with serving(tmp_path_factory.mktemp("replay"), {"bedrock": table}, prices) as channel:
        yield ymera_pb2_grpc.YmeraServiceStub(channel)


def asked(name: str) -> dict[str, Any]:
    question = content_pb2.Message(role=content_pb2.ROLE_USER, parts=[content_pb2.Part(text="What was recorded?")])
    only = routing_pb2.RoutingPreferences(allow_models=[f"bedrock/{name}"])
    return {"prompt": content_pb2.Prompt(messages=[question]), "preferences": only}


def expected(name: str) -> dict[str, Any]:
    found: dict[str, Any] = COMPLETIONS[name]["expect"]
    if HOSTED not in COMPLETIONS[name]["response"].get("body_text", ""):
        return found
    return found | {"tool_calls": [], "finish_reason": "stop"}


def cost_of(usage: dict[str, int]) -> int:
    read, written = usage.get("cached_input", 0), usage.get("cache_write", 0)
    fresh = usage["input"] - read - written
    cost = fresh * INPUT_PRICE + read * CACHED_PRICE + written * WRITTEN_PRICE
    return cost + usage["output"] * OUTPUT_PRICE


@MODULE_LOOP
@pytest.mark.parametrize("name", COMPLETIONS)
async def test_a_recorded_answer_reaches_the_caller(stub: ymera_pb2_grpc.YmeraServiceAsyncStub, name: str) -> None:
    answer = await stub.Execute(ymera_pb2.ExecuteRequest(**asked(name)), timeout=WAIT)
    expect, parts = expected(name), answer.messages[0].parts
    assert "".join(part.text for part in parts) == expect["text"]
    calls = [part.tool_call for part in parts if part.HasField("tool_call")]
    assert [{"id": call.id, "name": call.name, "arguments": json.loads(call.arguments)} for call in calls] == expect[
        "tool_calls"
    ]
    assert answer.finish_reason == FINISH_REASONS[expect["finish_reason"]]
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (
        expect["usage"]["input"],
        expect["usage"]["output"],
    )
    assert answer.usage.cost_micros == cost_of(expect["usage"])
    hosted = [part.provider_block for part in parts if part.HasField("provider_block")]
    assert len(hosted) == (2 if expect != COMPLETIONS[name]["expect"] else 0)


@MODULE_LOOP
@pytest.mark.parametrize("name", COMPLETIONS)
async def test_a_recorded_answer_is_streamed_to_the_caller(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub, name: str
) -> None:
    await check_streamed(stub, ymera_pb2.ExecuteStreamRequest(**asked(name)), expected(name))
