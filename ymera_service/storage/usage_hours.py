"""The sums of usage by the hour, and the records that they are made from.

Sums are kept when their executions are deleted. An hour is summed once it is over. If a record of it is stored later,
as of a call that was recovered after a crash, it has more records than were summed, and is summed again.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    case,
    delete,
    func,
    insert,
    select,
)
from sqlalchemy.ext.asyncio import AsyncEngine

from ymera_service.sdk.generation import Usage
from ymera_service.storage.attempt_sums import attempt_sums
from ymera_service.storage.backend import Work, insert_into
from ymera_service.storage.faults import unavailable
from ymera_service.storage.records import UsageFilter, UsageHour
from ymera_service.storage.tables import (
    USAGE_COLUMNS,
    benchmark_results,
    executions,
    summed_hours,
    usage_hours,
)

HOUR = timedelta(hours=1)
MAX_SUMS = 100_000
"""The most sums that are read for a report."""
BENCHMARK = "benchmark"
"""The operation of calls that measured a model."""

_TIMED = (executions, benchmark_results)
_COUNTS = ("requests", "attempts", "estimated_attempts", "unpriced_attempts", "cost_micros")
_KEY = ("hour", "day", "operation", "model", "account", "caller", "agent_name", "labels")


def hour_of(moment: datetime) -> datetime:
    """Returns the beginning of the hour, in UTC."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def day_of(hour: datetime) -> datetime:
    """Returns the beginning of the day of an hour."""
    return hour.replace(hour=0)


class UsageHours:
    """The stored sums."""

    def __init__(self, reader: AsyncEngine, write: Callable[[Work], Awaitable[None]]) -> None:
        self._reader = reader
        self._write = write

    async def stale(self, start: datetime, end: datetime) -> AsyncIterator[datetime]:
        """Yields the hours that have more records than were summed, the latest first.

        Raises:
            StorageUnavailable: The database can't be read.
        """
        summed = await self._summed(start, end)
        hour = await self._next(start, end, latest=True)
        while hour is not None:
            if await self.count(hour) > summed.get(hour, 0):
                yield hour
            hour = await self._next(start, hour, latest=True)

    async def unsummed(self, start: datetime, end: datetime) -> AsyncIterator[datetime]:
        """Yields the hours that have records and were not summed yet, in order.

        Raises:
            StorageUnavailable: The database can't be read.
        """
        summed = await self._summed(start, end)
        hour: datetime | None = start
        while hour is not None and hour < end:
            if hour in summed:
                hour += HOUR
                continue
            found = await self._next(hour, end)
            if found is not None and found not in summed:
                yield found
                found += HOUR
            hour = found

    async def count(self, hour: datetime) -> int:
        """Returns how many records an hour has by now.

        Raises:
            StorageUnavailable: The database can't be read.
        """
        total = 0
        for table in _TIMED:
            query = select(func.count()).where(table.c.created_at >= hour, table.c.created_at < hour + HOUR)
            [(count,)] = await self._read("count records", query)
            total += count
        return total

    async def summed(self, hour: datetime) -> int:
        """Returns how many records of an hour are summed.

        Raises:
            StorageUnavailable: The database can't be read.
        """
        return (await self._summed(hour, hour + HOUR)).get(hour, 0)

    async def of_records(self, hour: datetime) -> Sequence[UsageHour]:
        """Returns the sums of the executions and benchmark results of an hour that are stored by now.

        Raises:
            StorageUnavailable: The database can't be read.
        """
        known = {"hour": hour, "day": day_of(hour)}
        made = await self._read("read the usage", attempt_sums(self._reader.dialect.name, hour, hour + HOUR))
        measured = await self._read("read the usage", _benchmarks(hour))
        return [
            *(_row(known | row._asdict()) for row in made),
            *(_row({**known, "operation": BENCHMARK, **row._asdict()}) for row in measured),
        ]

    async def replace(self, hour: datetime, records: int, rows: Sequence[UsageHour]) -> None:
        """Stores the sums of an hour that has this many records.

        Raises:
            StorageUnavailable: The database can't be written.
        """
        values = [_values(number, row) for number, row in enumerate(rows)]

        def work(connection: Connection) -> None:
            known = insert_into(summed_hours, connection).values(hour=hour, records=records)
            # Of several servers, the others wait here for the first one's commit.
            connection.execute(known.on_conflict_do_update(index_elements=["hour"], set_={"records": records}))
            connection.execute(delete(usage_hours).where(usage_hours.c.hour == hour))
            if values:
                connection.execute(insert(usage_hours), values)

        with unavailable("store the sums of usage"):
            await self._write(work)

    async def sums(
        self, wanted: UsageFilter, by: Collection[str], without: Collection[datetime] = ()
    ) -> Sequence[UsageHour]:
        """Returns the stored sums, one for each combination of the columns in `by`; the other columns are empty.

        Those of the hours in `without` are left out. There are at most `MAX_SUMS`, and one more if there would be more.

        Raises:
            StorageUnavailable: The database can't be read.
        """
        columns = [usage_hours.c[name] for name in _KEY if name in by]
        totals = [func.sum(usage_hours.c[name]).label(name) for name in (*_COUNTS, *USAGE_COLUMNS)]
        query = select(*columns, *totals).where(usage_hours.c.hour >= wanted.start, usage_hours.c.hour < wanted.end)
        if without:
            query = query.where(usage_hours.c.hour.not_in(without))
        for name in ("operation", "model", "caller", "agent_name"):
            if (value := getattr(wanted, name)) is not None:
                query = query.where(usage_hours.c[name] == value)
        rows = await self._read("read the sums of usage", query.group_by(*columns).limit(MAX_SUMS + 1))
        return await asyncio.to_thread(lambda: [_row(row._asdict()) for row in rows if row.requests is not None])

    async def spent(self, callers: Collection[str], start: datetime, end: datetime) -> dict[str, int]:
        """Returns what executions that arrived in a time cost, in micro-USD by caller; without those that cost nothing.

        Callers have names; what requests without one cost is not returned. Hours before the first that is
        not summed are read as sums, and only the others from executions.

        Raises:
            StorageUnavailable: The database can't be read.
        """
        unsummed = await anext(self.unsummed(start, end), end)  # what is summed after it, does not count twice
        queries = [
            _spent(usage_hours, usage_hours.c.hour, callers, start, unsummed),
            _spent(executions, executions.c.created_at, callers, unsummed, end),
        ]
        spent: dict[str, int] = {}
        for query in queries:
            for row in await self._read("read what callers spent", query):
                spent[row.caller] = spent.get(row.caller, 0) + int(row.micros)
        return spent

    async def _summed(self, start: datetime, end: datetime) -> dict[datetime, int]:
        query = select(summed_hours.c.hour, summed_hours.c.records)
        query = query.where(summed_hours.c.hour >= start, summed_hours.c.hour < end)
        rows = await self._read("read which hours are summed", query)
        return {row.hour: row.records for row in rows}

    async def _next(self, start: datetime, end: datetime, *, latest: bool = False) -> datetime | None:
        """Returns the first hour of a time that has records, or the latest."""
        found: list[datetime] = []
        bound = func.max if latest else func.min
        for table in _TIMED:
            query = select(bound(table.c.created_at)).where(table.c.created_at >= start, table.c.created_at < end)
            found += [row[0] for row in await self._read("find records", query) if row[0] is not None]
        return hour_of(max(found) if latest else min(found)) if found else None

    async def _read(self, action: str, query: Select[Any]) -> list[Any]:
        with unavailable(action):
            async with self._reader.connect() as connection:
                return list(await connection.execute(query))


