"""Which comparisons of answers count, and that finding out does not read all that are stored. On both databases."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, func, select, text
from sqlalchemy.dialects import sqlite

from ymera_service.config import StorageSettings
from ymera_service.storage import Database, Recorder, Retention, comparisons
from ymera_service.storage.comparisons import BenchmarkComparison, Matches
from ymera_service.storage.tables import benchmark_comparisons

NOW = datetime(2026, 11, 30, tzinfo=UTC)


def judgements(task: int, preference: float, age: float = 0) -> list[BenchmarkComparison]:
    """Returns what a judge found of two models in both orders, this many seconds ago."""
    return [
        BenchmarkComparison(
            "run", "suite", str(task), *pair, "coding", "judge", NOW - timedelta(seconds=age + place), value
        )
        for place, (pair, value) in enumerate(((("a", "b"), preference), (("b", "a"), 1 - preference)))
    ]


async def record(database: Database, found: Sequence[BenchmarkComparison]) -> None:
    async with Recorder(database) as recorder:
        await recorder.record(*found)


async def test_matches_are_the_same_object_until_there_are_others(database_url: str) -> None:
    async with Database.open(database_url) as database:
        await record(database, judgements(1, 1.0))
        matches = await database.comparisons.matches()
        assert matches == [Matches("coding", "a", "b", 1, 1.0)]
        assert await database.comparisons.matches() is matches
        await record(database, judgements(2, 0.0, age=3_600))  # another server's, stored late
        assert await database.comparisons.matches() == [Matches("coding", "a", "b", 2, 1.0)]


async def test_only_the_latest_count_and_the_others_are_deleted(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparisons, "LATEST", 4)
    left = 0

    def count(connection: Connection) -> None:
        nonlocal left
        left = connection.execute(select(func.count()).select_from(benchmark_comparisons)).scalar_one()

    async with Database.open(database_url) as database:
        for number in range(40):
            await record(database, judgements(number, float(number < 2), age=10 * number))
        assert await database.comparisons.matches() == [Matches("coding", "a", "b", 2, 2.0)]
        await Retention(database, StorageSettings(retention_days=1), now=lambda: NOW).prune()
        await database.write(count)
        assert left == 4
        assert await database.comparisons.matches() == [Matches("coding", "a", "b", 2, 2.0)]


async def test_looking_for_others_reads_the_index_alone(sqlite_url: str) -> None:
    query = comparisons.extent().compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
    plan: list[str] = []

    def explain(connection: Connection) -> None:
        plan.extend(row.detail for row in connection.execute(text(f"EXPLAIN QUERY PLAN {query}")))

    async with Database.open(sqlite_url) as database:
        await database.write(explain)
    assert any("COVERING INDEX benchmark_comparisons_created_at" in step for step in plan)
    assert not any("TEMP B-TREE" in step for step in plan)
