"""Opens a database and gives access to its contents."""

import errno
import os
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import Connection, Delete, make_url, text

from ymera_service.sdk.errors import StorageUnavailable
from ymera_service.storage.arms import Arms
from ymera_service.storage.backend import Backend, Rows, Work
from ymera_service.storage.benchmark_runs import BenchmarkRuns
from ymera_service.storage.benchmarks import Benchmarks
from ymera_service.storage.catalog_versions import CatalogVersions
from ymera_service.storage.comparisons import Comparisons
from ymera_service.storage.executions import Executions
from ymera_service.storage.faults import damaged, explained
from ymera_service.storage.leases import Leases
from ymera_service.storage.observations import Observations
from ymera_service.storage.outcomes import Outcomes
from ymera_service.storage.provider_keys import ProviderKeys
from ymera_service.storage.rows import REPLACING, TABLES, Record, RowFormat
from ymera_service.storage.schema import HEAD, UnknownRevision, revision_of, upgrade
from ymera_service.storage.session_answers import SessionAnswers
from ymera_service.storage.usage_hours import UsageHours

_SQLITE = "sqlite:///"
_REMEDY = "set storage.url, or YMERA_STORAGE__URL, to a database that can be written"


class Database:
    """A database with the schema of this version of Ymera."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self.executions = Executions(backend.reader)
        self.catalog_versions = CatalogVersions(backend.reader)
        self.benchmarks = Benchmarks(backend.reader)
        self.benchmark_runs = BenchmarkRuns(backend.reader)
        self.comparisons = Comparisons(backend.reader)
        self.leases = Leases(backend.write)
        self.observations = Observations(backend.reader)
        self.session_answers = SessionAnswers(backend.reader)
        self.arms = Arms(backend.reader)
        self.usage_hours = UsageHours(backend.reader, backend.write)
        self.damage = ""
        """What the latest check found damaged, for people; empty if it found nothing."""
        self.outcomes = Outcomes(backend.reader, backend.write)
        self.provider_keys = ProviderKeys(backend.reader, backend.write)

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str) -> AsyncIterator["Database"]:
        """Opens a database and migrates it if its schema is older.

        Args:
            url: `sqlite:///path`, whose file and folder are created if missing, or
                `postgresql://user:password@host/database`.

        Raises:
            StorageUnavailable: The database can't be reached or written, or has the schema of a newer version.
        """
        location = describe(url)
        with explained(f"open {location}", _REMEDY):
            backend = _backend(url)
        try:
            with explained(f"open {location}", _REMEDY):
                await _bring_up_to_date(backend)
            yield cls(backend)
        except UnknownRevision as error:
            raise StorageUnavailable(f"cannot open {location}: {error}") from error
        finally:
            await backend.close()

    @staticmethod
    async def check_url(url: str) -> None:
        """Checks that a database can be opened; unlike `open`, creates and migrates nothing.

        Raises:
            StorageUnavailable: It can't be opened.
        """
        with explained(f"open {describe(url)}", _REMEDY):
            file = file_of(url)
            if file is not None and not file.exists():
                _check_folder(file)
                return
            backend = _backend(url)
            try:
                async with backend.reader.connect() as connection:
                    await connection.run_sync(revision_of)
            finally:
                await backend.close()

    @property
    def backend(self) -> str:
        """ "sqlite" or "postgresql"."""
        return self._backend.name

    async def ping(self) -> None:
        """Checks that the database answers a query.

        Raises:
            StorageUnavailable: It does not answer.
        """
        with explained("reach the database"):
            async with self._backend.reader.connect() as connection:
                await connection.execute(text("SELECT 1"))

    async def check(self, seconds: float) -> None:
        """Looks for damage, for at most this many seconds.

        Raises:
            StorageUnavailable: The database can't be read.
        """
        with explained("check the database"):
            found = await self._backend.damage(seconds)
        self.damage = damaged(found) if found else ""

    def formats(self) -> dict[type[Record], RowFormat]:
        """Returns how each type of record is written to this database."""
        return {
            type_: RowFormat(
                table, self._backend.insertion(table, replace=type_ in REPLACING), self._backend.reader.dialect
            )
            for type_, table in TABLES.items()
        }

    def insert(self, rows: Rows) -> Awaitable[None]:
        """Makes rows durable; see `Backend.insert`. Raises what the driver raises."""
        return self._backend.insert(rows)

    async def write(self, work: Work) -> None:
        """Runs the work in a write transaction; see `Backend.write`. Raises what the driver raises."""
        await self._backend.write(work)

    async def delete(self, statement: Delete) -> int:
        """Returns how many rows it deleted, durably. Raises what the driver raises."""
        deleted = 0

        def work(connection: Connection) -> None:
            nonlocal deleted
            deleted = connection.execute(statement).rowcount

        await self._backend.write(work)
        return deleted


def _backend(url: str) -> Backend:
    file = file_of(url)
    if file is not None:
        from ymera_service.storage.sqlite import Sqlite  # noqa: PLC0415  # only the one in use is imported

        return Sqlite(file)
    from ymera_service.storage.postgresql import Postgresql  # noqa: PLC0415

    return Postgresql(url)


def file_of(url: str) -> Path | None:
    """Returns the file of a SQLite database; None for other databases.

    Raises:
        ValueError: The database would be in memory.
    """
    if not url.startswith(_SQLITE):
        return None
    path = url.removeprefix(_SQLITE)
    if path in ("", ":memory:"):
        raise ValueError("a database in memory would be lost at the end: the url needs the path of a file")
    return Path(path).expanduser()


def _check_folder(file: Path) -> None:
    """Checks that a file can be created, and its folders, if they don't exist.

    Raises:
        OSError: They can't.
    """
    folder = next(parent for parent in file.absolute().parents if parent.exists())
    if not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))


def describe(url: str) -> str:
    """Returns what can be shown of a URL: no password, and no parameters, which may contain one."""
    if url.startswith(_SQLITE):
        return url.removeprefix(_SQLITE) or url
    with explained("understand storage.url", "write it as postgresql://user:password@host/database"):
        return make_url(url).set(query={}).render_as_string(hide_password=True)


async def _bring_up_to_date(backend: Backend) -> None:
    async with backend.reader.connect() as connection:
        revision = await connection.run_sync(revision_of)
    if revision != HEAD:
        await backend.write(upgrade)
