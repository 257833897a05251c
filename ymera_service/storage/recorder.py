"""Makes records durable, many in one commit.

A record is acknowledged after its commit. A commit waits `GATHERING_TURNS` turns of the event loop, which are over at
once while there is nothing else to do; on a busy server other records arrive in them. Those, and the records that
arrive during a commit, are written together and share its cost, which is that of 20 rows.

When a commit fails, its callers get an error, but their records are kept and written once commits succeed again: what
they account for has been spent. Until then nothing may be spent, so `check` refuses further requests.
"""

import asyncio
import types
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import NoReturn, Self

import structlog

from ymera_service.sdk.cancellation import being_cancelled
from ymera_service.sdk.errors import RecordingUnavailable, StorageUnavailable
from ymera_service.storage.backend import Parameters, Rows
from ymera_service.storage.database import Database
from ymera_service.storage.faults import ERRORS, explanation, is_of_a_row, refusal
from ymera_service.storage.journal import Journal
from ymera_service.storage.rows import Record

MAX_BATCH = 512
"""Records in one commit."""
GATHERING_TURNS = 8
"""Turns of the event loop before a commit, 2 µs each while it is idle. With 32 requests under way they make batches of
10 records."""
MAX_WAITING = 10_000
"""The most records that wait during a commit; further ones are rejected. The same bounds those of failed commits."""
STALL_SECONDS = 2.0
"""A commit that takes longer counts as failing until it is over. A fast disk takes a millisecond."""
STALL_TURNS = 10
"""Turns of the event loop after that time: a loop that was held until now has not heard yet that the commit is over."""
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 15.0
"""Seconds before the records of failed commits are written again: doubled with each attempt."""

_ACTION = "record what was done"

_STOPPED = "the recorder was stopped before the record was written"

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Entry:
    rows: tuple[tuple[str, Parameters], ...]
    written: asyncio.Future[None]
    slot: int | None
    """The slot of the journal that is free once the record is durable."""


