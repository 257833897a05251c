"""How many bytes of requests are in memory at a time, in sum."""

import asyncio
import os
from functools import partial
from pathlib import Path

SMALL_BYTES = 16 * 1024
"""Smaller requests are not counted: the limits on their number bound them too."""
SHARE_OF_MEMORY = 32
"""The default budget is this fraction of the memory,"""
FEWEST, MOST = 2, 8
"""but has room for at least and at most these numbers of requests of the maximum size. A request takes about four times
its bytes: as it arrived, as a message, as text, and as the body of the call to the provider. And converting it keeps
the event loop from other requests."""

_CGROUP = Path("/sys/fs/cgroup/memory.max")


class ByteBudget:
    """Counts the bytes of requests under way."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.held = 0

    def hold(self, size: int) -> bool:
        """Counts the bytes of a request until the current task ends; returns False if they don't fit."""
        if size < SMALL_BYTES:
            return True
        if self.held + size > self.limit:
            return False
        task = asyncio.current_task()
        assert task is not None
        self.held += size
        task.add_done_callback(partial(self._release, size))
        return True

    def _release(self, size: int, _task: object) -> None:
        self.held -= size


def default_limit(max_message_bytes: int) -> int:
    """Returns the budget for this machine or container, in bytes. Reads a file."""
    return max(FEWEST * max_message_bytes, min(MOST * max_message_bytes, _memory() // SHARE_OF_MEMORY))


def _memory() -> int:
    """Returns the memory in bytes that this process may use; 0 if it is not known."""
    try:
        machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # Windows
        return 0
    try:
        return min(machine, int(_CGROUP.read_text()))
    except (OSError, ValueError):  # not in a container, or one without a limit ("max")
        return machine
