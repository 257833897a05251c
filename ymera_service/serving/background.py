"""Work that runs beside requests, such as the catalogue's refresh, and whose end must not go unnoticed.

A piece of work that fails or ends is logged, shown in Health and started again, after a pause that doubles
with each failure.
"""

import asyncio
import math
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

from ymera_service.sdk.cancellation import being_cancelled

log = structlog.get_logger(__name__)

END_SECONDS = 5.0
"""How long work may take to end when it is cancelled; a shutdown does not wait for longer."""
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0
"""Seconds before work that failed is started again: doubled with each failure, and drawn from the upper half."""

Work = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class BackgroundReport:
    """How a piece of work is. `restarts` counts since the start; `error` is empty once it works again; `progress` says
    how far it is, if it does something that takes long.

    Work that does not say when it succeeds has, if it ran for longer than any pause since it failed.
    """

    name: str
    restarts: int
    error: str
    progress: str = ""


@dataclass(slots=True)
class _State:
    progress: Callable[[], str]
    restarts: int = 0
    failures: int = 0
    """In a row."""
    error: str = ""
    works_from: float = math.inf
    """The time from which work that is running now counts as working."""


class Background:
    """Keeps background work running.

    Args:
        redact: Removes secrets from what is shown of an error.
        sleep: Waits for this many seconds.
        clock: Monotonic, in seconds.
        draw: Settles the jitter of pauses.
    """

    def __init__(
        self,
        *,
        redact: Callable[[str], str] = str,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float],
        draw: random.Random | None = None,
    ) -> None:
        self._redact = redact
        self._sleep = sleep
        self._clock = clock
        self._draw = draw or random.Random()  # noqa: S311  # jitter
        self._states: dict[str, _State] = {}

    def report(self) -> Sequence[BackgroundReport]:
        """Returns how each piece of work is, in the order in which they were started."""
        now = self._clock()
        return [
            BackgroundReport(name, state.restarts, state.error if now <= state.works_from else "", state.progress())
            for name, state in self._states.items()
        ]

    @asynccontextmanager
    async def running(
        self,
        name: str,
        work: Work,
        *,
        proves_itself_after: float = LONGEST_PAUSE,
        progress: Callable[[], str] = str,
    ) -> AsyncIterator[None]:
        """Keeps work that is meant to go on for ever running beside the block, and ends it with the block.

        `progress` returns how far it is, for people; empty if there is nothing to say.
        """
        self._states[name] = _State(progress)
        task = asyncio.create_task(self._keep(name, work, proves_itself_after), name=f"ymera {name}")
        try:
            yield
        finally:
            task.cancel()
            _, still_running = await asyncio.wait({task}, timeout=END_SECONDS)
            if still_running:
                log.error("background work does not end", work=name)

    @asynccontextmanager
    async def every(self, seconds: float, name: str, work: Work, *, at_once: bool = False) -> AsyncIterator[None]:
        """Does something again and again beside the block, the first time after this many seconds, or at once."""

        async def repeat() -> None:
            if at_once:
                await work()
            while True:
                await self._sleep(seconds)
                await work()
                self._worked(self._states[name])

        async with self.running(name, repeat, proves_itself_after=math.inf):
            yield

    async def _keep(self, name: str, work: Work, proves_itself_after: float) -> None:
        state = self._states[name]
        while True:
            state.works_from = self._clock() + proves_itself_after
            error = await _outcome(work)
            if being_cancelled():
                return  # the work made something else of its cancellation
            if self._clock() > state.works_from:
                self._worked(state)
            state.works_from = math.inf
            state.failures += 1
            state.restarts += 1
            state.error = self._redact(_words(error))
            pause = self._pause(state.failures)
            log.error("background work failed", work=name, restart_seconds=round(pause, 3), exc_info=error or None)
            await self._sleep(pause)

    def _worked(self, state: _State) -> None:
        state.failures, state.error = 0, ""

    def _pause(self, failures: int) -> float:
        bound = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(failures - 1, 10))
        return self._draw.uniform(bound / 2, bound)


async def _outcome(work: Work) -> BaseException | None:
    """Returns why work ended; None if it just returned. A plugin may run in it, and raise anything."""
    try:
        await work()
    except BaseException as error:  # a cancellation of this task is raised again below
        if isinstance(error, asyncio.CancelledError) and being_cancelled():
            raise
        return error
    return None


def _words(error: BaseException | None) -> str:
    return "ended without an error" if error is None else f"{type(error).__name__}: {error}"
