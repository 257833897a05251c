"""Runs of benchmarks, as they were stored, page by page."""

from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from ymera_service.benchmark.resuming import not_found
from ymera_service.benchmark.runs import StoredPlan
from ymera_service.serving.checks.plans import MAX_RUN_ID
from ymera_service.serving.checks.violations import MAX_PATTERN, Violations
from ymera_service.serving.listing import after_of, page_size, token_of
from ymera_service.storage import Database
from ymera_service.storage.benchmark_runs import Place
from ymera_service.storage.records import BenchmarkAnswer, BenchmarkResult, BenchmarkRun, RunTotals


@dataclass(frozen=True, slots=True)
class PastRun:
    """A run, what it measures, and the totals of its results."""

    run: BenchmarkRun
    plan: StoredPlan
    totals: RunTotals


@dataclass(frozen=True, slots=True)
class RunPage:
    """Some runs, the latest first; `next_token` is empty on the last page."""

    runs: Sequence[PastRun]
    next_token: str


@dataclass(frozen=True, slots=True)
class ResultPage:
    """Some results of a run, each with the answer if it is still kept; `next_token` is empty on the last page."""

    results: Sequence[tuple[BenchmarkResult, BenchmarkAnswer | None]]
    next_token: str


class PastBenchmarks:
    """Finds past runs. If they are `private`, each only for its caller."""

    def __init__(self, database: Database, *, private: bool = False) -> None:
        self._runs = database.benchmark_runs
        self._private = private

    async def runs(self, *, caller: str, size: int, token: str) -> RunPage:
        """Returns a page of runs, as far as this caller may see them.

        Args:
            caller: Who asks.
            size: The most runs; 0 means 100, more than 1,000 means 1,000.
            token: The `next_token` of the page before; empty for the first.

        Raises:
            InvalidRequest: The size is not valid, or this server did not give the token for this list.
            StorageUnavailable: The database can't be read.
        """
        faults = Violations()
        whose = caller if self._private else None
        most, scope = page_size(size, faults), f"runs {whose}"
        after = after_of(token, scope, faults)
        faults.check()
        found = await self._runs.latest(limit=most + 1, after=after, caller=whose)
        totals = await self._runs.totals([run.run_id for run in found[:most]])
        past = [
            PastRun(run, StoredPlan.from_json(run.plan), totals.get(run.run_id, RunTotals())) for run in found[:most]
        ]
        return RunPage(past, token_of(found[most - 1].run_id, scope) if len(found) > most else "")

    async def results(
        self, run_id: str, *, model: str = "", failed: bool = False, caller: str, size: int, token: str
    ) -> ResultPage:
        """Returns a page of results of a run.

        Args:
            run_id: The run.
            model: Only those of the model with this id; empty for all.
            failed: Only those that were not graded, or with a score below 1.
            caller: Who asks.
            size: The most results; 0 means 100, more than 1,000 means 1,000.
            token: The `next_token` of the page before; empty for the first.

        Raises:
            InvalidRequest: The id, the model or the size is not valid, or this server did not give the token for this
                list.
            BenchmarkRunNotFound: No run of that id is stored, or it is another caller's.
            StorageUnavailable: The database can't be read.
        """
        faults = Violations()
        faults.text("run_id", run_id, required=True, max_length=MAX_RUN_ID)
        faults.text("model", model, max_length=MAX_PATTERN)
        most, scope = page_size(size, faults), repr((run_id, model, failed))
        after = after_of(token, scope, faults)
        faults.check()
        run = await self._runs.get(run_id)
        if run is None or (self._private and run.caller != caller):
            raise not_found(run_id)
        place = _place(after) if after else None
        found = await self._runs.results(run_id, model=model, failed=failed, limit=most + 1, after=place)
        last = found[most - 1][0] if len(found) > most else None
        return ResultPage(found[:most], token_of(_after(last), scope) if last else "")


def _after(result: BenchmarkResult) -> str:
    return orjson.dumps([result.model, result.suite, result.task_id]).decode()


def _place(after: str) -> Place:
    model, suite, task_id = orjson.loads(after)
    return model, suite, task_id
