"""Sums what executions consumed by the hour, for reports that outlast the executions."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

import orjson

from ymera_service.sdk.generation import Usage
from ymera_service.storage import Database
from ymera_service.storage.records import Spending, UsageHour
from ymera_service.storage.usage_hours import HOUR, day_of, hour_of

PERIOD_SECONDS = 300.0
"""From the end of one summing to the next."""
LATENESS = timedelta(minutes=10)
"""How long after an hour it is summed: most executions that arrived in it are recorded by then."""
LATE_HOURS = 48
"""The latest hours that are looked at for late records each time. At the start, all are: a crash may lie long back."""

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_Key = tuple[str, str, str, str, str, str]


class UsageSums:
    """Sums the usage of each hour that is over, and again if it got late records.

    Several servers may do the same work; the sums are the same.
    """

    def __init__(
        self,
        database: Database,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._stored = database.usage_hours
        self._now = now
        self._sleep = sleep
        self._since = _LONG_AGO

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
        end = hour_of(self._now() - LATENESS)
        async for hour, records in self._stored.stale(self._since, end):
            await self._stored.replace(hour, records, await self.of_hour(hour))
        self._since = end - LATE_HOURS * HOUR

    async def of_hour(self, hour: datetime) -> Sequence[UsageHour]:
        """Returns the sums of the records of an hour that are stored by now.

        Raises:
            StorageUnavailable: The database can't be read.
        """
        totals: dict[_Key, _Total] = {}
        async for spent in self._stored.executions(hour):
            await asyncio.to_thread(_add, totals, spent)
        sums = [total.row(hour, key) for key, total in totals.items()]
        return [*sums, *await self._stored.benchmarks(hour)]


class _Total:
    """Sums that are still being made."""

    __slots__ = ("attempts", "cost_micros", "estimated", "requests", "spent", "tokens", "unpriced")

    def __init__(self) -> None:
        self.requests = self.attempts = self.estimated = self.unpriced = self.cost_micros = self.spent = 0
        self.tokens = [0, 0, 0, 0, 0]

    def add(self, attempt: dict[str, Any]) -> None:
        self.attempts += 1
        self.estimated += attempt["estimated"]
        cost = attempt["cost_micros"]
        if cost is None:
            self.unpriced += 1
            self.spent += attempt.get("counted_micros", 0)
        else:
            self.cost_micros += cost
            self.spent += cost
        tokens = self.tokens
        tokens[0] += attempt["input_tokens"]
        tokens[1] += attempt["output_tokens"]
        tokens[2] += attempt["cache_read_input_tokens"]
        tokens[3] += attempt["cache_creation_input_tokens"]
        tokens[4] += attempt["reasoning_output_tokens"]

    def row(self, hour: datetime, key: _Key) -> UsageHour:
        operation, model, account, caller, agent_name, labels = key
        return UsageHour(
            hour,
            day_of(hour),
            operation,
            model,
            account,
            caller,
            agent_name,
            orjson.loads(labels),
            self.requests,
            self.attempts,
            self.estimated,
            self.unpriced,
            Usage(*self.tokens),
            self.cost_micros,
            self.spent,
        )


def _add(totals: dict[_Key, _Total], spent: Iterable[Spending]) -> None:
    for one in spent:
        total = None
        for attempt in orjson.loads(one.attempts):
            key = (one.operation, attempt["model"], attempt["account"], one.caller, one.agent_name, one.labels)
            total = totals.get(key)
            if total is None:
                total = totals[key] = _Total()
            total.add(attempt)
        if total is not None:
            total.requests += 1
