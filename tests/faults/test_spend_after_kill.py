"""A server killed with -9 under load: every call that a provider received is stored, if only with an estimate."""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import orjson
import pytest
from sqlalchemy import Connection, Row, select
from ymera.v1 import routing_pb2, ymera_pb2, ymera_pb2_grpc

from tests.conftest import Observe
from tests.faults.conftest import prompt
from ymera_service.routing.prompts.estimate import TYPICAL_OUTPUT_TOKENS, prompt_tokens
from ymera_service.sdk.content import user
from ymera_service.sdk.generation import Prompt
from ymera_service.storage import Database
from ymera_service.storage.tables import benchmark_results, executions

if TYPE_CHECKING:
    from tests.faults.conftest import Client, Exchange, Server, Upstream

Serve = Callable[[str], AbstractAsyncContextManager["Server"]]
Connect = Callable[[str], AbstractAsyncContextManager["Client"]]

WAIT = 30.0
STARTS = pytest.mark.timeout(300)
"""Four starts of a server take a minute on a machine that is busy with other work."""
KILLS = [pytest.param(3, marks=STARTS), pytest.param(100, marks=[pytest.mark.long, pytest.mark.timeout(3600)])]
CALLERS = 24
MOST = 200
"""Calls of a round after which the server is killed at the latest."""

CONFIG = """
[storage]
url = "{url}"
state_folder = "{folder}/state"
[log]
format = "json"
[routing.weights]
quality = 0
speed = 0
cost = 1
[catalog.prices."first/m"]
input = 1
output = 2
[catalog.prices."second/m"]
input = 2
output = 4
[plugins]
disabled = ["anthropic", "ollama", "simulator"]
[plugins.openai]
discover_local = false
[plugins.openai.endpoints.first]
base_url = "{first}"
models = ["m"]
[plugins.openai.endpoints.second]
base_url = "{second}"
models = ["m"]
"""


async def take_time(exchange: Exchange) -> None:
    await asyncio.sleep(random.uniform(0, 0.05))
    await exchange.answer()


async def fail_often(exchange: Exchange) -> None:
    await asyncio.sleep(random.uniform(0, 0.02))
    if random.random() < 0.5:
        await exchange.answer()
    else:
        await exchange.respond("500 Internal Server Error", b"{}")


class Hang:
    """Never answers; `arrived` receives each request."""

    def __init__(self) -> None:
        self.arrived: asyncio.Queue[Exchange] = asyncio.Queue()

    async def __call__(self, exchange: Exchange) -> None:
        self.arrived.put_nowait(exchange)
        await exchange.gone()


@pytest.fixture
def config(database_url: str, first: Upstream, second: Upstream, tmp_path: Path) -> str:
    return CONFIG.format(url=database_url, folder=tmp_path, first=first.url, second=second.url)


@pytest.mark.parametrize("kills", KILLS)
async def test_every_call_that_a_provider_received_is_stored(
    serve: Serve, database_url: str, config: str, first: Upstream, second: Upstream, kills: int, observe: Observe
) -> None:
    first.script, second.script = fail_often, take_time
    draw, names = random.Random(database_url.partition(":")[0]), count()
    for _ in range(kills):
        async with serve(config) as server:
            await until_killed(server, (first, second), draw.randint(20, MOST), names)
    async with serve(config):
        pass
    rows = await rows_of(database_url, select(*(executions.c[name] for name in STORED)))
    stored = {(row.agent_name, attempt["model"]) for row in rows for attempt in orjson.loads(row.attempts)}
    received = {(text_of(request), "first/m") for request in first.requests}
    received |= {(text_of(request), "second/m") for request in second.requests}
    unknown = [row for row in rows if row.status == "unknown"]
    lost = received - stored
    observe(f"{len(lost)} of {len(received)} calls lost in {kills} kills, {len(unknown)} estimated as unknown")
    assert len(received) > kills * 20
    assert not lost
    assert 0 < len(unknown) <= kills * CALLERS
    assert all(row.usage_estimated and row.cost_micros > 0 for row in unknown)


STORED = ("agent_name", "status", "attempts", "usage_estimated", "cost_micros", "input_tokens", "output_tokens")


