"""Sends the events of an execution to its reader: text that is waiting joined, and every event numbered.

A message for each word costs most of a stream's time. So whatever came while the message before was being
sent goes out together.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from typing import Any, TypeVar

from ymera_service.execution.events import Ended, ExecutionEvent, Sink
from ymera_service.execution.facts import Execution, ExecutionRequest
from ymera_service.sdk.events import TextDelta
from ymera_service.telemetry.timing import Timings

Written = TypeVar("Written")
Run = Callable[[ExecutionRequest, Sink, Timings], Coroutine[Any, Any, Execution]]

MAX_WAITING = 64
"""Events that wait for a caller who reads slowly; then the provider waits too."""
LONGEST_TEXT = 64 * 1024
"""Characters from which on no further text is joined: gRPC's clients refuse messages above 4 MiB."""


class Channel:
    """A sink whose events wait, in order, for one reader."""

    __slots__ = ("_closed", "_reader", "_waiting", "_writer")

    def __init__(self) -> None:
        self._waiting: list[ExecutionEvent] = []
        self._closed = False
        self._reader: asyncio.Future[None] | None = None
        self._writer: asyncio.Future[None] | None = None

    def try_send(self, event: ExecutionEvent) -> bool:
        """Takes the next event, unless `MAX_WAITING` are there; drops it once the channel is closed.

        The last one is always taken: the end of an execution must not depend on how fast its caller reads.
        """
        if self._closed:
            return True
        if len(self._waiting) >= MAX_WAITING and type(event) is not Ended:
            return False
        self._waiting.append(event)
        if self._reader is not None:
            _wake(self._reader)
        return True

    async def send(self, event: ExecutionEvent) -> None:
        """Takes the next event; waits while `MAX_WAITING` are there."""
        while not self.try_send(event):
            self._writer = asyncio.get_running_loop().create_future()
            await self._writer

    async def take(self) -> Sequence[ExecutionEvent]:
        """Returns everything that waits, at least one event; nothing once the channel is closed and empty."""
        while not self._waiting and not self._closed:
            self._reader = asyncio.get_running_loop().create_future()
            await self._reader
            self._reader = None
        taken, self._waiting = self._waiting, []
        if self._writer is not None:
            _wake(self._writer)
        return taken

    def close(self, _task: object = None) -> None:
        """No further event comes, or nothing reads them any more."""
        self._closed = True
        _wake(self._reader)
        _wake(self._writer)


def _wake(waiter: asyncio.Future[None] | None) -> None:
    if waiter is not None and not waiter.done():
        waiter.set_result(None)


async def deliver(
    run: Run,
    request: ExecutionRequest,
    timings: Timings,
    convert: Callable[[int, ExecutionEvent], Written],
    write: Callable[[Written], Awaitable[None]],
) -> Execution:
    """Runs an execution in a task beside its reader and writes its events, numbered from 1.

    Ending early, as when the caller goes away, cancels the execution.

    Args:
        run: `Pipeline.stream`.
        request: What to execute.
        timings: Gets the phases.
        convert: Makes a protocol's message of an event and its number.
        write: Sends a message; waits while the caller is behind.

    Raises:
        YmeraError: From `run`, before the first event.
    """
    channel = Channel()
    execution = asyncio.create_task(run(request, channel, timings))
    execution.add_done_callback(channel.close)
    number = 0
    try:
        while events := await channel.take():
            for event in joined(events) if len(events) > 1 else events:
                number += 1
                await write(convert(number, event))
        return await execution
    except asyncio.CancelledError as reason:
        execution.cancel(*reason.args)
        raise
    finally:
        if not execution.done():
            if not execution.cancelling():
                execution.cancel()
            await asyncio.wait({execution})


def joined(events: Sequence[ExecutionEvent]) -> Iterator[ExecutionEvent]:
    """Yields the events with texts that follow each other as one, of not much more than `LONGEST_TEXT`."""
    texts: list[str] = []
    length = 0
    for event in events:
        if texts and (type(event) is not TextDelta or length >= LONGEST_TEXT):
            yield TextDelta("".join(texts))
            texts.clear()
            length = 0
        if type(event) is TextDelta:
            texts.append(event.text)
            length += len(event.text)
        else:
            yield event
    if texts:
        yield TextDelta("".join(texts))
