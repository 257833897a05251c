"""Reads executions."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncEngine

from ymera_service.sdk.generation import Usage
from ymera_service.storage.faults import unavailable
from ymera_service.storage.listing import listing
from ymera_service.storage.records import ExecutionFilter, ExecutionRecord, ExecutionStatus, Operation
from ymera_service.storage.tables import USAGE_COLUMNS, executions


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


def _record(row: Row[Any]) -> ExecutionRecord:
    values = {"decision": b"", **row._asdict()}
    usage = Usage(**{name: values.pop(name) for name in USAGE_COLUMNS})
    status, operation = ExecutionStatus(values.pop("status")), Operation(values.pop("operation"))
    return ExecutionRecord(**values, status=status, usage=usage, operation=operation)
