"""Sums the figures of executions in the arms of experiments.

They are summed in parts of some thousand executions, and a part again only if it has other executions or observations
than before: of a million requests, a reading reads the last few thousand. The sums are kept in memory, so the first
reading takes all executions, a part at a time.
"""

import asyncio
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Case, ColumnElement, Select, Subquery, Table, case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.sql.selectable import NamedFromClause

from ymera_service.storage.arm_sums import FIGURES, ArmSums, Sums, Units, added, joined
from ymera_service.storage.faults import unavailable
from ymera_service.storage.labels import arm_label
from ymera_service.storage.records import ExecutionStatus, Operation
from ymera_service.storage.tables import execution_labels, executions, observations

__all__ = ["FIGURES", "ArmSums", "Arms", "Sums"]

PART = 5_000
"""Executions of one part, those without an experiment among them."""
ROWS = 500
"""Rows that are converted at a time, so that the event loop is held for few milliseconds."""
LATE = timedelta(minutes=10)
"""How far behind a server's observations may be stored, and its clock."""
RECENT = timedelta(hours=1)
"""Parts that ended this long ago are looked at for late records at each reading,"""
RECOUNTED = timedelta(hours=1)
"""and all parts this often: after a crash, the records of calls under way may be stored long after."""
_ONCE = ("request_id",)
"""What names a unit that has one request."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Arms:
    """The stored executions of experiments."""

    def __init__(self, reader: AsyncEngine, now: Callable[[], datetime] = _utc_now) -> None:
        self._reader = reader
        self._now = now
        self._known: dict[tuple[str, tuple[str, ...]], _Experiment] = {}

    async def sums(self, experiment: str, unit: Sequence[str]) -> Sequence[ArmSums]:
        """Returns the sums of an experiment by arm and shares. A reading that is cut off goes on with the next.

        Args:
            experiment: Its name.
            unit: The columns of executions that name a unit, such as a session's.

        Raises:
            StorageUnavailable: The database can't be read.
        """
        key = experiment, tuple(unit)
        known = self._known.setdefault(key, _Experiment(*key))
        async with known.reading:
            with unavailable("read the executions of an experiment"):
                async with self._reader.connect() as connection:
                    await known.read(connection, self._now())
            return await asyncio.to_thread(known.sums)


@dataclass(frozen=True, slots=True)
class _Part:
    """Executions that arrived from `start` to before `end`, this many in the arms, as units or already as sums."""

    start: datetime
    end: datetime | None
    labels: int
    found: Units | Sequence[ArmSums]


class _Experiment:
    """What was read of an experiment. The last part has no end, and is read again each time."""

    def __init__(self, name: str, unit: tuple[str, ...]) -> None:
        self._label = arm_label(name)
        self._unit = unit
        self._arms: Sequence[str] = ()
        self._parts: list[_Part] = []
        self._read_at: datetime | None = None
        self._recounted_at: datetime | None = None
        self.reading = asyncio.Lock()

    def sums(self) -> Sequence[ArmSums]:
        """Returns the sums of all parts. May be called in a thread."""
        units = [part.found for part in self._parts if isinstance(part.found, Units)]
        return added(
            [
                *joined(units),
                *(each for part in self._parts if not isinstance(part.found, Units) for each in part.found),
            ]
        )

    async def read(self, connection: AsyncConnection, now: datetime) -> None:
        """Reads what is new."""
        self._arms, begin = await self._extent(connection)
        if begin is None:
            self._parts = []
            return
        self._forget(begin)
        for part in await self._changed(connection, now):
            self._parts[self._parts.index(part)] = await self._part(connection, part.start, part.end)
        start = self._parts[-1].end if self._parts else begin
        while start is not None:
            end = await _boundary(connection, start)
            self._parts.append(await self._part(connection, start, end))
            start = end
        self._read_at = now

    async def _extent(self, connection: AsyncConnection) -> tuple[Sequence[str], datetime | None]:
        """Returns the arms, and when the first of their executions arrived."""
        arms, begin, label = list[str](), list[datetime](), execution_labels.c
        query = select(func.min(label.value)).where(label.key == self._label)
        arm = (await connection.execute(query)).scalar_one()
        while arm is not None:
            arms.append(arm)
            own = label.key == self._label, label.value == arm
            begin.append((await connection.execute(select(func.min(label.created_at)).where(*own))).scalar_one())
            arm = (await connection.execute(query.where(label.value > arm))).scalar_one()
        return arms, min(begin, default=None)

    def _forget(self, begin: datetime) -> None:
        """Forgets the part that is not ended yet, and those whose executions were deleted, in part or all."""
        if self._parts and begin < self._parts[0].start:  # a call of long ago was recorded late
            self._parts = []
        self._parts = [part for part in self._parts if part.end is not None and part.end > begin]
        if self._parts and self._parts[0].start < begin:
            self._parts[0] = _Part(begin, self._parts[0].end, -1, ())

    async def _changed(self, connection: AsyncConnection, now: datetime) -> Sequence[_Part]:
        """Returns the parts with other executions or observations than before."""
        recounts = self._recounted_at is None or now - self._recounted_at >= RECOUNTED
        looked = [part for part in self._parts if recounts or part.labels < 0 or (part.end or now) > now - RECENT]
        changed = {part.start for part in looked if await self._count(connection, part.start, part.end) != part.labels}
        if self._parts and self._read_at is not None:
            starts = [part.start for part in self._parts]
            for arrived in await _observed(connection, self._read_at - LATE):
                if (place := bisect_right(starts, arrived) - 1) >= 0:
                    changed.add(starts[place])
        if recounts:
            self._recounted_at = now
        return [part for part in self._parts if part.start in changed]

    async def _part(self, connection: AsyncConnection, start: datetime, end: datetime | None) -> _Part:
        labels = await self._count(connection, start, end)  # first: what is stored meanwhile is missed here, and found
        rows: list[Any] = []
        if labels:
            async with connection.stream(_by_unit(self._of_arms(start, end), self._unit)) as result:
                async for some in result.partitions(ROWS):
                    rows += some
        units = await asyncio.to_thread(Units.of, rows)
        # Sums take less memory than units that can't have another request.
        return _Part(start, end, labels, units.sums() if self._unit == _ONCE else units)

    async def _count(self, connection: AsyncConnection, start: datetime, end: datetime | None) -> int:
        query = select(func.count()).select_from(execution_labels).where(*self._of_arms(start, end)(execution_labels))
        return (await connection.execute(query)).scalar_one()

    def _of_arms(self, start: datetime, end: datetime | None) -> "_Condition":
        """Returns the condition for labels of executions that arrived in a time."""

        def condition(label: _Labels) -> Sequence[ColumnElement[bool]]:
            columns = label.c
            whole = [columns.key == self._label, columns.value.in_(self._arms), columns.created_at >= start]
            return whole if end is None else [*whole, columns.created_at < end]

        return condition


_Labels = Table | NamedFromClause
_Condition = Callable[[_Labels], Sequence[ColumnElement[bool]]]


async def _observed(connection: AsyncConnection, since: datetime) -> Sequence[datetime]:
    """Returns when the executions in experiments arrived of which something was observed since then."""
    query = (
        select(executions.c.created_at)
        .distinct()
        .join_from(observations, executions, executions.c.request_id == observations.c.request_id)
        .where(observations.c.created_at >= since, executions.c.arm_shares.is_not(None))
    )
    return (await connection.execute(query)).scalars().all()


async def _boundary(connection: AsyncConnection, start: datetime) -> datetime | None:
    """Returns the time before which a part ends that begins at `start`; None if too few executions follow."""
    arrived = executions.c.created_at
    query = select(arrived).where(arrived >= start).order_by(arrived).limit(1).offset(PART)
    end = (await connection.execute(query)).scalar_one_or_none()
    if end != start:
        return end
    next_arrived = select(arrived).where(arrived > start).order_by(arrived).limit(1)  # more arrived at one moment
    return (await connection.execute(next_arrived)).scalar_one_or_none()


def _by_unit(condition: _Condition, unit: Sequence[str]) -> Select[Any]:
    """Returns the query for the units' arm, shares, requests, count and sum of each figure, and name."""
    requests = _requests(condition, unit)
    figures: list[ColumnElement[Any]] = []
    for name in FIGURES:
        figures += [func.count(requests.c[name]), func.sum(requests.c[name])]
    names = [requests.c[name] for name in unit]
    query = select(requests.c.arm, requests.c.shares, func.count(), *figures, *names)
    return query.group_by(requests.c.arm, requests.c.shares, *names)


