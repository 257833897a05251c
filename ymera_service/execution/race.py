"""Calls of one answer that are under way together: the first to begin the answer goes on, the others are cancelled."""

import asyncio

from ymera_service.execution.context import ExecutionContext
from ymera_service.resilience.slots import Slot
from ymera_service.sdk.errors import ProviderError, RequestError

Outcome = ProviderError | RequestError | None
"""How a call ended; None means that it gave the answer."""


class Race:
    """The calls by their numbers. Each is made by a task of its own and has a slot; the last that is left keeps its."""

    __slots__ = ("_context", "_outcome", "_slots", "_tasks", "winner")

    def __init__(self, context: ExecutionContext) -> None:
        self._context = context
        self._tasks: dict[int, asyncio.Task[object] | None] = {}
        self._slots: dict[int, Slot | None] = {}
        self._outcome: Outcome = None
        self.winner: int | None = None
        """The call that began the answer, or settled that there is none."""

    def enter(self, number: int, slot: Slot | None) -> None:
        """Takes a call that a task is about to make."""
        self._slots[number] = slot

    def start(self, number: int) -> None:
        """A call is made now, by the current task, which is cancelled if another call was quicker before it started."""
        task = self._tasks[number] = asyncio.current_task()
        if task is not None and self.winner is not None:
            task.cancel()

    def win(self, number: int) -> bool:
        """A call begins the answer: the others are cancelled. Returns False if another has begun it.

        A call that was cancelled gets here until it waits for something.
        """
        if self.winner is None:
            self.winner = number
            for other, task in self._tasks.items():
                if other != number and task is not None:
                    task.cancel()
        return self.winner == number

    def is_lost(self, number: int) -> bool:
        """Returns whether another call has begun the answer."""
        return self.winner not in {None, number}

    def settle(self, number: int, outcome: Outcome) -> None:
        """Takes how a call ended. Where it says that no other target is to answer, that ends the others too."""
        if outcome is None or isinstance(outcome, RequestError) or not outcome.fails_over:
            self.win(number)
        if not self.is_lost(number):
            self._outcome = outcome

    def leave(self, number: int) -> None:
        """A call is over, however it ended."""
        del self._tasks[number]
        slot = self._slots.pop(number)
        if self._slots:
            (self._context.slot,) = self._slots.values()
            if slot is not None:
                slot.release()
        else:
            self._context.slot = slot

    def failure(self) -> ProviderError | None:
        """Returns why none of the calls answered, once all are over; None if one did.

        Raises:
            RequestError: The request can't be expressed in a provider's format.
        """
        if isinstance(self._outcome, RequestError):
            raise self._outcome
        return self._outcome
