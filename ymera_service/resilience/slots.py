"""Slots: how many requests are worked on at a time, shared among targets and among callers.

A request takes a slot once routing has ranked its targets, and holds it until its record is written. Slots are not
reserved, but a target or a caller may hold no more than a multiple of those that are free. So one hung target ends
up with two thirds of all slots, two have two fifths each, and there are always free ones for the others. The
places in the queue are shared by the same rule, which is that of switches whose ports share a memory: Choudhury and
Hahne, "Dynamic queue length thresholds for shared-memory packet switches" (1998). It needs no measurement. Limits
that are learned from latency (Envoy, Finagle, Netflix) need a usual latency, which the answers of a language model
do not have: it grows with their length.

Where a target has its share, a request goes to the next one of its ranking. Where all have, it waits, in order of
arrival among those of its caller; the targets take turns, and at each target its callers.
"""

import asyncio
from asyncio import Future
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from ymera_service.resilience.shares import Share, TargetShare
from ymera_service.sdk.errors import Overloaded, ShuttingDown
from ymera_service.sdk.targets import Target

RETRY_AFTER = 1.0
"""Seconds that a refused caller is asked to wait."""
TARGET_FACTOR = 2
"""How many slots a target may hold for each free one."""
CALLER_FACTOR = 16
"""How many a caller may hold for each free one. More than a target, or a caller of hung targets could not call
others: it takes eight of them to use up a caller's share."""
QUEUE_FACTOR = 4
"""How many places in the queue for a target a caller may have for each that is left there."""
CONSIDERED = 8
"""Targets of a ranking among which the one with the shortest queue is chosen."""


MAX_REPORTED = 20
"""Targets of a report."""


@dataclass(frozen=True, slots=True)
class LimitReport:
    """A limit: what is in use, and how many requests wait."""

    name: str
    in_use: int
    limit: int
    waiting: int = 0


class Slot:
    """A slot that a request holds."""

    __slots__ = ("_caller", "_slots", "_target")

    def __init__(self, slots: "Slots", target: TargetShare, caller: Share) -> None:
        self._slots = slots
        self._target = target
        self._caller = caller

    def release(self) -> None:
        """Gives the slot back; to be called once."""
        self._slots.release(self._target, self._caller)

    def beside(self, target: Target) -> "Slot | None":
        """Returns a further slot for the same caller, or None if the target or the caller has its share."""
        return self._slots.take(target, self._caller.key)

    def move_to(self, target: Target) -> bool:
        """Counts the slot for another target; returns False, and changes nothing, where that one has its share."""
        if target.pool == self._target.key:
            return True
        moved = self._slots.move(self._target, target.pool)
        if moved is None:
            return False
        self._target = moved
        return True


