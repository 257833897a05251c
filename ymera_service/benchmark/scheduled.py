"""Runs benchmarks at times, once for all servers with the same database.

A lease in the database lasts from the beginning of one benchmark to that of the next; the server that finds it ended
takes it and runs. If that server is killed, another one, or the same after its restart, goes on with the run. An engine
for durable work, such as DBOS, would add tables and threads of its own for what is one row here.
"""

from collections.abc import Callable
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import structlog

from ymera_service.benchmark.plan import BenchmarkPlan
from ymera_service.benchmark.resuming import lease_of
from ymera_service.benchmark.runner import BenchmarkRunner
from ymera_service.benchmark.runs import StoredPlan
from ymera_service.config import BenchmarkSettings
from ymera_service.sdk.errors import YmeraError
from ymera_service.storage import Database

CHECK_SECONDS = 60.0
"""How often a server looks whether a benchmark is due, or was left unfinished."""
_LEASE = "scheduled benchmark"
_RECENT = 100
"""The runs among which an unfinished one is looked for."""

_log = structlog.get_logger(__name__)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class ScheduledBenchmarks:
    """The benchmarks that are run without a caller. The clocks of servers are compared."""

    def __init__(
        self,
        runner: BenchmarkRunner,
        database: Database,
        settings: BenchmarkSettings,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        """Takes the settings, whose `every_hours` has to be set."""
        self._runner = runner
        self._database = database
        self._settings = settings
        self._period = timedelta(hours=settings.every_hours or 0)
        self._now = now

    async def turn(self) -> None:
        """Runs a benchmark if one is due, or goes on with one that was left unfinished; otherwise does nothing.

        Raises:
            StorageUnavailable: The database can't be read or written.
        """
        now, holder = self._now(), uuid4().hex
        if await self._database.leases.claim(_LEASE, holder, now=now, until=now + self._period):
            plan = BenchmarkPlan(
                tasks_per_category=self._settings.tasks_per_category,
                max_cost_micros=round(self._settings.max_dollars * 1_000_000),
                adaptive=True,
                scheduled=True,
            )
            if not await self._run(plan):
                await self._database.leases.release(_LEASE, holder)
        elif run_id := await self._unfinished(now):
            await self._run(BenchmarkPlan(resume=run_id))

    async def _run(self, plan: BenchmarkPlan) -> bool:
        """Runs a benchmark, and returns whether it began."""
        begun = False
        try:
            async with aclosing(self._runner.run(plan)) as events:
                async for _ in events:
                    begun = True
        except YmeraError as error:
            _log.warning("scheduled benchmark stopped", reason=error.reason, message=error.message)
        return begun

    async def _unfinished(self, now: datetime) -> str | None:
        """Returns the id of a run that no server works on, although it is not done and the next is not due."""
        for run in await self._database.benchmark_runs.latest(limit=_RECENT, caller=""):
            if run.created_at <= now - self._period:
                return None
            if run.ended_at is None and StoredPlan.from_json(run.plan).scheduled:
                return run.run_id if await self._is_free(run.run_id, now) else None
        return None

    async def _is_free(self, run_id: str, now: datetime) -> bool:
        holder = uuid4().hex
        free = await self._database.leases.claim(lease_of(run_id), holder, now=now, until=now)
        await self._database.leases.release(lease_of(run_id), holder)
        return free
