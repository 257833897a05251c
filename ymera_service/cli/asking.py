"""Questions to the user."""

import asyncio
import sys

from ymera_service.cli.output import Output
from ymera_service.cli.problems import wrong


async def confirmed(question: str, output: Output) -> bool:
    """Asks a question and returns whether the answer is yes; the default is no.

    Raises:
        CommandFailed: Standard input or output is not a terminal.
    """
    if output.as_json or sys.stdin is None or not sys.stdin.isatty():
        raise wrong("can't ask: standard input or output is not a terminal", "Give --yes, or a limit with --budget.")
    return (await next_line(f"{question} [y/N] ", output)).strip().lower() in {"y", "yes"}


async def next_line(question: str, output: Output) -> str:
    """Returns the line that is typed; empty at the end of input.

    The loop is not blocked, as the command's own server may be running on it.
    """
    output.remarks.print(question, end="")
    readable, loop = asyncio.Event(), asyncio.get_running_loop()
    loop.add_reader(sys.stdin, readable.set)
    try:
        await readable.wait()
    finally:
        loop.remove_reader(sys.stdin)
    return sys.stdin.readline()
