"""Stops serving in order, so that every call gets its end, and every execution its record.

1. New calls are refused with a typed error, and the network is closed to them once no more arrive.
2. Calls under way may finish, for as long as the drain lasts or until it is cut short.
3. The pipeline ends every execution: each stream gets its terminal event, each execution its record.
4. What does not run the pipeline is cancelled; then executions whose callers do not read their end.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

from ymera_service.execution.pipeline import Pipeline
from ymera_service.serving.calls import Calls

log = structlog.get_logger(__name__)

FLUSH_SECONDS = 5.0
"""How long the last words of calls that were cut off may take to reach their callers."""


QUIET_SECONDS = 0.2
"""How long no call may have arrived before the network is closed: grpc ends calls that arrive in that moment as
cancelled, which looks like the caller's own doing."""
LONGEST_REFUSAL_SECONDS = 2.0
"""How long calls are refused in all before that, if callers try again and again."""


class Drain:
    """Ends the calls of a server, once."""

    def __init__(self, calls: Calls, pipeline: Pipeline, seconds: float) -> None:
        self._calls = calls
        self._pipeline = pipeline
        self._seconds = seconds
        self._cut_short = asyncio.Event()

    def cut_short(self) -> None:
        """Ends the wait for calls under way. They still end in order."""
        self._cut_short.set()

    def refuse(self) -> None:
        """Refuses new calls and those that wait for a slot."""
        self._calls.refuse()
        self._pipeline.slots.close()

    async def quiet(self) -> None:
        """Returns when callers have noticed that calls are refused, as far as that can be known."""
        began = asyncio.get_running_loop().time()
        waited, pause = 0.0, QUIET_SECONDS
        while waited < LONGEST_REFUSAL_SECONDS and pause > 0:
            await asyncio.sleep(pause)
            waited = asyncio.get_running_loop().time() - began
            pause = QUIET_SECONDS - self._calls.quiet_for

    async def finish(self) -> None:
        """Returns when no call is under way: those that do not finish in time are ended."""
        if await self._finished_in_time():
            await _bounded(self._pipeline.stop)
            return
        log.warning("cancelling calls", under_way=self._calls.under_way, in_flight=self._pipeline.slots.in_flight)
        await _bounded(self._pipeline.stop)
        # Their last event and status are on the way: a cancellation now would overtake them.
        self._calls.cancel(executing=False)
        await _bounded(self._calls.idle)
        self._calls.cancel(executing=True)
        await _bounded(self._calls.idle)

    async def _finished_in_time(self) -> bool:
        idle = asyncio.ensure_future(self._calls.idle())
        cut_short = asyncio.ensure_future(self._cut_short.wait())
        try:
            await asyncio.wait({idle, cut_short}, timeout=self._seconds, return_when=asyncio.FIRST_COMPLETED)
            return idle.done()
        finally:
            idle.cancel()
            cut_short.cancel()


async def _bounded(step: Callable[[], Awaitable[None]]) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(FLUSH_SECONDS):
            await step()
