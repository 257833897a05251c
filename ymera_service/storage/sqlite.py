"""SQLite: readers through aiosqlite, and one writer connection in a thread.

The writer is synchronous, so that a transaction is one switch to its thread and back. aiosqlite needs such a
switch for every cursor, statement and close, eight of them for a group commit. Records are also written without
SQLAlchemy, which takes 0.1 ms for a transaction, as much as SQLite for a row of 3 KB without the disk.

SQLite up to 3.51.2 can corrupt a file when one connection checkpoints while another, of this or another
process, commits (https://www.sqlite.org/wal.html#walresetbug). So SQLite's automatic checkpoints are off, and the
writer's thread checkpoints while it holds the write lock. `wal_checkpoint(TRUNCATE)` alone would not suffice: if it
does not get that lock, it continues without it.
"""

import asyncio
import sqlite3
import time
from collections.abc import Coroutine
from functools import partial
from pathlib import Path
from typing import Any, cast

import structlog
from sqlalchemy import URL, Compiled, Connection, Engine, Table, create_engine, event
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from ymera_service.storage.backend import Rows, Work
from ymera_service.storage.open_file import OpenFile
from ymera_service.storage.quick_check import QuickCheck
from ymera_service.storage.thread import Thread

_log = structlog.get_logger(__name__)

BUSY_SECONDS = 5.0
"""How long to wait for another process that is writing."""
CHECKPOINT_BYTES = 4 * 1024 * 1024
"""The size of the write-ahead log at which it is moved into the database. The file keeps this size and is reused from
its beginning, as a commit that extends a file costs half as much again."""

# With isolation_level None, sqlite3 does not begin transactions automatically, in any version of Python.
_CONNECT = {"isolation_level": None, "timeout": BUSY_SECONDS}

# In WAL mode NORMAL may lose commits in a power cut; FULL may not.
_WRITER_PRAGMAS = ("synchronous = FULL", "foreign_keys = ON", "wal_autocheckpoint = 0")
_READER_PRAGMAS = ("query_only = ON", "foreign_keys = ON")


class Sqlite:
    """A database file; see `Backend`. `file` and its folder are created if missing."""

    name = "sqlite"

    def __init__(self, file: Path) -> None:
        self._file = file
        self._open_file = OpenFile(file)
        if self._open_file.readable_by_others:
            _log.warning("database_readable_by_others", file=str(file), remedy=f"chmod 600 {file}*")
        self.reader = _reader(file)
        self._writer = _writer(file)
        for engine in (self.reader.sync_engine, self._writer):
            event.listen(engine, "do_connect", self._check_path)
        # Both are kept open: taking a connection from the pool costs a quarter of a small commit.
        self._connection: Connection | None = None
        self._checkpoints: Connection | None = None
        self._log_bytes = 0
        """Of the write-ahead log after the latest commit."""
        self._thread = Thread("ymera-sqlite-writer")

    def insertion(self, table: Table, *, replace: bool) -> Compiled:
        """See `Backend.insertion`."""
        statement = insert(table)
        if replace:
            statement = statement.on_conflict_do_update(index_elements=table.primary_key, set_=statement.excluded)
        else:
            statement = statement.on_conflict_do_nothing()
        return statement.compile(dialect=self._writer.dialect)

    def insert(self, rows: Rows) -> Coroutine[Any, Any, None]:
        """See `Backend.insert`."""
        return self._thread.call(partial(self._insert, rows), then=self._shorten_log)

    async def write(self, work: Work) -> None:
        """See `Backend.write`."""
        await self._thread.call(partial(self._transaction, work), then=self._shorten_log)

    def _insert(self, rows: Rows) -> None:
        self._check_before()
        _insert(_driver(self._writing()), rows)
        self._check_after()

    def _transaction(self, work: Work) -> None:
        self._check_before()
        connection = self._writing()
        with connection.begin():
            work(connection)
        self._check_after()

    def _check_before(self) -> None:
        if self._open_file.lost:  # else each retry would make the log of a lost file longer
            self._check_after()

    def _check_after(self) -> None:
        self._open_file.check()
        self._log_bytes = self._open_file.check_log()

    def _check_path(self, *_: object) -> None:
        """SQLAlchemy asks this before it connects: SQLite would create a file, or mix another one with the log."""
        self._open_file.check()

    def _writing(self) -> Connection:
        if self._connection is None:
            self._connection = self._writer.connect()
        return self._connection

    def _shorten_log(self) -> None:
        if self._log_bytes <= CHECKPOINT_BYTES:
            return
        with self._writing().begin():
            self._checkpoint()

    def _checkpoint(self) -> None:
        """Moves the pages that no reader needs any more. If those are all, the next commit restarts the log."""
        if self._checkpoints is None:
            self._checkpoints = self._writer.connect()
        _driver(self._checkpoints).execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()

    def _close_writer(self) -> None:
        for connection in (self._checkpoints, self._connection):
            if connection is not None:
                connection.close()
        self._writer.dispose()

    async def close(self) -> None:
        """See `Backend.close`."""
        try:
            await self.reader.dispose()
            await self._thread.call(self._close_writer)
            self._open_file.close()
        finally:
            self._thread.close()

    async def damage(self, seconds: float) -> str:
        """See `Backend.damage`."""
        self._open_file.check()
        check, thread = QuickCheck(self._file), Thread("ymera-sqlite-check")
        try:
            async with asyncio.timeout(seconds):
                await thread.call(check.run)
        except TimeoutError:
            _log.info("database_check_not_finished", seconds=seconds)
        finally:
            check.stop()
            thread.close()
        return check.found


def _writer(file: Path) -> Engine:
    url = URL.create("sqlite", database=str(file))
    engine = create_engine(url, connect_args=_CONNECT, pool_size=2, max_overflow=0)
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
    if cursor.fetchone() != ("wal",):
        _switch_to_wal(cursor)  # the mode is stored in the file
    # The commit that restarts the log truncates its file to the limit.
    _apply(cursor, (*_WRITER_PRAGMAS, f"journal_size_limit = {CHECKPOINT_BYTES}"))


def _switch_to_wal(cursor: DBAPICursor) -> None:
    # Switching needs exclusive access. SQLite waits for readers, but not for other writers or switches.
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.01)
        else:
            return


def _prepare_reader(connection: DBAPIConnection, _record: object) -> None:
    _apply(connection.cursor(), _READER_PRAGMAS)


def _driver(connection: Connection) -> sqlite3.Connection:
    return cast("sqlite3.Connection", connection.connection.dbapi_connection)


def _insert(connection: sqlite3.Connection, rows: Rows) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statement, parameters in rows:
            connection.executemany(statement, parameters)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _apply(cursor: DBAPICursor, pragmas: tuple[str, ...]) -> None:
    for pragma in pragmas:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
