"""Notices that a database file is no longer the one that was opened.

A process keeps writing to a file that was deleted or replaced, and SQLite does not notice: what it commits is gone with
the process. So the writer looks at the path after each commit, before it is acknowledged, which takes 3 µs.

Nothing is opened again in place of a lost file: an empty database would hide that the history is gone, while the lost
one can still be copied from the running process; and a file put in its place must not meet the write-ahead log of the
one before it, which would damage it (https://www.sqlite.org/howtocorrupt.html).
"""

import os
from pathlib import Path

_PAGE_SIZE, _PAGE_COUNT = slice(16, 18), slice(28, 32)
"""Big-endian numbers in the header of a database file; a page size of 1 means 65,536."""
_HEADER_BYTES = 100


class FileLost(OSError):
    """The path does not lead to the open file any more, or a part of the file is missing."""


class OpenFile:
    """A database file and its write-ahead log, as they were when they were opened. The file is created if missing.

    It has to be made before SQLite opens the file and closed after SQLite has closed it: closing any descriptor of a
    file releases every lock that the process holds on it (POSIX), SQLite's too.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # SQLite gives its other files the permissions of this one.
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        self._path = str(path)
        self._log_path = f"{path}-wal"
        status = os.fstat(self._descriptor)
        self._inode, self._size = status.st_ino, status.st_size
        self._log_inode: int | None = None
        self.readable_by_others = bool(status.st_mode & 0o077)
        self.lost = False
        """The latest check failed."""

    def check(self) -> None:
        """Checks the file at the path.

        Raises:
            FileLost: It is another one, or shorter than its content.
        """
        self.lost = True
        status = _status(self._path, "the database file")
        if status.st_ino != self._inode:
            raise FileLost(
                f"another file was put in the place of the database {self._path}: stop the server, delete "
                f"{self._log_path}, and start it again"
            )
        if status.st_size < self._size:
            self._check_length(status.st_size)
        self._size = status.st_size
        self.lost = False

    def check_log(self) -> int:
        """Checks the write-ahead log at its path, which exists once something was committed. Raises as `check`.

        Returns:
            Its bytes.
        """
        self.lost = True
        status = _status(self._log_path, "the write-ahead log")
        if self._log_inode is None:
            self._log_inode = status.st_ino
        if status.st_ino != self._log_inode:
            raise FileLost(f"another file was put in the place of {self._log_path}: restart the server")
        self.lost = False
        return status.st_size

    def _check_length(self, size: int) -> None:
        """Distinguishes a file that VACUUM shortened from one that was cut off: the header has the number of pages."""
        header = os.pread(self._descriptor, _HEADER_BYTES, 0)
        page = int.from_bytes(header[_PAGE_SIZE], "big")
        pages = int.from_bytes(header[_PAGE_COUNT], "big")
        if not pages or size < pages * (65_536 if page == 1 else page):
            raise FileLost(
                f"the database file {self._path} was truncated to {size} bytes: restore it from a backup and restart"
            )

    def close(self) -> None:
        """Releases the file."""
        os.close(self._descriptor)


def _status(path: str, what: str) -> os.stat_result:
    try:
        return os.stat(path)  # noqa: PTH116  # a third of the time of Path.stat, and on every commit
    except FileNotFoundError:
        raise FileLost(f"{what} {path} was deleted or moved: put it back, or restart the server") from None
