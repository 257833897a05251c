"""A database file that is deleted, replaced, cut off or damaged is noticed, named, and costs no acknowledged record."""

import asyncio
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from ymera_service.sdk.errors import RecordingUnavailable, StorageUnavailable
from ymera_service.storage import Database, Integrity, Recorder
from ymera_service.storage.open_file import FileLost, OpenFile
from ymera_service.storage.records import ExecutionRecord

WAIT = 10.0
PAGE = 4096


def delete(file: Path) -> None:
    file.unlink()


def exists(file: Path) -> bool:
    return file.exists()


def size(file: Path) -> int:
    return file.stat().st_size


def create(file: Path, content: bytes = b"") -> None:
    file.write_bytes(content)
    file.chmod(0o644)


def move_away(file: Path) -> None:
    file.rename(file.with_name("elsewhere.db"))


def replace_file(file: Path) -> None:
    shutil.copyfile(file, copy := file.with_name("copy.db"))
    copy.replace(file)


def cut_off(file: Path) -> None:
    os.truncate(file, PAGE)


def empty(file: Path) -> None:
    os.truncate(file, 0)


def delete_log(file: Path) -> None:
    file.with_name(f"{file.name}-wal").unlink()


def replace_log(file: Path) -> None:
    replace_file(file.with_name(f"{file.name}-wal"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ymera.db"


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (delete, "deleted or moved"),
        (replace_file, "another file"),
        (cut_off, "truncated"),
        (empty, "truncated"),
        (delete_log, "-wal was deleted"),
        (replace_log, "another file"),
    ],
)
async def test_a_lost_file_is_noticed_before_the_next_acknowledgement(
    sqlite_url: str, file: Path, execution: ExecutionRecord, harm: Callable[[Path], None], words: str
) -> None:
    await filled(sqlite_url, execution)
    async with Database.open(sqlite_url) as database, Recorder(database) as recorder:
        await recorder.record(execution)
        harm(file)
        for _ in range(3):
            with pytest.raises(StorageUnavailable):
                await recorder.record(replace(execution, request_id="after"))
            assert words in recorder.problem
            with pytest.raises(RecordingUnavailable):
                recorder.check()


async def test_a_lost_file_is_not_replaced_by_an_empty_one(
    sqlite_url: str, file: Path, execution: ExecutionRecord
) -> None:
    async with Database.open(sqlite_url) as database, Recorder(database) as recorder:
        await recorder.record(execution)
        await database._backend.reader.dispose()
        delete(file)
        with pytest.raises(StorageUnavailable, match="deleted"):
            await database.ping()
        with pytest.raises(StorageUnavailable):
            await recorder.record(execution)
        assert not exists(file)


async def test_a_file_that_is_put_back_is_used_again(sqlite_url: str, file: Path, execution: ExecutionRecord) -> None:
    log, retries = file.with_name(f"{file.name}-wal"), asyncio.Semaphore(0)

    async def sleep(seconds: float) -> None:
        retries.release()
        await asyncio.sleep(0.01)

    async with Database.open(sqlite_url) as database, Recorder(database, sleep=sleep) as recorder:
        await recorder.record(execution)
        move_away(file)
        with pytest.raises(StorageUnavailable):
            await recorder.record(replace(execution, request_id="owed"))
        before = size(log)
        retrying = asyncio.create_task(recorder.retry())
        for _ in range(10):
            await asyncio.wait_for(retries.acquire(), WAIT)
        assert size(log) == before, "retries make the log of the lost file longer"
        file.with_name("elsewhere.db").rename(file)
        async with asyncio.timeout(WAIT):
            while recorder.problem:  # noqa: ASYNC110  # the writer's thread signals nothing to a test
                await asyncio.sleep(0.01)
        retrying.cancel()
        await recorder.record(replace(execution, request_id="after"))
    async with Database.open(sqlite_url) as database:
        for request_id in (execution.request_id, "owed", "after"):
            assert await database.executions.get(request_id)


async def test_a_file_that_vacuum_makes_shorter_is_not_lost(
    sqlite_url: str, file: Path, execution: ExecutionRecord
) -> None:
    async with Database.open(sqlite_url) as database, Recorder(database) as recorder:
        for number in range(50):
            await recorder.record(replace(execution, request_id=str(number), decision=b"d" * PAGE))
        with closing(sqlite3.connect(file, isolation_level=None)) as other:
            other.execute("PRAGMA wal_checkpoint(PASSIVE)")
            await recorder.record(execution)
            before = size(file)
            other.execute("DELETE FROM executions")
            other.execute("VACUUM")
            other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert size(file) < before
        await recorder.record(execution)
        await recorder.record(execution)


