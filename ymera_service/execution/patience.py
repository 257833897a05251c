"""How long anything is waited for: the caller's deadline, the provider's limits, the server's end."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from ymera_service.sdk.errors import DeadlineExceeded, ShuttingDown

T = TypeVar("T")


class LimitReached(Exception):
    """The limit given for this wait passed, and nothing else did."""


class Patience:
    """Bounds single waits. Never spans a `yield`, where a timeout would strike the consumer instead."""

    def __init__(self) -> None:
        self._timers: set[asyncio.Timeout] = set()
        self._stopping = False

    async def wait(self, awaitable: Awaitable[T], deadline: float, limit: float | None = None) -> T:
        """Awaits it until the caller's deadline and the limit, both times of the loop's clock.

        Raises:
            DeadlineExceeded: The caller's deadline passed.
            LimitReached: The limit passed.
            ShuttingDown: `stop` was called.
        """
        until = deadline if limit is None else min(deadline, limit)
        timer = asyncio.timeout_at(asyncio.get_running_loop().time() if self._stopping else until)
        try:
            async with timer:
                self._timers.add(timer)
                return await awaitable
        except TimeoutError:
            if not timer.expired():
                raise
            raise self._reason(deadline) from None
        finally:
            self._timers.discard(timer)

    def _reason(self, deadline: float) -> Exception:
        if self._stopping:
            return ShuttingDown("the server is stopping", retry_after=1.0)
        if asyncio.get_running_loop().time() >= deadline:
            return DeadlineExceeded("the deadline passed before the answer was complete")
        return LimitReached()

    def stop(self) -> None:
        """Ends every wait, now and from now on."""
        self._stopping = True
        now = asyncio.get_running_loop().time()
        for timer in self._timers:
            timer.reschedule(now)
