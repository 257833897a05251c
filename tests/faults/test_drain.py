"""SIGTERM during answers: they are finished, or ended with a terminal event, and always recorded."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import grpc

from ymera_service.storage import Database
from ymera_service.storage.records import ExecutionRecord, ExecutionStatus

if TYPE_CHECKING:
    from tests.faults.conftest import Client, Exchange, Server, Upstream

Serve = Callable[[str], AbstractAsyncContextManager["Server"]]
Connect = Callable[[str], AbstractAsyncContextManager["Client"]]

WAIT = 10.0
CONFIG = """
[server]
drain_seconds = {drain}
[storage]
url = "sqlite:///{folder}/ymera.db"
[log]
format = "json"
[plugins]
disabled = ["anthropic", "ollama", "simulator"]
[plugins.openai]
discover_local = false
[plugins.openai.endpoints.first]
base_url = "{url}"
models = ["m"]
"""


class Halfway:
    """A script that pauses in the middle of its answer until a test continues it."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.go_on = asyncio.Event()
        self.gone = asyncio.Event()

    async def __call__(self, exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.say("Once ")
        self.reached.set()
        left = asyncio.create_task(exchange.gone())
        left.add_done_callback(lambda _: self.gone.set())
        await self.go_on.wait()
        left.cancel()
        await exchange.say("upon a time")
        await exchange.finish()


async def stored(folder: Path, request_id: str) -> ExecutionRecord | None:
    """Reads the database of a server that has ended."""
    async with Database.open(f"sqlite:///{folder}/ymera.db") as database:
        return await database.executions.get(request_id)


async def test_a_running_stream_is_finished_before_the_server_ends(
    serve: Serve, connect: Connect, first: Upstream, tmp_path: Path
) -> None:
    first.script = script = Halfway()
    async with (
        serve(CONFIG.format(drain=60, folder=tmp_path, url=first.url)) as server,
        connect(server.address) as client,
    ):
        stream = asyncio.create_task(client.read_stream(seconds=60))
        await asyncio.wait_for(script.reached.wait(), WAIT)
        server.process.send_signal(signal.SIGTERM)
        assert (await server.until("stopping"))["signal"] == "SIGTERM"
        await refused(connect, server.address)
        assert not stream.done()
        script.go_on.set()
        result = await stream
        await server.until("stopped")
        assert await asyncio.wait_for(server.process.wait(), WAIT) == 0
    assert (result.kind, result.text, result.failure) == ("completed", "Once upon a time", None)
    record = await stored(tmp_path, result.request_id)
    assert record is not None
    assert (record.status, record.usage.output_tokens) == (ExecutionStatus.COMPLETED, result.end.usage.output_tokens)


async def refused(connect: Connect, address: str) -> None:
    """Returns when new callers are rejected, which starts shortly after the signal."""
    async with asyncio.timeout(WAIT):
        while True:
            try:
                async with connect(address) as late:
                    await late.health()
            except grpc.aio.AioRpcError as error:
                if error.code() is grpc.StatusCode.UNAVAILABLE:
                    return


async def test_a_stream_that_outlasts_the_drain_ends_with_a_terminal_event(
    serve: Serve, connect: Connect, first: Upstream, tmp_path: Path
) -> None:
    first.script = script = Halfway()
    async with (
        serve(CONFIG.format(drain=0.2, folder=tmp_path, url=first.url)) as server,
        connect(server.address) as client,
    ):
        stream = asyncio.create_task(client.read_stream(seconds=60))
        await asyncio.wait_for(script.reached.wait(), WAIT)
        server.process.send_signal(signal.SIGTERM)
        result = await stream
        await asyncio.wait_for(script.gone.wait(), WAIT)
        script.go_on.set()
        assert await asyncio.wait_for(server.process.wait(), WAIT) == 0
    assert (result.kind, result.text, result.end.error.reason) == ("cancelled", "Once ", "SHUTTING_DOWN")
    assert result.failure is not None
    assert result.failure.code is grpc.StatusCode.UNAVAILABLE
    record = await stored(tmp_path, result.request_id)
    assert record is not None
    assert (record.status, record.usage_estimated) == (ExecutionStatus.CANCELLED, True)
    assert record.usage.output_tokens == result.end.usage.output_tokens > 0
