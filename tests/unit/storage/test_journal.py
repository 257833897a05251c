"""What was noted before a process ended is recorded by the next one, once, whatever state the file is in."""

import asyncio
import os
import resource
import sys
import threading
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.storage.conftest import record
from ymera_service.config import StorageSettings
from ymera_service.sdk.errors import RecordingUnavailable, StorageUnavailable
from ymera_service.storage import Database, Journal, Recorder, journal, prefix_of, recover
from ymera_service.storage import recorder as recorder_module
from ymera_service.storage.records import ExecutionStatus, UnsettledExecution

WAIT = 10.0


def note(request_id: str, filler: str = "") -> bytes:
    return orjson.dumps({"kind": "test", "request_id": request_id, "filler": filler})


def unsettled(values: Mapping[str, Any]) -> Sequence[UnsettledExecution]:
    known = record(values["request_id"])
    fields = {name: getattr(known, name) for name in known.__dataclass_fields__}
    return (UnsettledExecution(**fields | {"status": ExecutionStatus.UNKNOWN}),)


READERS = {"test": unsettled}


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    return tmp_path / "ymera.db-calls"


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with Database.open(f"sqlite:///{tmp_path / 'ymera.db'}") as database:
        yield database


def crashed(prefix: Path, *notes: bytes) -> Path:
    """Returns the journal that a process leaves behind if it is killed."""
    one = Journal(prefix.with_name(f"{prefix.name}-crashed"))
    for each in notes:
        one.add(each)
    os.close(one._descriptor)
    return one._file


async def status_of(database: Database, request_id: str) -> str:
    stored = await database.executions.get(request_id)
    return stored.status if stored else "missing"


async def test_what_was_noted_is_recorded_at_the_next_start_once(database: Database, prefix: Path) -> None:
    crashed(prefix, note("a"), note("b"))
    async with Recorder(database) as recorder:
        await recorder.record(record("b"))
        assert await recover(prefix, recorder, READERS) == 2
        assert (await status_of(database, "a"), await status_of(database, "b")) == ("unknown", "completed")
        assert await recover(prefix, recorder, READERS) == 0


async def test_a_late_record_replaces_an_unknown_outcome(database: Database, prefix: Path) -> None:
    crashed(prefix, note("a"))
    async with Recorder(database) as recorder:
        await recover(prefix, recorder, READERS)
        await recorder.record(record("a"))
    assert await status_of(database, "a") == "completed"


async def test_the_journal_of_a_running_process_is_left_alone(database: Database, prefix: Path) -> None:
    async with Recorder(database) as recorder:
        with Journal.open(prefix) as running:
            slot = running.add(note("a"))
            assert await recover(prefix, recorder, READERS) == 0
            running.remove(slot)
        assert await status_of(database, "a") == "missing"
    assert list(prefix.parent.glob(f"{prefix.name}-*")) == []


async def test_a_journal_is_kept_if_storage_fails_and_if_calls_are_not_recorded(
    database: Database, prefix: Path
) -> None:
    with Journal.open(prefix) as one:
        one.add(note("a"))
    closed = Recorder(database)
    assert await recover(prefix, closed, READERS) == 0
    async with Recorder(database) as recorder:
        assert await recover(prefix, recorder, READERS) == 1


@settings(max_examples=30)
@given(st.integers(0, 3 * journal.SLOT_BYTES), st.binary(min_size=1, max_size=64))
def test_a_damaged_journal_never_stops_a_start(
    tmp_path_factory: pytest.TempPathFactory, at: int, garbage: bytes
) -> None:
    folder = tmp_path_factory.mktemp("journal")

    async def play() -> None:
        file = crashed(folder / "calls", note("a"), note("b"), note("c", "x" * 9000))
        with file.open("r+b") as damaged:
            damaged.seek(at)
            damaged.write(garbage)
        async with Database.open(f"sqlite:///{folder / 'ymera.db'}") as database, Recorder(database) as recorder:
            assert await recover(folder / "calls", recorder, READERS) >= 2
        assert not file.exists()

    asyncio.run(play())


