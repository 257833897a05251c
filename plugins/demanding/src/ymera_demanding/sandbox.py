"""Runs programs that models wrote in Monty, a Python interpreter without files, network, processes or environment.

It runs in a process of its own, within limits of time, memory, depth and output. It knows a large part of Python, not
all of it: what it does not know is distinguished from what is wrong.
"""

import re

SECONDS = 2.0
"""How long a program may run."""
MEMORY = 128 << 20
"""How many bytes it may use."""
DEPTH = 900
"""How deep it may call functions."""
OUTPUT = 100_000
"""How many characters it may print."""
LONGEST = 40_000
"""Characters of a program; a longer one is not run."""
_NOT_KNOWN = ("NotImplementedError", "ModuleNotFoundError")
_MISSING = re.compile(
    r"AttributeError: (?:module|type object|'(?:str|list|dict|set|int|tuple|bytes)' object) .*no attribute '(\w+)'"
)


class NotRunnable(Exception):
    """The program uses something of Python that the sandbox does not know, so that nothing is known of it."""


def run(code: str) -> tuple[str, str]:
    """Runs a program, and returns what it printed and the error that ended it; empty if none did.

    Raises:
        NotRunnable: The sandbox can't run it.
    """
    from pydantic_monty import CollectString, Monty, MontyError, ResourceLimits  # noqa: PLC0415  # slow to import

    if len(code) > LONGEST:
        return "", f"the program has {len(code):,} characters"
    limits = ResourceLimits(
        max_feed_duration_secs=SECONDS, max_memory=MEMORY, max_recursion_depth=DEPTH, max_total_sleep_secs=0
    )
    printed = CollectString(OUTPUT)
    try:
        with Monty(max_processes=1, request_timeout=2 * SECONDS) as pool, pool.checkout(limits=limits) as session:
            session.feed_run(code, print_callback=printed)
    except MontyError as error:
        problem = (str(error).strip().splitlines() or [type(error).__name__])[-1]
        if problem.startswith(_NOT_KNOWN) or _is_python(problem):
            raise NotRunnable(problem) from None
        return printed.output, problem
    return printed.output, ""


def _is_python(problem: str) -> bool:
    """Returns whether a program failed for want of a method that Python has."""
    missing = _MISSING.match(problem)
    return missing is not None and any(hasattr(each, missing[1]) for each in (str, list, dict, set, int, tuple, bytes))
