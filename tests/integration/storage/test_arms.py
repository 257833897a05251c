"""What executions in the arms of experiments came to, summed by the database. On both databases."""

from dataclasses import replace
from datetime import timedelta

import pytest

from ymera_service.storage import Database, Recorder
from ymera_service.storage.arms import ArmSums, Sums
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

SESSION = ("caller", "session_id")
HALVES = "a=0.5,b=0.5"


class Told:
    """Makes the records of executions in arms."""

    def __init__(self, execution: ExecutionRecord, observation: Observation) -> None:
        self.records: list[Record] = []
        self._execution = replace(execution, cost_micros=100, status=ExecutionStatus.COMPLETED)
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


@pytest.fixture
def told(execution: ExecutionRecord, observation: Observation) -> Told:
    return Told(execution, observation)


async def test_a_units_requests_count_by_their_mean(database_url: str, told: Told) -> None:
    told.executed("a", "s1", cost_micros=100, duration=1.0)
    told.executed("a", "s1", cost_micros=300, duration=3.0)
    told.executed("a", "s2", cost_micros=600, duration=1.0)
    told.executed("b", "s3", cost_micros=None)
    found = await told.sums(database_url)
    one = found["a", HALVES]
    assert (one.units, one.requests) == (2, 3)
    assert one.figures["cost"] == Sums(2, 800.0, 200.0**2 + 600.0**2)
    assert one.figures["latency"] == Sums(2, 3.0, 5.0)
    assert one.figures["failures"] == Sums(2, 0.0, 0.0)
    assert one.figures["quality"] == Sums(0, 0.0, 0.0)
    assert found["b", HALVES].figures["cost"].count == 0


async def test_quality_is_the_mean_of_what_was_observed_last_by_each_name(database_url: str, told: Told) -> None:
    first, second = told.executed("a", "s1"), told.executed("a", "s2")
    told.judged(first, 0.0)
    told.judged(first, 1.0, later=1)
    told.judged(first, 0.5, name="thumb")
    told.judged(second, 0.25)
    told.judged(second, None, name="tests")
    one = (await told.sums(database_url))["a", HALVES]
    assert one.figures["quality"] == Sums(2, 1.0, 0.75**2 + 0.25**2)


async def test_only_what_was_executed_counts_and_cancelled_calls_are_no_failures(database_url: str, told: Told) -> None:
    told.executed("a", "s1", status=ExecutionStatus.FAILED)
    told.executed("a", "s1")
    told.executed("a", "s2", status=ExecutionStatus.CANCELLED)
    told.executed("a", "s3", status=ExecutionStatus.ROUTED)
    told.executed("a", "s4", operation=Operation.EMBEDDINGS)
    told.executed("a", "s5", shares=None)  # a label of a time when callers could set it
    told.executed("a", "s6", experiment="another")
    one = (await told.sums(database_url))["a", HALVES]
    assert (one.units, one.requests) == (2, 3)
    assert one.figures["failures"] == Sums(1, 0.5, 0.25)


async def test_times_with_other_shares_are_apart_and_units_are_what_is_asked_for(database_url: str, told: Told) -> None:
    told.executed("a", "s1", caller="x")
    told.executed("a", "s1", caller="y")
    told.executed("a", "s1", caller="y", shares="a=0.9,b=0.1")
    found = await told.sums(database_url)
    assert {key: one.units for key, one in found.items()} == {("a", HALVES): 2, ("a", "a=0.9,b=0.1"): 1}
    async with Database.open(database_url) as database:
        by_caller = await database.arms.sums("e", ("end_user",))
    assert [one.units for one in by_caller] == [1, 1]
