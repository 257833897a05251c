"""Ends a process whose event loop is held for so long that it will not serve again.

Then no call is answered, nor Health, and no signal ends the process, as the loop handles signals. Whoever started the
process can start another one, which records the calls that were under way.
"""

import asyncio
import threading
import time
from collections.abc import Callable

LOOKS = 12
"""Looks in a row without an answer. Of a process that was stopped and continued, only one is without."""


def watch(loop: asyncio.AbstractEventLoop, end: Callable[[], None], seconds: float) -> None:
    """Looks after the loop, which may begin to run a little later, in a thread until it is closed.

    `end` is called in that thread once the loop has not answered for so many seconds.
    """
    threading.Thread(target=_look, args=(loop, end, seconds / LOOKS), name="ymera-held-loop", daemon=True).start()


def _look(loop: asyncio.AbstractEventLoop, end: Callable[[], None], wait: float) -> None:
    missed = 0
    while missed < LOOKS:
        answered = threading.Event()
        try:
            loop.call_soon_threadsafe(answered.set)
        except RuntimeError:
            return
        if answered.wait(wait):
            missed = 0
            time.sleep(wait)
        else:
            missed += 1
    end()
