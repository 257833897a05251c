"""Sums what executions consumed by the hour, for reports that outlast the executions."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import NoReturn

import structlog

from ymera_service.sdk.errors import UsageNotSummed
from ymera_service.storage import Database
from ymera_service.storage.usage_hours import HOUR, hour_of

PERIOD_SECONDS = 300.0
"""From the end of one summing to the next."""
LATENESS = timedelta(minutes=10)
"""How long after an hour it is summed: most executions that arrived in it are recorded by then."""
LATE_HOURS = 48
"""The latest hours that are looked at for late records each time. At the start, all are: a crash may lie long back."""
PATIENCE_SECONDS = 60.0
"""How long a report sums hours before it is refused."""
PROGRESS_SECONDS = 10.0
"""Between two log lines of a summing that takes long."""

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_log = structlog.get_logger(__name__)


class UsageSums:
    """Sums the usage of each hour that is over, the latest first, and again if it got late records.

    Several servers may do the same work; the sums are the same.
    """

    def __init__(
        self,
        database: Database,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stored = database.usage_hours
        self._now = now
        self._sleep = sleep
        self._clock = clock
        self._since = _LONG_AGO
        self._turn = asyncio.Lock()
        self.progress = ""
        """How far a summing under way is, for people; empty if none is."""

    async def run(self) -> NoReturn:
        """Sums every `PERIOD_SECONDS`.

        Raises:
            StorageUnavailable: As `sum_hours`; the caller runs it again later.
        """
        while True:
            await self.sum_hours()
            await self._sleep(PERIOD_SECONDS)

    async def sum_hours(self) -> None:
        """Sums the hours that are over and not summed yet, or not with all their records.

        Raises:
            StorageUnavailable: The database can't be read or written.
        """
        end, hours, said_at = self._end(), 0, self._clock()
        try:
            async for hour in self._stored.stale(self._since, end):
                await self._sum(hour)
                hours += 1
                self.progress = f"has summed {hours} hours, the latest first, back to {hour:%Y-%m-%d %H:%M}"
                if self._clock() - said_at >= PROGRESS_SECONDS:
                    said_at = self._clock()
                    _log.info("summing_usage", hours=hours, back_to=hour.isoformat())
        finally:
            self.progress = ""
        self._since = end - LATE_HOURS * HOUR

    async def complete(self, start: datetime, end: datetime) -> Sequence[datetime]:
        """Sums the hours of a time that are not summed yet, and returns those that can't be, as they are not over.

        Raises:
            StorageUnavailable: The database can't be read or written.
            UsageNotSummed: It takes longer than `PATIENCE_SECONDS`. What is summed by then stays so.
        """
        hours = [hour async for hour in self._stored.unsummed(start, end)]
        now, began = self._end(), self._clock()
        over = [hour for hour in hours if hour < now]
        for done, hour in enumerate(reversed(over)):
            if (taken := self._clock() - began) >= PATIENCE_SECONDS:
                raise _not_summed(done, len(over), taken)
            await self._sum(hour)
        return hours[len(over) :]

    def _end(self) -> datetime:
        """Returns the time before which hours are over."""
        return hour_of(self._now() - LATENESS)

    async def _sum(self, hour: datetime) -> None:
        async with self._turn:  # a report and the work beside it share what is to be done
            records = await self._stored.count(hour)
            if records > await self._stored.summed(hour):
                await self._stored.replace(hour, records, await self._stored.of_records(hour))


def _not_summed(done: int, hours: int, taken: float) -> UsageNotSummed:
    left = hours - done
    return UsageNotSummed(
        f"the usage of {left} of {hours} hours is not summed yet; report less time, or ask again later",
        metadata={"hours": str(hours), "hours_left": str(left)},
        retry_after=left * taken / max(done, 1),
    )