def _spent(
    table: Table, time: ColumnElement[datetime], callers: Collection[str], start: datetime, end: datetime
) -> Select[Any]:
    micros = func.sum(func.coalesce(table.c.spent_micros, table.c.cost_micros, 0)).label("micros")
    caller = table.c.caller
    known = caller.in_(callers), caller != ""  # the latter is the condition of the index of executions
    return select(caller, micros).where(*known, time >= start, time < end).group_by(caller)


def _benchmarks(hour: datetime) -> Select[Any]:
    row = benchmark_results.c
    return (
        select(
            row.model,
            func.count().label("requests"),
            func.count().label("attempts"),
            func.sum(case((row.cost_micros.is_(None), 1), else_=0)).label("unpriced_attempts"),
            *(func.sum(row[name]).label(name) for name in USAGE_COLUMNS),
            func.coalesce(func.sum(row.cost_micros), 0).label("cost_micros"),
        )
        .where(row.created_at >= hour, row.created_at < hour + HOUR)
        .group_by(row.model)
    )


def _row(values: dict[str, Any]) -> UsageHour:
    usage = Usage(**{name: int(values.pop(name)) for name in USAGE_COLUMNS})
    counts = {name: int(values[name]) for name in (*_COUNTS, "spent_micros") if name in values}
    return UsageHour(**values | counts, usage=usage)


def _values(number: int, row: UsageHour) -> dict[str, Any]:
    usage = {name: getattr(row.usage, name) for name in USAGE_COLUMNS}
    return {"number": number} | {name: getattr(row, name) for name in (*_KEY, *_COUNTS, "spent_micros")} | usage
