"""How long anything is waited for: the caller's deadline, the provider's limits, the server's end."""

import asyncio
from collections.abc import Awaitable, Callable, Generator
from functools import partial
from types import coroutine
from typing import TypeVar

from ymera_service.sdk.errors import DeadlineExceeded, ShuttingDown

T = TypeVar("T")


class LimitReached(Exception):
    """The limit given for this wait passed, and nothing else did."""


class Patience:
    """Makes the watches of all executions, so that a stopping server can end their waits."""

    def __init__(self) -> None:
        self._watches: set[Watch] = set()
        self._stopping = False

    def watch(self, deadline: float) -> "Watch":
        """Returns the watch of one execution; it has to be closed. `deadline` is a time of the loop's clock."""
        watch = Watch(deadline, self._watches.discard)
        self._watches.add(watch)
        if self._stopping:
            watch.stop()
        return watch

    def stop(self) -> None:
        """Ends every wait, now and from now on."""
        self._stopping = True
        for watch in self._watches:
            watch.stop()


class Watch:
    """Bounds the waits of one execution, one at a time.

    `asyncio.timeout` does the same at ten times the cost, as it sets a timer for each wait. Here one timer
    serves them all: it is set anew only when it rings, and then only if nothing else has come up since.
    """

    def __init__(self, deadline: float, closed: Callable[["Watch"], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._deadline = deadline
        self._closed = closed
        self._until = deadline
        self._timer: asyncio.TimerHandle | None = None
        self._waiting: asyncio.Task[object] | None = None
        self._rang = False
        self._stopping = False

    @coroutine
    def wait(self, awaitable: Awaitable[T], limit: float | None = None) -> Generator[object, object, T]:
        """Awaits it until the deadline and the limit, both times of the loop's clock.

        What is ready at once costs nothing: only an awaitable that suspends is put under the timer.

        Raises:
            DeadlineExceeded: The caller's deadline passed.
            LimitReached: The limit passed.
            ShuttingDown: The server is stopping.
        """
        steps = awaitable.__await__()
        try:
            suspended = steps.send(None)
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]  # what the awaitable gives
        return (yield from self._bounded(steps, suspended, limit))

    def _bounded(
        self, steps: Generator[object, object, T], suspended: object, limit: float | None
    ) -> Generator[object, object, T]:
        self._until = self._deadline if limit is None or limit > self._deadline else limit
        if self._timer is None or self._timer.when() > self._until:
            self._set_timer()
        self._waiting = task = asyncio.current_task()
        assert task is not None
        cancelling = task.cancelling()
        try:
            return (yield from _resumed(steps, suspended))
        except asyncio.CancelledError:
            if self._heard(task) and task.cancelling() <= cancelling:
                raise self._reason() from None
            raise
        finally:
            self._waiting = None
            self._heard(task)

    def _heard(self, task: asyncio.Task[object]) -> bool:
        """Takes our own cancellation back, if there was one, and tells whether there was."""
        rang, self._rang = self._rang, False
        if rang:
            task.uncancel()
        return rang

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(self._until, self._ring)

    def _ring(self) -> None:
        self._timer = None
        if self._waiting is None:
            return
        if self._loop.time() < self._until and not self._stopping:
            self._set_timer()
        else:
            self._rang = True
            self._waiting.cancel()

    def _reason(self) -> Exception:
        if self._stopping:
            return ShuttingDown("the server is stopping", retry_after=1.0)
        if self._loop.time() >= self._deadline:
            return DeadlineExceeded("the deadline passed before the answer was complete")
        return LimitReached()

    def stop(self) -> None:
        """Ends the present wait and every later one."""
        self._stopping = True
        self._until = self._deadline = self._loop.time()
        self._set_timer()

    def close(self) -> None:
        """Lets go of the timer."""
        if self._timer is not None:
            self._timer.cancel()
        self._closed(self)


def _resumed(steps: Generator[object, object, T], suspended: object) -> Generator[object, object, T]:
    """Goes on with an awaitable that has suspended already, as `yield from` would have from the start."""
    while True:
        try:
            sent = yield suspended
        except BaseException as thrown:  # noqa: BLE001  # whatever it is, it is meant for the awaitable
            resume = partial(steps.throw, thrown)
        else:
            resume = partial(steps.send, sent)
        try:
            suspended = resume()
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]  # what the awaitable gives
