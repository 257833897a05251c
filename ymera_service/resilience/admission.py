"""How many requests are worked on at a time: a limit of our own, with a bounded, fair queue before it."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ymera_service.sdk.errors import Overloaded, ShuttingDown

RETRY_AFTER = 1.0
"""Seconds that a refused caller is told to wait."""


class Admission:
    """Lets in up to `max_concurrent` requests; up to `max_queued` more wait their turn."""

    def __init__(self, max_concurrent: int, max_queued: int) -> None:
        self._max_concurrent = max_concurrent
        self._max_queued = max_queued
        self._in_flight = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._closed = False
        self._empty = asyncio.Event()
        self._empty.set()

    @property
    def in_flight(self) -> int:
        """Requests being worked on."""
        return self._in_flight

    @property
    def queued(self) -> int:
        """Requests waiting for a place."""
        return len(self._waiting)

    @asynccontextmanager
    async def admitted(self) -> AsyncIterator[None]:
        """Holds a place while the block runs.

        Raises:
            Overloaded: The queue is full.
            ShuttingDown: `close` was called before a place was free.
        """
        await self.acquire()
        try:
            yield
        finally:
            self.release()

    async def acquire(self) -> None:
        """Takes a place, waiting for it if need be; raises as `admitted` does."""
        if self._closed:
            raise _shutting_down()
        if self._in_flight < self._max_concurrent:
            self._in_flight += 1
            self._empty.clear()
            return
        if len(self._waiting) >= self._max_queued:
            raise Overloaded(
                f"{self._in_flight} requests are under way and {len(self._waiting)} are waiting; try again later",
                retry_after=RETRY_AFTER,
            )
        await self._wait()

    async def _wait(self) -> None:
        place = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled() and place.exception() is None:
                self.release()  # The place was handed over just as the caller went away.
            else:
                self._forget(place)
            raise

    def _forget(self, place: asyncio.Future[None]) -> None:
        if place in self._waiting:
            self._waiting.remove(place)

    def release(self) -> None:
        """Gives a place back, to whoever waits longest."""
        while self._waiting:
            place = self._waiting.popleft()
            if not place.done():
                place.set_result(None)
                return
        self._in_flight -= 1
        if not self._in_flight:
            self._empty.set()

    def close(self) -> None:
        """Refuses new and waiting requests; those under way go on."""
        self._closed = True
        while self._waiting:
            place = self._waiting.popleft()
            if not place.done():
                place.set_exception(_shutting_down())

    async def drained(self) -> None:
        """Returns when no request is under way."""
        await self._empty.wait()


def _shutting_down() -> ShuttingDown:
    return ShuttingDown("the server is stopping; try another one", retry_after=RETRY_AFTER)
