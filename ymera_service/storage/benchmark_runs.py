"""Reads the runs of benchmarks, their results, and what models answered in them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, and_, case, func, literal, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncEngine

from ymera_service.sdk.generation import Usage
from ymera_service.storage.faults import unavailable
from ymera_service.storage.records import BenchmarkAnswer, BenchmarkResult, BenchmarkRun, RunTotals
from ymera_service.storage.tables import USAGE_COLUMNS, benchmark_answers, benchmark_results, benchmark_runs

Place = tuple[str, str, str]
"""Model, suite and task id: the place of a task in the list of a run."""
_RESULTS, _ANSWERS = benchmark_results.c, benchmark_answers.c
_KEPT = ("prompt", "answer", "findings")


class BenchmarkRuns:
    """The stored runs. The `Recorder` writes them."""

    def __init__(self, reader: AsyncEngine) -> None:
        self._reader = reader

    async def get(self, run_id: str) -> BenchmarkRun | None:
        """Returns a run; None if no run with that id is stored.

        Raises:
            StorageUnavailable: The database can't be read.
        """
        rows = await self._read("read a benchmark run", select(benchmark_runs).where(benchmark_runs.c.run_id == run_id))
        return BenchmarkRun(**rows[0]._asdict()) if rows else None

    async def latest(self, *, limit: int, after: str = "", caller: str | None = None) -> Sequence[BenchmarkRun]:
        """Returns runs, the latest first.

        Args:
            limit: How many, at most.
            after: The id of the run that those returned follow; empty for the first.
            caller: Only those of this caller; None for those of all.

        Raises:
            StorageUnavailable: The database can't be read.
        """
        run = benchmark_runs.c
        query = select(benchmark_runs).order_by(run.run_id.desc()).limit(limit)
        if after:
            query = query.where(run.run_id < after)
        if caller is not None:
            query = query.where(run.caller == caller)
        return [BenchmarkRun(**row._asdict()) for row in await self._read("list the benchmark runs", query)]

    async def totals(self, run_ids: Sequence[str]) -> Mapping[str, RunTotals]:
        """Returns the totals of runs by id; runs without a stored result are left out.

        Raises:
            StorageUnavailable: The database can't be read.
        """
        sums = [func.sum(_RESULTS[name]).label(name) for name in USAGE_COLUMNS]
        query = (
            select(
                _RESULTS.run_id,
                func.count().label("tasks"),
                func.sum(case((_RESULTS.error_reason != "", 1), else_=0)).label("failures"),
                func.sum(_RESULTS.cost_micros).label("cost_micros"),
                *sums,
            )
            .where(_RESULTS.run_id.in_(run_ids))
            .group_by(_RESULTS.run_id)
        )
        return {row.run_id: _totals(row) for row in await self._read("sum the benchmark runs", query)}

    async def results(
        self,
        run_id: str,
        *,
        model: str = "",
        failed: bool = False,
        limit: int | None = None,
        after: Place | None = None,
    ) -> Sequence[tuple[BenchmarkResult, BenchmarkAnswer | None]]:
        """Returns results of a run in the order of model, suite and task, each with the answer if that is still kept.

        Args:
            run_id: The run.
            model: Only those of the model with this id; empty for all.
            failed: Only those that failed, or with a score below 1.
            limit: How many, at most; None for all.
            after: The place of the result that those returned follow.

        Raises:
            StorageUnavailable: The database can't be read.
        """
        keys = ("run_id", "model", "suite", "task_id")
        query = (
            select(benchmark_results, *(_ANSWERS[name] for name in _KEPT))
            .outerjoin(benchmark_answers, and_(*(_ANSWERS[key] == _RESULTS[key] for key in keys)))
            .where(_RESULTS.run_id == run_id)
            .order_by(*(_RESULTS[key] for key in keys[1:]))
            .limit(limit)
        )
        if model:
            query = query.where(_RESULTS.model == model)
        if failed:
            query = query.where(or_(_RESULTS.error_reason != "", _RESULTS.score < 1))
        if after is not None:
            query = query.where(tuple_(*(_RESULTS[key] for key in keys[1:])) > tuple_(*map(literal, after)))
        return [_result(row) for row in await self._read("read a benchmark run", query)]

    async def nth_latest_answer(self, number: int) -> datetime | None:
        """Returns the time of the `number`-th latest answer; None if there are fewer.

        Raises:
            StorageUnavailable: The database can't be read.
        """
        query = select(_ANSWERS.created_at).order_by(_ANSWERS.created_at.desc()).limit(1).offset(number - 1)
        rows = await self._read("count the answers to benchmark tasks", query)
        return rows[0].created_at if rows else None

    async def _read(self, action: str, query: Select[Any]) -> Sequence[Row[Any]]:
        with unavailable(action):
            async with self._reader.connect() as connection:
                rows: Sequence[Row[Any]] = (await connection.execute(query)).all()
        return rows


def _totals(row: Row[Any]) -> RunTotals:
    usage = Usage(*(int(getattr(row, name)) for name in USAGE_COLUMNS))
    cost = None if row.cost_micros is None else int(row.cost_micros)
    return RunTotals(row.tasks, int(row.failures), usage, cost)


def _result(row: Row[Any]) -> tuple[BenchmarkResult, BenchmarkAnswer | None]:
    values = row._asdict()
    usage = Usage(**{name: values.pop(name) for name in USAGE_COLUMNS})
    kept = {name: values.pop(name) for name in _KEPT}
    result = BenchmarkResult(**values, usage=usage)
    if kept["answer"] is None:
        return result, None
    key = result.run_id, result.model, result.suite, result.task_id
    return result, BenchmarkAnswer(*key, result.created_at, **kept)
