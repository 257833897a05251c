"""The interface between the package and a kind of database."""

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, Protocol

from sqlalchemy import Compiled, Connection, Table
from sqlalchemy.ext.asyncio import AsyncEngine

Work = Callable[[Connection], None]
"""Statements of one transaction, written once for SQLAlchemy's synchronous interface."""

Parameters = tuple[Any, ...]

Rows = Sequence[tuple[str, Sequence[Parameters]]]
"""Compiled statements of `Backend.insertion`, each with the parameters of its rows."""


def insert_into(table: Table, connection: Connection) -> Any:
    """Returns an insert in the connection's dialect, which can say what is done if a row exists."""
    dialect = import_module(f"sqlalchemy.dialects.{connection.dialect.name}")  # importing all of them takes time
    return dialect.insert(table)


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

    def insertion(self, table: Table, *, replace: bool) -> Compiled:
        """Returns the insert of one row, which replaces a row of the same primary key or leaves that row unchanged."""
        ...

    async def insert(self, rows: Rows) -> None:
        """Writes rows, in order and in one transaction, and returns when they are durable.

        They are written twice if a connection broke before its commit was confirmed. A cancelled call may
        still write.
        """
        ...

    async def write(self, work: Work) -> None:
        """Runs the work in a write transaction and returns when it is durable.

        The work may run twice, and a cancelled call may still write, as with `insert`.
        """
        ...

    async def damage(self, seconds: float) -> str:
        """Returns what is damaged; empty if nothing is, or if the check takes longer than this many seconds."""
        ...

    async def close(self) -> None:
        """Closes every connection."""
        ...
