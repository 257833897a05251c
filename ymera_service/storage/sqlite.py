"""SQLite: readers through aiosqlite, and one writer connection in a thread of its own.

The writer is SQLAlchemy's synchronous engine, so that a transaction is one step into its thread and back.
aiosqlite takes such a step for every cursor, statement and close, eight of them for a group commit:
measured side by side on 2 cores, 1.4 ms of CPU time for a row of 2 KB and 1.6 for eight, instead of 0.5
and 0.7; SQLite itself takes 0.2 of it and 0.015 for each further row.

SQLite up to 3.51.2 can corrupt a file when one connection checkpoints while another, of this or another
process, commits (https://www.sqlite.org/wal.html#walresetbug). So nothing checkpoints by itself: the writer
does, in the mode that keeps all other writers out meanwhile.
"""

import asyncio
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import structlog
from sqlalchemy import URL, Compiled, Connection, Engine, Table, create_engine, event
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from ymera_service.storage.backend import Work

_log = structlog.get_logger(__name__)

BUSY_SECONDS = 5.0
"""How long to wait for another process that is writing."""
CHECKPOINT_BYTES = 4 * 1024 * 1024
"""How long the write-ahead log grows before it is moved into the database."""

# isolation_level None keeps Python's sqlite3, in every version, from beginning transactions of its own.
_CONNECT = {"isolation_level": None, "timeout": BUSY_SECONDS}

# In WAL mode NORMAL may lose commits in a power cut; FULL may not.
_WRITER_PRAGMAS = ("synchronous = FULL", "foreign_keys = ON", "wal_autocheckpoint = 0")
_READER_PRAGMAS = ("query_only = ON", "foreign_keys = ON")


class Sqlite:
    """A database file; see `Backend`. `file` gets its folder and is created where missing."""

    name = "sqlite"

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self.reader = _reader(file)
        self._writer = _writer(file)
        self._connection: Connection | None = None
        self._log = file.with_name(file.name + "-wal")
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ymera-sqlite-writer")

    def insert(self, table: Table) -> Compiled:
        """See `Backend.insert`."""
        return insert(table).on_conflict_do_nothing().compile(dialect=self._writer.dialect)

    async def write(self, work: Work) -> None:
        """See `Backend.write`."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._transaction, work)

    def _transaction(self, work: Work) -> None:
        # Kept for good: taking it from the pool each time is a fourth of a small commit.
        if self._connection is None:
            self._connection = self._writer.connect()
        with self._connection.begin():
            work(self._connection)
        if _size(self._log) >= CHECKPOINT_BYTES:
            _checkpoint(self._connection)

    def _close_writer(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._writer.dispose()

    async def close(self) -> None:
        """See `Backend.close`."""
        try:
            await self.reader.dispose()
            await asyncio.get_running_loop().run_in_executor(self._thread, self._close_writer)
        finally:
            self._thread.shutdown(wait=False)


def _writer(file: Path) -> Engine:
    url = URL.create("sqlite", database=str(file))
    engine = create_engine(url, connect_args=_CONNECT, pool_size=1, max_overflow=0)
    event.listen(engine, "begin", _begin_immediate)
    event.listen(engine, "connect", _prepare_writer)
    return engine


def _reader(file: Path) -> AsyncEngine:
    engine = create_async_engine(URL.create("sqlite+aiosqlite", database=str(file)), connect_args=_CONNECT)
    event.listen(engine.sync_engine, "connect", _prepare_reader)
    return engine


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _prepare_writer(connection: DBAPIConnection, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode")
    # Once is for ever, and changing the mode needs the file alone for a moment.
    if cursor.fetchone() != ("wal",):
        cursor.execute("PRAGMA journal_mode = WAL")
    _apply(cursor, _WRITER_PRAGMAS)


def _prepare_reader(connection: DBAPIConnection, _record: object) -> None:
    _apply(connection.cursor(), _READER_PRAGMAS)


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0


def _checkpoint(connection: Connection) -> None:
    cursor = connection.connection.cursor()
    try:
        # Without patience: where a reader or another writer is in the way, the next commit tries again.
        cursor.execute("PRAGMA busy_timeout = 0")
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error as error:  # what was committed stays so
        _log.warning("checkpoint_failed", error=str(error))
    finally:
        _apply(cursor, (f"busy_timeout = {BUSY_SECONDS * 1000:.0f}",))


def _apply(cursor: DBAPICursor, pragmas: tuple[str, ...]) -> None:
    for pragma in pragmas:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
