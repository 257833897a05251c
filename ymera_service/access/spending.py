"""What callers may spend, in micro-USD: counted before a call by what it may cost, and afterwards by what it cost.

    limit ≥ spent (stored, of all servers) + spent here since that was read + reserved for calls under way

What was spent is read from storage at intervals, so it outlasts the process and counts what other servers spent; in
between each server knows of its own calls alone. A call may cost more than was reserved for it, as the length of an
answer is not known before: so a limit may be exceeded by what the calls under way cost beyond their reservations, and
by what other servers spent since the latest reading.
"""

import calendar
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Protocol

from ymera_service.sdk.errors import CallerBudgetSpent

READ_SECONDS = 5.0
"""Between two readings of what was spent."""
OTHER_DAYS_SECONDS = 600.0
"""Between two readings of what was spent on the days of the month before today."""
SOON = 1.0
"""Seconds after which to try again where calls under way have reserved what is left."""


class Period(StrEnum):
    """How often a limit is renewed: at midnight, or on the first of a month, in UTC."""

    DAY = "day"
    MONTH = "month"

    def around(self, moment: datetime) -> tuple[datetime, datetime]:
        """Returns the beginning and the end of the period in which a moment is."""
        day = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        if self is Period.DAY:
            return day, day + timedelta(days=1)
        first = day.replace(day=1)
        return first, first + timedelta(days=calendar.monthrange(first.year, first.month)[1])


class _Meter:
    """What was spent in the present period."""

    __slots__ = ("end", "limit", "period", "start", "stored", "unread", "unread_before")

    def __init__(self, period: Period, limit: int, now: datetime) -> None:
        self.period = period
        self.limit = limit
        self.begin(now)

    def begin(self, now: datetime) -> None:
        self.start, self.end = self.period.around(now)
        self.stored = 0
        self.unread = 0
        """Spent here, and not in `stored`;"""
        self.unread_before = 0
        """of which so much before the reading began that is under way, which therefore has it."""

    @property
    def setting(self) -> str:
        return f"spend_per_{self.period}"

    @property
    def spent(self) -> int:
        return self.stored + self.unread


class Budget:
    """What one caller may spend, and has. `now` returns the time in UTC."""

    def __init__(self, name: str, limits: Mapping[Period, int], now: Callable[[], datetime]) -> None:
        """Takes the caller's name, and how many micro-USD it may spend in each period: at least one."""
        self.name = name
        self._now = now
        self._meters = [_Meter(period, limit, now()) for period, limit in limits.items()]
        self._reserved = 0

    @property
    def lowest(self) -> tuple[str, int]:
        """The setting of the lowest limit, and that limit, which no single call may cost more than."""
        meter = min(self._meters, key=lambda meter: meter.limit)
        return meter.setting, meter.limit

    @property
    def reserved(self) -> int:
        """What requests under way may cost, and have cost so far."""
        return self._reserved

    def spent(self, period: Period) -> int:
        """Returns what was spent in the present period, as far as this server knows."""
        return next(meter.spent for meter in self._current() if meter.period is period)

    def check(self) -> None:
        """Checks that something is left.

        Raises:
            CallerBudgetSpent: Nothing is.
        """
        self._check(1)

    def _check(self, micros: int) -> None:
        for meter in self._current():
            if meter.spent + self._reserved + micros > meter.limit:
                raise self._refusal(meter, micros)

    def reserve(self, micros: int) -> None:
        """For `Tab`: takes what a call may cost.

        Raises:
            CallerBudgetSpent: So much is not left.
        """
        self._check(micros)
        self._reserved += micros

    def settle(self, reserved: int, micros: int) -> None:
        """For `Tab`: gives a reservation back, and counts what was spent."""
        self._reserved -= reserved
        for meter in self._current():
            meter.unread += micros

    def adjust(self, micros: int) -> None:
        """For `Tab`: changes what is reserved, without a check."""
        self._reserved += micros

    def begin_reading(self) -> None:
        """What was settled until now will be in what is read."""
        for meter in self._current():
            meter.unread_before = meter.unread

    def read(self, starts: Mapping[Period, datetime], totals: Mapping[Period, int]) -> None:
        """Takes what storage had for the periods with these beginnings."""
        for meter in self._current():
            if starts[meter.period] == meter.start:
                meter.stored = totals[meter.period]
                meter.unread -= meter.unread_before
                meter.unread_before = 0

    def _current(self) -> Sequence[_Meter]:
        now = self._now()
        for meter in self._meters:
            if now >= meter.end or now < meter.start:
                meter.begin(now)
        return self._meters

    def unpriced(self) -> CallerBudgetSpent:
        """Returns the error of a call whose price is not known."""
        problem = f"the spending of {self.name!r} is limited, and the price of the model is not known"
        return CallerBudgetSpent(problem, metadata={"caller": self.name})

    def _refusal(self, meter: _Meter, micros: int) -> CallerBudgetSpent:
        exhausted = meter.spent + micros > meter.limit
        held = "" if exhausted else f", and calls under way have reserved {_dollars(self._reserved)}"
        wait = (meter.end - self._now()).total_seconds() if exhausted else SOON
        renewed = meter.end.isoformat().replace("+00:00", "Z")
        return CallerBudgetSpent(
            f"{self.name!r} may spend {_dollars(meter.limit)} per {meter.period}, and has spent"
            f" {_dollars(meter.spent)}{held}; the limit is renewed at {renewed}",
            metadata={
                "caller": self.name,
                meter.setting: _dollars(meter.limit).removeprefix("$"),
                "renewed_at": renewed,
            },
            retry_after=max(wait, 0.0),
        )


