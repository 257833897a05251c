"""What one target or caller has of the slots and of the queue; see `slots`."""

from __future__ import annotations

from asyncio import Future
from collections import OrderedDict, deque
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ymera_service.resilience.slots import Slot

SMOOTHING = 8
"""The pace of a queue is averaged over about this many of its steps."""
CHANCE = 4
"""A pause says that a queue has slowed down only if it is longer than this many usual steps: where steps come at
random, one in fifty is as long."""


class Share:
    """The slots that a target or caller holds, and how many of its requests wait."""

    __slots__ = ("held", "key", "waiting")

    def __init__(self, key: str) -> None:
        self.key = key
        self.held = 0
        self.waiting = 0


class TargetShare(Share):
    """The share of a target, with the queue of those who wait for it: callers take turns."""

    __slots__ = ("_queues", "_step", "_stepped_at")

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self._queues: OrderedDict[str, deque[Future[Slot]]] = OrderedDict()
        self._step = 0.0
        """The usual seconds from one hand-over to the next while requests wait; 0 until it is known."""
        self._stepped_at = 0.0
        """When the latest hand-over was, or the first request began to wait."""

    @property
    def callers(self) -> Iterable[str]:
        """The callers whose requests wait, the one whose turn is next first."""
        return self._queues

    def waiting_of(self, caller: str) -> int:
        """Returns how many requests of a caller wait."""
        return len(self._queues.get(caller, ()))

    def expected_wait(self, caller: str, now: float) -> float:
        """Returns the seconds that a further request of a caller is expected to wait; 0 while that is not known."""
        if not self.waiting:
            return 0.0
        own = self.waiting_of(caller) + 1
        ahead = min(self.waiting + 1, own * (len(self._queues) + (caller not in self._queues)))
        return ahead * max(self._step, (now - self._stepped_at) / CHANCE)

    def put(self, caller: str, place: Future[Slot], now: float) -> None:
        """Adds a request to the queue."""
        if not self.waiting:
            self._stepped_at = now
        self._queues.setdefault(caller, deque()).append(place)
        self.waiting += 1

    def pop(self, caller: str, now: float) -> Future[Slot]:
        """Takes the request of a caller that has waited longest; the caller's next turn is after the others'."""
        queue = self._queues[caller]
        place = queue.popleft()
        self._queues.move_to_end(caller)
        self.waiting -= 1
        if not queue:
            del self._queues[caller]
        if not place.done():
            passed = now - self._stepped_at
            self._step = self._step + (passed - self._step) / SMOOTHING if self._step else passed
            self._stepped_at = now
        return place

    def remove(self, caller: str, place: Future[Slot]) -> bool:
        """Removes a request whose caller has gone; returns whether it was still in the queue."""
        queue = self._queues.get(caller)
        if queue is None or place not in queue:
            return False
        queue.remove(place)
        self.waiting -= 1
        if not queue:
            del self._queues[caller]
        return True

    def clear(self, caller: str) -> Sequence[Future[Slot]]:
        """Removes and returns every request of a caller."""
        queue = self._queues.pop(caller)
        self.waiting -= len(queue)
        return queue