async def until_killed(server: Server, upstreams: Sequence[Upstream], enough: int, names: Iterable[int]) -> None:
    """Calls the server concurrently until its providers have received enough calls, and kills it in the middle.

    The calls of all count: one that fails half of the time may be left alone for many seconds.
    """

    def received() -> int:
        return sum(len(upstream.requests) for upstream in upstreams)

    enough += received()

    async def ask(stub: Any, *, stream: bool) -> None:
        with suppress(grpc.aio.AioRpcError):
            for number in names:
                name = f"call-{number}"
                who = routing_pb2.Attribution(agent_name=name)
                if stream:
                    request = ymera_pb2.ExecuteStreamRequest(prompt=prompt(name), attribution=who)
                    async for _ in stub.ExecuteStream(request):
                        pass
                else:
                    await stub.Execute(ymera_pb2.ExecuteRequest(prompt=prompt(name), attribution=who))
                if received() >= enough:
                    server.process.kill()

    async with grpc.aio.insecure_channel(server.address) as channel, asyncio.timeout(WAIT):
        stub: ymera_pb2_grpc.YmeraServiceAsyncStub = ymera_pb2_grpc.YmeraServiceStub(channel)
        await asyncio.gather(*(ask(stub, stream=bool(number % 2)) for number in range(CALLERS)))
    assert await server.process.wait() == -signal.SIGKILL


def text_of(request: dict[str, Any]) -> str:
    return str(request["messages"][0]["content"])


async def rows_of(url: str, query: Any) -> list[Row[Any]]:
    rows: list[Row[Any]] = []

    def read(connection: Connection) -> None:
        rows.extend(connection.execute(query))

    async with Database.open(url) as database:
        await database.write(read)
    return rows


async def test_the_outcome_of_a_call_that_was_under_way_is_shown_as_unknown(
    serve: Serve, connect: Connect, config: str, first: Upstream, second: Upstream
) -> None:
    async def refuse(exchange: Exchange) -> None:
        await exchange.respond("500 Internal Server Error", b"{}")

    first.script, second.script = refuse, (hang := Hang())
    async with serve(config) as server, connect(server.address) as client:
        call = client.stream("Say hello.")
        started = (await anext(aiter(call))).started
        await asyncio.wait_for(hang.arrived.get(), WAIT)
        server.process.kill()
        with pytest.raises(grpc.aio.AioRpcError):
            async for _ in call:
                pass
    async with serve(config) as server, connect(server.address) as client:
        assert server.lines
        past = await client.recorded(started.request_id)
    expected = prompt_tokens(Prompt((user("Say hello."),))), TYPICAL_OUTPUT_TOKENS
    assert past.status == routing_pb2.EXECUTION_STATUS_UNKNOWN
    assert past.error.reason == "OUTCOME_UNKNOWN"
    assert past.decision.candidates == started.decision.candidates
    assert [(each.model, each.error.reason) for each in past.attempts] == [
        ("first/m", "PROVIDER_SERVER_ERROR"),
        ("second/m", "OUTCOME_UNKNOWN"),
    ]
    assert past.usage.estimated
    assert (past.usage.input_tokens, past.usage.output_tokens) == expected
    assert past.usage.cost_micros == 2 * expected[0] + 4 * expected[1]


async def test_the_tasks_of_a_benchmark_that_were_under_way_are_stored_with_an_estimate(
    serve: Serve, connect: Connect, database_url: str, config: str, first: Upstream
) -> None:
    first.script = hang = Hang()
    async with serve(config) as server, connect(server.address) as client:
        events = client.stub.Benchmark(ymera_pb2.BenchmarkRequest(models=["first/m"], concurrency=3))
        await anext(aiter(events))
        for _ in range(3):
            await asyncio.wait_for(hang.arrived.get(), WAIT)
        server.process.kill()
    async with serve(config):
        pass
    table = benchmark_results.c
    rows = await rows_of(database_url, select(table.error_reason, table.cost_micros, table.output_tokens, table.score))
    assert [(row.error_reason, row.score) for row in rows] == [("OUTCOME_UNKNOWN", None)] * 3
    assert all(row.cost_micros > 0 < row.output_tokens for row in rows)
