"""Opens all that a server stores with."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from ymera_service.config import StorageSettings
from ymera_service.storage.database import Database
from ymera_service.storage.integrity import Integrity
from ymera_service.storage.journal import Journal, prefix_of
from ymera_service.storage.recorder import Recorder
from ymera_service.storage.recovery import Readers, recover
from ymera_service.storage.retention import Retention


@dataclass(frozen=True, slots=True)
class Storage:
    """What a server reads and writes with. `work` is to run in the background meanwhile, by name."""

    database: Database
    recorder: Recorder
    work: Mapping[str, Callable[[], Awaitable[None]]]

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: StorageSettings, readers: Readers) -> AsyncIterator["Storage"]:
        """Opens the database and a journal, and records what earlier processes left in theirs.

        Raises:
            StorageUnavailable: The database or the journal can't be opened.
        """
        journals = prefix_of(settings)
        async with Database.open(settings.url) as database:
            with Journal.open(journals) as journal:
                async with Recorder(database, journal) as recorder:
                    await recover(journals, recorder, readers)
                    work = {
                        "recorder": recorder.retry,
                        "database check": Integrity(database).run,
                        "retention": Retention(database, settings).run,
                    }
                    yield cls(database, recorder, work)
