"""Storage that becomes unavailable: only recorded calls succeed, and service resumes automatically."""

from __future__ import annotations

import asyncio
import resource
import signal
import sqlite3
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, closing
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
import pytest
from ymera.v1 import ymera_pb2

if TYPE_CHECKING:
    from tests.conftest import PostgresProcess
    from tests.faults.conftest import Client, Server, Upstream

OpenServer = Callable[..., AbstractAsyncContextManager["Client"]]
Serve = Callable[[str], AbstractAsyncContextManager["Server"]]
Connect = Callable[[str], AbstractAsyncContextManager["Client"]]

WAIT = 10.0


async def test_requests_fail_while_postgresql_is_down_and_succeed_when_it_is_back(
    open_server: OpenServer, first: Upstream, postgres_process: PostgresProcess
) -> None:
    async with open_server(first, storage={"url": postgres_process.url}) as client:
        for mode in ("fast", "immediate"):
            answers = await asyncio.gather(*(client.execute() for _ in range(10)))
            await asyncio.to_thread(postgres_process.stop, mode)
            await refuses(client)
            await asyncio.to_thread(postgres_process.start)
            answers += await asyncio.gather(*(client.execute() for _ in range(10)))
            health = await client.health()
            assert health.storage.status == health.status == ymera_pb2.HEALTH_STATUS_OK
            stored = [await client.recorded(answer.request_id) for answer in answers]
            assert [one.usage for one in stored] == [one.usage for one in answers]


async def refuses(client: Client) -> None:
    """Asserts that calls fail, and that Health states why."""
    failures = await asyncio.gather(*(client.failed() for _ in range(10)))
    assert {(failure.code, failure.reason) for failure in failures} == {
        (grpc.StatusCode.UNAVAILABLE, "STORAGE_UNAVAILABLE")
    }
    # Its text was sent before the record failed; its terminal event reports that it is not recorded.
    result = await client.read_stream()
    assert (result.kind, result.text, result.end.error.reason) == ("truncated", "all is well", "STORAGE_UNAVAILABLE")
    health = await client.health()
    assert health.storage.status == health.status == ymera_pb2.HEALTH_STATUS_UNAVAILABLE
    assert health.storage.detail


async def test_requests_wait_while_postgresql_hangs_and_health_reports_it(
    open_server: OpenServer, first: Upstream, postgres_process: PostgresProcess
) -> None:
    async with open_server(first, storage={"url": postgres_process.url}) as client:
        await client.execute()
        postgres_process.signal(signal.SIGSTOP)
        try:
            waiting = [asyncio.create_task(client.execute()) for _ in range(10)]
            health = await client.health()
            assert not any(call.done() for call in waiting)
        finally:
            postgres_process.signal(signal.SIGCONT)
        answers = await asyncio.gather(*waiting)
        stored = [await client.recorded(answer.request_id) for answer in answers]
        again = await client.health()
    assert health.storage.status == health.status == ymera_pb2.HEALTH_STATUS_UNAVAILABLE
    assert [one.usage for one in stored] == [one.usage for one in answers]
    assert again.status == ymera_pb2.HEALTH_STATUS_OK


async def test_requests_wait_for_a_locked_sqlite_file_but_health_does_not(
    open_server: OpenServer, first: Upstream, tmp_path: Path
) -> None:
    async with open_server(first) as client:
        await client.execute()
        with closing(sqlite3.connect(tmp_path / "ymera.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            waiting = asyncio.create_task(client.execute())
            await client.in_flight(1)
            assert (await client.health()).storage.status == ymera_pb2.HEALTH_STATUS_OK
            assert not waiting.done()
            other.execute("ROLLBACK")
        answer = await asyncio.wait_for(waiting, WAIT)
        assert (await client.recorded(answer.request_id)).usage == answer.usage


FULL_DISK = """
[storage]
url = "sqlite:///{folder}/ymera.db"
[log]
format = "json"
[plugins]
disabled = ["anthropic", "simulator"]
[plugins.openai]
discover_local = false
[plugins.openai.endpoints.first]
base_url = "{url}"
models = ["m"]
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits another process")
async def test_requests_fail_on_a_full_disk_and_succeed_when_space_is_free_again(
    serve: Serve, connect: Connect, first: Upstream, tmp_path: Path
) -> None:
    async with serve(FULL_DISK.format(folder=tmp_path, url=first.url)) as server, connect(server.address) as client:
        answers = await asyncio.gather(*(client.execute() for _ in range(10)))
        pid, limit = server.process.pid, resource.RLIMIT_FSIZE
        before = resource.prlimit(pid, limit, (1, resource.RLIM_INFINITY))  # no file grows any more
        failures = await asyncio.gather(*(client.failed() for _ in range(10)))
        ill = await client.health()
        resource.prlimit(pid, limit, before)
        answers += await asyncio.gather(*(client.execute() for _ in range(10)))
        stored = [await client.recorded(answer.request_id) for answer in answers]
    assert {(failure.code, failure.reason) for failure in failures} == {
        (grpc.StatusCode.UNAVAILABLE, "STORAGE_UNAVAILABLE")
    }
    assert ill.storage.status == ymera_pb2.HEALTH_STATUS_UNAVAILABLE
    assert [one.usage for one in stored] == [one.usage for one in answers]
    with closing(sqlite3.connect(tmp_path / "ymera.db")) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
