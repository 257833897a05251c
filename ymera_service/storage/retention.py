"""Deletes executions that are too old or too many, and what only they or a day needed.

That is labels, observations, outcomes and catalogs; and answers to benchmark tasks, features of these, answers of
sessions and judgements of answers, which have limits of their own.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import NoReturn

import structlog
from sqlalchemy import Delete, delete, exists, func, select, tuple_

from ymera_service.config import StorageSettings
from ymera_service.storage import comparisons
from ymera_service.storage.benchmark_tasks import KEPT as TASKS_KEPT
from ymera_service.storage.database import Database
from ymera_service.storage.faults import unavailable
from ymera_service.storage.outcomes import KEPT
from ymera_service.storage.session_answers import KEPT as SESSION_ANSWERS_KEPT
from ymera_service.storage.tables import (
    benchmark_answers,
    benchmark_tasks,
    catalog_versions,
    execution_labels,
    executions,
    observations,
    outcomes,
    session_answers,
)

PERIOD_SECONDS = 600.0
"""From the end of one pruning to the next."""
BATCH = 50
"""Executions deleted in one transaction; on SQLite, commits wait for it."""
PAUSE = 5.0
"""The pause after each transaction as a multiple of its duration, so that records can be written in between."""
LATEST_VERSIONS = 50
"""Catalog versions that are always kept: a server may still use one that no execution names yet."""
VERSIONS_BATCH = 1
"""Catalog versions deleted in one transaction; one of 1,000 models takes as much space as 100 executions."""

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

_log = structlog.get_logger(__name__)


def steady_clock() -> Callable[[], datetime]:
    """Returns a clock that goes on from the present time, whatever becomes of the system's.

    If that jumped ahead, everything that is stored would seem old and be deleted.
    """
    began, start = datetime.now(UTC), time.monotonic()
    return lambda: began + timedelta(seconds=time.monotonic() - start)


class Retention:
    """Keeps the database within the bounds of the settings. `created_at` is compared with `now`."""

    def __init__(
        self,
        database: Database,
        settings: StorageSettings,
        *,
        now: Callable[[], datetime] | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._database = database
        self._settings = settings
        self._now = now or steady_clock()
        self._sleep = sleep

    async def run(self) -> NoReturn:
        """Prunes every `PERIOD_SECONDS`.

        Raises:
            StorageUnavailable: As `prune`; the caller runs it again later.
        """
        while True:
            await self.prune()
            await self._sleep(PERIOD_SECONDS)

    async def prune(self) -> int:
        """Deletes in small transactions, and returns how many executions it deleted.

        Raises:
            StorageUnavailable: The database can't be read or written.
        """
        cutoff = await self._cutoff()
        deleted = 0 if cutoff is None else await self._delete_all(_oldest_executions(cutoff))
        if cutoff is not None:
            await self._delete_all(_oldest_labels(cutoff))
            await self._delete_all(_oldest_observations(cutoff))
            await self._delete_all(_oldest_session_answers(cutoff))
        if (cutoff := await self._database.session_answers.nth_latest(SESSION_ANSWERS_KEPT)) is not None:
            await self._delete_all(_oldest_session_answers(cutoff))
        if (cutoff := await self._database.benchmarks.nth_latest_task(TASKS_KEPT)) is not None:
            await self._delete_all(_oldest_tasks(cutoff))
        await self._delete_all(_old_outcomes(self._now() - KEPT))
        await self._prune_answers()
        await self._prune_comparisons()
        versions = await self._delete_all(_unnamed_versions())
        if deleted or versions:
            _log.info("pruned", executions=deleted, catalog_versions=versions)
        return deleted

    async def _prune_answers(self) -> None:
        """Deletes answers to benchmark tasks that are too old or too many."""
        most, days = self._settings.max_benchmark_answers, self._settings.retention_days
        if days:
            await self._delete_all(_oldest_answers(self._now() - timedelta(days=days)))
        if (cutoff := await self._database.benchmark_runs.nth_latest_answer(most + 1)) is not None:
            await self._delete_all(_oldest_answers(cutoff + timedelta(microseconds=1)))

    async def _prune_comparisons(self) -> None:
        """Deletes comparisons of answers that do not count any more."""
        if (cutoff := await self._database.comparisons.nth_latest(comparisons.LATEST + 1)) is not None:
            await self._delete_all(comparisons.oldest(cutoff + timedelta(microseconds=1), BATCH))

    async def _cutoff(self) -> datetime | None:
        """Returns the time before which executions are deleted; None if none are."""
        days, most = self._settings.retention_days, self._settings.max_executions
        by_age = self._now() - timedelta(days=days) if days else None
        by_count = await self._database.executions.nth_latest(most) if most else None
        cutoff = max((cutoff for cutoff in (by_age, by_count) if cutoff is not None), default=None)
        return None if cutoff is None else await self._summed_before(cutoff)

    async def _summed_before(self, cutoff: datetime) -> datetime:
        """Returns the cutoff, or an earlier one: what an execution consumed is summed before it is deleted."""
        async for hour in self._database.usage_hours.unsummed(_LONG_AGO, cutoff):
            return hour
        return cutoff

    async def _delete_all(self, batch: Delete) -> int:
        total = 0
        while True:
            began = time.monotonic()
            with unavailable("delete old records"):
                deleted = await self._database.delete(batch)
            if not deleted:
                return total
            total += deleted
            await self._sleep(PAUSE * (time.monotonic() - began))


def _oldest_executions(cutoff: datetime) -> Delete:
    oldest = (
        select(executions.c.request_id)
        .where(executions.c.created_at < cutoff)
        .order_by(executions.c.created_at)
        .limit(BATCH)
        .with_for_update(skip_locked=True)  # several servers share the work without waiting for each other
    )
    return delete(executions).where(executions.c.request_id.in_(oldest))


def _oldest_labels(cutoff: datetime) -> Delete:
    labels = execution_labels.c
    oldest = select(labels.created_at).where(labels.created_at < cutoff).order_by(labels.created_at)
    last = oldest.offset(BATCH - 1).limit(1).scalar_subquery()
    return delete(execution_labels).where(labels.created_at < cutoff, labels.created_at <= func.coalesce(last, cutoff))


def _oldest_observations(cutoff: datetime) -> Delete:
    made = observations.c.created_at
    oldest = select(observations.c.id).where(made < cutoff).order_by(made).limit(BATCH)
    return delete(observations).where(observations.c.id.in_(oldest.with_for_update(skip_locked=True)))


def _oldest_session_answers(cutoff: datetime) -> Delete:
    given = session_answers.c.created_at
    oldest = select(session_answers.c.request_id).where(given < cutoff).order_by(given).limit(BATCH)
    return delete(session_answers).where(session_answers.c.request_id.in_(oldest.with_for_update(skip_locked=True)))


def _oldest_answers(cutoff: datetime) -> Delete:
    answers = benchmark_answers.c
    keys = answers.run_id, answers.model, answers.suite, answers.task_id
    oldest = select(*keys).where(answers.created_at < cutoff).order_by(answers.created_at).limit(BATCH)
    return delete(benchmark_answers).where(tuple_(*keys).in_(oldest))


def _oldest_tasks(cutoff: datetime) -> Delete:
    keys = benchmark_tasks.c.suite, benchmark_tasks.c.task_id
    measured = benchmark_tasks.c.created_at
    oldest = select(*keys).where(measured < cutoff).order_by(measured).limit(BATCH)
    return delete(benchmark_tasks).where(tuple_(*keys).in_(oldest))


def _old_outcomes(cutoff: datetime) -> Delete:
    keys = outcomes.c.caller, outcomes.c.key
    oldest = select(*keys).where(outcomes.c.created_at < cutoff).order_by(outcomes.c.created_at).limit(BATCH)
    return delete(outcomes).where(tuple_(*keys).in_(oldest))


def _unnamed_versions() -> Delete:
    versions = catalog_versions.c
    latest = select(versions.version).order_by(versions.created_at.desc()).limit(LATEST_VERSIONS)
    named = exists().where(executions.c.catalog_version == versions.version)
    unnamed = select(versions.version).where(versions.version.not_in(latest), ~named).limit(VERSIONS_BATCH)
    return delete(catalog_versions).where(versions.version.in_(unnamed.with_for_update(skip_locked=True)))
