"""Reads executions."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, ScalarSelect, func, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncEngine

from ymera_service.sdk.generation import Usage
from ymera_service.storage.faults import unavailable
from ymera_service.storage.listing import listing
from ymera_service.storage.records import ExecutionFilter, ExecutionRecord, ExecutionStatus, Operation
from ymera_service.storage.tables import USAGE_COLUMNS, UtcDateTime, executions, observations


class Executions:
    """The stored executions."""

    def __init__(self, reader: AsyncEngine) -> None:
        self._reader = reader

    async def get(self, request_id: str) -> ExecutionRecord | None:
        """Returns an execution; None if no execution with that id is stored.

        Raises:
            StorageUnavailable: The database can't be read.
        """
        query = select(executions).where(executions.c.request_id == request_id)
        with unavailable("read an execution"):
            async with self._reader.connect() as connection:
                row = (await connection.execute(query)).one_or_none()
        return None if row is None else _record(row)

    async def latest(
        self, wanted: ExecutionFilter, *, limit: int, after: tuple[datetime, str] | None = None
    ) -> Sequence[ExecutionRecord]:
        """Returns executions, the latest first, without their decisions and attempts.

        Args:
            wanted: Which ones.
            limit: How many, at most.
            after: The creation time and id of the one that those returned follow.

        Raises:
            StorageUnavailable: The database can't be read.
        """
        with unavailable("list executions"):
            async with self._reader.connect() as connection:
                rows = (await connection.execute(listing(wanted, after).limit(limit))).all()
        return [_record(row) for row in rows]

    async def answered(
        self,
        limit: int,
        *,
        since: datetime | None = None,
        after: tuple[datetime, str] | None = None,
        caller: str = "",
    ) -> Sequence[tuple[ExecutionRecord, float | None]]:
        """Returns answered prompts, the latest first, each with the mean of what was observed of its quality.

        Of observations of one source and name, the latest counts; None if there are none.

        Args:
            limit: How many, at most.
            since: Only those made then or later.
            after: The creation time and id of the one that those returned follow.
            caller: Only those of this caller; empty for those of all.

        Raises:
            StorageUnavailable: The database can't be read.
        """
        query = select(executions, _judged().label("judged")).where(*_answered(since, after, caller))
        query = query.order_by(executions.c.created_at.desc(), executions.c.request_id.desc()).limit(limit)
        with unavailable("read answered executions"):
            async with self._reader.connect() as connection:
                rows = (await connection.execute(query)).all()
        return [(_record(row), row.judged) for row in rows]

    async def nth_latest(self, number: int) -> datetime | None:
        """Returns the creation time of the `number`-th latest execution; None if there are fewer.

        Raises:
            StorageUnavailable: The database can't be read.
        """
        created_at = executions.c.created_at
        query = select(created_at).order_by(created_at.desc()).limit(1).offset(number - 1)
        with unavailable("count the executions"):
            async with self._reader.connect() as connection:
                return (await connection.execute(query)).scalar_one_or_none()


def _judged() -> ScalarSelect[float | None]:
    """Returns the query for the mean of the latest observations of an execution."""
    later = observations.alias("later")
    same = [later.c[name] == observations.c[name] for name in ("request_id", "source", "name")]
    replaced = select(later.c.id).where(*same, later.c.created_at > observations.c.created_at).exists()
    return (
        select(func.avg(observations.c.value))
        .where(observations.c.request_id == executions.c.request_id, ~replaced)
        .correlate(executions)
        .scalar_subquery()
    )


def _answered(since: datetime | None, after: tuple[datetime, str] | None, caller: str) -> Iterator[ColumnElement[bool]]:
    yield executions.c.status == ExecutionStatus.COMPLETED.value
    yield executions.c.operation == Operation.CHAT.value
    if since is not None:
        yield executions.c.created_at >= since
    if after is not None:
        place = tuple_(literal(after[0], UtcDateTime()), literal(after[1]))
        yield tuple_(executions.c.created_at, executions.c.request_id) < place
    if caller:
        yield executions.c.caller == caller


def _record(row: Row[Any]) -> ExecutionRecord:
    values = {"decision": b"", **row._asdict()}
    values.pop("judged", None)
    usage = Usage(**{name: values.pop(name) for name in USAGE_COLUMNS})
    status, operation = ExecutionStatus(values.pop("status")), Operation(values.pop("operation"))
    return ExecutionRecord(**values, status=status, usage=usage, operation=operation)
