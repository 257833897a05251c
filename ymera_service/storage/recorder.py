"""Makes records durable, many in one commit.

A record is acknowledged after its commit. A single record is written after `GATHERING_TURNS` turns of the event loop,
which are over at once while there is nothing else to do; on a busy server other records arrive in them. Those, and the
records that arrive during a commit, are written together and share its cost.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import structlog

from ymera_service.sdk.cancellation import being_cancelled
from ymera_service.sdk.errors import StorageUnavailable
from ymera_service.storage.backend import Parameters, Rows
from ymera_service.storage.database import Database
from ymera_service.storage.faults import explanation, is_of_a_row, refusal, unavailable
from ymera_service.storage.rows import Record

MAX_BATCH = 512
"""Records in one commit."""
GATHERING_TURNS = 3
"""Turns of the event loop before a commit. With 32 requests under way they make batches of 7 records out of 4."""
MAX_WAITING = 10_000
"""The most records that wait during a commit; further ones are rejected."""

_ACTION = "record what was done"

_STOPPED = "the recorder was stopped before the record was written"

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Entry:
    statement: str
    parameters: Parameters
    written: asyncio.Future[None]


class Recorder:
    """Writes records; an async context manager that writes all accepted records before it exits.

    A later execution or catalog version replaces the earlier one with the same key; a later benchmark result with the
    same key is ignored.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._formats = database.formats()
        self._waiting: deque[_Entry] = deque()
        self._wake = asyncio.Event()
        self._open = False
        self._writer: asyncio.Task[None] | None = None
        self.failure = ""
        """Why the latest commit failed, for people; empty if it succeeded."""

    async def __aenter__(self) -> Self:
        self._writer = asyncio.create_task(self._run(), name="ymera-recorder")
        self._open = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._open = False
        self._wake.set()
        if self._writer is not None:
            await self._writer

    async def record(self, record: Record) -> None:
        """Returns when the record is durable.

        If the caller is cancelled meanwhile, the record is written nevertheless.

        Raises:
            StorageUnavailable: The record could not be made durable, alone or with its whole batch.
        """
        if not self._open:
            raise StorageUnavailable("the recorder is closed")
        if len(self._waiting) >= MAX_WAITING:
            raise StorageUnavailable(f"the database does not keep up: {MAX_WAITING} records are waiting")
        form = self._formats[type(record)]
        with unavailable(_ACTION):
            parameters = form.parameters(record)
        written = asyncio.get_running_loop().create_future()
        self._waiting.append(_Entry(form.statement, parameters, written))
        self._wake.set()
        await written

    async def _run(self) -> None:
        try:
            while self._open or self._waiting:
                if not self._waiting:
                    self._wake.clear()
                    await self._wake.wait()
                    continue
                for _ in range(GATHERING_TURNS):
                    await asyncio.sleep(0)
                await self._commit(self._take())
        finally:
            self._open = False
            _refuse(self._waiting, _STOPPED)

    def _take(self) -> list[_Entry]:
        return [self._waiting.popleft() for _ in range(min(len(self._waiting), MAX_BATCH))]

    async def _commit(self, batch: Sequence[_Entry]) -> None:
        try:
            await self._database.insert(_rows(batch))
        except BaseException as error:  # waiting callers need the error, and the next batch may succeed
            # A driver may raise CancelledError though this task was not cancelled: that must not end the writer.
            if not isinstance(error, Exception | asyncio.CancelledError) or being_cancelled():
                _refuse(batch, _STOPPED)
                raise
            await self._after_failure(batch, error)
        else:
            self.failure = ""
            _acknowledge(batch)

    async def _after_failure(self, batch: Sequence[_Entry], error: BaseException) -> None:
        if len(batch) == 1 or not is_of_a_row(error):
            self.failure = "" if is_of_a_row(error) else explanation(_ACTION, error)
            _refuse(batch, refusal(_ACTION, error).message)
            return
        # One row caused the error: halving the batch isolates it in few commits, and the other rows are written.
        half = len(batch) // 2
        await self._commit(batch[:half])
        await self._commit(batch[half:])


def _rows(batch: Sequence[_Entry]) -> Rows:
    rows: defaultdict[str, list[Parameters]] = defaultdict(list)
    for entry in batch:
        rows[entry.statement].append(entry.parameters)
    return list(rows.items())


def _acknowledge(batch: Sequence[_Entry]) -> None:
    for entry in batch:
        if not entry.written.done():
            entry.written.set_result(None)


def _refuse(batch: Iterable[_Entry], message: str) -> None:
    for entry in batch:
        if entry.written.done():
            _log.error("record_lost", message=message, key=entry.parameters[0])
        else:
            entry.written.set_exception(StorageUnavailable(message))
