"""Compares what was recorded with what vendors bill, by day and provider."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from ymera_service.access.keys import Caller
from ymera_service.plugins import Plugins
from ymera_service.plugins.dormancy import is_dormant
from ymera_service.plugins.wording import words
from ymera_service.sdk.errors import ProviderError
from ymera_service.sdk.providers import Provider
from ymera_service.serving.checks.violations import Violations
from ymera_service.serving.usage import Dimension, UsageGroup, UsageReports, UsageRequest

BILL_SECONDS = 20.0
"""The time limit of one vendor, for all of its pages."""
DEFAULT_DAYS = 30
MOST_DAYS = 180
_DAY = timedelta(days=1)
_DAYS_AT_ONCE = 30
"""Days of one report: a report is refused if 180 days of 1,000 models in use need too many sums."""
_MOST = 1000
"""Sums on a page of a report."""
_MOST_MICROS = 1 << 62
"""No bill is larger, and it fits into 64 bits."""


@dataclass(frozen=True, slots=True)
class BilledDay:
    """A day of a provider. `recorded_micros` is None if no attempt has a known cost, `billed_micros` if the vendor says
    nothing of the day."""

    since: datetime
    provider: str
    recorded_micros: int | None
    unpriced_attempts: int
    billed_micros: int | None


@dataclass(frozen=True, slots=True)
class BillComparison:
    """The days by day and provider, and why providers gave no bills, by name."""

    start: datetime
    end: datetime
    days: Sequence[BilledDay]
    unbilled: Mapping[str, str]


Bills = Mapping[date, int]
Recorded = dict[tuple[str, date], UsageGroup]


class BillComparisons:
    """Asks vendors for their bills, and compares them with the sums of all callers."""

    def __init__(
        self,
        plugins: Plugins,
        usage: UsageReports,
        *,
        redact: Callable[[str], str],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        bill_seconds: float = BILL_SECONDS,
    ) -> None:
        """`usage` is that of all callers; `redact` removes secrets from what vendors say."""
        self._plugins = plugins
        self._usage = usage
        self._redact = redact
        self._now = now
        self._bill_seconds = bill_seconds

    async def compare(
        self, caller: Caller, start: datetime | None, end: datetime | None, faults: Violations
    ) -> BillComparison:
        """Returns the comparison of whole days in UTC.

        Args:
            caller: Who asks.
            start: A time of the first day; None means `DEFAULT_DAYS` before the end.
            end: The end of the last day, or a time of it; None means now.
            faults: What the conversion of the request found.

        Raises:
            NotAdministrator: The caller may not see what others spent.
            InvalidRequest: The times are not valid.
            StorageUnavailable: The database can't be read.
        """
        caller.check_administrator("see what all callers spent")
        first, after = self._days(start, end, faults)
        asked = {name: one for name, one in self._plugins.registry.all_providers.items() if not is_dormant(one)}
        answers = await asyncio.gather(*(self._billed(one, first, after) for one in asked.values()))
        found = {name: answer for name, answer in zip(asked, answers, strict=True) if answer is not None}
        recorded = await self._recorded(first, after)
        days = [
            _compared(name, day, recorded.get((name, day)), bills.get(day))
            for name, bills in found.items()
            if not isinstance(bills, str)
            for day in {*bills, *(day for provider, day in recorded if provider == name)}
        ]
        unbilled = {name: reason for name, reason in sorted(found.items()) if isinstance(reason, str)}
        days.sort(key=lambda day: (day.since, day.provider))
        return BillComparison(_begin(first), _begin(after), days, unbilled)

    def _days(self, start: datetime | None, end: datetime | None, faults: Violations) -> tuple[date, date]:
        """Returns the first day and the day after the last."""
        now = self._now()
        last = min(end or now, now)
        after = last.date() if last.time() == time() else last.date() + _DAY
        first = start.date() if start else date.fromordinal(max(after.toordinal() - DEFAULT_DAYS, 1))
        if first >= after:
            faults.add("end_time", "is not after start_time, or start_time is later than now")
        elif after - first > MOST_DAYS * _DAY:
            faults.add("start_time", f"is more than {MOST_DAYS} days before the end")
        faults.check()
        return first, after

    async def _billed(self, provider: Provider, first: date, after: date) -> Bills | str | None:
        """Returns the bills, or why there are none; None if the vendor can't be asked. Its code may fail in any way."""
        try:
            async with asyncio.timeout(self._bill_seconds):
                bills = await provider.billed(first, after)
            if bills is None:
                return None
            found = {bill.day: bill.micros for bill in bills if first <= bill.day < after}
        except TimeoutError:
            return f"did not answer within {self._bill_seconds:g} s"
        except Exception as error:  # noqa: BLE001  # a plugin's code
            return words(error.message if isinstance(error, ProviderError) else error, self._redact)
        if any(type(micros) is not int or abs(micros) > _MOST_MICROS for micros in found.values()):
            return "returned what is not an amount of micro-USD"
        return found

    async def _recorded(self, first: date, after: date) -> Recorded:
        found: dict[tuple[str, date], UsageGroup] = {}
        while first < after:
            until = min(first + _DAYS_AT_ONCE * _DAY, after)
            found |= await self._reported(first, until)
            first = until
        return found

    async def _reported(self, first: date, after: date) -> Recorded:
        wanted = UsageRequest(_begin(first), _begin(after), (Dimension.DAY, Dimension.PROVIDER))
        found: dict[tuple[str, date], UsageGroup] = {}
        token, is_last = "", False
        while not is_last:
            page = await self._usage.report(wanted, Violations(), caller="", size=_MOST, token=token)
            found |= {(one.values[Dimension.PROVIDER], one.since.date()): one for one in page.groups if one.since}
            token = page.next_token
            is_last = not token
        return found


def _compared(provider: str, day: date, recorded: UsageGroup | None, billed: int | None) -> BilledDay:
    if recorded is None:
        return BilledDay(_begin(day), provider, 0, 0, billed)
    total = recorded.total
    known = total.unpriced_attempts < total.attempts
    return BilledDay(_begin(day), provider, total.cost_micros if known else None, total.unpriced_attempts, billed)


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