def _requests(condition: _Condition, unit: Sequence[str]) -> Subquery:
    """Returns the executed requests of an experiment, each with its figures."""
    label, whole = execution_labels, executions.c.status == ExecutionStatus.COMPLETED.value
    judged = _judged(condition)
    return (
        select(
            label.c.value.label("arm"),
            executions.c.arm_shares.label("shares"),
            *(executions.c[name] for name in unit),
            judged.c.quality.label("quality"),
            executions.c.cost_micros.label("cost"),
            case((whole, executions.c.duration)).label("latency"),
            _failed().label("failures"),
        )
        .select_from(
            label.join(executions, executions.c.request_id == label.c.request_id).outerjoin(
                judged, judged.c.request_id == label.c.request_id
            )
        )
        .where(
            *condition(label),
            executions.c.arm_shares.is_not(None),
            executions.c.operation == Operation.CHAT.value,
            executions.c.status != ExecutionStatus.ROUTED.value,
        )
        .subquery()
    )


def _failed() -> Case[Any]:
    """Returns 1.0 for a failure, 0.0 for an answer, and NULL where the caller went or the outcome is unknown."""
    failed = (ExecutionStatus.FAILED.value, ExecutionStatus.TRUNCATED.value)
    return case((executions.c.status == ExecutionStatus.COMPLETED.value, 0.0), (executions.c.status.in_(failed), 1.0))


def _judged(condition: _Condition) -> Subquery:
    """Returns the mean of what was observed last by each source and name, of each judged request."""
    newest = (
        func.row_number()
        .over(
            partition_by=(observations.c.request_id, observations.c.source, observations.c.name),
            order_by=(observations.c.created_at.desc(), observations.c.id.desc()),
        )
        .label("place")
    )
    label = execution_labels.alias("judged_label")
    latest = (
        select(observations.c.request_id, observations.c.value, newest)
        .join(label, label.c.request_id == observations.c.request_id)
        .where(*condition(label), observations.c.value.is_not(None))
        .subquery()
    )
    return (
        select(latest.c.request_id, func.avg(latest.c.value).label("quality"))
        .where(latest.c.place == 1)
        .group_by(latest.c.request_id)
        .subquery()
    )
