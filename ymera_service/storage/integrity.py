"""Looks for damage in the database, at the start and then once a day."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NoReturn

import structlog

from ymera_service.storage.database import Database

CHECK_SECONDS = 60.0
"""After this the check of a large file is given up: meanwhile SQLite can't reuse its write-ahead log."""
PERIOD_SECONDS = 24 * 3600.0

_log = structlog.get_logger(__name__)


class Integrity:
    """Checks a database; what it finds is in `Database.damage`."""

    def __init__(self, database: Database, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._database = database
        self._sleep = sleep

    async def run(self) -> NoReturn:
        """Checks now and then every `PERIOD_SECONDS`.

        Raises:
            StorageUnavailable: The database can't be read; the caller runs it again later.
        """
        while True:
            await self._database.check(CHECK_SECONDS)
            if self._database.damage:
                _log.error("database_damaged", damage=self._database.damage)
            await self._sleep(PERIOD_SECONDS)
