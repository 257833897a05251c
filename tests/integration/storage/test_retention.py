"""Which records are deleted, and that recording continues meanwhile."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, Delete, select

from tests.integration.storage.conftest import mark_summed
from ymera_service.config import StorageSettings
from ymera_service.sdk.errors import StorageUnavailable
from ymera_service.storage import Database, Recorder, Retention, retention
from ymera_service.storage.records import CatalogVersion, ExecutionLabel, ExecutionRecord
from ymera_service.storage.rows import Record
from ymera_service.storage.tables import catalog_versions, execution_labels, executions, metadata

NOW = datetime(2026, 11, 21, tzinfo=UTC)
BOUND = 20.0


class Sleeps:
    """Replaces `asyncio.sleep`: records the pauses and ends the loop at a long one."""

    def __init__(self, rounds: int = 0) -> None:
        self.pauses: list[float] = []
        self._rounds = rounds

    async def __call__(self, seconds: float) -> None:
        self.pauses.append(seconds)
        if seconds == retention.PERIOD_SECONDS:
            self._rounds -= 1
            if self._rounds < 0:
                raise asyncio.CancelledError
        await asyncio.sleep(0)


def aged(execution: ExecutionRecord, days: Sequence[float]) -> list[ExecutionRecord]:
    """Numbered executions with these ages in days."""
    return [
        replace(execution, request_id=f"{number:04}", created_at=NOW - timedelta(days=age))
        for number, age in enumerate(days)
    ]


async def record(database: Database, records: Sequence[Record]) -> None:
    """Stores records, and says that their usage is summed."""
    async with Recorder(database) as recorder, asyncio.TaskGroup() as group:
        for item in records:
            group.create_task(recorder.record(item))
    await mark_summed(database)


async def test_labels_go_with_their_executions(database_url: str, execution: ExecutionRecord) -> None:
    records = aged(execution, [age / 10 for age in range(3 * retention.BATCH)])
    labels = [ExecutionLabel("team", "a", one.created_at, one.request_id) for one in records]
    async with Database.open(database_url) as database:
        await record(database, [*records, *labels])
        await Retention(database, StorageSettings(retention_days=5), now=lambda: NOW, sleep=Sleeps()).prune()
        found: list[int] = []

        def read(connection: Connection) -> None:
            found.extend(sorted(map(int, connection.execute(select(execution_labels.c.request_id)).scalars())))

        await database.write(read)
        assert found == await kept(database) == list(range(51))


async def kept(database: Database) -> list[int]:
    found: list[int] = []

    def read(connection: Connection) -> None:
        found.extend(sorted(map(int, connection.execute(select(executions.c.request_id)).scalars())))

    await database.write(read)
    return found


async def versions(database: Database) -> set[str]:
    found: set[str] = set()

    def read(connection: Connection) -> None:
        found.update(connection.execute(select(catalog_versions.c.version)).scalars())

    await database.write(read)
    return found


def pruning(database: Database, days: float = 0, most: int = 0, sleeps: Sleeps | None = None) -> Retention:
    settings = StorageSettings(url="sqlite:///unused", retention_days=days, max_executions=most)
    return Retention(database, settings, now=lambda: NOW, sleep=sleeps or Sleeps())


@pytest.mark.parametrize(
    ("days", "most", "left"),
    [
        (0, 0, [0, 1, 2, 3, 4, 5]),
        (30, 0, [2, 3, 4, 5]),
        (0, 3, [3, 4, 5]),
        (30, 3, [3, 4, 5]),
        (10, 5, [4, 5]),
        (0, 6, [0, 1, 2, 3, 4, 5]),
        (0, 7, [0, 1, 2, 3, 4, 5]),
        (0.5, 1, []),
    ],
)
async def test_executions_that_are_too_old_or_too_many_are_deleted(
    database_url: str, execution: ExecutionRecord, days: float, most: int, left: list[int]
) -> None:
    async with Database.open(database_url) as database:
        await record(database, aged(execution, [100, 31, 30, 20, 10, 1]))
        assert await pruning(database, days, most).prune() == 6 - len(left)
        assert await kept(database) == left
        assert await pruning(database, days, most).prune() == 0


async def test_many_are_deleted_in_small_transactions_with_pauses(
    database_url: str, execution: ExecutionRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 10)
    sleeps, sizes = Sleeps(), []
    async with Database.open(database_url) as database:
        await record(database, aged(execution, [float(100 - number) for number in range(95)]))
        delete = database.delete

        async def counted(statement: Delete) -> int:
            sizes.append(await delete(statement))
            return sizes[-1]

        monkeypatch.setattr(database, "delete", counted)
        assert await pruning(database, 50, sleeps=sleeps).prune() == 50
    assert sizes == [10] * 5 + [0, 0, 0, 0, 0, 0, 0]
    assert len(sleeps.pauses) == 5
    assert all(pause > 0 for pause in sleeps.pauses)


async def test_recording_continues_while_many_are_deleted(
    database_url: str, execution: ExecutionRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 1)
    new = replace(execution, created_at=NOW)
    async with Database.open(database_url) as database, Recorder(database) as recorder:
        await record(database, aged(execution, [100.0] * 50))
        task = asyncio.create_task(pruning(database, 50).prune())
        for number in range(100, 110):
            await asyncio.wait_for(recorder.record(replace(new, request_id=str(number))), BOUND)
        assert not task.done()
        assert await asyncio.wait_for(task, BOUND) == 50
        assert await kept(database) == list(range(100, 110))


async def test_two_servers_prune_one_database(
    database_url: str, execution: ExecutionRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 7)
    async with Database.open(database_url) as one, Database.open(database_url) as other:
        await record(one, aged(execution, [100.0] * 60 + [1.0] * 3))
        deleted = await asyncio.wait_for(asyncio.gather(pruning(one, 50).prune(), pruning(other, 50).prune()), BOUND)
        assert sum(deleted) == 60
        assert await kept(one) == [60, 61, 62]


async def test_catalog_versions_are_deleted_after_the_last_execution_that_names_them(
    database_url: str, execution: ExecutionRecord, version: CatalogVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "LATEST_VERSIONS", 2)
    stored = [
        replace(version, version=f"v{number}", created_at=NOW - timedelta(days=10 - number)) for number in range(6)
    ]
    old, new = aged(execution, [100, 1])
    async with Database.open(database_url) as database:
        await record(
            database, [*stored, replace(old, catalog_version="v0"), replace(new, catalog_version="v1"), stored[2]]
        )
        await pruning(database).prune()
        assert await versions(database) == {"v0", "v1", "v4", "v5"}
        await pruning(database, 50).prune()
        assert await versions(database) == {"v1", "v4", "v5"}


async def test_a_version_that_is_stored_again_counts_as_new(
    database_url: str, version: CatalogVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "LATEST_VERSIONS", 1)
    first, second = (replace(version, version=name, created_at=NOW) for name in ("first", "second"))
    async with Database.open(database_url) as database, Recorder(database) as recorder:
        await recorder.record(first)
        await recorder.record(replace(second, created_at=NOW + timedelta(hours=1)))
        await recorder.record(replace(first, created_at=NOW + timedelta(hours=2)))
        await pruning(database).prune()
        assert await versions(database) == {"first"}


async def test_pruning_is_repeated(sqlite_url: str, execution: ExecutionRecord) -> None:
    sleeps = Sleeps(rounds=2)
    async with Database.open(sqlite_url) as database:
        await record(database, aged(execution, [100, 1]))
        with pytest.raises(asyncio.CancelledError):
            await pruning(database, 50, sleeps=sleeps).run()
        assert await kept(database) == [1]
    assert sleeps.pauses[1:] == [retention.PERIOD_SECONDS] * 3


async def test_a_database_that_fails_is_an_error(sqlite_url: str) -> None:
    async with Database.open(sqlite_url) as database:
        await database.write(metadata.drop_all)
        with pytest.raises(StorageUnavailable, match="cannot count the executions"):
            await pruning(database, most=1).run()
        with pytest.raises(StorageUnavailable, match="cannot read which hours are summed"):
            await pruning(database, days=1).run()


async def test_a_sqlite_file_reuses_the_space_that_was_freed(
    sqlite_url: str, execution: ExecutionRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages: list[int] = []
    long = replace(execution, decision=b"d" * 3000)
    async with Database.open(sqlite_url) as database:
        for _ in range(3):
            await record(database, aged(long, [100.0] * 200))
            await database.write(lambda c: pages.append(c.exec_driver_sql("PRAGMA page_count").scalar_one()))
            await pruning(database, 50).prune()
    assert pages[1] <= pages[0] * 1.1
    assert pages[2] <= pages[0] * 1.1
