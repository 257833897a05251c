"""What a short Python program prints."""

import re

from ymera_simulator.solvers.question import Question, Solution

_FENCED = re.compile(r"```(?:python|py)?\n([^`]{1,3000})```")
_PRINTS = re.compile(r"\b(?:print|prints|printed|output|outputs|display|displays|return|returns|evaluate)\b")

PRINTED = 4_000
"""Bytes that a program may print; more is refused."""


def solve_printed(question: Question) -> Solution | None:
    """Runs a Python program and returns its output."""
    code = _FENCED.search(question.text)
    request = question.text.replace(code[0], " ") if code else ""
    if code is None or not _PRINTS.search(request.lower()):
        return None
    printed = _printed(code[1])
    return Solution(printed, _misread(printed)) if printed else None


def _printed(code: str) -> str:
    """Runs a program in a process of Monty, a sandboxed Python, within limits of time, memory and output."""
    from pydantic_monty import CollectString, Monty, MontyError, ResourceLimits  # noqa: PLC0415  # slow to import

    limits = ResourceLimits(
        max_feed_duration_secs=0.5, max_memory=32 << 20, max_recursion_depth=200, max_total_sleep_secs=0
    )
    output = CollectString(PRINTED)
    try:
        with Monty(max_processes=1, request_timeout=1) as pool, pool.checkout(limits=limits) as session:
            session.feed_run(code, print_callback=output)
    except MontyError:
        return ""
    return output.output.strip()


def _misread(printed: str) -> str:
    digit = re.search(r"\d(?!\d)", printed)
    if digit is None:
        return printed.swapcase()
    return printed[: digit.start()] + str((int(digit[0]) + 1) % 10) + printed[digit.end() :]
