"""Storage that becomes unavailable: nothing is spent that can't be recorded, and service resumes automatically."""

from __future__ import annotations

import asyncio
import resource
import shutil
import signal
import sqlite3
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from sqlalchemy import Connection, func, select
from ymera.v1 import ymera_pb2

from tests.conftest import Observe
from tests.faults.conftest import CONFIG, Failure, prompt, state_of
from ymera_service.storage import Database
from ymera_service.storage.recorder import LONGEST_PAUSE
from ymera_service.storage.tables import executions

if TYPE_CHECKING:
    from tests.conftest import PostgresProcess
    from tests.faults.conftest import Client, Server, Upstream

OpenServer = Callable[..., AbstractAsyncContextManager["Client"]]
Serve = Callable[[str], AbstractAsyncContextManager["Server"]]
Connect = Callable[[str], AbstractAsyncContextManager["Client"]]

WAIT = 10.0


async def test_requests_fail_while_postgresql_is_down_and_succeed_when_it_is_back(
    open_server: OpenServer, first: Upstream, postgres_process: PostgresProcess, observe: Observe
) -> None:
    async with open_server(first, storage={"url": postgres_process.url}) as client:
        for mode in ("fast", "immediate"):
            answers = await asyncio.gather(*(client.execute() for _ in range(10)))
            await asyncio.to_thread(postgres_process.stop, mode)
            await refuses(client, first, observe)
            await asyncio.to_thread(postgres_process.start)
            await recovers(client)
            answers += await asyncio.gather(*(client.execute() for _ in range(10)))
            stored = [await client.recorded(answer.request_id) for answer in answers]
            assert [one.usage for one in stored] == [one.usage for one in answers]
    assert len(first.requests) == await stored_executions(postgres_process.url)


async def refuses(client: Client, upstream: Upstream, observe: Observe) -> None:
    """Asserts that calls fail, after the first few without a call of the provider, and that Health states why."""
    failures = await asyncio.gather(*(client.failed() for _ in range(10)))
    assert {failure.code for failure in failures} == {grpc.StatusCode.UNAVAILABLE}
    assert {failure.reason for failure in failures} <= {"STORAGE_UNAVAILABLE", "RECORDING_UNAVAILABLE"}
    called = len(upstream.requests)
    failures = await asyncio.gather(*(client.failed() for _ in range(10)))
    assert {(failure.code, failure.reason) for failure in failures} == {
        (grpc.StatusCode.UNAVAILABLE, "RECORDING_UNAVAILABLE")
    }
    assert all(0 < (failure.retry_after or 0) <= LONGEST_PAUSE for failure in failures)
    stub = client.stub
    for call in (
        stub.Route(ymera_pb2.RouteRequest(prompt=prompt("hello")), timeout=WAIT),
        stub.Benchmark(ymera_pb2.BenchmarkRequest(), timeout=WAIT),
        stub.ExecuteStream(ymera_pb2.ExecuteStreamRequest(prompt=prompt("hello")), timeout=WAIT),
    ):
        assert await reason_of(call) == "RECORDING_UNAVAILABLE"
    assert len(upstream.requests) == called
    health = await client.health()
    assert health.storage.status == health.status == ymera_pb2.HEALTH_STATUS_UNAVAILABLE
    assert health.storage.detail
    observe(f"20 of 20 refused, {called} calls paid; {state_of(health)}")
    await until(client, health_pb2.HealthCheckResponse.NOT_SERVING)


