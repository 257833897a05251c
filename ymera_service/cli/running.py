"""Runs a command, and turns whatever stops it into words and an exit code."""

import asyncio
import os
import signal
import sys
from collections.abc import Coroutine

import typer

from ymera_service.cli import INTERRUPTED
from ymera_service.cli.output import Output

TERMINATED = 128 + signal.SIGTERM


def run(work: Coroutine[object, object, None], output: Output) -> None:
    """Runs a command to its end; a failure is printed and ends the process.

    An interruption cancels the work, and with it the call and the provider. A reader that wants no more,
    such as `head`, is not a failure.
    """
    try:
        with output.reporting():
            asyncio.run(_until_terminated(work))
        sys.stdout.flush()
    except BrokenPipeError:
        _forget_output()
        raise typer.Exit from None
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    except asyncio.CancelledError:
        raise typer.Exit(TERMINATED) from None


async def _until_terminated(work: Coroutine[object, object, None]) -> None:
    task = asyncio.current_task()
    assert task
    if sys.platform != "win32":
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    await work


def _forget_output() -> None:
    """Keeps Python from complaining at its end that nobody reads."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