class Recorder:
    """Writes records; an async context manager that writes all accepted records before it exits.

    A later execution, observation, catalog version, benchmark run or features of a benchmark task replace the earlier
    ones with the same key; a later benchmark result with the same key is ignored.
    """

    def __init__(
        self,
        database: Database,
        journal: Journal | None = None,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Takes the journal in which calls are noted; without one, they are not."""
        self._database = database
        self._journal = journal
        self._sleep = sleep
        self._formats = database.formats()
        self._keys = {form.statement: form.key_length for form in self._formats.values()}
        self._waiting: deque[_Entry] = deque()
        self._owed: dict[tuple[str, Parameters], _Entry] = {}
        """The records of failed commits: the latest of each key."""
        self._wake = asyncio.Event()
        self._failing = asyncio.Event()
        self._pause = FIRST_PAUSE
        self._commit: object = None
        """The commit that is under way,"""
        self._stalled = False
        """and whether it takes too long."""
        self._open = False
        self._writer: asyncio.Task[None] | None = None
        self.failure = ""
        """Why the latest commit failed, for people; empty if it succeeded."""

    @property
    def problem(self) -> str:
        """Why no record can be written now, for people; empty if records can be written."""
        if self.failure or not self._stalled:
            return self.failure
        return f"a commit has taken more than {STALL_SECONDS:g} s"

    def check(self) -> None:
        """Checks that records can be written.

        Raises:
            RecordingUnavailable: They can't, so nothing should be begun that has to be recorded.
        """
        if self.failure or self._stalled:
            raise RecordingUnavailable("requests are refused while they can't be recorded", retry_after=self._pause)

    def note(self, note: bytes, previous: int | None = None) -> int | None:
        """Notes in the journal what to record if the process ends before the record is durable.

        Args:
            note: As `recover` reads it.
            previous: The slot of an earlier note, which this one replaces.

        Returns:
            The slot to pass on with the record.

        Raises:
            RecordingUnavailable: Records can't be written, or the note can't.
            ValueError: The note is too large.
        """
        self.check()
        if self._journal is None:
            return None
        try:
            slot = self._journal.add(note)
            if previous is not None:
                self._journal.remove(previous)
        except OSError as error:
            self._fail(explanation("note a call in the journal", error))
            self.check()
            raise
        return slot

    def forget(self, slot: int | None) -> None:
        """Frees the slot of a call of which there is nothing to record."""
        if self._journal is not None and slot is not None:
            self._journal.remove(slot)

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

    async def retry(self) -> NoReturn:
        """Writes the records of failed commits again and again, which also shows when commits succeed."""
        while True:
            await self._failing.wait()
            await self._sleep(self._pause)
            self._pause = min(2 * self._pause, LONGEST_PAUSE)
            if self._commit is not None:
                continue
            if self._owed:
                self._write_owed()
            elif self._journal is not None and self._journal.works():
                self._succeed()

    async def record(self, *records: Record, slot: int | None = None, within: float | None = None) -> None:
        """Returns when the records, which are written in one transaction, are durable.

        If the caller is cancelled meanwhile, they are written nevertheless, and also if a commit fails.

        Args:
            records: What to store.
            slot: Where `note` has noted it; it is free once the records are durable.
            within: How many seconds the caller waits; None means any number.

        Raises:
            StorageUnavailable: They could not be made durable, alone or with their whole batch, or not in time.
        """
        written = self._accept(records, slot)
        if within is None:
            await written
            return
        timer = asyncio.get_running_loop().call_later(within, _give_up, written, within)
        try:
            await written
        finally:
            timer.cancel()

    def record_later(self, record: Record, slot: int | None) -> None:
        """Lets a record be written for which no caller waits. If that fails, it is logged."""
        try:
            self._accept((record,), slot).cancel()
        except StorageUnavailable as error:
            _log.error("record_lost", message=error.message)

    def _accept(self, records: Sequence[Record], slot: int | None) -> asyncio.Future[None]:
        if not self._open:
            raise StorageUnavailable("the recorder is closed")
        if len(self._waiting) >= MAX_WAITING:
            raise StorageUnavailable(f"the database does not keep up: {MAX_WAITING} records are waiting")
        try:
            rows = tuple(map(self._row, records))
        except ERRORS as error:
            raise refusal(_ACTION, error) from error
        written = asyncio.get_running_loop().create_future()
        self._waiting.append(_Entry(rows, written, slot))
        self._wake.set()
        return written

    def _row(self, record: Record) -> tuple[str, Parameters]:
        form = self._formats[type(record)]
        return form.statement, form.parameters(record)

    async def _run(self) -> None:
        try:
            while self._open or self._waiting:
                if not self._waiting:
                    self._wake.clear()
                    await self._wake.wait()
                    continue
                await self._gather()
                await self._write(self._take())
                if self._owed and not self.failure:
                    self._write_owed()
            await self._write_last()
        finally:
            self._open = False
            _refuse([*self._owed.values(), *self._waiting], _STOPPED)

    @types.coroutine
    def _gather(self) -> Generator[None, None, None]:
        """Lets other records arrive."""
        for _ in range(GATHERING_TURNS):
            yield  # a turn of the loop; `asyncio.sleep(0)` would take three times as many calls

    def _take(self) -> list[_Entry]:
        return [self._waiting.popleft() for _ in range(min(len(self._waiting), MAX_BATCH))]

    async def _insert(self, batch: Sequence[_Entry]) -> None:
        commit = self._commit = object()
        timer = asyncio.get_running_loop().call_later(STALL_SECONDS, self._suspect, commit, STALL_TURNS)
        try:
            await self._database.insert(_rows(batch))
        finally:
            timer.cancel()
            self._commit, self._stalled = None, False

    def _suspect(self, commit: object, turns: int) -> None:
        """Takes a commit to stall if it is still under way in some turns of the loop."""
        if self._commit is commit and turns:
            asyncio.get_running_loop().call_soon(self._suspect, commit, turns - 1)
        elif self._commit is commit:
            self._stalled = True

    async def _write(self, batch: Sequence[_Entry]) -> None:
        try:
            await self._insert(batch)
        except BaseException as error:  # waiting callers need the error, and the next batch may succeed
            # A driver may raise CancelledError though this task was not cancelled: that must not end the writer.
            if not isinstance(error, Exception | asyncio.CancelledError) or being_cancelled():
                _refuse(batch, _STOPPED)
                raise
            await self._after_failure(batch, error)
        else:
            self._acknowledge(batch)
            if self.failure:
                self._succeed()

    async def _after_failure(self, batch: Sequence[_Entry], error: BaseException) -> None:
        if not is_of_a_row(error):
            self._fail(explanation(_ACTION, error))
            self._owe(batch, refusal(_ACTION, error).message)
            return
        if len(batch) == 1:
            _refuse(batch, refusal(_ACTION, error).message)
            self._free(batch)
            if self.failure:  # the database answers again
                self._succeed()
            return
        # One row caused the error: halving the batch isolates it in few commits, and the other rows are written.
        half = len(batch) // 2
        await self._write(batch[:half])
        await self._write(batch[half:])

    def _acknowledge(self, batch: Sequence[_Entry]) -> None:
        for entry in batch:
            if not entry.written.done():
                entry.written.set_result(None)
        if self._owed:
            for entry in batch:
                self._owed.pop(self._key(entry), None)  # older than what is stored now
        self._free(batch)

    def _free(self, batch: Iterable[_Entry]) -> None:
        if self._journal is not None:
            for entry in batch:
                if entry.slot is not None:
                    self._journal.remove(entry.slot)

    def _fail(self, problem: str) -> None:
        self.failure = problem
        self._failing.set()

    def _succeed(self) -> None:
        _log.warning("recording_again", failed=self.failure, owed=len(self._owed))
        self.failure, self._pause = "", FIRST_PAUSE
        self._failing.clear()

    def _owe(self, batch: Sequence[_Entry], message: str) -> None:
        for entry in batch:
            if len(self._owed) >= MAX_WAITING:
                _refuse([entry], message)
                continue
            self._owed[self._key(entry)] = entry
            if not entry.written.done():
                entry.written.set_exception(StorageUnavailable(message))

    def _write_owed(self) -> None:
        """Puts records of failed commits before those that wait, as a later record of a request has to replace them.

        For the same reason it must not be called during a commit, which may have a later record.
        """
        keys = list(self._owed)[:MAX_BATCH]
        self._waiting.extendleft([self._owed.pop(key) for key in reversed(keys)])
        self._wake.set()

    async def _write_last(self) -> None:
        """Tries to write what is owed when the recorder is closed."""
        while self._owed:
            self._write_owed()
            await self._write(self._take())
            if self.failure:
                return

    def _key(self, entry: _Entry) -> tuple[str, Parameters]:
        statement, parameters = entry.rows[0]
        return statement, parameters[: self._keys[statement]]


def _rows(batch: Sequence[_Entry]) -> Rows:
    rows: defaultdict[str, list[Parameters]] = defaultdict(list)
    for entry in batch:
        for statement, parameters in entry.rows:
            rows[statement].append(parameters)
    return list(rows.items())


def _give_up(written: asyncio.Future[None], seconds: float) -> None:
    if not written.done():
        written.set_exception(StorageUnavailable(f"the record was not durable within {seconds:g} s"))


def _refuse(batch: Iterable[_Entry], message: str) -> None:
    for entry in batch:
        if entry.written.done():
            _log.error("record_lost", message=message, key=entry.rows[0][1][0])
        else:
            entry.written.set_exception(StorageUnavailable(message))
