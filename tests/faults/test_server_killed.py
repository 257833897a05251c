"""A server killed with -9 under load loses no acknowledged request and no acknowledged cost."""

from __future__ import annotations

import asyncio
import random
import signal
from collections import ChainMap
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from sqlalchemy import Connection, Row, select
from ymera.v1 import content_pb2, routing_pb2, routing_pb2_grpc, usage_pb2, ymera_pb2, ymera_pb2_grpc

from tests.conftest import Observe
from ymera_service.storage import Database
from ymera_service.storage.tables import executions

if TYPE_CHECKING:
    from tests.faults.conftest import Server

Acknowledged = dict[str, usage_pb2.Usage]
"""What the client received, by request id."""

WAIT = 30.0
STARTS = pytest.mark.timeout(300)
"""The starts of servers take a minute on a machine that is busy with other work."""
ROUNDS = [pytest.param(3, marks=STARTS), pytest.param(100, marks=[pytest.mark.long, pytest.mark.timeout(3600)])]
"""How often a server is killed."""
CALLERS = 24
MOST = 300
"""Acknowledgements after which a server is killed at the latest."""

CONFIG = """
[storage]
url = "{url}"
[log]
format = "json"
[plugins]
disabled = ["anthropic", "openai"]
[plugins.simulator]
speed = 0
"""


@pytest.mark.parametrize("kills", ROUNDS)
async def test_kill_9_loses_nothing_that_was_acknowledged_to_a_caller(
    serve: Callable[..., AbstractAsyncContextManager[Server]], database_url: str, kills: int, observe: Observe
) -> None:
    config = CONFIG.format(url=database_url)
    draw = random.Random(database_url.partition(":")[0])
    rounds: list[Acknowledged] = [{}]
    for _ in range(kills):
        async with serve(config) as server:
            await check_executions(server.address, rounds[-1])
            rounds.append(await until_killed(server, draw.randint(1, MOST)))
    async with serve(config) as server:
        await check_executions(server.address, rounds[-1])
    acknowledged = dict(ChainMap(*rounds))
    await check_stored(database_url, acknowledged)
    observe(f"none of {len(acknowledged)} acknowledged answers lost in {kills} kills")


async def until_killed(server: Server, enough: int) -> Acknowledged:
    """Calls the server concurrently until it has acknowledged enough calls, and kills it immediately."""
    acknowledged: Acknowledged = {}

    def acknowledge(request_id: str, usage: usage_pb2.Usage) -> None:
        acknowledged[request_id] = usage
        if len(acknowledged) == enough:
            server.process.kill()

    async with grpc.aio.insecure_channel(server.address) as channel, asyncio.timeout(WAIT):
        stub: ymera_pb2_grpc.YmeraServiceAsyncStub = ymera_pb2_grpc.YmeraServiceStub(channel)
        calls = [(ask, listen)[number % 2](stub, number, acknowledge) for number in range(CALLERS)]
        ends = await asyncio.gather(*calls)
    assert await server.process.wait() == -signal.SIGKILL
    assert set(ends) == {grpc.StatusCode.UNAVAILABLE}
    assert len(acknowledged) >= enough
    return acknowledged


PAID = routing_pb2.RoutingPreferences(allow_models=["simulator/sim-large"])


def prompt(number: int) -> content_pb2.Prompt:
    part = content_pb2.Part(text=f"What is {number} + 25?")
    return content_pb2.Prompt(messages=[content_pb2.Message(role=content_pb2.ROLE_USER, parts=[part])])


async def ask(stub: Any, number: int, acknowledge: Callable[[str, usage_pb2.Usage], None]) -> grpc.StatusCode:
    """Requests whole answers repeatedly, and returns how the last call failed."""
    request = ymera_pb2.ExecuteRequest(prompt=prompt(number), preferences=PAID)
    try:
        while True:
            answer = await stub.Execute(request)
            acknowledge(answer.request_id, answer.usage)
    except grpc.aio.AioRpcError as error:
        return error.code()


async def listen(stub: Any, number: int, acknowledge: Callable[[str, usage_pb2.Usage], None]) -> grpc.StatusCode:
    """Requests streams repeatedly, and returns how the last call failed."""
    request = ymera_pb2.ExecuteStreamRequest(prompt=prompt(number), preferences=PAID)
    try:
        while True:
            request_id = ""
            async for event in stub.ExecuteStream(request):
                request_id = request_id or event.started.request_id
                if event.HasField("completed"):
                    acknowledge(request_id, event.completed.usage)
    except grpc.aio.AioRpcError as error:
        return error.code()


async def check_executions(address: str, acknowledged: Mapping[str, usage_pb2.Usage]) -> None:
    """Asserts that a new server returns what the previous one acknowledged."""
    async with grpc.aio.insecure_channel(address) as channel:
        stub: routing_pb2_grpc.RoutingServiceAsyncStub = routing_pb2_grpc.RoutingServiceStub(channel)
        for request_id, usage in acknowledged.items():
            request = routing_pb2.GetExecutionRequest(request_id=request_id)
            execution = (await stub.GetExecution(request, timeout=WAIT)).execution
            assert execution.status == routing_pb2.EXECUTION_STATUS_COMPLETED
            assert execution.usage == usage
            assert usage.output_tokens > 0
            assert usage.cost_micros > 0
            assert [attempt.HasField("error") for attempt in execution.attempts] == [False]


async def check_stored(url: str, acknowledged: Mapping[str, usage_pb2.Usage]) -> None:
    """Asserts that the database contains the acknowledged usage."""
    columns = (executions.c.request_id, executions.c.input_tokens, executions.c.output_tokens, executions.c.cost_micros)
    rows: list[Row[Any]] = []

    def read(connection: Connection) -> None:
        rows.extend(connection.execute(select(*columns)))

    async with Database.open(url) as database:
        await database.write(read)
    found: dict[str, tuple[Any, ...]] = {row[0]: tuple(row[1:]) for row in rows}
    for request_id, usage in acknowledged.items():
        assert found[request_id] == (usage.input_tokens, usage.output_tokens, usage.cost_micros)