async def test_slots_are_used_again_so_that_the_file_stays_small(prefix: Path) -> None:
    with Journal.open(prefix) as one:
        for _ in range(100):
            slots = [one.add(note("a", "x" * 5000)) for _ in range(3)]
            for slot in slots:
                one.remove(slot)
        [file] = prefix.parent.glob(f"{prefix.name}-*")
        assert file.stat().st_size <= 3 * journal.SLOT_BYTES
        assert file.stat().st_mode & 0o777 == 0o600


async def test_a_slot_is_free_once_the_record_is_durable_and_not_before(database: Database, prefix: Path) -> None:
    with Journal.open(prefix) as one:
        async with failing(database) as works, Recorder(database, one) as recorder:
            slot = recorder.note(note("a"))
            with pytest.raises(StorageUnavailable):
                await recorder.record(record("a"), slot=slot)
            assert one.used == 1
            works.set()
            await recorder.record(record("b"))
        assert one.used == 0
    assert await status_of(database, "a") == "completed"


async def test_a_later_attempt_replaces_the_note_of_the_earlier_one(database: Database, prefix: Path) -> None:
    with Journal.open(prefix) as one:
        async with Recorder(database, one) as recorder:
            first = recorder.note(note("a"))
            second = recorder.note(note("a", "second"), first)
            assert (one.used, second != first) == (1, True)
            await recorder.record(record("a"), slot=second)
            assert one.used == 0


async def test_a_note_that_does_not_fit_concerns_no_other_request(database: Database, prefix: Path) -> None:
    with Journal.open(prefix) as one:
        async with Recorder(database, one) as recorder:
            with pytest.raises(ValueError, match="slot"):
                recorder.note(note("a", "x" * journal.SLOT_BYTES))
            recorder.check()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits a process while it runs")
async def test_a_full_disk_refuses_calls_until_there_is_space(database: Database, prefix: Path) -> None:
    naps = Naps()
    with Journal.open(prefix) as one:
        async with Recorder(database, one, sleep=naps) as recorder:
            retrying = asyncio.create_task(recorder.retry())
            with file_limit(1):
                with pytest.raises(RecordingUnavailable) as refused:
                    recorder.note(note("a"))
                assert "journal" in recorder.problem
                await naps.pass_one()
                assert recorder.problem
            assert refused.value.retry_after == naps.seconds[0]
            await naps.pass_one()
            assert not recorder.problem
            recorder.check()
            retrying.cancel()


class file_limit:  # noqa: N801  # reads as a function
    """No file grows beyond this many bytes within the block."""

    def __init__(self, size: int) -> None:
        self._size = size

    def __enter__(self) -> None:
        self._before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (self._size, self._before[1]))

    def __exit__(self, *_: object) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, self._before)


