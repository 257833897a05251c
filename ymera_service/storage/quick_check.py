"""SQLite's own check of a database file, in a thread, beside requests."""

import sqlite3
import threading
from contextlib import closing, suppress
from pathlib import Path

MAX_FINDINGS = 3
"""SQLite stops after this many."""


class QuickCheck:
    """Reads every page once on a connection of its own. `found` says what is damaged; it is empty if nothing is."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._connection: sqlite3.Connection | None = None
        self._stopped = threading.Event()
        self.found = ""

    def run(self) -> None:
        """Returns when the check is over or was stopped; then nothing is known.

        Raises:
            sqlite3.Error: The file can't be read.
        """
        # `stop` is called in another thread.
        with closing(sqlite3.connect(self._file, isolation_level=None, check_same_thread=False)) as connection:
            self._connection = connection
            if not self._stopped.is_set():
                connection.execute("PRAGMA query_only = ON")
                self.found = self._findings(connection)

    def _findings(self, connection: sqlite3.Connection) -> str:
        try:
            findings = connection.execute(f"PRAGMA quick_check({MAX_FINDINGS})").fetchall()
        except sqlite3.DatabaseError as error:
            if self._stopped.is_set():
                return ""
            if isinstance(error, sqlite3.OperationalError):
                raise
            return str(error)
        return "" if self._stopped.is_set() or findings == [("ok",)] else "; ".join(text for (text,) in findings)

    def stop(self) -> None:
        """Ends a check that is running, within a few pages."""
        self._stopped.set()
        if self._connection is not None:
            with suppress(sqlite3.ProgrammingError):  # it is closed
                self._connection.interrupt()
