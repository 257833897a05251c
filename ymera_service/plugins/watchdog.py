"""Names the plugin and function that hold the event loop.

A thread looks twenty times a second at a stamp that the loop renews as often. If the stamp is old, the loop's own stack
shows what runs: the innermost function of a plugin, or of Ymera if no plugin is involved. This costs forty short
wake-ups a second, about 0.1 % of a core, whatever the number of requests.
"""

import asyncio
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import FrameType

from ymera_service.plugins.conduct import OWN
from ymera_service.plugins.current import Plugins

PERIOD = 0.05
HELD_SECONDS = 0.1
"""The loop is held if it is late by more than this."""


class Watchdog:
    """Watches the loop in which it is entered. `plugins` says which packages are whose, and counts."""

    def __init__(self, plugins: Plugins) -> None:
        self._plugins = plugins
        self._beat = 0.0
        self._beat_cpu = 0.0
        """CPU seconds of the loop's thread at the beat."""
        self._reported = 0.0
        """The beat for which a report was made, so that one hold of the loop counts once."""
        self._stopped = threading.Event()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Watches beside the block."""
        self._take_beat()
        beating = asyncio.create_task(self._keep_beating(), name="ymera watchdog")
        arguments = (threading.get_ident(), threading.get_native_id())
        threading.Thread(target=self._watch, args=arguments, name="ymera-watchdog", daemon=True).start()
        try:
            yield
        finally:
            beating.cancel()
            self._stopped.set()

    async def _keep_beating(self) -> None:
        while True:
            self._take_beat()
            await asyncio.sleep(PERIOD)

    def _take_beat(self) -> None:
        self._beat_cpu = time.thread_time()
        self._beat = time.monotonic()

    def _watch(self, loop_thread: int, native_id: int) -> None:
        cpu = time.pthread_getcpuclockid(loop_thread) if hasattr(time, "pthread_getcpuclockid") else None
        while True:
            slept_at = time.monotonic()
            if self._stopped.wait(PERIOD):
                return
            now, beat = time.monotonic(), self._beat
            if now - beat < PERIOD + HELD_SECONDS:
                continue
            # If this thread is late, too, or the loop's could run but has no CPU, the machine is busy, unless the
            # loop's thread has used the CPU: C code that runs long keeps this one from running.
            used = HELD_SECONDS if cpu is None else time.clock_gettime(cpu) - self._beat_cpu
            if used < HELD_SECONDS and (now - slept_at > 2 * PERIOD or _is_runnable(native_id)):
                continue
            self._report(beat, now - beat - PERIOD, loop_thread)

    def _report(self, beat: float, late: float, loop_thread: int) -> None:
        frame = sys._current_frames().get(loop_thread)  # noqa: SLF001  # the only way to another thread's stack
        holder = self._holder(frame)
        if holder is not None:
            self._plugins.conduct.held(*holder, late, begins=beat != self._reported)
            self._reported = beat

    def _holder(self, innermost: FrameType | None) -> tuple[str, str] | None:
        """Returns the plugin and its innermost function, or that of Ymera; None if the loop waits for events."""
        own: tuple[str, str] | None = None
        packages = self._plugins.registry.packages
        for frame in _of_callback(innermost):
            package = _module(frame).partition(".")[0]
            if package in packages:
                return packages[package], _place(frame)
            if own is None and package == "ymera_service":
                own = OWN, _place(frame)
        return own


def _is_runnable(native_id: int) -> bool:
    """Returns whether a thread of this process runs or could run; False where the system does not say."""
    try:
        state = Path(f"/proc/self/task/{native_id}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return False
    return state == "R"


def _of_callback(frame: FrameType | None) -> Iterator[FrameType]:
    """Yields the frames of what the loop calls, innermost first, without those of the loop and of its caller."""
    while frame is not None and not _is_loop(frame):
        yield frame
        frame = frame.f_back


def _is_loop(frame: FrameType) -> bool:
    module = _module(frame)
    runs = frame.f_code.co_name in {"_run_once", "run_forever"}
    return module == "asyncio.runners" or (module == "asyncio.base_events" and runs)


def _module(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", ""))


def _place(frame: FrameType) -> str:
    return f"{frame.f_code.co_filename}:{frame.f_lineno} in {frame.f_code.co_qualname}"
