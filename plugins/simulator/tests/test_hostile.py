"""No text takes long: every pattern is bounded, and 100 KB of any text takes less than 2 s."""

import importlib
import pkgutil
import re
import time
from collections.abc import Iterator
from re import _parser as patterns  # type: ignore[attr-defined]  # no public API exposes the repetitions of a pattern
from typing import Any

import pytest
import ymera_simulator
from hypothesis import given, settings
from hypothesis import strategies as st
from ymera_simulator.solvers import SOLVERS, solve
from ymera_simulator.solvers.question import LONGEST, Question
from ymera_simulator.talk import small_talk

MOST_REPEATS = 3_000
"""How many times a repetition of a pattern may match."""


def compiled() -> Iterator[tuple[str, re.Pattern[str]]]:
    for module in pkgutil.walk_packages(ymera_simulator.__path__, "ymera_simulator."):
        for name, value in vars(importlib.import_module(module.name)).items():
            if isinstance(value, re.Pattern):
                yield f"{module.name}.{name}", value


def repeats(parsed: Any) -> Iterator[int]:
    """Yields the most repeats of each repetition in a parsed pattern, inner ones multiplied by the outer."""
    for code, argument in parsed:
        if code in (patterns.MAX_REPEAT, patterns.MIN_REPEAT):
            _, most, inner = argument
            yield int(most)
            yield from (int(most) * each for each in repeats(inner))
        elif code is patterns.SUBPATTERN:
            yield from repeats(argument[-1])
        elif code is patterns.BRANCH:
            for branch in argument[1]:
                yield from repeats(branch)
        elif code in (patterns.ASSERT, patterns.ASSERT_NOT):
            yield from repeats(argument[1])


@pytest.mark.parametrize("pattern", [pytest.param(value, id=name) for name, value in compiled()])
def test_every_pattern_repeats_a_bounded_number_of_times(pattern: re.Pattern[str]) -> None:
    assert max(repeats(patterns.parse(pattern.pattern, pattern.flags)), default=0) <= MOST_REPEATS


SEEDS = [
    "\n", " ", "a", "A ", "1", "1 ", "1,", "1.", "-1", "(", ")", "((1)", '"', "'", "`", "```python\n",
    "| a | 1 |\n", ":", "?", "a, ", "A: b\n", "=", "x=", "x + ", "9**", "9^", "what is ", "what is 1 + ",
    "how many ", "today is monday ", "10:45 ", "2024-01-01 ", "1 january 2024 ", "$9 5% off ", "5 by ", "by 5",
    "5 of 5 a, ", "3 pens at $2 each ", "write ", "write function ", "exactly 5 words ", "exactly 5 times ",
    '"a" set to ', "describe a ", "letter ", "passage a b c d. ",
    "Read the passage. Anna Bell lives in Rome. Who?\n", "feel ", "message: sad\n", "summarize: a. ",
    "first letters of\n", "sequence 1, 2, 4 next ", "gcd of 12 and ", "prime between 1 and 999999 ", "100 km in ",
    "km per hour ", "plural of ", 'reply with only "', "message:", "which of these shows joy\nA: sad\n",
    "Sort: b, a, ", "of 5 ", "°c to ",
]  # fmt: skip
QUESTIONS = [
    ("What is ", "!"),
    ("What is ", "?"),
    ("", ""),
    ("Solve ", " = 0"),
    ("Read the passage.\n\n", "\n\nWho?"),
    ('"', '" how many letters in "b"?'),
]


@pytest.mark.parametrize("seed", SEEDS)
def test_no_text_takes_long(seed: str) -> None:
    start = time.process_time()
    for before, after in QUESTIONS:
        filled = seed * (100_000 // len(seed))
        for text in (before + filled + after, before + filled[: LONGEST - len(before) - len(after)] + after):
            small_talk("sim-free", text)
            solve(text)
    assert time.process_time() - start < 2


@pytest.mark.parametrize(("name", "solver"), [(name, solver) for name, _, solver in SOLVERS])
def test_no_solver_takes_long(name: str, solver: Any) -> None:
    """Each alone, so that none is hidden behind one that answers before it."""
    for seed in SEEDS:
        question = Question("What is " + seed * (LONGEST // len(seed)) + "?")
        start = time.process_time()
        try:
            solver(question)
        except (ValueError, ArithmeticError, LookupError, SyntaxError, RecursionError, MemoryError, StopIteration):
            continue
        finally:
            assert time.process_time() - start < 2, (name, seed)


@settings(max_examples=200)
@given(st.text(max_size=300))
def test_no_text_makes_it_fail(text: str) -> None:
    solve(text)


@settings(max_examples=400)
@given(st.lists(st.sampled_from(SEEDS), max_size=30))
def test_no_jumble_of_its_own_words_makes_it_fail(parts: list[str]) -> None:
    solve(" ".join(parts))