def _dollars(micros: int) -> str:
    return f"${micros / 1_000_000:.6f}".rstrip("0").rstrip(".")


class Tab:
    """What one request has reserved and spent of a budget. To be closed however the request ends."""

    __slots__ = ("_budget", "_reserved", "_spent")

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._reserved: dict[int, int] = {}
        """What calls may cost, by their numbers."""
        self._spent = 0

    def reserve(self, number: int, micros: int | None) -> None:
        """Takes what a call may cost; None if its price is not known.

        A second reservation of the same number, as of a call that was not made after all, replaces the first.

        Raises:
            CallerBudgetSpent: So much is not left, or the price is not known.
        """
        if micros is None:
            raise self._budget.unpriced()
        self._budget.adjust(-self._reserved.pop(number, 0))
        self._budget.reserve(micros)
        self._reserved[number] = micros

    def charge(self, number: int, micros: int) -> None:
        """Takes what a call has cost, in place of what was reserved for it."""
        self._budget.adjust(micros - self._reserved.pop(number, 0))
        self._spent += micros

    def close(self) -> None:
        """Counts what was spent, and releases what was reserved for calls that were not made."""
        self._budget.settle(self._spent + sum(self._reserved.values()), self._spent)
        self._reserved.clear()
        self._spent = 0


class StoredSpending(Protocol):
    """What executions cost, as it is stored."""

    async def spent(self, callers: Collection[str], start: datetime, end: datetime) -> Mapping[str, int]:
        """Returns what executions that arrived in a time cost, in micro-USD by caller; without those that cost nothing.

        Raises:
            StorageUnavailable: The database can't be read.
        """
        ...


@dataclass(slots=True)
class _Month:
    """What was spent on the days of a month before a day."""

    day: datetime
    read_at: datetime
    spent: Mapping[str, int]


class Ledger:
    """Keeps the budgets of callers in step with what is stored."""

    def __init__(self, budgets: Iterable[Budget], stored: StoredSpending, now: Callable[[], datetime]) -> None:
        self._budgets = {budget.name: budget for budget in budgets}
        self._stored = stored
        self._now = now
        self._month: _Month | None = None

    @property
    def is_empty(self) -> bool:
        """Whether no caller has a limit."""
        return not self._budgets

    async def reread(self) -> None:
        """Reads what all servers have spent.

        Raises:
            StorageUnavailable: The database can't be read; what is known by then still counts.
        """
        if self.is_empty:
            return
        now = self._now()
        today, tomorrow = Period.DAY.around(now)
        first, _ = Period.MONTH.around(now)
        for budget in self._budgets.values():
            budget.begin_reading()
        day = await self._stored.spent(self._budgets, today, tomorrow)
        before = await self._before(first, today, now)
        starts = {Period.DAY: today, Period.MONTH: first}
        for name, budget in self._budgets.items():
            spent = day.get(name, 0)
            budget.read(starts, {Period.DAY: spent, Period.MONTH: before.get(name, 0) + spent})

    async def _before(self, first: datetime, today: datetime, now: datetime) -> Mapping[str, int]:
        """Returns what was spent in a month before today, which seldom changes."""
        month = self._month
        if month is None or month.day != today or (now - month.read_at).total_seconds() >= OTHER_DAYS_SECONDS:
            spent = await self._stored.spent(self._budgets, first, today) if first < today else {}
            month = self._month = _Month(today, now, spent)
        return month.spent
