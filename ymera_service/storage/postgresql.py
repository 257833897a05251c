"""PostgreSQL through asyncpg."""

from functools import partial

import asyncpg  # type: ignore[import-untyped]  # ships no types
from sqlalchemy import Compiled, Table
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from ymera_service.storage.backend import Work

CONNECT_SECONDS = 10.0
STATEMENT_SECONDS = 30.0


class Postgresql:
    """A database on a server; see `Backend`. `url` is what libpq takes, `sslmode` and the like included."""

    name = "postgresql"

    def __init__(self, url: str) -> None:
        connect = partial(asyncpg.connect, url, timeout=CONNECT_SECONDS, command_timeout=STATEMENT_SECONDS)
        self.reader = create_async_engine("postgresql+asyncpg://", async_creator=connect, pool_pre_ping=True)
        # No ping before each commit: a connection found dead is replaced, see `write`.
        self._writer = create_async_engine("postgresql+asyncpg://", async_creator=connect, pool_size=1, max_overflow=0)

    def insert(self, table: Table) -> Compiled:
        """See `Backend.insert`."""
        return insert(table).on_conflict_do_nothing().compile(dialect=self.reader.dialect)

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

    async def close(self) -> None:
        """See `Backend.close`."""
        await self._writer.dispose()
        await self.reader.dispose()
