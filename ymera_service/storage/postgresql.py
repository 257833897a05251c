"""PostgreSQL through asyncpg."""

from functools import partial
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # ships no types
from sqlalchemy import Compiled, Table
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from ymera_service.storage.backend import Rows, Work

CONNECT_SECONDS = 10.0
STATEMENT_SECONDS = 30.0


class Postgresql:
    """A database on a server; see `Backend`. `url` is a libpq URL, including parameters such as `sslmode`.

    Records are written without SQLAlchemy, which would take half of the CPU time of a small commit.
    """

    name = "postgresql"

    def __init__(self, url: str) -> None:
        self._connect = partial(asyncpg.connect, url, timeout=CONNECT_SECONDS, command_timeout=STATEMENT_SECONDS)
        self.reader = create_async_engine("postgresql+asyncpg://", async_creator=self._connect, pool_pre_ping=True)
        # No ping before each commit: a connection found dead is replaced, see `write` and `insert`.
        self._writer = create_async_engine(
            "postgresql+asyncpg://", async_creator=self._connect, pool_size=1, max_overflow=0
        )
        self._inserting: Any = None

    def insertion(self, table: Table, *, replace: bool) -> Compiled:
        """See `Backend.insertion`."""
        statement = insert(table)
        if replace:
            statement = statement.on_conflict_do_update(index_elements=table.primary_key, set_=statement.excluded)
        else:
            statement = statement.on_conflict_do_nothing()
        return statement.compile(dialect=self.reader.dialect)

    async def insert(self, rows: Rows) -> None:
        """See `Backend.insert`."""
        connection = await self._insert_connection()
        try:
            await _insert(connection, rows)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            if not connection.is_closed():
                raise
            await _insert(await self._insert_connection(), rows)

    async def _insert_connection(self) -> Any:
        if self._inserting is None or self._inserting.is_closed():
            self._inserting = await self._connect()
        return self._inserting

    async def write(self, work: Work) -> None:
        """See `Backend.write`."""
        try:
            await self._transaction(work)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            await self._transaction(work)

    async def _transaction(self, work: Work) -> None:
        async with self._writer.begin() as connection:
            await connection.run_sync(work)

    async def damage(self, seconds: float) -> str:  # see below
        """See `Backend.damage`. PostgreSQL has checksums, and `pg_amcheck` for its administrator."""
        return ""

    async def close(self) -> None:
        """See `Backend.close`."""
        if self._inserting is not None:
            await self._inserting.close(timeout=CONNECT_SECONDS)
        await self._writer.dispose()
        await self.reader.dispose()


async def _insert(connection: Any, rows: Rows) -> None:
    if len(rows) == 1:  # one round trip: the statement is its own transaction
        await connection.executemany(*rows[0])
        return
    async with connection.transaction():
        for statement, parameters in rows:
            await connection.executemany(statement, parameters)
