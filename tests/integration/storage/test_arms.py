"""What executions in the arms of experiments came to, summed by the database. On both databases."""

from collections.abc import Sequence
from dataclasses import astuple, replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection, delete, event

from ymera_service.storage import Database, Recorder, arms
from ymera_service.storage.arms import Arms, ArmSums, Sums
from ymera_service.storage.labels import arm_label
from ymera_service.storage.records import (
    ExecutionLabel,
    ExecutionRecord,
    ExecutionStatus,
    Observation,
    ObservationSource,
    Operation,
)
from ymera_service.storage.rows import Record
from ymera_service.storage.tables import execution_labels, executions

SESSION = ("caller", "session_id")
HALVES = "a=0.5,b=0.5"


class Stored:
    """Makes the records of executions in arms."""

    def __init__(self, execution: ExecutionRecord, observation: Observation) -> None:
        self.records: list[Record] = []
        self._execution = replace(execution, cost_micros=100, status=ExecutionStatus.COMPLETED)
        self.began = execution.created_at
        self._observation = observation

    def executed(
        self, arm: str, session: str, *, shares: str | None = HALVES, experiment: str = "e", **fields: object
    ) -> str:
        request_id = f"{len(self.records):036}"
        labels = {arm_label(experiment): arm}
        own = {"session_id": session, "arm_shares": shares, "labels": labels, "request_id": request_id} | fields
        made = replace(self._execution, **own)  # type: ignore[arg-type]  # its fields
        self.records += [made, ExecutionLabel(arm_label(experiment), arm, made.created_at, request_id)]
        return request_id

    def judged(self, request_id: str, value: float | None, *, name: str = "rating", later: int = 0) -> None:
        one = self._observation
        source = ObservationSource.FEEDBACK
        created_at = one.created_at + timedelta(seconds=later)
        changed = {"id": f"{len(self.records):036}", "request_id": request_id, "value": value, "created_at": created_at}
        self.records.append(replace(one, name=name, source=source, **changed))  # type: ignore[arg-type]  # its fields

    async def sums(self, url: str, unit: tuple[str, ...] = SESSION) -> dict[tuple[str, str], ArmSums]:
        async with Database.open(url) as database, Recorder(database) as recorder:
            await recorder.record(*self.records)
            return {(one.arm, one.shares): one for one in await database.arms.sums("e", unit)}

    async def record(self, database: Database) -> None:
        async with Recorder(database) as recorder:
            await recorder.record(*self.records)

    def spread(self, count: int) -> list[str]:
        """Makes executions a minute apart, in turn of seven sessions, and returns their ids."""
        made = [
            self.executed(
                "ab"[number % 7 % 2],
                f"s{number % 7}",
                created_at=self.began + timedelta(minutes=number),
                cost_micros=number,
            )
            for number in range(count)
        ]
        for number, request_id in enumerate(made[::2]):
            self.judged(request_id, number / count)
        return made


@pytest.fixture
def requests(execution: ExecutionRecord, observation: Observation) -> Stored:
    return Stored(execution, observation)


async def test_a_units_requests_count_by_their_mean(database_url: str, requests: Stored) -> None:
    requests.executed("a", "s1", cost_micros=100, duration=1.0)
    requests.executed("a", "s1", cost_micros=300, duration=3.0)
    requests.executed("a", "s2", cost_micros=600, duration=1.0)
    requests.executed("b", "s3", cost_micros=None)
    found = await requests.sums(database_url)
    one = found["a", HALVES]
    assert (one.units, one.requests) == (2, 3)
    assert one.figures["cost"] == Sums(2, 800.0, 200.0**2 + 600.0**2)
    assert one.figures["latency"] == Sums(2, 3.0, 5.0)
    assert one.figures["failures"] == Sums(2, 0.0, 0.0)
    assert one.figures["quality"] == Sums(0, 0.0, 0.0)
    assert found["b", HALVES].figures["cost"].count == 0


async def test_quality_is_the_mean_of_what_was_observed_last_by_each_name(database_url: str, requests: Stored) -> None:
    first, second = requests.executed("a", "s1"), requests.executed("a", "s2")
    requests.judged(first, 0.0)
    requests.judged(first, 1.0, later=1)
    requests.judged(first, 0.5, name="thumb")
    requests.judged(second, 0.25)
    requests.judged(second, None, name="tests")
    one = (await requests.sums(database_url))["a", HALVES]
    assert one.figures["quality"] == Sums(2, 1.0, 0.75**2 + 0.25**2)


async def test_only_what_was_executed_counts_and_cancelled_calls_are_not_failures(
    database_url: str, requests: Stored
) -> None:
    requests.executed("a", "s1", status=ExecutionStatus.FAILED)
    requests.executed("a", "s1")
    requests.executed("a", "s2", status=ExecutionStatus.CANCELLED)
    requests.executed("a", "s3", status=ExecutionStatus.ROUTED)
    requests.executed("a", "s4", operation=Operation.EMBEDDINGS)
    requests.executed("a", "s5", shares=None)  # a label of a time when callers could set it
    requests.executed("a", "s6", experiment="another")
    one = (await requests.sums(database_url))["a", HALVES]
    assert (one.units, one.requests) == (2, 3)
    assert one.figures["failures"] == Sums(1, 0.5, 0.25)


