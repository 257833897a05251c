"""A generated task: the question, and the check of its answer."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from ymera_service.sdk.grading.answers import Check, read


@dataclass(frozen=True, slots=True)
class Draft:
    """A question and its check; `sample` is one right answer, for tests and readers."""

    question: str
    check: Check
    sample: str

    def grade(self, written: str) -> float:
        """Returns the score of what a model wrote, from 0 to 1."""
        return self.check(read(written, self.question))


Template = Callable[[random.Random], Draft]
"""Generates one task and computes its answer."""
