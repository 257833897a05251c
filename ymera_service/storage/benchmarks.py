"""Reads what benchmark results amount to."""

from sqlalchemy import Select, and_, case, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from ymera_service.storage.faults import unavailable
from ymera_service.storage.records import BenchmarkSummary
from ymera_service.storage.tables import benchmark_results

LATEST_TASKS = 200
"""How many of a model's latest graded tasks in a category its summary rests on. Models change behind
their names, so older tasks leave the window; 200 put the score's 95 % interval within ±7 points."""


class Benchmarks:
    """The benchmark results that are stored."""

    def __init__(self, reader: AsyncEngine) -> None:
        self._reader = reader

    async def summaries(self) -> list[BenchmarkSummary]:
        """Returns a summary for each model and category that has graded tasks, in that order.

        Failed calls were not graded and don't count.

        Raises:
            StorageUnavailable: The database can't be read.
        """
        with unavailable("read the benchmark results"):
            async with self._reader.connect() as connection:
                rows = (await connection.execute(_summaries())).all()
        return [BenchmarkSummary(*row) for row in rows]


def _summaries() -> Select[str, str, int, float, float]:
    results = benchmark_results.c
    group = (results.model, results.category)
    age = func.row_number().over(
        partition_by=group, order_by=(results.created_at.desc(), results.run_id.desc(), results.suite, results.task_id)
    )
    latest = (
        select(*group, results.score, results.duration, age.label("age")).where(results.score.is_not(None)).subquery()
    )
    within = (latest.c.model, latest.c.category)
    ranked = (
        select(
            *within,
            latest.c.score,
            latest.c.duration,
            func.row_number().over(partition_by=within, order_by=latest.c.duration).label("rank"),
            func.count().over(partition_by=within).label("tasks"),
        )
        .where(latest.c.age <= LATEST_TASKS)
        .subquery()
    )
    # The median is the mean of the middle one or two.
    middle = and_(ranked.c.rank * 2 >= ranked.c.tasks, ranked.c.rank * 2 <= ranked.c.tasks + 2)
    return (
        select(
            ranked.c.model,
            ranked.c.category,
            func.count(),
            func.avg(ranked.c.score),
            func.avg(case((middle, ranked.c.duration))),
        )
        .group_by(ranked.c.model, ranked.c.category)
        .order_by(ranked.c.model, ranked.c.category)
    )
