"""A process killed with -9 under load loses nothing that it acknowledged."""

import asyncio
import sys

import pytest
from sqlalchemy import Connection, select

from tests.conftest import Observe
from ymera_service.storage import Database
from ymera_service.storage.tables import executions

VICTIM = """
import asyncio, os, sys
from datetime import UTC, datetime
import uuid_utils
from ymera_service.sdk.generation import Usage
from ymera_service.storage import Database, Recorder
from ymera_service.storage.records import ExecutionRecord, ExecutionStatus

async def record_for_ever(recorder):
    while True:
        request_id = str(uuid_utils.uuid7())
        await recorder.record(ExecutionRecord(
            request_id, datetime.now(UTC), ExecutionStatus.COMPLETED, "chat", "acme/large", "acme/large",
            Usage(1, 2), False, 3,
            "stop", 1.0, 0.5, "", "", "", {}, "", b'{"why": "' + b"x" * 1000 + b'"}',
        ))
        os.write(1, request_id.encode() + b"\\n")

async def main():
    async with Database.open(sys.argv[1]) as database, Recorder(database) as recorder, asyncio.TaskGroup() as group:
        for _ in range(32):
            group.create_task(record_for_ever(recorder))

asyncio.run(main())
"""


@pytest.mark.parametrize("acknowledged", [1, 300, 1000])
async def test_kill_9_loses_no_acknowledged_record(database_url: str, acknowledged: int, observe: Observe) -> None:
    victim = await asyncio.create_subprocess_exec(
        sys.executable, "-c", VICTIM, database_url, stdout=asyncio.subprocess.PIPE
    )
    assert victim.stdout is not None
    try:
        lines = [await asyncio.wait_for(victim.stdout.readline(), 60) for _ in range(acknowledged)]
    finally:
        victim.kill()
    rest = await victim.stdout.read()
    assert await victim.wait() == -9
    seen = {line.decode().rstrip() for line in lines + rest.splitlines(keepends=True) if line.endswith(b"\n")}
    lost = seen - await _stored(database_url)
    observe(f"{len(lost)} of {len(seen)} acknowledged records lost")
    assert len(seen) >= acknowledged
    assert not lost


async def _stored(url: str) -> set[str]:
    found: set[str] = set()

    def read(connection: Connection) -> None:
        found.update(connection.execute(select(executions.c.request_id)).scalars())

    async with Database.open(url) as database:
        await database.write(read)
    return found
