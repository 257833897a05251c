"""What judges found of the answers of two models."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from ymera_service.storage.faults import unavailable
from ymera_service.storage.tables import benchmark_comparisons

LATEST = 20_000
"""How many of the latest judgements count, each of one order: vendors change models without changing their names."""

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
                newest = select(func.count(), func.max(_COLUMNS.created_at)).select_from(benchmark_comparisons)
                seen = tuple((await connection.execute(newest)).one())
                if seen != self._seen:
                    latest = select(benchmark_comparisons).order_by(_COLUMNS.created_at.desc()).limit(LATEST)
                    self._matches = matched((await connection.execute(latest)).all())
                    self._seen = seen
        return self._matches


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
