"""Reads catalog versions."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from ymera_service.storage.faults import unavailable
from ymera_service.storage.records import CatalogVersion
from ymera_service.storage.tables import catalog_versions


class CatalogVersions:
    """The stored catalog versions."""

    def __init__(self, reader: AsyncEngine) -> None:
        self._reader = reader

    async def get(self, version: str) -> CatalogVersion | None:
        """Returns a version; None if it is not stored or was deleted.

        Raises:
            StorageUnavailable: The database can't be read.
        """
        query = select(catalog_versions).where(catalog_versions.c.version == version)
        with unavailable("read a catalog version"):
            async with self._reader.connect() as connection:
                row = (await connection.execute(query)).one_or_none()
        return None if row is None else CatalogVersion(*row)
