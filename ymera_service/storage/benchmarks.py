"""Reads summaries of benchmark results."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from statistics import fmean, median

from sqlalchemy import Select, String, and_, bindparam, func, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ymera_service.storage.benchmark_tasks import KeptTasks, MeasuredTasks
from ymera_service.storage.faults import unavailable
from ymera_service.storage.records import BenchmarkSummary
from ymera_service.storage.tables import UtcDateTime, benchmark_results, benchmark_tasks

LATEST_TASKS = 200
"""The number of a model's latest graded tasks in a category that its summary covers, plus those with the same time as
the oldest of them. Vendors change models without changing their names, so older tasks leave the window; with 200 the
score's 95 % interval is within ±7 points."""
OVERLAP = timedelta(minutes=10)
"""The time before the latest reading that is read again: other servers may store results late, and clocks differ."""

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Benchmarks:
    """The stored benchmark results.

    Only the first reading covers all models; later ones cover the models with new results. The results' `created_at`
    is compared with `now`.
    """

    def __init__(self, reader: AsyncEngine, now: Callable[[], datetime] = _utc_now) -> None:
        self._reader = reader
        self._now = now
        self._one_at_a_time = asyncio.Lock()
        self._since = _LONG_AGO
        self._summaries: dict[str, Sequence[BenchmarkSummary]] = {}
        self._tasks = KeptTasks()

    async def summaries(self) -> list[BenchmarkSummary]:
        """Returns a summary for each model, category and suite that has graded tasks, in that order.

        Failed calls are not graded and don't count; a task that was repeated counts once, with its latest result.

        Raises:
            StorageUnavailable: The database can't be read.
        """
        async with self._one_at_a_time:
            with unavailable("read the benchmark results"):
                async with self._reader.connect() as connection:
                    await self._read(connection)
        return [summary for model in sorted(self._summaries) for summary in self._summaries[model]]

    @property
    def tasks(self) -> MeasuredTasks:
        """What the latest reading of summaries has found of single tasks; the same object until there is more."""
        return self._tasks.measured

    async def nth_latest_task(self, number: int) -> datetime | None:
        """Returns the time of the `number`-th latest task whose features are kept; None if there are fewer.

        Raises:
            StorageUnavailable: The database can't be read.
        """
        measured = benchmark_tasks.c.created_at
        query = select(measured).order_by(measured.desc()).limit(1).offset(number - 1)
        with unavailable("count the benchmark tasks"):
            async with self._reader.connect() as connection:
                return (await connection.execute(query)).scalar_one_or_none()

    async def _read(self, connection: AsyncConnection) -> None:
        began = self._now()
        await self._tasks.read(connection, self._since)
        for model in set((await connection.execute(_models(self._since))).scalars()):
            rows = (await connection.execute(_LATEST, {"model": model})).all()
            # A later result of a task replaces an earlier one.
            latest = {(category, suite, task): (score, duration) for category, suite, task, score, duration in rows}
            self._summaries[model] = _summaries(model, latest)
            self._tasks.take(model, {(suite, task): score for (_, suite, task), (score, _) in latest.items()})
        self._since = began - OVERLAP


def _models(since: datetime) -> Select[str]:
    models = select(benchmark_results.c.model)
    if since == _LONG_AGO:
        return models.distinct()
    # Not distinct: with it, SQLite scans all models instead of only the latest results.
    return models.where(benchmark_results.c.created_at >= since)


def _latest() -> Select[str, str, str, float, float]:
    """Returns the query for the latest graded tasks of a model, by category, the oldest first.

    The subquery per category needs only a few index look-ups; a window function would sort all tasks.
    """
    model = bindparam("model", type_=String)
    results, older = benchmark_results.alias().c, benchmark_results.alias().c
    categories = select(results.category).where(results.model == model).distinct().subquery().c
    oldest = (
        select(older.created_at)
        .where(older.model == model, older.category == categories.category, older.score.is_not(None))
        .order_by(older.created_at.desc())
        .limit(1)
        .offset(LATEST_TASKS - 1)
        .scalar_subquery()
    )
    latest = benchmark_results.c
    return (
        select(latest.category, latest.suite, latest.task_id, latest.score, latest.duration)
        .join_from(
            categories.category.table,
            benchmark_results,
            and_(latest.model == model, latest.category == categories.category),
        )
        .where(latest.score.is_not(None), latest.created_at >= func.coalesce(oldest, literal(_LONG_AGO, UtcDateTime())))
        .order_by(latest.category, latest.created_at, latest.run_id)
    )


_LATEST = _latest()


def _summaries(model: str, latest: Mapping[tuple[str, str, str], tuple[float, float]]) -> list[BenchmarkSummary]:
    groups: defaultdict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    for (category, suite, _), result in latest.items():
        groups[category, suite].append(result)
    found = []
    for (category, suite), results in sorted(groups.items()):
        scores, durations = zip(*results, strict=True)
        found.append(BenchmarkSummary(model, category, len(scores), fmean(scores), median(durations), suite))
    return found