class Slots:
    """Lets in up to `max_concurrent` requests; up to `max_queued` more wait.

    Shares are held only of targets and callers that have a request here, so that their number is bounded.
    No request waits that might have a slot: whatever frees a slot, or takes one from a target's share, hands over
    all that may be had. That can be two: one slot goes to a request for another target, and the target that gave it
    back, which now holds one less, may have one of those that were free before.
    """

    def __init__(self, max_concurrent: int, max_queued: int) -> None:
        self.max_concurrent = max_concurrent
        self.max_queued = max_queued
        self.in_flight = 0
        """Requests that hold a slot."""
        self.queued = 0
        """Requests that wait for one."""
        self.admitted = 0
        """Slots given so far."""
        self._targets: dict[str, TargetShare] = {}
        self._callers: dict[str, Share] = {}
        self._turns: OrderedDict[str, TargetShare] = OrderedDict()
        """The targets for which requests wait, the one whose turn is next first."""
        self._closed = False

    @property
    def free(self) -> int:
        """Slots that are not held."""
        return self.max_concurrent - self.in_flight

    def report(self) -> Sequence[LimitReport]:
        """Returns the limit of all requests, and those of the targets for which most requests wait."""
        waited_for = sorted(self._turns.values(), key=lambda share: share.waiting, reverse=True)
        return [
            LimitReport("requests", self.in_flight, self.max_concurrent, self.queued),
            *(
                LimitReport(share.key, share.held, self._limit_of(share), share.waiting)
                for share in waited_for[:MAX_REPORTED]
            ),
        ]

    def _limit_of(self, share: TargetShare) -> int:
        """Returns how many slots a target may hold, given those that others hold."""
        not_others = self.free + share.held
        return -(-TARGET_FACTOR * not_others // (TARGET_FACTOR + 1))

    def check(self, caller: str) -> None:
        """Refuses a request of which it is certain that it would be refused, whatever its targets are.

        Raises:
            Overloaded: Its caller, or all callers, have their share of slots and queue.
            ShuttingDown: `close` was called.
        """
        if self._closed:
            raise _shutting_down()
        share = self._callers.get(caller)
        held, waiting = (share.held, share.waiting) if share is not None else (0, 0)
        if held >= CALLER_FACTOR * self.free and waiting >= CALLER_FACTOR * (self.max_queued - self.queued):
            raise Overloaded(
                f"{self.in_flight} requests are under way and {self.queued} are waiting, "
                f"{held} and {waiting} of them of this caller; try again later",
                retry_after=RETRY_AFTER,
            )

    async def acquire(self, targets: Sequence[Target], caller: str = "", deadline: float = inf) -> Slot:
        """Returns a slot for the first of the targets that has not its share; waits for one where all have.

        Args:
            targets: At least one, best first.
            caller: Whose request it is.
            deadline: When the request ends, as a time of the event loop's clock.

        Raises:
            Overloaded: The queue is full, or the wait is expected to go beyond the deadline.
            ShuttingDown: `close` was called before a slot was free.
        """
        if self._closed:
            raise _shutting_down()
        slot = self._take_first(targets, caller)
        return slot if slot is not None else await self._wait(targets, caller, deadline)

    def take(self, target: Target, caller: str) -> Slot | None:
        """Returns a slot if there is one now."""
        return None if self._closed else self._take_first([target], caller)

    def _take_first(self, targets: Sequence[Target], caller: str) -> Slot | None:
        free = self.max_concurrent - self.in_flight
        share = self._callers.get(caller)
        if share is not None and share.held >= CALLER_FACTOR * free:
            return None
        for target in targets:
            held = self._targets.get(target.pool)
            if (held.held if held is not None else 0) < TARGET_FACTOR * free:
                return self._take(target.pool, caller)
        return None

    def _take(self, target: str, caller: str) -> Slot:
        self.in_flight += 1
        self.admitted += 1
        target_share, caller_share = self._target(target), self._caller(caller)
        target_share.held += 1
        caller_share.held += 1
        return Slot(self, target_share, caller_share)

    def _target(self, key: str) -> TargetShare:
        share = self._targets.get(key)
        if share is None:
            share = self._targets[key] = TargetShare(key)
        return share

    def _caller(self, key: str) -> Share:
        share = self._callers.get(key)
        if share is None:
            share = self._callers[key] = Share(key)
        return share

    async def _wait(self, targets: Sequence[Target], caller: str, deadline: float) -> Slot:
        now = asyncio.get_running_loop().time()
        target = self._shortest_queue(targets, caller, now)
        self._check_queue(target, caller, deadline, now)
        place: Future[Slot] = asyncio.get_running_loop().create_future()
        self._enqueue(target, caller, place, now)
        try:
            return await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled() and place.exception() is None:
                place.result().release()  # The slot was handed over just as the caller went away.
            else:
                self._forget(target, caller, place)
            raise

    def _shortest_queue(self, targets: Sequence[Target], caller: str, now: float) -> str:
        def wait_at(target: str) -> float:
            share = self._targets.get(target)
            return share.expected_wait(caller, now) if share is not None else 0.0

        return min([target.pool for target in targets[:CONSIDERED]], key=wait_at)

    def _check_queue(self, target: str, caller: str, deadline: float, now: float) -> None:
        """Refuses a request that has no place in the queue, or whose turn would come too late."""
        share, own = self._targets.get(target) or TargetShare(target), self._callers.get(caller) or Share(caller)
        places = self.max_queued - self.queued
        left = TARGET_FACTOR * places - share.waiting
        if share.waiting_of(caller) >= QUEUE_FACTOR * left or own.waiting >= CALLER_FACTOR * places:
            raise Overloaded(
                f"{self.in_flight} requests are under way and {self.queued} are waiting, "
                f"{share.held} and {share.waiting} of them for {target}; try again later",
                metadata={"target": target},
                retry_after=RETRY_AFTER,
            )
        expected = share.expected_wait(caller, now)
        if expected > max(deadline - now, 0.0):
            raise Overloaded(
                f"{share.held} requests are under way at {target} and {share.waiting} wait for it; "
                f"the turn of this one would come in about {expected:.0f} s, after its deadline",
                metadata={"target": target},
                retry_after=RETRY_AFTER,
            )

    def _enqueue(self, target: str, caller: str, place: Future[Slot], now: float) -> None:
        share = self._target(target)
        share.put(caller, place, now)
        self._caller(caller).waiting += 1
        self._turns.setdefault(target, share)
        self.queued += 1

    def _forget(self, target: str, caller: str, place: Future[Slot]) -> None:
        share = self._targets.get(target)
        if share is not None and share.remove(caller, place):
            self._left_queue(share, self._callers[caller])

    def _left_queue(self, target: TargetShare, caller: Share) -> None:
        self.queued -= 1
        caller.waiting -= 1
        if not target.waiting:
            self._turns.pop(target.key, None)
        self._drop_unused(target, caller)

    def _drop_unused(self, target: TargetShare, caller: Share) -> None:
        if not (target.held or target.waiting):
            self._targets.pop(target.key, None)
        if not (caller.held or caller.waiting):
            self._callers.pop(caller.key, None)

    def release(self, target: TargetShare, caller: Share) -> None:
        """For `Slot`: gives a slot back."""
        self.in_flight -= 1
        target.held -= 1
        caller.held -= 1
        self._drop_unused(target, caller)
        if self.queued:
            self._hand_over()

    def move(self, share: TargetShare, target: str) -> TargetShare | None:
        """For `Slot`: counts a slot for another target and returns its share; None where it has all of that."""
        present = self._targets.get(target)
        if present is not None and present.held >= TARGET_FACTOR * (self.free + 1):
            return None
        moved = self._target(target)
        moved.held += 1
        share.held -= 1
        if not (share.held or share.waiting):
            self._targets.pop(share.key, None)
        if self.queued:
            self._hand_over()
        return moved

    def _hand_over(self) -> None:
        """Gives slots to the requests that may have one, in turn."""
        while (turn := self._turn()) is not None:
            target, caller = turn
            place = target.pop(caller.key, asyncio.get_running_loop().time())
            self._turns.move_to_end(target.key)
            slot = None if place.done() else self._take(target.key, caller.key)
            self._left_queue(target, caller)
            if slot is not None:
                place.set_result(slot)

    def _turn(self) -> tuple[TargetShare, Share] | None:
        free = self.max_concurrent - self.in_flight
        if not free:
            return None
        for target in self._turns.values():
            if target.held < TARGET_FACTOR * free:
                for key in target.callers:
                    caller = self._callers[key]
                    if caller.held < CALLER_FACTOR * free:
                        return target, caller
        return None

    def close(self) -> None:
        """Refuses new and waiting requests; those that hold a slot go on."""
        self._closed = True
        for target in list(self._turns.values()):
            for key in list(target.callers):
                for place in target.clear(key):
                    self._left_queue(target, self._callers[key])
                    if not place.done():
                        place.set_exception(_shutting_down())


def _shutting_down() -> ShuttingDown:
    return ShuttingDown("the server is stopping; try another one", retry_after=RETRY_AFTER)
