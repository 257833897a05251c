"""Reports of usage and cost: sums over any time, grouped and filtered, from the sums by the hour."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from ymera_service.execution.usage_sums import UsageSums
from ymera_service.sdk.errors import FieldViolation, InvalidRequest
from ymera_service.serving.checks.attribution import MAX_NAME, check_labels
from ymera_service.serving.checks.violations import MAX_PATTERN, Violations
from ymera_service.serving.listing import after_of, page_size, token_of
from ymera_service.storage import Database
from ymera_service.storage.records import UsageFilter, UsageHour, total_of
from ymera_service.storage.usage_hours import HOUR, MAX_SUMS, hour_of

DEFAULT_TIME = timedelta(days=30)
"""How far back a report goes if the request does not say."""


class Dimension(StrEnum):
    """What usage can be grouped by."""

    DAY = "day"
    HOUR = "hour"
    OPERATION = "operation"
    PROVIDER = "provider"
    MODEL = "model"
    ACCOUNT = "account"
    CALLER = "caller"
    AGENT = "agent"


_TIMES = (Dimension.DAY, Dimension.HOUR)
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_ABSENT = "\0"
"""Stands for a label that a request does not have; no label has this value."""
_COLUMNS = {
    Dimension.DAY: "day",
    Dimension.HOUR: "hour",
    Dimension.OPERATION: "operation",
    Dimension.PROVIDER: "model",
    Dimension.MODEL: "model",
    Dimension.ACCOUNT: "account",
    Dimension.CALLER: "caller",
    Dimension.AGENT: "agent_name",
}
"""The column of the sums that each needs."""


@dataclass(frozen=True, slots=True)
class UsageRequest:
    """Which usage to report; None, or empty, means any.

    Attributes:
        start: The beginning, which is moved back to the full hour; None means `DEFAULT_TIME` before the end.
        end: The end, which is moved on to the full hour; None means now.
        group_by_labels: Keys of labels whose values usage is grouped by.
    """

    start: datetime | None = None
    end: datetime | None = None
    group_by: Sequence[Dimension] = ()
    group_by_labels: Sequence[str] = ()
    operation: str = ""
    model: str = ""
    caller: str = ""
    agent_name: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UsageGroup:
    """A sum, and what all that is in it has in common, by dimension; `since` is the day or the hour."""

    since: datetime | None
    values: Mapping[Dimension, str]
    labels: Mapping[str, str]
    total: UsageHour


@dataclass(frozen=True, slots=True)
class UsageReport:
    """Some groups, the earliest and dearest first, and the total of all; `next_token` is empty on the last page."""

    start: datetime
    end: datetime
    groups: Sequence[UsageGroup]
    total: UsageHour
    next_token: str


class UsageReports:
    """Makes reports. If they are `private`, each only of its caller's usage."""

    def __init__(
        self,
        database: Database,
        sums: UsageSums,
        *,
        private: bool = False,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._stored = database.usage_hours
        self._sums = sums
        self._private = private
        self._now = now

    async def report(
        self, wanted: UsageRequest, faults: Violations, *, caller: str, size: int, token: str
    ) -> UsageReport:
        """Returns a page of a report.

        Args:
            wanted: Of what.
            faults: What the conversion of the request found.
            caller: Who asks.
            size: The most groups; 0 means 100, more than 1,000 means 1,000.
            token: The `next_token` of the page before; empty for the first.

        Raises:
            InvalidRequest: The request is not valid, this server did not give the token for it, or there would be more
                than `MAX_SUMS` sums to add up.
            StorageUnavailable: The database can't be read.
            UsageNotSummed: Hours are not summed yet, and that takes too long to wait for.
        """
        _check(wanted, faults)
        most, scope = page_size(size, faults), repr(wanted)
        first = int(after_of(token, scope, faults) or 0)
        start, end = self._time(wanted, faults)
        faults.check()
        if self._private:
            wanted = replace(wanted, caller=caller)
        groups = await asyncio.to_thread(_grouped, wanted, await self._rows(wanted, start, end))
        total = total_of([group.total for group in groups])
        after = first + most
        return UsageReport(
            start, end, groups[first:after], total, token_of(str(after), scope) if len(groups) > after else ""
        )

    def _time(self, wanted: UsageRequest, faults: Violations) -> tuple[datetime, datetime]:
        now = self._now()
        end = hour_of((wanted.end or now) + HOUR - timedelta.resolution)
        start = hour_of(wanted.start or end - DEFAULT_TIME)
        if end <= start:
            faults.add("end_time", "is not after start_time")
        return start, end

    async def _rows(self, wanted: UsageRequest, start: datetime, end: datetime) -> list[UsageHour]:
        by = {_COLUMNS[dimension] for dimension in wanted.group_by}
        if wanted.labels or wanted.group_by_labels:
            by.add("labels")
        stored = UsageFilter(
            start,
            end,
            wanted.operation or None,
            wanted.model or None,
            wanted.caller if self._private else wanted.caller or None,
            wanted.agent_name or None,
        )
        unfinished = await self._sums.complete(start, end)
        # The first to end of these may be summed from here on, and must not count twice.
        summed, others = await self._stored.sums(stored, by, unfinished), _Sums(by)
        _check_number(len(summed))
        for hour in unfinished:
            others.add(row for row in await self._stored.of_records(hour) if _is_wanted(row, stored))
            _check_number(len(summed) + len(others.rows))
        rows = (*summed, *others.rows.values())
        return [row for row in rows if wanted.labels.items() <= row.labels.items()]


class _Sums:
    """Sums of hours that are not summed yet, one for each combination of some columns, as those that are stored."""

    def __init__(self, by: Collection[str]) -> None:
        self._by = tuple(by)
        self.rows: dict[tuple[object, ...], UsageHour] = {}

    def add(self, rows: Iterable[UsageHour]) -> None:
        for row in rows:
            values = {name: getattr(row, name) for name in self._by}
            key = tuple(frozenset(value.items()) if isinstance(value, dict) else value for value in values.values())
            known = self.rows.get(key)
            self.rows[key] = replace(total_of((row,) if known is None else (known, row)), **values)


def _check_number(sums: int) -> None:
    if sums > MAX_SUMS:
        problem = f"needs more than {MAX_SUMS:,} sums by the hour; group by less, or report less time"
        raise InvalidRequest([FieldViolation("group_by", problem)])


def _check(wanted: UsageRequest, faults: Violations) -> None:
    faults.text("filter.model", wanted.model, max_length=MAX_PATTERN)
    for name in ("operation", "caller", "agent_name"):
        faults.text(f"filter.{name}", getattr(wanted, name), max_length=MAX_NAME)
    check_labels("filter.labels", wanted.labels, faults)
    check_labels("group_by_labels", dict.fromkeys(wanted.group_by_labels, ""), faults)


def _is_wanted(row: UsageHour, wanted: UsageFilter) -> bool:
    return all(
        value is None or value == getattr(row, name)
        for name in ("operation", "model", "caller", "agent_name")
        for value in (getattr(wanted, name),)
    )


def _grouped(wanted: UsageRequest, rows: Iterable[UsageHour]) -> list[UsageGroup]:
    dimensions = list(dict.fromkeys(wanted.group_by))
    members: defaultdict[tuple[str, ...], list[UsageHour]] = defaultdict(list)
    for row in rows:
        labels = (row.labels.get(key, _ABSENT) for key in wanted.group_by_labels)
        members[*(_value(row, dimension) for dimension in dimensions), *labels].append(row)
    groups = [_group(wanted, dimensions, rows) for rows in members.values()]
    return sorted(groups, key=lambda group: (group.since or _LONG_AGO, -group.total.cost_micros, str(group)))


def _group(wanted: UsageRequest, dimensions: Sequence[Dimension], rows: Sequence[UsageHour]) -> UsageGroup:
    """Returns the sum of rows that have the same values."""
    first = rows[0]
    since = first.hour if Dimension.HOUR in dimensions else first.day if Dimension.DAY in dimensions else None
    values: dict[Dimension, str] = {name: _value(first, name) for name in dimensions if name not in _TIMES}
    labels = {key: first.labels[key] for key in wanted.group_by_labels if key in first.labels}
    return UsageGroup(since, values, labels, total_of(rows))


def _value(row: UsageHour, dimension: Dimension) -> str:
    if dimension is Dimension.PROVIDER:
        return row.model.partition("/")[0]
    return str(getattr(row, _COLUMNS[dimension]))
