"""Records what was under way in processes that did not end in order, from the journals that they left behind."""

import asyncio
import fcntl
import glob
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import orjson
import structlog

from ymera_service.sdk.errors import StorageUnavailable
from ymera_service.storage.journal import HEAD_BYTES, MAX_SLOTS, SLOT_BYTES
from ymera_service.storage.recorder import Recorder
from ymera_service.storage.rows import Record

_log = structlog.get_logger(__name__)


Readers = Mapping[str, Callable[[Any], Sequence[Record]]]
"""Kinds of notes, and what makes records of one: the JSON object that was noted, with its `kind`."""


async def recover(prefix: Path, recorder: Recorder, readers: Readers) -> int:
    """Records what the journals hold that no process has locked, deletes them, and returns how many notes it found.

    A record that is already stored stays as it is. If storage fails, the journals are kept for the next start.
    """
    recovered = 0
    for journal in await asyncio.to_thread(_left_behind, prefix):
        try:
            records = await asyncio.to_thread(journal.records, readers)
            await asyncio.gather(*(recorder.record(*each) for each in records))
            journal.delete()
        except StorageUnavailable as error:
            _log.error("calls_not_recovered", file=str(journal.file), problem=error.message)
        else:
            recovered += len(records)
        finally:
            journal.close()
    if recovered:
        _log.warning("calls_recovered", records=recovered)
    return recovered


class _LeftBehind:
    """A journal whose process has ended, locked by this one."""

    def __init__(self, file: Path, descriptor: int) -> None:
        self.file = file
        self._descriptor = descriptor

    def records(self, readers: Readers) -> list[Sequence[Record]]:
        """Returns the records of each note; what can't be read is logged and left out."""
        found: list[Sequence[Record]] = []
        for start in range(0, min(os.fstat(self._descriptor).st_size, MAX_SLOTS * SLOT_BYTES), SLOT_BYTES):
            data = os.pread(self._descriptor, SLOT_BYTES, start)
            if length := int.from_bytes(data[:HEAD_BYTES], "little"):
                with self._readable():
                    note = orjson.loads(data[HEAD_BYTES : HEAD_BYTES + length])
                    found.append(readers[note["kind"]](note))
        return found

    @contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except (ValueError, TypeError, KeyError, IndexError) as error:
            # If it was written only in part, its call was not made: the write comes first.
            _log.error("note_not_readable", file=str(self.file), problem=str(error))

    def delete(self) -> None:
        """Deletes the file."""
        self.file.unlink(missing_ok=True)

    def close(self) -> None:
        """Releases the lock."""
        os.close(self._descriptor)


def _left_behind(prefix: Path) -> list[_LeftBehind]:
    found = []
    for file in sorted(prefix.parent.glob(f"{glob.escape(prefix.name)}-*")):
        with suppress(OSError):
            descriptor = os.open(file, os.O_RDWR)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(descriptor)  # the process that holds the lock is alive
                continue
            found.append(_LeftBehind(file, descriptor))
    return found
