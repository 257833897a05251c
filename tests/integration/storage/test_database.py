"""Opening, migrating and reading databases of both kinds."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import time
from contextlib import closing
from dataclasses import replace
from datetime import UTC, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

import ymera_service.storage
from ymera_service.sdk.errors import StorageUnavailable
from ymera_service.storage import Database, Recorder
from ymera_service.storage.records import CatalogVersion, ExecutionRecord
from ymera_service.storage.rows import Record
from ymera_service.storage.schema import HEAD
from ymera_service.storage.tables import metadata

if TYPE_CHECKING:
    from tests.conftest import PostgresProcess

OPENING = """
import asyncio
from ymera_service.storage import Database

async def main():
    async with Database.open(sys.argv[1]) as database:
        await database.ping()

asyncio.run(main())
"""


async def record(database: Database, *records: Record) -> None:
    async with Recorder(database) as recorder, asyncio.TaskGroup() as group:
        for item in records:
            group.create_task(recorder.record(item))


async def test_an_execution_is_read_unchanged(database_url: str, execution: ExecutionRecord) -> None:
    async with Database.open(database_url) as database:
        await record(database, execution)
        assert await database.executions.get(execution.request_id) == execution
        assert await database.executions.get("unheard-of") is None


async def test_a_catalog_version_is_read_unchanged(database_url: str, version: CatalogVersion) -> None:
    async with Database.open(database_url) as database:
        await record(database, version)
        assert await database.catalog_versions.get(version.version) == version
        assert await database.catalog_versions.get("unheard-of") is None


async def test_absent_values_are_read_as_absent(database_url: str, execution: ExecutionRecord) -> None:
    bare = replace(execution, cost_micros=None, time_to_first_token=None, error=None)
    async with Database.open(database_url) as database:
        await record(database, bare)
        assert await database.executions.get(bare.request_id) == bare


async def test_a_time_of_another_zone_is_the_same_moment(database_url: str, execution: ExecutionRecord) -> None:
    abroad = replace(execution, created_at=execution.created_at.astimezone(timezone(timedelta(hours=9))))
    async with Database.open(database_url) as database:
        await record(database, abroad)
        stored = await database.executions.get(abroad.request_id)
    assert stored is not None
    assert stored.created_at == abroad.created_at
    assert stored.created_at.tzinfo is UTC


async def test_records_outlive_the_database_object(database_url: str, execution: ExecutionRecord) -> None:
    async with Database.open(database_url) as database:
        await record(database, execution)
    async with Database.open(database_url) as database:
        assert await database.executions.get(execution.request_id) == execution
        await database.ping()
        assert database_url.startswith(database.backend)


async def test_the_migrations_create_the_defined_tables(database_url: str) -> None:
    differences: list[object] = []

    def compare(connection: Connection) -> None:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences.extend(compare_metadata(context, metadata))

    async with Database.open(database_url) as database:
        await database.write(compare)
    assert differences == []


def test_head_is_the_newest_migration() -> None:
    folder = Path(ymera_service.storage.__file__).parent / "migrations"
    assert ScriptDirectory(str(folder)).get_current_head() == HEAD


async def test_a_database_at_head_opens_without_alembic(sqlite_url: str) -> None:
    opening = "import sys\n" + OPENING + "print('alembic' in sys.modules)\n"
    async with Database.open(sqlite_url):
        pass
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", opening, sqlite_url, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    assert output.split() == [b"False"]


async def test_the_error_of_a_newer_database_names_its_revision(database_url: str) -> None:
    async with Database.open(database_url) as database:
        await database.write(lambda connection: _set_revision(connection, "9999"))
    with pytest.raises(StorageUnavailable, match=r"revision '9999'.*upgrade Ymera"):
        async with Database.open(database_url):
            pass


def _set_revision(connection: Connection, revision: str) -> None:
    connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})


async def test_openers_at_the_same_time_do_not_collide(database_url: str) -> None:
    async def opened() -> None:
        async with Database.open(database_url) as database:
            await database.ping()

    async with asyncio.TaskGroup() as group:
        for _ in range(8):
            group.create_task(opened())


async def test_opening_waits_for_a_writer_of_a_file_that_is_not_in_wal_mode_yet(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(sqlite3.connect(tmp_path / "ymera.db", isolation_level=None, check_same_thread=False)) as writer:
        writer.execute("CREATE TABLE something (x)")
        writer.execute("BEGIN IMMEDIATE")
        monkeypatch.setattr(time, "sleep", lambda _: writer.in_transaction and writer.execute("COMMIT"))
        async with Database.open(sqlite_url) as database:
            await database.ping()
        assert not writer.in_transaction


async def test_processes_that_open_at_the_same_time_do_not_collide(database_url: str) -> None:
    # Each reports that its imports are done and waits, so that all open at the same time.
    opening = "import sys, alembic.command\nprint('ready', flush=True)\nsys.stdin.readline()\n" + OPENING
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", opening, database_url, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        for _ in range(3)
    ]
    for process in processes:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"ready\n"
    await asyncio.gather(*(process.communicate(b"\n") for process in processes))
    assert [process.returncode for process in processes] == [0, 0, 0]


async def test_the_folder_is_created(tmp_path: Path, execution: ExecutionRecord) -> None:
    file = tmp_path / "a folder" / "100%?" / "ymera.db"
    async with Database.open(f"sqlite:///{file}") as database:
        await record(database, execution)
    assert file.is_file()


@pytest.mark.parametrize("obstacle", ["folder is a file", "file is a folder", "no database"])
async def test_the_error_of_an_unusable_path_states_the_remedy(tmp_path: Path, obstacle: str) -> None:
    path = tmp_path / "x"
    if obstacle == "file is a folder":
        path.mkdir()
    else:
        path.write_bytes(b"no database" * 1000)
    url = f"sqlite:///{path / 'ymera.db' if obstacle == 'folder is a file' else path}"
    with pytest.raises(StorageUnavailable, match=r"storage\.url") as caught:
        async with Database.open(url):
            pass
    assert str(path) in caught.value.message


@pytest.mark.parametrize("url", ["sqlite:///", "sqlite:///:memory:"])
async def test_a_database_in_memory_is_rejected(url: str) -> None:
    with pytest.raises(StorageUnavailable, match="path of a file"):
        async with Database.open(url):
            pass


@pytest.mark.parametrize("url", ["postgresql://u:hush@127.0.0.1:1/x", "postgresql://u:hush@127.0.0.1:port/x"])
async def test_an_unreachable_server_is_named_without_the_password(url: str) -> None:
    with pytest.raises(StorageUnavailable) as caught:
        async with Database.open(url):
            pass
    assert "hush" not in str(caught.value)


async def test_sqlite_is_set_up_to_survive_a_power_cut(sqlite_url: str) -> None:
    async with Database.open(sqlite_url) as database:
        found: dict[str, object] = {}

        def look(connection: Connection) -> None:
            for pragma in ("journal_mode", "synchronous", "foreign_keys"):
                found[pragma] = connection.exec_driver_sql(f"PRAGMA {pragma}").scalar()

        await database.write(look)
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


async def test_a_write_takes_the_lock_before_its_first_statement(sqlite_url: str, tmp_path: Path) -> None:
    async with Database.open(sqlite_url) as database:

        def compete(_: Connection) -> None:
            other = sqlite3.connect(tmp_path / "ymera.db", timeout=0, isolation_level=None)
            try:
                with pytest.raises(sqlite3.OperationalError, match="locked"):
                    other.execute("BEGIN IMMEDIATE")
            finally:
                other.close()

        await database.write(compete)


async def test_the_error_of_a_read_names_the_action_but_not_the_drivers_message(sqlite_url: str) -> None:
    async with Database.open(sqlite_url) as database:
        await database.write(metadata.drop_all)
        reads = {
            "an execution": database.executions.get("x"),
            "a catalog version": database.catalog_versions.get("x"),
            "the benchmark results": database.benchmarks.summaries(),
        }
        for what, read in reads.items():
            with pytest.raises(StorageUnavailable) as caught:
                await read
            assert caught.value.message == f"cannot read {what}: the database is not available"


async def test_the_error_of_a_failed_ping_states_the_reason(postgres_process: PostgresProcess) -> None:
    async with Database.open(postgres_process.url) as database:
        await database.ping()
        postgres_process.stop("fast")
        with pytest.raises(StorageUnavailable, match=r"cannot reach the database: .+"):
            await database.ping()


async def test_a_database_that_does_not_exist_is_named(postgres_url: str) -> None:
    elsewhere = urlsplit(postgres_url)._replace(path="/elsewhere").geturl()
    with pytest.raises(StorageUnavailable, match=r'/elsewhere.* "elsewhere" does not exist'):
        async with Database.open(elsewhere):
            pass
