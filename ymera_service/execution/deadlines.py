"""How long an execution may take: until the caller's deadline, or until the server stops."""

import asyncio
from types import TracebackType

from ymera_service.sdk.errors import DeadlineExceeded, ShuttingDown


class Deadlines:
    """The deadline scopes of all executions, so that a stopping server can end them."""

    def __init__(self) -> None:
        self.scopes: set[DeadlineScope] = set()
        """The blocks that have begun and are not over."""
        self.stopping = False

    def scope(self, deadline: float) -> "DeadlineScope":
        """Returns a context manager that bounds its block; `deadline` is a time of the event loop's clock.

        Raises, out of the block:
            DeadlineExceeded: The deadline passed.
            ShuttingDown: `stop` was called.
        """
        return DeadlineScope(self, deadline)

    def stop(self) -> None:
        """Ends every block, now and from now on."""
        self.stopping = True
        for scope in self.scopes:
            scope.end()


class DeadlineScope:
    """Bounds one block; see `Deadlines.scope`. Limits of single waits nest inside it as `asyncio.timeout`."""

    __slots__ = ("_deadlines", "_timeout")

    def __init__(self, deadlines: Deadlines, deadline: float) -> None:
        self._deadlines = deadlines
        self._timeout = asyncio.timeout_at(deadline)

    @property
    def passed(self) -> bool:
        """Whether the deadline has ended the block. The clock does not say so: a timer may fire a little early."""
        return self._timeout.expired() and not self._deadlines.stopping

    def end(self) -> None:
        """Ends the block now."""
        if not self._timeout.expired():
            self._timeout.reschedule(asyncio.get_running_loop().time())

    async def __aenter__(self) -> None:
        await self._timeout.__aenter__()
        self._deadlines.scopes.add(self)
        if self._deadlines.stopping:
            self.end()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._deadlines.scopes.discard(self)
        try:
            await self._timeout.__aexit__(kind, error, traceback)
        except TimeoutError:
            if self._deadlines.stopping:
                raise ShuttingDown("the server is stopping", retry_after=1.0) from None
            raise DeadlineExceeded("the deadline passed before the answer was complete") from None
