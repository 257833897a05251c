"""Recorded answers of Ollama and Cohere, through client, server, plugin and HTTP, and back.

These plugins offer what their host lists. So the host here lists a model for each recording, and answers its calls.
`plugins/*/tests` compare what is sent with the recorded requests.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from ymera.v1 import content_pb2, routing_pb2, ymera_pb2, ymera_pb2_grpc

from tests.e2e.recorded.received import CACHED_PRICE, INPUT_PRICE, OUTPUT_PRICE, Received, check_streamed
from tests.e2e.recorded.serving import serving
from ymera_service.sdk.testing.recorded import randomly

Exchange = dict[str, Any]

WIRE = Path(__file__).parents[3] / "shared" / "wire"
WAIT = 30.0
COMPLETIONS: list[Exchange] = [
    exchange
    for pattern in ("ollama/ollama.api-*.json", "cohere/cohere.chat-v*.json")
    for path in sorted(WIRE.glob(pattern))
    if (exchange := json.loads(path.read_bytes()))["expect"]["kind"] == "completion"
]
if not COMPLETIONS:
    pytest.skip(f"no recordings in {WIRE}", allow_module_level=True)

MODULE_LOOP = pytest.mark.asyncio(loop_scope="module")


def name_of(exchange: Exchange) -> str:
    return str(exchange["id"]).rpartition(".")[2]


def model_of(exchange: Exchange) -> str:
    return f"{exchange['vendor']}/{name_of(exchange)}"


def body_of(exchange: Exchange) -> bytes:
    response = exchange["response"]
    return str(response.get("sse_text") or response["body_text"]).encode()


class Host:
    """Both vendors at one address."""

    def __init__(self) -> None:
        self._by_name = {name_of(each): each for each in COMPLETIONS}

    def _names(self, vendor: str) -> list[str]:
        return [name for name, each in self._by_name.items() if each["vendor"] == vendor]

    async def tags(self, request: web.Request) -> web.Response:
        """Lists Ollama's models."""
        return web.json_response({"models": [{"name": name} for name in self._names("ollama")]})

    async def show(self, request: web.Request) -> web.Response:
        """Describes each of them alike."""
        return web.json_response({"capabilities": ["completion", "tools", "thinking"]})

    async def models(self, request: web.Request) -> web.Response:
        """Lists Cohere's models."""
        entries = [{"name": name, "endpoints": ["chat"]} for name in self._names("cohere")]
        return web.json_response({"models": entries})

    async def chat(self, request: web.Request) -> web.StreamResponse:
        """Answers with the recording of the model, in pieces."""
        exchange = self._by_name[(await request.json())["model"]]
        response = web.StreamResponse(headers=exchange["response"]["headers"])
        await response.prepare(request)
        for piece in randomly(5, 4_000)(body_of(exchange)):
            await response.write(piece)
        return response


@asynccontextmanager
async def hosting() -> AsyncIterator[str]:
    host, app = Host(), web.Application()
    app.router.add_get("/api/tags", host.tags)
    app.router.add_post("/api/show", host.show)
    app.router.add_get("/v1/models", host.models)
    for path in ("/api/chat", "/v2/chat"):
        app.router.add_post(path, host.chat)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        address, port = runner.addresses[0][:2]
        yield f"http://{address}:{port}"
    finally:
        await runner.cleanup()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stub(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ymera_pb2_grpc.YmeraServiceAsyncStub]:
    """A server with all installed plugins, which knows both vendors."""
    price = {"input": INPUT_PRICE, "output": OUTPUT_PRICE, "cache_read": CACHED_PRICE}
    async with hosting() as url:
        prices = {model_of(each): price for each in COMPLETIONS}
        plugins = {
            "ollama": {"hosts": {"replay": url}},
            "cohere": {"base_url": url, "api_key": "key-of-the-replay"},
        }
        async with serving(tmp_path_factory.mktemp("replay"), plugins, prices) as channel:
            yield ymera_pb2_grpc.YmeraServiceStub(channel)


def asked(exchange: Exchange) -> dict[str, Any]:
    parts = [content_pb2.Part(text="What was recorded?")]
    question = content_pb2.Message(role=content_pb2.ROLE_USER, parts=parts)
    only = routing_pb2.RoutingPreferences(allow_models=[model_of(exchange)])
    return {"prompt": content_pb2.Prompt(messages=[question]), "preferences": only}


def expected(exchange: Exchange) -> Exchange:
    """With a plan as reasoning, which it is here, and with the tokens of thinking that the recorder does not read."""
    expect = exchange["expect"]
    thought = re.search(rb'"reasoning_tokens": ?(\d+)', body_of(exchange))
    reasoning = expect.get("tool_plan") or expect.get("reasoning", "")
    usage = {"reasoning_output": int(thought[1]) if thought else 0, **expect["usage"]}
    return exchange | {"expect": {**expect, "reasoning": reasoning, "usage": usage}}


def each(exchanges: list[Exchange]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("exchange", [pytest.param(one, id=one["id"]) for one in exchanges])


@MODULE_LOOP
@each(COMPLETIONS)
async def test_a_recorded_answer_reaches_the_caller(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub, exchange: Exchange
) -> None:
    answer = await stub.Execute(ymera_pb2.ExecuteRequest(**asked(exchange)), timeout=WAIT)
    Received.whole(answer).check(expected(exchange))


@MODULE_LOOP
@each(COMPLETIONS)
async def test_a_recorded_answer_is_streamed_to_the_caller(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub, exchange: Exchange
) -> None:
    await check_streamed(stub, ymera_pb2.ExecuteStreamRequest(**asked(exchange)), exchange["expect"])
