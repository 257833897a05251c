"""A generated task: the question, and the check of its answer."""

import random
from collections.abc import Callable
from dataclasses import dataclass

Check = Callable[[str], float]
"""Answer, without markdown and marks → score, from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A question and its check; `sample` is one right answer, for tests and readers."""

    question: str
    check: Check
    sample: str


Template = Callable[[random.Random], Draft]
"""Generates one task and computes its answer."""
