"""What the rest of the room needs of a kind of database."""

from collections.abc import Callable
from typing import Protocol

from sqlalchemy import Compiled, Connection, Table
from sqlalchemy.ext.asyncio import AsyncEngine

Work = Callable[[Connection], None]
"""Statements of one transaction, written once for SQLAlchemy's synchronous interface."""


class Backend(Protocol):
    """One database, open for reading and writing. Raises what SQLAlchemy and the driver raise."""

    @property
    def name(self) -> str:
        """ "sqlite" or "postgresql"."""
        ...

    @property
    def reader(self) -> AsyncEngine:
        """Connections for reading."""
        ...

    def insert(self, table: Table) -> Compiled:
        """Returns the insert of one row that leaves a row of the same primary key as it is."""
        ...

    async def write(self, work: Work) -> None:
        """Runs the work in a write transaction and returns when it is durable.

        The work may run twice, where a connection broke before its commit was confirmed. A cancelled
        call may still write.
        """
        ...

    async def close(self) -> None:
        """Closes every connection."""
        ...