def test_a_file_is_only_for_its_owner(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        one = OpenFile(tmp_path / "new" / "ymera.db")
    finally:
        os.umask(before)
    assert not one.readable_by_others
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700
    one.check()
    (tmp_path / "new" / "ymera.db").unlink()
    with pytest.raises(FileLost):
        one.check()
    one.close()


async def test_all_files_of_a_new_database_are_only_for_their_owner(tmp_path: Path, execution: ExecutionRecord) -> None:
    before = os.umask(0o022)
    try:
        with capture_logs() as logs:
            async with Database.open(f"sqlite:///{tmp_path}/new/ymera.db") as database, Recorder(database) as recorder:
                await recorder.record(execution)
                modes = {each.name: each.stat().st_mode & 0o777 for each in (tmp_path / "new").iterdir()}
    finally:
        os.umask(before)
    assert modes == {"ymera.db": 0o600, "ymera.db-wal": 0o600, "ymera.db-shm": 0o600}
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700
    assert "database_readable_by_others" not in {line["event"] for line in logs}


async def test_a_file_that_others_can_read_is_warned_of(sqlite_url: str, file: Path) -> None:
    create(file)
    with capture_logs() as logs:
        async with Database.open(sqlite_url):
            pass
    [line] = [line for line in logs if line["event"] == "database_readable_by_others"]
    assert (line["log_level"], line["file"]) == ("warning", str(file))
    assert "chmod 600" in line["remedy"]


async def filled(sqlite_url: str, execution: ExecutionRecord) -> None:
    async with Database.open(sqlite_url) as database, Recorder(database) as recorder, asyncio.TaskGroup() as group:
        for number in range(50):
            group.create_task(recorder.record(replace(execution, request_id=str(number))))


def damage_executions(file: Path) -> None:
    """Overwrites the root pages of the executions and their indexes."""
    with closing(sqlite3.connect(file)) as connection:
        roots = connection.execute("SELECT rootpage FROM sqlite_master WHERE tbl_name = 'executions'").fetchall()
    with file.open("r+b") as pages:
        for (root,) in roots:
            pages.seek((root - 1) * PAGE)
            pages.write(b"\xff" * (PAGE // 2))


async def test_damage_is_found_in_the_background(sqlite_url: str, file: Path, execution: ExecutionRecord) -> None:
    await filled(sqlite_url, execution)
    async with Database.open(sqlite_url) as database:
        await database.check(WAIT)
        assert not database.damage
    damage_executions(file)
    found = asyncio.Event()

    async def sleep(seconds: float) -> None:
        found.set()
        await asyncio.Event().wait()

    async with Database.open(sqlite_url) as database:
        checking = asyncio.create_task(Integrity(database, sleep=sleep).run())
        await asyncio.wait_for(found.wait(), WAIT)
        assert database.damage.startswith("the database is damaged (")
        assert "backup" in database.damage
        checking.cancel()


async def test_a_check_is_bounded_and_ends_when_it_is_cancelled(sqlite_url: str, execution: ExecutionRecord) -> None:
    await filled(sqlite_url, execution)
    async with Database.open(sqlite_url) as database:
        await database.check(0)
        assert not database.damage
        checking = asyncio.create_task(database.check(WAIT))
        await asyncio.sleep(0)
        checking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(checking, WAIT)


async def test_damage_met_at_a_commit_is_named(sqlite_url: str, file: Path, execution: ExecutionRecord) -> None:
    await filled(sqlite_url, execution)
    damage_executions(file)
    async with Database.open(sqlite_url) as database, Recorder(database) as recorder:
        with pytest.raises(StorageUnavailable, match="the database is damaged"):
            await recorder.record(replace(execution, request_id="after"))
        assert "damaged (database disk image is malformed); restore it from a backup" in recorder.problem


async def test_a_file_that_is_not_a_database_is_named(sqlite_url: str, file: Path) -> None:
    create(file, b"not a database " * 1000)
    with pytest.raises(StorageUnavailable, match="the database is damaged"):
        async with Database.open(sqlite_url):
            pass
