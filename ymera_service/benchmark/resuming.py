"""Goes on with a run that was interrupted: what it was to measure, and that no other server does the same."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import monotonic
from types import TracebackType
from typing import Self
from uuid import uuid4

from ymera_service.benchmark.plan import BenchmarkPlan
from ymera_service.benchmark.runs import StoredPlan
from ymera_service.catalog import CatalogSnapshot
from ymera_service.sdk.errors import (
    BenchmarkRunNotFound,
    BenchmarkRunUnderWay,
    FieldViolation,
    InvalidRequest,
    ModelNotFound,
    StorageUnavailable,
)
from ymera_service.storage.benchmark_runs import BenchmarkRuns
from ymera_service.storage.leases import Leases
from ymera_service.storage.records import BenchmarkRun

LEASE_SECONDS = 15.0
"""How long a run stays taken after its server was killed."""
RENEW_SECONDS = LEASE_SECONDS / 3
"""How often the lease of a run is renewed."""
_ASK_SECONDS = 1.0
"""How often a lease is asked for that another has."""


async def plan_again(
    plan: BenchmarkPlan, runs: BenchmarkRuns, catalog: CatalogSnapshot
) -> tuple[BenchmarkRun, BenchmarkPlan]:
    """Returns the run that a plan resumes, and the plan with what that run measures.

    Its models are those of the run, as far as they are still offered. The limits of the cost and of requests are those
    of the run, unless the plan has others. Tasks of a caller's own are not stored, so the plan has to have them.

    Raises:
        BenchmarkRunNotFound: It is not stored, or it is another caller's.
        ModelNotFound: None of its models is offered any more.
        InvalidRequest: The caller's own tasks are missing, or are those of another suite.
        StorageUnavailable: The database can't be read.
    """
    run = await runs.get(plan.resume)
    if run is None or run.caller != plan.caller:
        raise not_found(plan.resume)
    stored = StoredPlan.from_json(run.plan)
    own = plan.own_suite
    if (own is not None) != bool(stored.own_category) or (own is not None and [own.name] != list(stored.suites)):
        which = f"the suite {stored.suites[0]!r}" if stored.own_category else "no own_suite"
        raise InvalidRequest([FieldViolation("own_suite", f"the run is of {which}; give the same again")])
    if not (models := [model for model in stored.models if model in catalog.models]):
        raise ModelNotFound("none of the run's models is offered now; `ymera health` shows the reason")
    limit = stored.max_cost_micros if plan.max_cost_micros is None else plan.max_cost_micros
    return run, replace(
        plan,
        models=models,
        suites=() if own else stored.suites,
        categories=stored.categories,
        tasks_per_category=stored.tasks_per_category,
        seed=stored.seed,
        max_cost_micros=limit,
        max_requests=stored.max_requests if plan.max_requests is None else plan.max_requests,
        adaptive=stored.adaptive,
        judges=stored.judges,
        scheduled=stored.scheduled,
    )


def not_found(run_id: str) -> BenchmarkRunNotFound:
    """Returns the error for a run that is not stored."""
    return BenchmarkRunNotFound(
        f"no benchmark run {run_id[:128]!r} is stored; `ymera benchmark show` lists them",
        metadata={"run_id": run_id[:128]},
    )


def lease_of(run_id: str) -> str:
    """Returns the name of the lease of a run."""
    return f"benchmark run {run_id}"


class RunLease:
    """Keeps other servers from going on with the same run; an async context manager."""

    def __init__(
        self,
        leases: Leases,
        run_id: str,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._leases = leases
        self._run_id = run_id
        self._name, self._holder = lease_of(run_id), uuid4().hex
        self._now, self._clock, self._sleep = now, clock, sleep
        self._renewed = 0.0

    async def __aenter__(self) -> Self:
        """Waits as long as the lease of a server that was killed may last.

        Raises:
            BenchmarkRunUnderWay: Another server renews it.
            StorageUnavailable: The database can't be written.
        """
        until = self._clock() + LEASE_SECONDS + _ASK_SECONDS
        while not await self._claim():
            if self._clock() >= until:
                raise self._taken()
            await self._sleep(_ASK_SECONDS)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with suppress(StorageUnavailable):  # then it ends by itself
            await self._leases.release(self._name, self._holder)

    async def renew(self) -> None:
        """Renews the lease, if it is time to.

        Raises:
            BenchmarkRunUnderWay: The lease had ended, and another server has gone on with the run.
            StorageUnavailable: The database can't be written.
        """
        if self._clock() - self._renewed >= RENEW_SECONDS and not await self._claim():
            raise self._taken()

    async def _claim(self) -> bool:
        self._renewed, now = self._clock(), self._now()
        return await self._leases.claim(self._name, self._holder, now=now, until=now + timedelta(seconds=LEASE_SECONDS))

    def _taken(self) -> BenchmarkRunUnderWay:
        return BenchmarkRunUnderWay(
            f"the benchmark run {self._run_id!r} is under way", metadata={"run_id": self._run_id}
        )
