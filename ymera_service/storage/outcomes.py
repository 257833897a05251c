"""Claims idempotency keys, and finds what the requests with them came to."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import timedelta

from sqlalchemy import ColumnElement, Connection, and_, delete, select
from sqlalchemy.ext.asyncio import AsyncEngine

from ymera_service.storage.backend import Work, insert_into
from ymera_service.storage.faults import unavailable
from ymera_service.storage.records import Outcome
from ymera_service.storage.tables import outcomes

KEPT = timedelta(hours=24)
"""How long a key is kept."""


class Outcomes:
    """The stored outcomes. A finished one is written by the `Recorder`, together with its execution."""

    def __init__(self, reader: AsyncEngine, write: Callable[[Work], Awaitable[None]]) -> None:
        self._reader = reader
        self._write = write

    async def claim(self, wanted: Outcome) -> Outcome:
        """Stores an outcome that is still under way, unless its key is taken; returns what is stored then.

        Of several servers that claim a key, one gets its own claim back.

        Raises:
            StorageUnavailable: The database can't be written.
        """
        stored = wanted

        def work(connection: Connection) -> None:
            nonlocal stored
            expired = outcomes.c.created_at < wanted.created_at - KEPT
            connection.execute(delete(outcomes).where(_is(wanted), expired))
            # Of several servers that insert at the same time, the others wait here for the first one's commit.
            connection.execute(insert_into(outcomes, connection).values(asdict(wanted)).on_conflict_do_nothing())
            stored = Outcome(*connection.execute(select(outcomes).where(_is(wanted))).one())

        with unavailable("claim an idempotency key"):
            await self._write(work)
        return stored

    async def release(self, claim: Outcome) -> None:
        """Deletes a claim, so that the key is free again.

        Raises:
            StorageUnavailable: The database can't be written.
        """
        with unavailable("release an idempotency key"):
            own = and_(_is(claim), outcomes.c.request_id == claim.request_id)

            def work(connection: Connection) -> None:
                connection.execute(delete(outcomes).where(own))

            await self._write(work)


def _is(claim: Outcome) -> ColumnElement[bool]:
    return and_(outcomes.c.caller == claim.caller, outcomes.c.key == claim.key)
