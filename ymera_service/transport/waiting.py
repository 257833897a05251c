"""Reports that a call waits for a connection of our own, which does not count as its provider's time."""

from asyncio import Semaphore
from contextvars import ContextVar
from typing import Protocol


class ConnectionWait(Protocol):
    """Is called when a call in a context waits for a connection."""

    def began(self) -> None:
        """Every connection that the host may have is in use."""

    def ended(self) -> None:
        """There is one for this call."""


CONNECTION_WAIT: ContextVar[ConnectionWait | None] = ContextVar("ymera_connection_wait", default=None)


async def acquire(connections: Semaphore) -> None:
    """Takes one of a host's connections; a wait for it is reported to the context's `ConnectionWait`."""
    wait = CONNECTION_WAIT.get() if connections.locked() else None
    if wait is None:
        await connections.acquire()
        return
    wait.began()
    await connections.acquire()
    wait.ended()
