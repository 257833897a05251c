"""The recorder on databases of both kinds."""

import asyncio
import shutil
import sqlite3
import sys
from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]  # ships no types
import pytest
from sqlalchemy import Connection, select, text

from ymera_service.sdk.errors import StorageUnavailable
from ymera_service.storage import Database, Recorder, sqlite
from ymera_service.storage.backend import Rows, Work
from ymera_service.storage.records import BenchmarkResult, CatalogVersion, ExecutionRecord, ExecutionStatus
from ymera_service.storage.tables import executions

BOUND = 20.0


def numbered(execution: ExecutionRecord, count: int) -> list[ExecutionRecord]:
    return [replace(execution, request_id=str(number)) for number in range(count)]


def poisoned(execution: ExecutionRecord) -> ExecutionRecord:
    return replace(execution, request_id="poison", cost_micros=2**70)


async def outcomes(recorder: Recorder, records: Iterable[ExecutionRecord]) -> list[BaseException | None]:
    return await asyncio.gather(*map(recorder.record, records), return_exceptions=True)


async def stored_ids(database: Database) -> set[str]:
    found: set[str] = set()

    def read(connection: Connection) -> None:
        found.update(connection.execute(select(executions.c.request_id)).scalars())

    await database.write(read)
    return found


class Transactions:
    """Counts the commits of records."""

    def __init__(self, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        self._insert = database.insert
        monkeypatch.setattr(database, "insert", self)

    async def __call__(self, rows: Rows) -> None:
        self.count += 1
        await self._insert(rows)


async def test_concurrent_records_share_commits(
    database_url: str, execution: ExecutionRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Database.open(database_url) as database, Recorder(database) as recorder:
        transactions = Transactions(database, monkeypatch)
        assert await outcomes(recorder, numbered(execution, 200)) == [None] * 200
        assert transactions.count == 1
        assert len(await stored_ids(database)) == 200


async def test_a_record_is_stored_when_it_is_acknowledged(
    database_url: str, execution: ExecutionRecord, result: BenchmarkResult
) -> None:
    async with Database.open(database_url) as database, Recorder(database) as recorder:
        await recorder.record(execution)
        assert await database.executions.get(execution.request_id) == execution
        await recorder.record(result)
        assert len(await database.benchmarks.summaries()) == 1


async def test_only_an_invalid_record_of_a_batch_fails(database_url: str, execution: ExecutionRecord) -> None:
    good = numbered(execution, 20)
    async with Database.open(database_url) as database, Recorder(database) as recorder:
        *first, poison, last = await outcomes(recorder, [*good[:-1], poisoned(execution), good[-1]])
        assert [*first, last] == [None] * 20
        assert isinstance(poison, StorageUnavailable)
        assert await stored_ids(database) == {record.request_id for record in good}


async def test_only_a_record_with_a_character_that_postgresql_rejects_fails(
    postgres_url: str, execution: ExecutionRecord
) -> None:
    async with Database.open(postgres_url) as database, Recorder(database) as recorder:
        bad, good = await outcomes(
            recorder, [replace(execution, request_id="nul", session_id="\0"), replace(execution, request_id="good")]
        )
    assert isinstance(bad, StorageUnavailable)
    assert good is None


async def test_a_record_with_a_value_out_of_range_is_rejected(database_url: str, execution: ExecutionRecord) -> None:
    async with Database.open(database_url) as database, Recorder(database) as recorder:
        with pytest.raises(StorageUnavailable, match="does not accept a value"):
            await recorder.record(replace(execution, created_at=execution.created_at.replace(tzinfo=None)))
        with pytest.raises(StorageUnavailable):
            await recorder.record(replace(execution, agent_name="\ud800"))
        with pytest.raises(StorageUnavailable):
            await recorder.record(replace(execution, decision=b"\xff"))
        await recorder.record(execution)


async def test_a_later_record_of_a_request_replaces_the_earlier_one(
    database_url: str, execution: ExecutionRecord
) -> None:
    stages = [replace(execution, status=ExecutionStatus.ROUTED, duration=float(number)) for number in range(3)]
    async with Database.open(database_url) as database, Recorder(database) as recorder:
        assert await outcomes(recorder, [*stages, *numbered(execution, 2)]) == [None] * 5
        assert await database.executions.get(execution.request_id) == stages[-1]
        await recorder.record(execution)
        assert await database.executions.get(execution.request_id) == execution


async def test_the_first_result_of_a_task_is_kept(database_url: str, result: BenchmarkResult) -> None:
    async with Database.open(database_url) as database, Recorder(database) as recorder:
        await recorder.record(result)
        await recorder.record(replace(result, score=1.0))
        [summary] = await database.benchmarks.summaries()
    assert summary.score == result.score


async def test_records_of_several_kinds_share_a_commit(
    database_url: str,
    execution: ExecutionRecord,
    result: BenchmarkResult,
    version: CatalogVersion,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with Database.open(database_url) as database, Recorder(database) as recorder:
        transactions = Transactions(database, monkeypatch)
        await asyncio.gather(recorder.record(execution), recorder.record(result), recorder.record(version))
        assert transactions.count == 1
        assert await database.executions.get(execution.request_id) == execution
        assert len(await database.benchmarks.summaries()) == 1
        assert await database.catalog_versions.get(version.version) == version


async def test_a_batch_is_stored_whole_or_not_at_all(
    database_url: str, execution: ExecutionRecord, result: BenchmarkResult
) -> None:
    async with Database.open(database_url) as database:
        rows = [
            (form.statement, [form.parameters(record)])
            for record in (execution, result)
            for form in [database.formats()[type(record)]]
        ]
        await database.write(_rename("benchmark_results", "gone"))
        with pytest.raises(Exception, match="benchmark_results"):
            await database.insert(rows)
        assert await stored_ids(database) == set()
        await database.write(_rename("gone", "benchmark_results"))
        await database.insert(rows)
        assert await stored_ids(database) == {execution.request_id}


async def test_the_recorder_continues_after_a_failure_of_the_database(
    database_url: str, execution: ExecutionRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Database.open(database_url) as database, Recorder(database) as recorder:
        await database.write(_rename("executions", "gone"))
        transactions = Transactions(database, monkeypatch)
        failures = await outcomes(recorder, numbered(execution, 30))
        assert {type(failure) for failure in failures} == {StorageUnavailable}
        assert transactions.count == 1, "a fault of the database is not looked for in the rows"
        await database.write(_rename("gone", "executions"))
        assert await outcomes(recorder, numbered(execution, 30)) == [None] * 30


def _rename(before: str, after: str) -> Work:
    def rename(connection: Connection) -> None:
        connection.execute(text(f"ALTER TABLE {before} RENAME TO {after}"))

    return rename


async def test_the_record_of_a_cancelled_caller_is_written(database_url: str, execution: ExecutionRecord) -> None:
    async with Database.open(database_url) as database:
        async with Recorder(database) as recorder:
            callers = [asyncio.create_task(recorder.record(record)) for record in numbered(execution, 10)]
            await asyncio.sleep(0)
            for caller in callers[::2]:
                caller.cancel()
            done = await asyncio.gather(*callers, return_exceptions=True)
        assert [isinstance(outcome, asyncio.CancelledError) for outcome in done] == [True, False] * 5
        assert len(await stored_ids(database)) == 10


async def test_closing_writes_all_waiting_records(database_url: str, execution: ExecutionRecord) -> None:
    async with Database.open(database_url) as database:
        async with Recorder(database) as recorder:
            callers = [asyncio.create_task(recorder.record(record)) for record in numbered(execution, 50)]
            await asyncio.sleep(0)
        assert await asyncio.gather(*callers) == [None] * 50
        assert len(await stored_ids(database)) == 50


async def test_a_closed_recorder_rejects_records(database_url: str, execution: ExecutionRecord) -> None:
    async with Database.open(database_url) as database:
        recorder = Recorder(database)
        with pytest.raises(StorageUnavailable, match="closed"):
            await recorder.record(execution)
        async with recorder:
            pass
        with pytest.raises(StorageUnavailable, match="closed"):
            await recorder.record(execution)


async def test_postgresql_reconnects_after_a_dropped_connection(postgres_url: str, execution: ExecutionRecord) -> None:
    first, second, third = numbered(execution, 3)
    async with Database.open(postgres_url) as database, Recorder(database) as recorder:
        await recorder.record(first)
        await _hang_up(postgres_url)
        await recorder.record(second)
        await _hang_up(postgres_url)
        assert await database.executions.get(second.request_id) == second
        await database.ping()
        await recorder.record(third)
        assert await stored_ids(database) == {"0", "1", "2"}


async def test_postgresql_writes_again_what_was_under_way_when_the_connection_broke(
    postgres_url: str, execution: ExecutionRecord
) -> None:
    async with Database.open(postgres_url) as database, Recorder(database) as recorder:
        await recorder.record(execution)
        other = await asyncpg.connect(postgres_url)
        try:
            async with other.transaction():
                await other.execute("LOCK TABLE executions IN EXCLUSIVE MODE")
                call = asyncio.create_task(recorder.record(replace(execution, request_id="under way")))
                blocked = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'INSERT%'"
                async with asyncio.timeout(BOUND):
                    while (pid := await other.fetchval(blocked)) is None:
                        pass
                assert await other.fetchval("SELECT pg_terminate_backend($1, 5000)", pid)
            await asyncio.wait_for(call, BOUND)
        finally:
            await other.close()
        assert await stored_ids(database) == {execution.request_id, "under way"}


async def _hang_up(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    finally:
        await connection.close()


async def test_a_file_that_another_process_keeps_locked_is_an_error_in_time(
    sqlite_url: str, tmp_path: Path, execution: ExecutionRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sqlite._CONNECT, "timeout", 0.05)
    async with Database.open(sqlite_url) as database, Recorder(database) as recorder:
        other = sqlite3.connect(tmp_path / "ymera.db", isolation_level=None)
        try:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StorageUnavailable):
                await recorder.record(execution)
            assert "locked" in recorder.failure
            assert await database.executions.get("x") is None, "reading goes on"
            other.execute("ROLLBACK")
        finally:
            other.close()
        await recorder.record(execution)
        assert not recorder.failure


async def test_the_write_ahead_log_is_moved_into_the_file_despite_readers(
    sqlite_url: str, tmp_path: Path, execution: ExecutionRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "CHECKPOINT_BYTES", 4096)
    file, first, second, third = tmp_path / "ymera.db", *numbered(execution, 3)
    async with Database.open(sqlite_url) as database, Recorder(database) as recorder:
        await recorder.record(first)
        assert await ids_without_the_log(database, file) == {"0"}
        with closing(sqlite3.connect(file, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            assert reader.execute("SELECT count(*) FROM executions").fetchone() == (1,)
            await recorder.record(second)
            await recorder.record(third)
            assert reader.execute("SELECT count(*) FROM executions").fetchone() == (1,)
        await recorder.record(first)
        assert await ids_without_the_log(database, file) == {"0", "1", "2"}


async def test_the_write_ahead_log_is_used_again_and_again(
    sqlite_url: str, tmp_path: Path, execution: ExecutionRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit, checkpoints, checkpoint = 64 * 1024, 0, sqlite.Sqlite._checkpoint

    def counted(backend: sqlite.Sqlite) -> None:
        nonlocal checkpoints
        checkpoints += 1
        checkpoint(backend)

    monkeypatch.setattr(sqlite, "CHECKPOINT_BYTES", limit)
    monkeypatch.setattr(sqlite.Sqlite, "_checkpoint", counted)
    long = replace(execution, decision=b"d" * 3000)
    async with Database.open(sqlite_url) as database, Recorder(database) as recorder:
        for record in numbered(long, 100):
            await recorder.record(record)
        assert limit <= (tmp_path / "ymera.db-wal").stat().st_size < 2 * limit
    assert 10 < checkpoints < 60


async def test_no_other_process_commits_during_a_checkpoint(
    sqlite_url: str, tmp_path: Path, execution: ExecutionRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "CHECKPOINT_BYTES", 4096)
    checkpoint = sqlite.Sqlite._checkpoint
    attempts: list[str] = []

    def observed(backend: sqlite.Sqlite) -> None:
        with closing(sqlite3.connect(tmp_path / "ymera.db", timeout=0, isolation_level=None)) as other:
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                other.execute("BEGIN IMMEDIATE")
            checkpoint(backend)
            attempts.append("locked out")

    monkeypatch.setattr(sqlite.Sqlite, "_checkpoint", observed)
    async with Database.open(sqlite_url) as database, Recorder(database) as recorder:
        await asyncio.wait_for(recorder.record(execution), BOUND)
    assert attempts == ["locked out"] * len(attempts) != []


async def ids_without_the_log(database: Database, file: Path) -> set[str]:
    """The executions in the database file alone."""
    await database.write(lambda connection: None)  # returns when the checkpoint after the last commit is over
    copy = shutil.copyfile(file, file.with_name("copy.db"))
    with closing(sqlite3.connect(copy)) as alone:
        return {identifier for (identifier,) in alone.execute("SELECT request_id FROM executions")}


OTHER_PROCESS = """
import asyncio, sys
from dataclasses import replace
from datetime import UTC, datetime
from ymera_service.sdk.generation import Usage
from ymera_service.storage import Database, Recorder
from ymera_service.storage.records import BenchmarkResult

async def main():
    async with Database.open(sys.argv[1]) as database, Recorder(database) as recorder:
        print("ready", flush=True)
        for task in range(int(sys.argv[2])):
            await recorder.record(
                BenchmarkResult("run", datetime.now(UTC), "m", "s", "c", str(task), 1.0, 1.0, Usage(), None)
            )

asyncio.run(main())
"""


async def test_two_processes_write_to_one_database(database_url: str, execution: ExecutionRecord) -> None:
    count = 200
    async with Database.open(database_url) as database, Recorder(database) as recorder:
        other = await asyncio.create_subprocess_exec(
            sys.executable, "-c", OTHER_PROCESS, database_url, str(count), stdout=asyncio.subprocess.PIPE
        )
        assert other.stdout is not None
        assert await other.stdout.readline() == b"ready\n"
        for record in numbered(execution, count):
            await recorder.record(record)
        assert await other.wait() == 0
        [summary] = await database.benchmarks.summaries()
        assert summary.tasks == count
        assert len(await stored_ids(database)) == count