async def reason_of(call: Any) -> str:
    """Returns why a call failed before it returned anything."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await (call if isinstance(call, grpc.aio.UnaryUnaryCall) else call.read())
    return Failure(caught.value).reason


async def recovers(client: Client) -> None:
    """Returns when the server serves again, to which no request has to contribute."""
    await until(client, health_pb2.HealthCheckResponse.SERVING)
    health = await client.health()
    assert health.storage.status == ymera_pb2.HEALTH_STATUS_OK
    assert health.status != ymera_pb2.HEALTH_STATUS_UNAVAILABLE, state_of(health)


async def until(client: Client, status: Any) -> None:
    """Returns when load balancers get this status."""
    async with grpc.aio.insecure_channel(client.address) as channel, asyncio.timeout(2 * WAIT):
        stub: Any = health_pb2_grpc.HealthStub(channel)  # its type stubs lack the methods
        async for response in stub.Watch(health_pb2.HealthCheckRequest()):
            if response.status == status:
                return


async def stored_executions(url: str) -> int:
    """Returns how many executions are stored."""
    counts: list[int] = []

    def count(connection: Connection) -> None:
        counts.append(connection.execute(select(func.count()).select_from(executions)).scalar_one())

    async with Database.open(url) as database:
        await database.write(count)
    return counts[0]


async def test_requests_wait_while_postgresql_hangs_and_health_reports_it(
    open_server: OpenServer, first: Upstream, postgres_process: PostgresProcess, observe: Observe
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
    observe(f"{len(stored)} of {len(answers)} answered after the wait; meanwhile {state_of(health)}")
    assert health.storage.status == health.status == ymera_pb2.HEALTH_STATUS_UNAVAILABLE
    assert [one.usage for one in stored] == [one.usage for one in answers]
    assert again.status == ymera_pb2.HEALTH_STATUS_OK


async def test_requests_wait_for_a_locked_sqlite_file_but_health_does_not(
    open_server: OpenServer, first: Upstream, tmp_path: Path, observe: Observe
) -> None:
    async with open_server(first) as client:
        await client.execute()
        with closing(sqlite3.connect(tmp_path / "ymera.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            waiting = asyncio.create_task(client.execute())
            await client.in_flight(1)
            state = await client.health()
            observe(f"answered when the lock was released; meanwhile {state_of(state)}")
            assert state.storage.status == ymera_pb2.HEALTH_STATUS_OK
            assert not waiting.done()
            other.execute("ROLLBACK")
        answer = await asyncio.wait_for(waiting, WAIT)
        assert (await client.recorded(answer.request_id)).usage == answer.usage


PAGE = 4096
"""The size of a page of SQLite's."""
SCHEMA_PAGES = 4
"""Pages of the schema that may follow the root of the latest table."""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits another process")
async def test_requests_fail_on_a_full_disk_and_succeed_when_space_is_free_again(
    serve: Serve, connect: Connect, first: Upstream, tmp_path: Path, observe: Observe
) -> None:
    async with serve(CONFIG.format(folder=tmp_path, url=first.url)) as server, connect(server.address) as client:
        answers = await asyncio.gather(*(client.execute() for _ in range(10)))
        pid, limit = server.process.pid, resource.RLIMIT_FSIZE
        before = resource.prlimit(pid, limit, (1, resource.RLIM_INFINITY))  # no file grows any more
        await refuses(client, first, observe)
        resource.prlimit(pid, limit, before)
        await recovers(client)
        answers += await asyncio.gather(*(client.execute() for _ in range(10)))
        stored = [await client.recorded(answer.request_id) for answer in answers]
    assert [one.usage for one in stored] == [one.usage for one in answers]
    with closing(sqlite3.connect(tmp_path / "ymera.db")) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        # The records of the calls that were made when the disk became full were written later.
        made = database.execute("SELECT count(*) FROM executions WHERE attempts <> '[]'").fetchone()
        assert made == (len(first.requests),)


def delete(file: Path) -> None:
    file.unlink()


def replace(file: Path) -> None:
    copy = file.with_suffix(".old")
    shutil.copyfile(file, copy)
    copy.replace(file)


LOSSES = {
    "deleted": (delete, "was deleted or moved: put it back, or restart the server"),
    "replaced by a copy": (replace, "another file was put in the place of the database"),
}


@pytest.mark.parametrize(("lose", "stated"), LOSSES.values(), ids=LOSSES.keys())
async def test_a_lost_database_is_noticed_before_an_answer_and_its_calls_are_known_after_a_restart(
    serve: Serve,
    connect: Connect,
    first: Upstream,
    tmp_path: Path,
    lose: Callable[[Path], None],
    stated: str,
    observe: Observe,
) -> None:
    config = CONFIG.format(folder=tmp_path, url=first.url)
    async with serve(config) as server, connect(server.address) as client:
        await client.execute()
        lose(tmp_path / "ymera.db")
        await refuses(client, first, observe)
        health = await client.health()
        assert stated in health.detail
        server.process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(server.process.wait(), 2 * WAIT) == 0
    (tmp_path / "ymera.db-wal").unlink(missing_ok=True)  # as Health says
    async with serve(config) as server, connect(server.address) as client:
        await client.execute()
        assert (await client.health()).storage.status == ymera_pb2.HEALTH_STATUS_OK
    with closing(sqlite3.connect(tmp_path / "ymera.db")) as database:
        statuses = dict(database.execute("SELECT status, count(*) FROM executions GROUP BY status").fetchall())
    assert statuses.keys() == {"completed", "unknown"}
    assert statuses["unknown"] == len(first.requests) - 2


async def test_health_shows_damage_that_was_found_in_the_background(
    serve: Serve, connect: Connect, first: Upstream, tmp_path: Path, observe: Observe
) -> None:
    config = CONFIG.format(folder=tmp_path, url=first.url)
    async with serve(config) as server, connect(server.address) as client:
        await asyncio.gather(*(client.execute() for _ in range(50)))
        server.process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(server.process.wait(), 2 * WAIT) == 0
    damage(tmp_path / "ymera.db")
    async with serve(config) as server, connect(server.address) as client:
        health = await degraded(client)
    observe(state_of(health))
    assert health.status == ymera_pb2.HEALTH_STATUS_DEGRADED
    assert "the database is damaged" in health.detail
    assert "restore it from a backup" in health.detail


async def degraded(client: Client) -> ymera_pb2.HealthResponse:
    """Returns the server's health once its storage is degraded."""
    async with asyncio.timeout(2 * WAIT):
        while True:
            health = await client.health()
            if health.storage.status == ymera_pb2.HEALTH_STATUS_DEGRADED:
                return health
            await asyncio.sleep(0.05)


def damage(file: Path) -> None:
    """Overwrites half of each page that has rows; the first ones are the roots of tables and indexes."""
    with closing(sqlite3.connect(file)) as database:
        [last_root] = database.execute("SELECT max(rootpage) FROM sqlite_schema").fetchone()
    with file.open("r+b") as pages:
        for start in range((last_root + SCHEMA_PAGES) * PAGE, file.stat().st_size, PAGE):
            pages.seek(start)
            pages.write(b"\xff" * (PAGE // 2))
