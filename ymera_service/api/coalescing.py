"""Joins text that is already there: a message of its own for each word costs most of a stream's time."""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from itertools import groupby

from ymera_service.execution.events import ExecutionEvent
from ymera_service.sdk.events import TextDelta

MAX_WAITING = 64
"""Events that wait for a caller who reads slowly; then the provider waits too."""


@dataclass(frozen=True, slots=True)
class _End:
    error: Exception | None = None


_Queue = asyncio.Queue[ExecutionEvent | _End]


async def coalesced(events: AsyncGenerator[ExecutionEvent, None]) -> AsyncGenerator[ExecutionEvent, None]:
    """Yields the events as they come, those texts joined that came while the one before was being sent.

    `events` runs, and is closed, in a task of its own; what it raises is raised here.
    """
    queue: _Queue = asyncio.Queue(MAX_WAITING)
    pump = asyncio.create_task(_pump(events, queue))
    try:
        while True:
            batch = await _all_there(queue)
            for event in _joined(batch):
                if isinstance(event, _End):
                    if event.error is not None:
                        raise event.error
                    return
                yield event
    finally:
        pump.cancel()
        await asyncio.wait({pump})


async def _pump(events: AsyncGenerator[ExecutionEvent, None], queue: _Queue) -> None:
    end = _End()
    try:
        async with aclosing(events):
            async for event in events:
                await queue.put(event)
    except Exception as error:  # noqa: BLE001  # raised by `coalesced`
        end = _End(error)
    await queue.put(end)


async def _all_there(queue: _Queue) -> Sequence[ExecutionEvent | _End]:
    there = [await queue.get()]
    while not queue.empty():
        there.append(queue.get_nowait())
    return there


def _joined(batch: Sequence[ExecutionEvent | _End]) -> Iterator[ExecutionEvent | _End]:
    for kind, run in groupby(batch, type):
        if kind is TextDelta:
            yield TextDelta("".join([event.text for event in run if isinstance(event, TextDelta)]))
        else:
            yield from run
