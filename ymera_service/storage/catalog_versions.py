"""Reads catalog versions."""

from collections.abc import Sequence

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

    async def latest(self, most: int) -> Sequence[str]:
        """Returns the names of the versions that were stored last, the latest first.

        Raises:
            StorageUnavailable: The database can't be read.
        """
        columns = catalog_versions.c
        query = select(columns.version).order_by(columns.created_at.desc(), columns.version).limit(most)
        with unavailable("read the catalog versions"):
            async with self._reader.connect() as connection:
                return (await connection.execute(query)).scalars().all()
