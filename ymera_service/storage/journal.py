"""A file that notes the calls under way, so that what they may have cost is known after a crash.

Before a provider is called, a note is written to a slot of the file: what to record if the process ends before the
outcome is recorded. The slot is freed once the record is durable. `write(2)` hands the bytes to the kernel, which keeps
them when the process is killed, so nothing waits for the disk: both writes take 4 to 6 µs. A power cut may lose the
latest notes. A memory map would take 1 µs, but it kills the process when the disk is full or the file is truncated.

Each process has its own file and holds a lock on it, which the kernel releases however the process ends. The next
process with the same database takes over the files that are not locked; see `recovery`.
"""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

import platformdirs

from ymera_service.config import StorageSettings
from ymera_service.storage.database import describe, file_of
from ymera_service.storage.faults import explained

SLOT_BYTES = 32_768
"""A note has at most 4 KB of decision, usually less than 1 KB per attempt, and at most 17 KB of labels."""
MAX_SLOTS = 8192
"""Far above the requests that a server processes at a time; the file has this many slots at most."""
HEAD_BYTES = 4
"""The length of the note in a slot, little-endian; 0 if the slot is free."""
_FREE = bytes(HEAD_BYTES)


class Journal:
    """The journal of this process."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._descriptor = _created(file)
        self._free: list[int] = []
        self._slots = 0
        self.used = 0
        """Slots with a note: calls that are under way or not recorded."""

    @classmethod
    @contextmanager
    def open(cls, prefix: Path) -> Iterator["Journal"]:
        """Creates a journal; it is deleted at the end if every call is recorded.

        Args:
            prefix: What the path begins with; see `prefix_of`.

        Raises:
            StorageUnavailable: The file can't be created.
        """
        with explained(f"create the journal {prefix}-…", "set storage.state_folder to a folder that can be written"):
            journal = cls(prefix.with_name(f"{prefix.name}-{uuid4().hex}"))
        try:
            yield journal
        finally:
            journal._close()

    def add(self, note: bytes) -> int:
        """Writes a note and returns its slot.

        Raises:
            OSError: It can't be written.
            ValueError: It is larger than a slot.
        """
        if len(note) > SLOT_BYTES - HEAD_BYTES:
            raise ValueError(f"a note has {len(note)} bytes, a slot {SLOT_BYTES}")
        slot = self._take()
        try:
            self._write(slot, len(note).to_bytes(HEAD_BYTES, "little") + note)
        except OSError:
            self._free.append(slot)
            raise
        self.used += 1
        return slot

    def remove(self, slot: int) -> None:
        """Frees a slot. If that can't be written, the next start finds that the record is stored."""
        self.used -= 1
        self._free.append(slot)
        try:
            self._write(slot, _FREE)
        except OSError:
            return

    def works(self) -> bool:
        """Whether notes can be written."""
        slot = self._free[-1] if self._free else self._slots
        try:
            self._write(slot, bytes(SLOT_BYTES))
        except OSError:
            return False
        return True

    def _take(self) -> int:
        # The slot freed last is used first, so that few pages of the file are ever written.
        if self._free:
            return self._free.pop()
        if self._slots == MAX_SLOTS:
            raise OSError(f"{MAX_SLOTS} calls are under way or not recorded")
        self._slots += 1
        return self._slots - 1

    def _write(self, slot: int, data: bytes) -> None:
        if os.pwrite(self._descriptor, data, slot * SLOT_BYTES) != len(data):
            raise OSError("the disk is full")

    def _close(self) -> None:
        if not self.used:
            self._file.unlink(missing_ok=True)
        os.close(self._descriptor)


def _created(file: Path) -> int:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    while True:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if _is_at(descriptor, file):
            return descriptor
        os.close(descriptor)  # another process took it for one that was left behind, before it was locked


def _is_at(descriptor: int, file: Path) -> bool:
    with suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(descriptor), file.stat())
    return False


def prefix_of(settings: StorageSettings) -> Path:
    """Returns what the paths of a database's journals begin with: the same for every process that uses it."""
    return beside(settings, "calls")


def beside(settings: StorageSettings, what: str) -> Path:
    """Returns the path of a file that belongs to a database: beside it, or in the state folder for PostgreSQL."""
    file = file_of(settings.url)
    if file is not None:
        return file.with_name(f"{file.name}-{what}")
    name = hashlib.sha256(describe(settings.url).encode()).hexdigest()[:16]
    return (settings.state_folder or platformdirs.user_state_path("ymera")) / f"postgresql-{name}-{what}"
