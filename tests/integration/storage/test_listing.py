"""Lists of executions: filters, order and pages, on both databases, and which index each filter uses."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.dialects import sqlite

from ymera_service.storage import Database, Recorder
from ymera_service.storage.listing import listing
from ymera_service.storage.records import ExecutionFilter, ExecutionLabel, ExecutionRecord, ExecutionStatus

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
COUNT = 24


def numbered(execution: ExecutionRecord, number: int) -> ExecutionRecord:
    """Two executions arrive at the same moment; every third failed, every fourth was made by another model."""
    return replace(
        execution,
        request_id=f"{number:04}",
        created_at=NOON + timedelta(seconds=number // 2),
        status=ExecutionStatus.FAILED if number % 3 == 0 else ExecutionStatus.COMPLETED,
        model="acme/small" if number % 4 == 0 else "acme/large",
        end_user="someone" if number % 6 == 0 else "",
        labels={"team": "a" if number % 2 else "b", "env": "prod" if number % 5 == 0 else "test"},
    )


@pytest.fixture
async def database(database_url: str, execution: ExecutionRecord) -> AsyncIterator[Database]:
    async with Database.open(database_url) as database:
        async with Recorder(database) as recorder:
            for number in range(COUNT):
                one = numbered(execution, number)
                labels = [ExecutionLabel(*pair, one.created_at, one.request_id) for pair in one.labels.items()]
                await recorder.record(one, *labels)
        yield database


async def ids(database: Database, wanted: ExecutionFilter, *, page: int = 100) -> list[int]:
    """The ids of a whole list, page by page."""
    found: list[ExecutionRecord] = []
    while True:
        after = (found[-1].created_at, found[-1].request_id) if found else None
        latest: Sequence[ExecutionRecord] = await database.executions.latest(wanted, limit=page, after=after)
        found += latest
        if len(latest) < page:
            return [int(one.request_id) for one in found]


FILTERS = [
    (ExecutionFilter(), range(COUNT)),
    (ExecutionFilter(start=NOON + timedelta(seconds=3)), range(6, COUNT)),
    (ExecutionFilter(end=NOON + timedelta(seconds=3)), range(6)),
    (ExecutionFilter(status=ExecutionStatus.FAILED), range(0, COUNT, 3)),
    (ExecutionFilter(model="acme/small"), range(0, COUNT, 4)),
    (ExecutionFilter(end_user="someone"), range(0, COUNT, 6)),
    (ExecutionFilter(labels={"team": "b"}), range(0, COUNT, 2)),
    (ExecutionFilter(labels={"team": "b", "env": "prod"}), range(0, COUNT, 10)),
    (ExecutionFilter(labels={"team": "b"}, status=ExecutionStatus.FAILED, model="acme/small"), range(0, COUNT, 12)),
    (ExecutionFilter(labels={"team": "c"}), range(0)),
]


@pytest.mark.parametrize(("wanted", "expected"), FILTERS, ids=lambda value: "" if isinstance(value, range) else None)
async def test_the_executions_that_meet_every_filter_are_listed_latest_first(
    database: Database, wanted: ExecutionFilter, expected: range
) -> None:
    for page in (100, 7, 1):
        assert await ids(database, wanted, page=page) == list(reversed(expected))


async def test_what_is_listed_is_as_it_was_recorded_but_for_decision_and_attempts(
    database: Database, execution: ExecutionRecord
) -> None:
    [latest] = await database.executions.latest(ExecutionFilter(), limit=1)
    assert latest == replace(numbered(execution, COUNT - 1), decision=b"", attempts=b"[]", features=None)


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (ExecutionFilter(start=NOON), "executions_created_at"),
        (ExecutionFilter(status=ExecutionStatus.FAILED), "executions_by_status"),
        (ExecutionFilter(model="acme/small"), "executions_by_model"),
        (ExecutionFilter(end_user="someone"), "executions_by_end_user"),
        (ExecutionFilter(labels={"team": "b", "env": "prod"}), "label_0"),
    ],
)
async def test_every_filter_reads_in_the_order_of_an_index(
    database: Database, wanted: ExecutionFilter, index: str
) -> None:
    if database.backend != "sqlite":
        pytest.skip("PostgreSQL plans by statistics, and scans tables this small")
    query = listing(wanted, (NOON, "x")).limit(10)
    options = {"literal_binds": True, "render_postcompile": True}
    statement = str(query.compile(dialect=sqlite.dialect(), compile_kwargs=options))
    plan: list[str] = []

    def explain(connection: Connection) -> None:
        plan.extend(row[3] for row in connection.execute(text(f"EXPLAIN QUERY PLAN {statement}")))

    await database.write(explain)
    assert index in plan[0], plan
    assert plan[0].startswith("SEARCH"), plan
    assert not any(step.startswith("USE TEMP B-TREE FOR ORDER BY") for step in plan), plan
