"""Runs a command, and turns errors and signals into a message and an exit code."""

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
    """Runs a command to its end; an error is printed and ends the process.

    SIGINT and SIGTERM cancel the work, and so the call and the provider's work. A closed output pipe, as from
    `head`, is not an error.
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
    """Replaces standard output, so that Python's flush at exit does not report the closed pipe."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
