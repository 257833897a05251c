"""A task before it is given out: what is asked, and how its answer is checked."""

import random
from collections.abc import Callable
from dataclasses import dataclass

Check = Callable[[str], float]
"""Answer, without markdown and marks → how right it is, from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A question and its check; `sample` is one right answer, for tests and readers."""

    question: str
    check: Check
    sample: str


Template = Callable[[random.Random], Draft]
"""Draws the particulars of one task and computes its answer."""
