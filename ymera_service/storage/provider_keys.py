"""Providers' keys, encrypted: the table of the vault."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from ymera_service.storage.backend import Work, insert_into
from ymera_service.storage.faults import unavailable
from ymera_service.storage.records import SealedKey
from ymera_service.storage.tables import provider_keys

_COLUMNS = provider_keys.c
_IN_USE = _COLUMNS.revoked_at.is_(None)


class ProviderKeys:
    """The stored keys. Of several servers that change one at the same time, one succeeds."""

    def __init__(self, reader: AsyncEngine, write: Callable[[Work], Awaitable[None]]) -> None:
        self._reader = reader
        self._write = write

    async def revisions(self) -> Mapping[str, int]:
        """Returns the revision of each key that is in use, by its id: enough to notice every change.

        Raises:
            StorageUnavailable: The database can't be read.
        """
        query = select(_COLUMNS.id, _COLUMNS.revision).where(_IN_USE)
        with unavailable("read the revisions of providers' keys"):
            async with self._reader.connect() as connection:
                return {row.id: row.revision for row in await connection.execute(query)}

    async def all(self, *, revoked: bool = False) -> Sequence[SealedKey]:
        """Returns the keys that are in use, or also those that were revoked, by provider and name.

        Raises:
            StorageUnavailable: The database can't be read.
        """
        query = select(provider_keys).order_by(_COLUMNS.provider, _COLUMNS.name, _COLUMNS.created_at)
        with unavailable("read providers' keys"):
            async with self._reader.connect() as connection:
                return [_key(row) for row in await connection.execute(query if revoked else query.where(_IN_USE))]

    async def add(self, key: SealedKey) -> bool:
        """Stores a new key; returns False if its provider has one of this name.

        Raises:
            StorageUnavailable: The database can't be written.
        """
        stored: str | None = None

        def work(connection: Connection) -> None:
            nonlocal stored
            values = {column.name: getattr(key, column.name) for column in _COLUMNS}
            # Of several servers that insert at the same time, the others wait here for the first one's commit.
            connection.execute(insert_into(provider_keys, connection).values(values).on_conflict_do_nothing())
            same = (_COLUMNS.provider == key.provider, _COLUMNS.name == key.name, _IN_USE)
            stored = connection.execute(select(_COLUMNS.id).where(*same)).scalar()

        with unavailable("store a provider's key"):
            await self._write(work)
        return stored == key.id

    async def replace(self, before: SealedKey, after: SealedKey) -> bool:
        """Replaces a key by its next revision; returns False if it was changed since it was read.

        Raises:
            StorageUnavailable: The database can't be written.
        """
        values = {column.name: getattr(after, column.name) for column in _COLUMNS}
        statement = (
            update(provider_keys)
            .where(_COLUMNS.id == before.id, _COLUMNS.revision == before.revision)
            .values(values | {"revision": before.revision + 1})
        )
        replaced = False

        def work(connection: Connection) -> None:
            nonlocal replaced
            connection.execute(statement)  # its count would be 0 if the work runs a second time
            row = connection.execute(select(provider_keys).where(_COLUMNS.id == before.id)).one()
            replaced = row.revision == before.revision + 1 and _contents(_key(row)) == _contents(after)

        with unavailable("change a provider's key"):
            await self._write(work)
        return replaced


def _contents(key: SealedKey) -> tuple[object, ...]:
    return key.data_key, key.ciphertext, key.revoked_at


def _key(row: Row[Any]) -> SealedKey:
    return SealedKey(**row._asdict())
