"""The system's clock jumps under a running server: nothing that was recorded or waited for depends on it."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ymera.v1 import routing_pb2, ymera_pb2

from tests.conftest import Observe
from tests.faults.conftest import CONFIG, state_of

if TYPE_CHECKING:
    from tests.faults.conftest import Client, Exchange, Server, Upstream

Serve = Callable[..., AbstractAsyncContextManager["Server"]]
Connect = Callable[[str], AbstractAsyncContextManager["Client"]]

WAIT = 10.0
FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
"""From Debian's libfaketime."""

pytestmark = pytest.mark.skipif(FAKETIME is None, reason="libfaketime is not installed")


class Clock:
    """The wall clock of processes that are started with its variables."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "clock"
        self.variables = {
            "LD_PRELOAD": str(FAKETIME),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        self.jump("+0")

    def jump(self, distance: str) -> None:
        """Moves the clock from the actual time, in one step."""
        ready = self._file.with_suffix(".new")
        ready.write_text(distance)
        ready.replace(self._file)


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    return Clock(tmp_path)


@pytest.mark.parametrize("distance", ["+20y", "-20y"])
async def test_calls_and_records_outlive_a_jump(
    serve: Serve, connect: Connect, first: Upstream, tmp_path: Path, clock: Clock, distance: str, observe: Observe
) -> None:
    reached, go_on = asyncio.Event(), asyncio.Event()

    async def pauses(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.say("Once ")
        reached.set()
        await go_on.wait()
        await exchange.say("upon a time")
        await exchange.finish()

    config = CONFIG.format(folder=tmp_path, url=first.url)
    async with serve(config, **clock.variables) as server, connect(server.address) as client:
        answers = [await client.execute() for _ in range(5)]
        first.script = pauses
        under_way = asyncio.create_task(client.read_stream())
        await asyncio.wait_for(reached.wait(), WAIT)
        clock.jump(distance)
        go_on.set()
        stream = await under_way
        answers += [await client.execute() for _ in range(5)]
        state = await client.health()
        stored = [await client.recorded(answer.request_id) for answer in answers]
        across = await client.recorded(stream.request_id)
    observe(f"{1 + len(stored)} of {1 + len(answers)} answered and recorded; {state_of(state)}")
    assert (stream.kind, stream.text) == ("completed", "Once upon a time")
    assert across.status == routing_pb2.EXECUTION_STATUS_COMPLETED
    assert [one.usage for one in stored] == [answer.usage for answer in answers]
    assert state.status == ymera_pb2.HEALTH_STATUS_OK
    assert state.uptime.seconds < 60


@pytest.mark.parametrize("distance", ["+20y", "-20y"])
async def test_a_target_that_asked_for_time_gets_exactly_that(
    serve: Serve, connect: Connect, first: Upstream, tmp_path: Path, clock: Clock, distance: str, observe: Observe
) -> None:
    async def limits_the_rate(exchange: Exchange) -> None:
        await exchange.respond("429 Too Many Requests", b"{}", "retry-after: 50\r\n")

    first.script = limits_the_rate
    config = CONFIG.format(folder=tmp_path, url=first.url)
    async with serve(config, **clock.variables) as server, connect(server.address) as client:
        await client.failed(seconds=3)
        clock.jump(distance)
        await client.failed(seconds=3)
        state = await client.health()
    observe(state_of(state))
    [pause] = next(each for each in state.providers if each.provider == first.name).pauses
    assert 30 < pause.retry_after.seconds <= 50
    assert len(first.requests) == 1


RETENTION = """
import asyncio, sys
from pathlib import Path
from datetime import UTC, datetime
from ymera_service.config import StorageSettings
from ymera_service.sdk.generation import Usage
from ymera_service.storage import Database, Recorder
from ymera_service.storage.records import ExecutionRecord, ExecutionStatus
from ymera_service.storage.retention import Retention

async def main(url, clock, distance):
    async with Database.open(url) as database, Recorder(database) as recorder:
        retention = Retention(database, StorageSettings(url=url))
        await recorder.record(ExecutionRecord(
            "one", datetime.now(UTC), ExecutionStatus.COMPLETED, "chat", "acme/large", "acme/large",
            Usage(1, 2), False, 3, "stop", 1.0, 0.5, "", "", "", {}, "", b"{}",
        ))
        Path(clock).write_text(distance)
        sys.exit(await retention.prune())

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.parametrize("distance", ["+20y", "-20y"])
def test_a_jump_deletes_nothing(sqlite_url: str, tmp_path: Path, clock: Clock, distance: str, observe: Observe) -> None:
    command = [sys.executable, "-c", RETENTION, sqlite_url, str(tmp_path / "clock"), distance]
    deleted = subprocess.run(command, env=os.environ | clock.variables, timeout=60, check=False).returncode
    observe(f"{deleted} of 1 executions deleted as too old")
    assert deleted == 0
