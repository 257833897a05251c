"""Every acknowledged record is stored, for any failures of callers and the database."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from tests.unit.storage.conftest import record
from ymera_service.sdk.errors import StorageUnavailable
from ymera_service.storage import Database, Recorder, recorder
from ymera_service.storage.backend import Rows
from ymera_service.storage.records import ExecutionRecord
from ymera_service.storage.tables import executions

RECORD = record("")

_ids = count()


@dataclass(frozen=True)
class Caller:
    """A caller: when it arrives and cancels, in iterations of the loop, and whether its record is invalid."""

    comes: int
    stays: int | None
    poisoned: bool


class Unsteady:
    """A database whose commits fail sometimes, before or after they are durable."""

    def __init__(self, database: Database, failures: Sequence[str]) -> None:
        self._insert = database.insert
        self._failures = iter(failures)

    async def __call__(self, rows: Rows) -> None:
        failure = next(self._failures, "none")
        if failure != "before":
            await self._insert(rows)
        if failure != "none":
            raise OperationalError("COMMIT", None, Exception(f"failed {failure} the commit"))


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite:///{tmp_path_factory.mktemp('recorder') / 'ymera.db'}"


async def turns(number: int) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


async def call(recorder: Recorder, caller: Caller) -> tuple[str, str]:
    record = replace(RECORD, request_id=f"{next(_ids)}", cost_micros=2**70 if caller.poisoned else 1)
    await turns(caller.comes)
    task = asyncio.create_task(recorder.record(record))
    if caller.stays is not None:
        await turns(caller.stays + 1)
        task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        return record.request_id, "cancelled"
    except StorageUnavailable:
        return record.request_id, "refused"
    return record.request_id, "acknowledged"


async def stored(database: Database) -> set[str]:
    async with database._backend.reader.connect() as connection:
        return set((await connection.execute(select(executions.c.request_id))).scalars())


callers = st.builds(Caller, st.integers(0, 6), st.none() | st.integers(0, 12), st.sampled_from([False, False, True]))


@settings(max_examples=60)
@given(st.lists(callers, max_size=24), st.lists(st.sampled_from(["none", "before", "after"]), max_size=8))
def test_every_acknowledged_record_is_stored_despite_failures_and_cancellations(
    url: str, crowd: list[Caller], failures: list[str]
) -> None:
    async def play() -> None:
        async with Database.open(url) as database:
            database.insert = Unsteady(database, failures)  # type: ignore[method-assign]  # injects failures
            async with Recorder(database) as recorder:
                outcomes = await asyncio.gather(*(call(recorder, caller) for caller in crowd))
            kept = await stored(database)
        for (request_id, outcome), caller in zip(outcomes, crowd, strict=True):
            assert outcome != "acknowledged" or request_id in kept
            assert not caller.poisoned or request_id not in kept
            if not failures and not caller.poisoned:
                assert request_id in kept, f"{outcome} and lost"
                assert outcome == "acknowledged" or caller.stays is not None

    asyncio.run(play())


async def test_a_commit_waits_some_turns_for_other_records(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with Database.open(url) as database:
        insert, found = database.insert, list[int]()

        async def counted(rows: Rows) -> None:
            found.append(sum(len(parameters) for _, parameters in rows))
            await insert(rows)

        monkeypatch.setattr(database, "insert", counted)
        async with Recorder(database) as under_test, asyncio.TaskGroup() as group:
            for number in range(recorder.GATHERING_TURNS):
                group.create_task(under_test.record(replace(RECORD, request_id=f"gathered-{number}")))
                await turns(1)
    assert found == [recorder.GATHERING_TURNS]


async def test_a_caller_waits_no_longer_than_it_says_and_its_record_is_written_nevertheless(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = asyncio.Event()
    async with Database.open(url) as database:
        insert = database.insert

        async def slow(rows: Rows) -> None:
            await release.wait()
            await insert(rows)

        monkeypatch.setattr(database, "insert", slow)
        async with Recorder(database) as under_test:
            with pytest.raises(StorageUnavailable, match=r"not durable within 0\.01 s"):
                await under_test.record(replace(RECORD, request_id="late"), within=0.01)
            release.set()
        assert "late" in await stored(database)


async def test_records_beyond_the_bound_are_rejected_immediately(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "MAX_WAITING", 3)
    committing, release = asyncio.Event(), asyncio.Event()
    async with Database.open(url) as database:
        insert = database.insert

        async def slow(rows: Rows) -> None:
            committing.set()
            await release.wait()
            await insert(rows)

        monkeypatch.setattr(database, "insert", slow)
        async with Recorder(database) as under_test:
            first = asyncio.create_task(under_test.record(replace(RECORD, request_id="bound-0")))
            await committing.wait()
            rest = [
                asyncio.create_task(under_test.record(replace(RECORD, request_id=f"bound-{number}")))
                for number in range(1, 4)
            ]
            await turns(1)
            with pytest.raises(StorageUnavailable, match="keep up"):
                await under_test.record(replace(RECORD, request_id="bound-4"))
            release.set()
            assert await asyncio.gather(first, *rest) == [None] * 4


async def test_no_caller_waits_forever_if_the_recorder_is_stopped_while_it_drains(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered, never = asyncio.Event(), asyncio.Event()

    async def hanging(_: Rows) -> None:
        entered.set()
        await never.wait()

    async with Database.open(url) as database:
        monkeypatch.setattr(database, "insert", hanging)
        callers: list[asyncio.Task[None]] = []

        async def session() -> None:
            async with Recorder(database) as under_test:
                callers.append(asyncio.create_task(under_test.record(replace(RECORD, request_id="stop-0"))))
                await entered.wait()
                callers.append(asyncio.create_task(under_test.record(replace(RECORD, request_id="stop-1"))))
                await turns(1)

        task = asyncio.create_task(session())
        await entered.wait()
        await turns(4)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        outcomes = await asyncio.wait_for(asyncio.gather(*callers, return_exceptions=True), 5)
    assert [type(outcome) for outcome in outcomes] == [StorageUnavailable] * 2


async def test_a_batch_is_bounded(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "MAX_BATCH", 10)
    batches = 0
    async with Database.open(url) as database:
        insert = database.insert

        async def counted(rows: Rows) -> None:
            nonlocal batches
            batches += 1
            await insert(rows)

        monkeypatch.setattr(database, "insert", counted)
        async with Recorder(database) as under_test, asyncio.TaskGroup() as group:
            for number in range(25):
                group.create_task(under_test.record(replace(RECORD, request_id=f"batch-{number}")))
    assert batches == 3


async def test_callers_get_a_short_reason_and_operators_the_drivers_message(sqlite_url: str) -> None:
    async with Database.open(sqlite_url) as database, Recorder(database) as under_test:
        await database.write(executions.drop)
        with capture_logs() as logs, pytest.raises(StorageUnavailable) as caught:
            await under_test.record(replace(RECORD, request_id="secret"))
        assert caught.value.message == "cannot record what was done: the database is not available"
        assert not caught.value.metadata
        [line] = logs
        assert line["message"] == under_test.failure == "cannot record what was done: no such table: executions"


async def test_a_rejected_value_is_not_a_failure_of_the_database(url: str) -> None:
    async with Database.open(url) as database, Recorder(database) as under_test:
        with pytest.raises(StorageUnavailable, match="does not accept a value"):
            await under_test.record(replace(RECORD, request_id="huge", cost_micros=2**70))
        assert not under_test.failure


async def test_a_commit_waits_only_for_the_running_one(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    batches: list[int] = []
    entered, release = asyncio.Event(), asyncio.Event()
    async with Database.open(url) as database:

        async def held(rows: Rows) -> None:
            batches.append(sum(len(parameters) for _, parameters in rows))
            entered.set()
            await release.wait()

        monkeypatch.setattr(database, "insert", held)
        async with Recorder(database) as under_test, asyncio.TaskGroup() as group:
            group.create_task(under_test.record(replace(RECORD, request_id="alone")))
            await entered.wait()
            for number in range(5):
                group.create_task(under_test.record(replace(RECORD, request_id=f"next-{number}")))
                await turns(2)
            release.set()
    assert batches == [1, 5]


@dataclass(frozen=True)
class Fact:
    """A further record of one of three requests, some iterations of the loop after the previous one."""

    request: int
    later: int
    poisoned: bool


facts = st.builds(Fact, st.integers(0, 2), st.integers(0, 3), st.sampled_from([False, False, False, True]))


@settings(max_examples=60)
@given(st.lists(facts, max_size=24), st.lists(st.sampled_from(["none", "before", "after"]), max_size=4))
def test_the_last_acknowledged_record_of_a_request_is_stored(url: str, story: list[Fact], failures: list[str]) -> None:
    run = next(_ids)

    def version(number: int, fact: Fact) -> ExecutionRecord:
        cost = 2**70 if fact.poisoned else number
        return replace(RECORD, request_id=f"{run}-{fact.request}", cost_micros=cost)

    async def play() -> None:
        async with Database.open(url) as database:
            database.insert = Unsteady(database, failures)  # type: ignore[method-assign]  # injects failures
            tasks = []
            async with Recorder(database) as recorder:
                for number, fact in enumerate(story):
                    await turns(fact.later)
                    tasks.append(asyncio.create_task(recorder.record(version(number, fact))))
                outcomes = await asyncio.gather(*tasks, return_exceptions=True)
            for request in {fact.request for fact in story}:
                mine = [number for number, fact in enumerate(story) if fact.request == request]
                stored = await database.executions.get(f"{run}-{request}")
                latest = None if stored is None else stored.cost_micros
                acknowledged = [number for number in mine if outcomes[number] is None]
                if not failures:
                    assert acknowledged == [number for number in mine if not story[number].poisoned]
                if latest not in acknowledged[-1:]:
                    # A record is written although its commit failed: then, or with a later one.
                    assert failures or not acknowledged
                    assert latest is None or latest > max(acknowledged, default=-1)
                assert latest is not None or not acknowledged

    asyncio.run(play())
