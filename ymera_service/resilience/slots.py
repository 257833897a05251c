"""Slots: how many requests are worked on at a time, with a bounded first-in-first-out queue before them."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ymera_service.sdk.errors import Overloaded, ShuttingDown

RETRY_AFTER = 1.0
"""Seconds that a refused caller is told to wait."""


class Slots:
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
        """Requests waiting for a slot."""
        return len(self._waiting)

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Holds a slot while the block runs.

        Raises:
            Overloaded: The queue is full.
            ShuttingDown: `close` was called before a slot was free.
        """
        await self.acquire()
        try:
            yield
        finally:
            self.release()

    async def acquire(self) -> None:
        """Takes a slot, waiting for it if need be; raises as `held` does."""
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
        slot = asyncio.get_running_loop().create_future()
        self._waiting.append(slot)
        try:
            await slot
        except asyncio.CancelledError:
            if slot.done() and not slot.cancelled() and slot.exception() is None:
                self.release()  # The slot was handed over just as the caller went away.
            else:
                self._forget(slot)
            raise

    def _forget(self, slot: asyncio.Future[None]) -> None:
        if slot in self._waiting:
            self._waiting.remove(slot)

    def release(self) -> None:
        """Gives a slot back; the request that has waited longest gets it."""
        while self._waiting:
            slot = self._waiting.popleft()
            if not slot.done():
                slot.set_result(None)
                return
        self._in_flight -= 1
        if not self._in_flight:
            self._empty.set()

    def close(self) -> None:
        """Refuses new and waiting requests; those under way go on."""
        self._closed = True
        while self._waiting:
            slot = self._waiting.popleft()
            if not slot.done():
                slot.set_exception(_shutting_down())

    async def drained(self) -> None:
        """Returns when no request is under way."""
        await self._empty.wait()


def _shutting_down() -> ShuttingDown:
    return ShuttingDown("the server is stopping; try another one", retry_after=RETRY_AFTER)
