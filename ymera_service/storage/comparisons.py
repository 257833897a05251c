"""What judges found of the answers of two models."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Delete, Row, Select, delete, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ymera_service.storage.faults import unavailable
from ymera_service.storage.tables import benchmark_comparisons

LATEST = 20_000
"""How many of the latest judgements count, each of one order: vendors change models without changing their names.
Retention deletes the others."""
_PART = 500
"""Rows that are converted at a time, so that the event loop is not held."""

_COLUMNS = benchmark_comparisons.c


@dataclass(frozen=True, slots=True)
class BenchmarkComparison:
    """What a judge found of two models' answers to a task, in one order: 1 if the first is better, 0 if the second.

    Attributes:
        preference: From 0 to 1; 0.5 for a tie.
    """

    run_id: str
    suite: str
    task_id: str
    first: str
    second: str
    category: str
    judge: str
    created_at: datetime
    preference: float


@dataclass(frozen=True, slots=True)
class Matches:
    """How often two models were compared in a category, and how often the first was better; a tie counts a half."""

    category: str
    first: str
    second: str
    count: int
    won: float


class Comparisons:
    """The stored comparisons. They are read again only if there are others than before."""

    def __init__(self, reader: AsyncEngine) -> None:
        self._reader = reader
        self._seen: tuple[Any, ...] = ()
        self._matches: Sequence[Matches] = ()

    async def matches(self) -> Sequence[Matches]:
        """Returns how often each two models were compared in each category; the same object until there are others.

        Only tasks count whose two orders were judged: if these disagree, it is a tie.

        Raises:
            StorageUnavailable: The database can't be read.
        """
        with unavailable("read the comparisons of answers"):
            async with self._reader.connect() as connection:
                seen = tuple((await connection.execute(extent())).one())
                if seen != self._seen:
                    self._matches = await asyncio.to_thread(matched, await _latest(connection))
                    self._seen = seen
        return self._matches

    async def nth_latest(self, number: int) -> datetime | None:
        """Returns the time of the `number`-th latest judgement; None if there are fewer.

        Raises:
            StorageUnavailable: The database can't be read.
        """
        made = _COLUMNS.created_at
        query = select(made).order_by(made.desc()).limit(1).offset(number - 1)
        with unavailable("count the comparisons of answers"):
            async with self._reader.connect() as connection:
                return (await connection.execute(query)).scalar_one_or_none()


def extent() -> Select[int, datetime, datetime]:
    """Returns the query for how many judgements count, and when the first and the last of them were made.

    It reads the index alone, and of that only those that count.
    """
    times = select(_COLUMNS.created_at).order_by(_COLUMNS.created_at.desc()).limit(LATEST).subquery()
    made = times.c.created_at
    return select(func.count(), func.min(made), func.max(made))


def oldest(cutoff: datetime, limit: int) -> Delete:
    """Returns what deletes the oldest judgements from before a time, this many at most."""
    keys = benchmark_comparisons.primary_key.columns.values()
    made = _COLUMNS.created_at
    chosen = select(*keys).where(made < cutoff).order_by(made).limit(limit)
    return delete(benchmark_comparisons).where(tuple_(*keys).in_(chosen))


async def _latest(connection: AsyncConnection) -> Sequence[Row[Any]]:
    names = ("run_id", "suite", "task_id", "first", "second", "category", "preference")
    query = select(*(_COLUMNS[name] for name in names)).order_by(_COLUMNS.created_at.desc()).limit(LATEST)
    rows: list[Row[Any]] = []
    async with connection.stream(query) as result:
        async for part in result.partitions(_PART):
            rows += part
    return rows


def matched(rows: Iterable[Row[Any]]) -> Sequence[Matches]:
    """Returns the matches of judgements: of tasks whose two orders were judged."""
    found = {(row.run_id, row.suite, row.task_id, row.first, row.second): row for row in rows}
    won: defaultdict[tuple[str, str, str], list[float]] = defaultdict(list)
    for (run_id, suite, task_id, first, second), row in found.items():
        other = found.get((run_id, suite, task_id, second, first))
        if first < second and other is not None:
            agreed = row.preference == 1 - other.preference
            won[row.category, first, second].append(row.preference if agreed else 0.5)
    return [Matches(*key, len(each), sum(each)) for key, each in sorted(won.items())]
