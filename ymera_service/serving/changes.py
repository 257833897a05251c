"""What changed in the catalogue, from its stored versions."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime

import structlog

from ymera_service.catalog.changes import DatedChange, history
from ymera_service.catalog.versions import from_json
from ymera_service.sdk.models import Model
from ymera_service.serving.checks.violations import Violations
from ymera_service.serving.listing import page_size
from ymera_service.storage import Database

_log = structlog.get_logger(__name__)

MAX_VERSIONS = 50
"""Versions that are compared; as many are always stored, besides those that decisions name."""


class Changes:
    """Compares the stored versions of the catalogue; one request at a time, as that takes a thread."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._comparing = asyncio.Lock()

    async def latest(self, size: int) -> Sequence[DatedChange]:
        """Returns the latest changes, the latest first.

        Args:
            size: The most changes; 0 means 100, more than 1,000 means 1,000.

        Raises:
            InvalidRequest: The size is negative.
            StorageUnavailable: The database can't be read.
        """
        faults = Violations()
        most = page_size(size, faults)
        faults.check()
        found: list[DatedChange] = []
        async with self._comparing:
            async for change in history(self._versions()):
                found.append(change)
                if len(found) == most:
                    break
        return found

    async def _versions(self) -> AsyncIterator[tuple[datetime, Mapping[str, Model]]]:
        for name in await self._database.catalog_versions.latest(MAX_VERSIONS):
            version = await self._database.catalog_versions.get(name)
            if version is None:
                continue  # deleted meanwhile
            try:
                yield version.created_at, await asyncio.to_thread(from_json, version.models)
            except ValueError as error:
                _log.warning("catalog_version_not_read", version=name, problem=str(error)[:500])
