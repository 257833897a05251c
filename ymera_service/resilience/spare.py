"""What requests leave to work that can wait, such as benchmarks: slots, and time of the event loop."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ymera_service.resilience.slots import Slots

PART = 4
"""Such work has one slot for each group of this many free slots."""
PAUSE_SECONDS = 0.1
"""Between the starts of two pieces of such work while there are requests. A benchmark task takes as much of the CPU as
a request, measured 5 ms, so that they have 5 % of it."""
QUIET_SECONDS = 1.0
"""Without a request for this long, such work starts as fast as it can."""


class Spare:
    """Slots beside those of requests, which no request waits for. There is at least one unless all others are held."""

    def __init__(self, slots: Slots) -> None:
        self._slots = slots
        self._turn = asyncio.Lock()
        self._admitted = slots.admitted
        self._quiet_from = 0.0
        self.held = 0

    @property
    def limit(self) -> int:
        """How many may be held now."""
        free = self._slots.free
        return max(1, free // PART) if free > 0 else 0

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Holds a slot while the block runs; waits until requests leave room, in order of arrival."""
        async with self._turn:
            if self._is_busy():
                await asyncio.sleep(PAUSE_SECONDS)
            while self.held >= self.limit:  # noqa: ASYNC110  # polls, as requests should not pay for waking it
                await asyncio.sleep(PAUSE_SECONDS)
            self.held += 1
        try:
            yield
        finally:
            self.held -= 1

    def _is_busy(self) -> bool:
        """Returns whether a request has come lately."""
        now = asyncio.get_running_loop().time()
        if self._slots.admitted != self._admitted:
            self._admitted, self._quiet_from = self._slots.admitted, now + QUIET_SECONDS
        return now < self._quiet_from
