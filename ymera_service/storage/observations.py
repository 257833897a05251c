"""Reads observations. The `Recorder` writes them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncEngine

from ymera_service.storage.faults import unavailable
from ymera_service.storage.records import Observation, ObservationSource
from ymera_service.storage.tables import executions, observations

PART = 200
"""Observations that are converted at a time, so that the event loop is held for few milliseconds."""


class Observations:
    """The stored observations."""

    def __init__(self, reader: AsyncEngine) -> None:
        self._reader = reader

    async def of(self, request_id: str, source: ObservationSource) -> Sequence[Observation]:
        """Returns what one source observed of a request: the latest of each name, by name.

        Raises:
            StorageUnavailable: The database can't be read.
        """
        query = (
            select(observations)
            .where(observations.c.request_id == request_id, observations.c.source == source)
            .order_by(observations.c.created_at, observations.c.id)
        )
        with unavailable("read the observations of a request"):
            async with self._reader.connect() as connection:
                rows = (await connection.execute(query)).all()
        latest = {row.name: _observation(row) for row in rows}
        return [latest[name] for name in sorted(latest)]

    async def latest(self, limit: int, since: datetime | None = None) -> Sequence[tuple[Observation, bytes | None]]:
        """Returns observations, the earliest first, each with the features of its request, if they are stored.

        If there are more than the limit, those are the latest ones.

        Args:
            limit: How many, at most.
            since: Only those made then or later.

        Raises:
            StorageUnavailable: The database can't be read.
        """
        made = observations.c.created_at
        query = (
            select(observations, executions.c.features)
            .outerjoin(executions, executions.c.request_id == observations.c.request_id)
            .order_by(made.desc())
            .limit(limit)
        )
        found: list[tuple[Observation, bytes | None]] = []
        with unavailable("read the observations"):
            async with (
                self._reader.connect() as connection,
                connection.stream(query if since is None else query.where(made >= since)) as result,
            ):
                async for rows in result.partitions(PART):
                    found += [(_observation(row), row.features) for row in rows]
        return found[::-1]


def _observation(row: Row[Any]) -> Observation:
    values = row._asdict()
    values.pop("features", None)
    return Observation(**values | {"source": ObservationSource(values["source"])})
