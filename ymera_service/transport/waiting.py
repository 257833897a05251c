"""Tells whoever times a call that it waits for one of our own connections, which is not the provider's time."""

from asyncio import Semaphore
from contextvars import ContextVar
from typing import Protocol


class ConnectionWait(Protocol):
    """Hears of the wait for a connection of the calls in a context."""

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
