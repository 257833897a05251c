"""Leases: names that one holder has at a time, across all servers with the same database.

A lease that is not renewed, as its holder was killed, is free again at its end. The clocks of servers are compared, so
they have to differ by less than a lease lasts.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime

from sqlalchemy import Connection, delete, select

from ymera_service.storage.backend import Work, insert_into
from ymera_service.storage.faults import unavailable
from ymera_service.storage.tables import leases


class Leases:
    """The stored leases."""

    def __init__(self, write: Callable[[Work], Awaitable[None]]) -> None:
        self._write = write

    async def claim(self, name: str, holder: str, *, now: datetime, until: datetime) -> bool:
        """Takes or renews a lease; returns whether this holder has it. Of several that claim it at a time, one gets it.

        Args:
            name: What is claimed.
            holder: Who claims it: unique to the claim, as a holder keeps what it has.
            now: The present time; a lease that ended before is free.
            until: When the lease ends unless it is renewed.

        Raises:
            StorageUnavailable: The database can't be written.
        """
        held = False

        def work(connection: Connection) -> None:
            nonlocal held
            row = leases.c
            insert = insert_into(leases, connection).values(name=name, holder=holder, until=until)
            connection.execute(
                insert.on_conflict_do_update(
                    index_elements=[row.name],
                    set_={"holder": holder, "until": until},
                    where=(row.holder == holder) | (row.until <= now),
                )
            )
            held = connection.execute(select(row.holder).where(row.name == name)).scalar() == holder

        with unavailable("claim a lease"):
            await self._write(work)
        return held

    async def release(self, name: str, holder: str) -> None:
        """Frees a lease, if this holder has it.

        Raises:
            StorageUnavailable: The database can't be written.
        """

        def work(connection: Connection) -> None:
            connection.execute(delete(leases).where(leases.c.name == name, leases.c.holder == holder))

        with unavailable("release a lease"):
            await self._write(work)
