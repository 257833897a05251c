"""The process that serves: signals, the event loop, and an end that nothing holds up."""

import asyncio
import gc
import os
import signal
import threading
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import structlog

from ymera_service import __version__
from ymera_service.config import Settings
from ymera_service.plugins.containment import end_tasks
from ymera_service.plugins.wording import trace
from ymera_service.server import held_loop
from ymera_service.server.application import Application
from ymera_service.storage.database import describe
from ymera_service.telemetry import logs
from ymera_service.telemetry.redaction import Redactor

log = structlog.get_logger(__name__)

END_SECONDS = 3.0
"""How long the process may take to end once the server has stopped."""
LOG_SECONDS = 1.0
"""How long the last line of the log may take."""
YOUNG_OBJECTS = 5_000
"""Objects made and kept between two collections: those of some 20 requests."""


async def serve(
    settings: Settings,
    started: Callable[[Application], None] = lambda app: None,
    redactor: Redactor | None = None,
    configuration: str = "",
) -> None:
    """Serves until SIGTERM or SIGINT, then drains; a second signal cuts the draining short.

    SIGHUP does the same if the server was started on a terminal, which has then been closed. Otherwise it is ignored,
    as it would be meant to apply a changed configuration, which takes a restart.

    Args:
        settings: The whole configuration.
        started: Called once the server accepts calls, as to print its address.
        redactor: See `Application.start`.
        configuration: What the configuration was read from, for the log.

    Raises:
        ConfigError, StorageUnavailable: As `Application.start`.
    """
    signals: asyncio.Queue[str] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, signals.put_nowait, number.name)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # `nohup` ignores it
        hung_up = signals.put_nowait if os.isatty(0) else _ignore
        loop.add_signal_handler(signal.SIGHUP, hung_up, signal.SIGHUP.name)
    async with Application.start(settings, redactor=redactor) as app:
        log.info(
            "serving",
            address=app.address,
            tls=settings.server.tls_certificate is not None,
            database=describe(settings.storage.url),
            configuration=configuration,
            models=dict(app.offers),
            version=__version__,
            environment=settings.environment.value,
        )
        started(app)
        log.info("stopping", signal=await signals.get())
        stopping = asyncio.create_task(app.stop())
        second = asyncio.create_task(signals.get())
        await asyncio.wait({stopping, second}, return_when=asyncio.FIRST_COMPLETED)
        if second.done():
            log.warning("stopping at once", signal=second.result())
            app.hurry()
        second.cancel()
        await stopping
    log.info("stopped")


def _ignore(name: str) -> None:
    log.warning("signal ignored", signal=name, remedy="restart the server to apply a changed configuration")


def run(settings: Settings, started: Callable[[Application], None] = lambda app: None, configuration: str = "") -> None:
    """Runs `serve` on the quickest event loop installed, with logs as configured. For the process's owner."""
    redactor = Redactor.of(settings, os.environ)
    logs.configure(settings.log, redactor.line)

    def begun(app: Application) -> None:
        started(app)  # the command line freezes here what its imports made, so that nothing of it is gone through
        _spare_the_collector()

    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        if seconds := settings.server.max_held_seconds:
            held_loop.watch(runner.get_loop(), partial(_end_held, seconds), seconds)
        _complete(runner.get_loop(), serve(settings, begun, redactor, configuration))
        _end_within(END_SECONDS)
        if left := runner.run(end_tasks()):
            # Everything is recorded and closed. To close the loop would be to wait for these without end.
            log.error("tasks left, as they ignore their cancellation", functions=left)
            os._exit(0)


def _complete(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, None]) -> None:
    """Runs the loop until the work is done. A plugin's own task or callback that raises `SystemExit` or
    `KeyboardInterrupt` stops the loop, so it is started again."""
    task = loop.create_task(work)
    while not task.done():
        try:
            loop.run_until_complete(task)
        except (SystemExit, KeyboardInterrupt) as error:
            if task.done():
                raise
            # Written once the loop runs again: signals are lost while it does not.
            loop.call_soon(
                partial(log.error, "event loop stopped by a plugin, and started again", exception=trace(error))
            )


def _end_within(seconds: float) -> None:
    """Ends the process after this time if it has not ended yet: all calls have ended and all records are written, but
    the event loop waits for tasks that ignore their cancellation, and Python for threads, for as long as they run."""

    def end() -> None:
        log.warning("ending, though tasks or threads of a plugin are still running", seconds=seconds)
        os._exit(0)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()


def _end_held(seconds: float) -> None:
    threading.Timer(LOG_SECONDS, os._exit, (1,)).start()  # what holds the loop may hold the log too
    log.critical("ending, as the event loop is held and no call is answered", seconds=seconds)
    os._exit(1)


def _spare_the_collector() -> None:
    """Makes the collector of cycles run less often, and never over what the server has made at its start.

    Requests leave almost no cycles, but one in three started a collection, which went through everything that all
    requests under way had made: 5 % of the CPU time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, *gc.get_threshold()[1:])


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    try:
        import uvloop  # noqa: PLC0415  # not available for Windows
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop
