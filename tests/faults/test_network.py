"""A network that delays and cuts connections, in front of upstreams and in front of the server.

A proxy on loopback stands in for packet delay and loss: what a process sees of them is bytes that come late, and
connections that end.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import TYPE_CHECKING

import grpc
import pytest
from partial_failure import milliseconds
from ymera.v1 import ymera_pb2

from tests.conftest import Observe
from tests.faults.conftest import state_of

if TYPE_CHECKING:
    from tests.faults.conftest import Client, Upstream

OpenServer = Callable[..., AbstractAsyncContextManager["Client"]]
Connect = Callable[[str], AbstractAsyncContextManager["Client"]]

WAIT = 10.0
RATE, REQUESTS = 40, 120
DELAY = 0.05
"""The longest delay of a piece of data, in seconds; the mean is half of it."""


class Line:
    """A proxy that delays every piece of data, and cuts the connection with a probability for each."""

    def __init__(self, host: str, port: int, cut: float, seed: int) -> None:
        self._host = host
        self._port = port
        self._cut = cut
        self._dice = random.Random(seed)
        self._open: set[asyncio.Task[None]] = set()
        self.cuts = 0

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[int]:
        """Listens while the block runs, and yields the port."""
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
            for task in self._open:
                task.cancel()
            await asyncio.gather(*self._open, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._join(reader, writer))
        self._open.add(task)
        task.add_done_callback(self._open.discard)

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(self._host, self._port)
        try:
            both = {asyncio.create_task(self._carry(reader, back)), asyncio.create_task(self._carry(there, writer))}
            await _until_one_ends(both)
        finally:
            writer.transport.abort()
            back.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                await asyncio.sleep(self._dice.uniform(0, DELAY))
                if self._dice.random() < self._cut:
                    self.cuts += 1
                    return
                writer.write(data)
                await writer.drain()


async def _until_one_ends(tasks: set[asyncio.Task[None]]) -> None:
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


@asynccontextmanager
async def behind(upstream: Upstream, cut: float, seed: int) -> AsyncIterator[Line]:
    """Puts a line before an upstream."""
    line = Line("127.0.0.1", int(upstream.url.rpartition(":")[2].removesuffix("/v1")), cut, seed)
    async with line.listening() as port:
        upstream.url = f"http://127.0.0.1:{port}/v1"
        yield line


async def offered(request: Callable[[], Awaitable[str]]) -> tuple[Counter[str], list[float]]:
    """Makes requests on time, whatever became of those before; returns what came of them, and how long it took."""
    latencies: list[float] = []

    async def timed() -> str:
        began = time.monotonic()
        outcome = await request()
        latencies.append(time.monotonic() - began)
        return outcome

    async with asyncio.TaskGroup() as group:
        tasks = []
        for _ in range(REQUESTS):
            tasks.append(group.create_task(timed()))
            await asyncio.sleep(1 / RATE)
    return Counter(task.result() for task in tasks), latencies


@pytest.mark.parametrize("cut", [0.0, 0.02, 0.1], ids=lambda cut: f"{cut:.0%} of pieces cut")
async def test_late_and_cut_connections_to_upstreams_cost_no_answer(
    open_server: OpenServer, first: Upstream, second: Upstream, cut: float, observe: Observe
) -> None:
    async with behind(first, cut, 1) as one, behind(second, cut, 2) as other, open_server(first, second) as client:

        async def ask() -> str:
            return (await client.execute(seconds=3 * WAIT)).messages[0].parts[0].text

        outcomes, latencies = await offered(ask)
        calls = len(first.requests) + len(second.requests)
        state = await client.health()
    p50, p99 = milliseconds(latencies)
    observe(
        f"{outcomes['all is well']} of {REQUESTS} answered, {one.cuts + other.cuts} connections cut,"
        f" {calls / REQUESTS:.2f} calls per request, p50 {p50} ms, p99 {p99} ms; {state_of(state)}"
    )
    assert outcomes == {"all is well": REQUESTS}
    assert (one.cuts + other.cuts > 0) == (cut > 0)


async def test_callers_behind_a_bad_network_get_an_answer_or_a_status_and_leave_nothing_behind(
    open_server: OpenServer, connect: Connect, first: Upstream, observe: Observe
) -> None:
    async with open_server(first) as client:
        host, _, port = client.address.rpartition(":")
        line = Line(host, int(port), 0.01, 3)
        async with line.listening() as through, connect(f"127.0.0.1:{through}") as far:

            async def ask() -> str:
                try:
                    return (await far.execute(seconds=3 * WAIT)).messages[0].parts[0].text
                except grpc.aio.AioRpcError as error:
                    return error.code().name

            outcomes, _ = await offered(ask)
        await client.idle()
        state = await client.health()
    observe(f"{dict(outcomes)}, {line.cuts} connections cut; {state_of(state)}")
    assert line.cuts > 0
    assert outcomes.keys() <= {"all is well", "UNAVAILABLE"}
    assert outcomes["all is well"] > 0
    statuses = {state.storage.status, *(provider.status for provider in state.providers)}
    assert statuses == {ymera_pb2.HEALTH_STATUS_OK}