class Naps:
    """A clock for pauses: each lasts until a test lets it pass."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self._asked: asyncio.Queue[asyncio.Event] = asyncio.Queue()

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        over = asyncio.Event()
        self._asked.put_nowait(over)
        await over.wait()

    async def pass_one(self) -> None:
        """Ends the present pause; returns when the next one has begun, or nothing is left to wait for."""
        over = await asyncio.wait_for(self._asked.get(), WAIT)
        over.set()
        for _ in range(5):
            await asyncio.sleep(0)


@asynccontextmanager
async def failing(database: Database) -> AsyncIterator[asyncio.Event]:
    """Commits fail until the event is set."""
    works, insert = asyncio.Event(), database.insert

    async def sometimes(rows: Any) -> None:
        if not works.is_set():
            raise OSError("the disk is full")
        await insert(rows)

    database.insert = sometimes  # type: ignore[method-assign]  # injects failures
    yield works


async def test_records_of_failed_commits_are_written_when_commits_succeed_again(database: Database) -> None:
    naps = Naps()
    async with failing(database) as works, Recorder(database, sleep=naps) as recorder:
        retrying = asyncio.create_task(recorder.retry())
        outcomes = await asyncio.gather(*(recorder.record(record(f"{n}")) for n in range(3)), return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [StorageUnavailable] * 3
        with pytest.raises(RecordingUnavailable) as refused:
            recorder.check()
        assert refused.value.retry_after
        await naps.pass_one()
        assert await status_of(database, "0") == "missing"
        works.set()
        await naps.pass_one()
        async with asyncio.timeout(WAIT):
            while recorder.problem:  # noqa: ASYNC110  # the writer's thread signals nothing to a test
                await asyncio.sleep(0.01)
        recorder.check()
        assert [await status_of(database, f"{n}") for n in range(3)] == ["completed"] * 3
        assert naps.seconds[:2] == [0.5, 1.0]
        retrying.cancel()


async def test_all_owed_records_are_written_after_the_first_success(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder_module, "MAX_BATCH", 2)
    async with failing(database) as works, Recorder(database) as recorder:
        await asyncio.gather(*(recorder.record(record(f"{n}")) for n in range(7)), return_exceptions=True)
        works.set()
        await recorder.record(record("new"))
        async with asyncio.timeout(WAIT):
            while await status_of(database, "6") == "missing":  # noqa: ASYNC110  # the writer signals nothing to a test
                await asyncio.sleep(0.01)
        assert [await status_of(database, f"{n}") for n in range(7)] == ["completed"] * 7


async def test_a_commit_that_takes_long_refuses_requests_until_it_is_over(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder_module, "STALL_SECONDS", 0.05)
    entered, release, insert = asyncio.Event(), asyncio.Event(), database.insert

    async def slow(rows: Any) -> None:
        entered.set()
        await release.wait()
        await insert(rows)

    database.insert = slow  # type: ignore[method-assign]  # injects a delay
    async with Recorder(database) as recorder:
        waiting = asyncio.create_task(recorder.record(record("a")))
        await entered.wait()
        recorder.check()
        async with asyncio.timeout(WAIT):
            while not recorder.problem:  # noqa: ASYNC110  # nothing signals it
                await asyncio.sleep(0.01)
        with pytest.raises(RecordingUnavailable):
            recorder.check()
        assert "0.05 s" in recorder.problem
        release.set()
        await waiting
        await asyncio.sleep(0)
        recorder.check()


async def test_a_commit_whose_end_is_heard_of_late_refuses_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a burst of calls that keeps the loop busy for seconds."""
    monkeypatch.setattr(recorder_module, "STALL_SECONDS", 0.05)
    entered, over, insert = asyncio.Event(), threading.Event(), database.insert

    async def watched(rows: Any) -> None:
        inserting = asyncio.ensure_future(insert(rows))
        await asyncio.sleep(0)
        entered.set()
        await inserting

    database.insert = watched  # type: ignore[method-assign]  # says when it has begun
    async with Recorder(database) as recorder:
        waiting = asyncio.create_task(recorder.record(record("a")))
        await entered.wait()
        over.wait(0.2)  # holds the loop
        for _ in range(20):
            recorder.check()
            await asyncio.sleep(0)
        await asyncio.wait_for(waiting, WAIT)


def test_each_postgresql_database_has_its_own_journals(tmp_path: Path) -> None:
    def prefix(url: str) -> Path:
        return prefix_of(StorageSettings(url=url, state_folder=tmp_path))

    one, same, other = (
        prefix(url)
        for url in (
            "postgresql://me:secret@host/one",
            "postgresql://me:changed@host/one?sslmode=disable",
            "postgresql://me:secret@host/two",
        )
    )
    assert one == same != other
    assert one.parent == tmp_path
    assert "secret" not in str(one)


def test_the_journals_of_a_file_are_beside_it(tmp_path: Path) -> None:
    assert prefix_of(StorageSettings(url=f"sqlite:///{tmp_path}/y.db")) == tmp_path / "y.db-calls"