async def test_times_with_other_shares_are_apart_and_units_are_what_is_asked_for(
    database_url: str, requests: Stored
) -> None:
    requests.executed("a", "s1", caller="x")
    requests.executed("a", "s1", caller="y")
    requests.executed("a", "s1", caller="y", shares="a=0.9,b=0.1")
    found = await requests.sums(database_url)
    assert {key: one.units for key, one in found.items()} == {("a", HALVES): 2, ("a", "a=0.9,b=0.1"): 1}
    async with Database.open(database_url) as database:
        by_caller = await database.arms.sums("e", ("end_user",))
    assert [one.units for one in by_caller] == [1, 1]


def by_key(found: Sequence[ArmSums]) -> dict[tuple[str, str], ArmSums]:
    return {(one.arm, one.shares): one for one in found}


async def assert_as_at_once(database: Database, stored: Arms, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compares the sums with those of a reading that takes all executions at once."""
    for unit in (SESSION, ("request_id",)):
        found = by_key(await stored.sums("e", unit))
        with monkeypatch.context() as patch:
            patch.setattr(arms, "PART", 1_000_000)
            whole = by_key(await Arms(database.arms._reader).sums("e", unit))
        assert found.keys() == whole.keys()
        for key, one in found.items():
            assert (one.units, one.requests) == (whole[key].units, whole[key].requests)
            for name, each in one.figures.items():
                assert astuple(each) == pytest.approx(astuple(whole[key].figures[name]))


async def test_sums_of_parts_are_those_of_all_whatever_is_added_late_or_deleted(
    database_url: str, requests: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arms, "PART", 4)
    made = requests.spread(40)
    now = requests.began + timedelta(days=2)
    async with Database.open(database_url) as database:
        stored = Arms(database.arms._reader, lambda: now)
        await assert_as_at_once(database, stored, monkeypatch)
        await requests.record(database)
        await assert_as_at_once(database, stored, monkeypatch)
        requests.judged(made[3], 1.0, later=48 * 3_600)  # long after its part was read
        requests.executed("b", "s3", created_at=requests.began + timedelta(minutes=41))
        await requests.record(database)
        await assert_as_at_once(database, stored, monkeypatch)
        requests.executed(
            "c", "s99", created_at=requests.began + timedelta(minutes=5, seconds=1)
        )  # recovered after a crash
        requests.executed("a", "s2", created_at=requests.began - timedelta(minutes=5))
        await requests.record(database)
        now += arms.RECOUNTED
        await assert_as_at_once(database, stored, monkeypatch)
        await database.delete(
            delete(executions).where(executions.c.created_at < requests.began + timedelta(minutes=10))
        )
        old = execution_labels.c.created_at < requests.began + timedelta(minutes=10)
        await database.delete(delete(execution_labels).where(old))
        await assert_as_at_once(database, stored, monkeypatch)
        assert sum(one.requests for one in await stored.sums("e", SESSION)) == 31


async def test_more_executions_at_one_moment_than_a_part_has_are_all_counted(
    database_url: str, requests: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arms, "PART", 4)
    for number in range(20):
        requests.executed("a", f"s{number}", created_at=requests.began + timedelta(minutes=number // 10))
    async with Database.open(database_url) as database:
        await requests.record(database)
        await assert_as_at_once(database, database.arms, monkeypatch)


async def test_what_was_read_is_not_read_again(
    database_url: str, requests: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arms, "PART", 4)
    requests.spread(40)
    summed = 0

    def count(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        nonlocal summed
        summed += "GROUP BY" in statement

    async with Database.open(database_url) as database:
        await requests.record(database)
        reader = database.arms._reader
        event.listen(reader.sync_engine, "before_cursor_execute", count)
        stored = Arms(reader, lambda: requests.began + timedelta(days=2))
        await stored.sums("e", SESSION)
        assert summed == 10
        await stored.sums("e", SESSION)
        assert summed == 11


async def test_a_part_is_read_by_indexes(sqlite_url: str, requests: Stored) -> None:
    plan: list[str] = []
    statements: list[tuple[str, tuple[object, ...]]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: tuple[object, ...], *_: object) -> None:
        statements.append((statement, parameters))

    def explain(connection: Connection) -> None:
        for statement, parameters in statements:
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            plan.extend(row.detail for row in rows)

    async with Database.open(sqlite_url) as database:
        requests.spread(4)
        await requests.record(database)
        event.listen(database.arms._reader.sync_engine, "before_cursor_execute", note)
        await database.arms.sums("e", SESSION)
        await database.arms.sums("e", SESSION)
        await database.write(explain)
    tables = ("executions", "execution_labels", "judged_label", "observations")
    assert any(step.startswith("SEARCH executions") for step in plan)
    assert [step for step in plan if step.startswith(tuple(f"SCAN {table}" for table in tables))] == []
