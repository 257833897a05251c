"""A generated task: the question, the rules of its answer, and a right answer."""

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from ymera_service.sdk.benchmarks import Finding, Grade
from ymera_service.sdk.generation import Tool
from ymera_service.sdk.grading import amounts, checks
from ymera_service.sdk.grading.answers import Check, read
from ymera_service.sdk.grading.words import choice

_ANSWER = re.compile(r"\banswer:", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Draft:
    """A question and what has to hold of its answer: every rule, as half a right answer is not one.

    Attributes:
        rules: Name → check; it holds if the check returns 1.
        sample: One right answer, for tests and readers.
        tools: What the model may call.
    """

    question: str
    rules: Mapping[str, Check]
    sample: str
    tools: Sequence[Tool] = ()

    def grade(self, written: str) -> Grade:
        """Returns 1 if what a model wrote fulfils every rule, otherwise 0, with a finding for each rule."""
        answer = read(written, self.question)
        passed = {name: check(answer) == 1 for name, check in self.rules.items()}
        if _is_open(answer.text) and not _is_open(self.sample):
            passed["one answer"] = False
        findings = [Finding(name, holds) for name, holds in passed.items()]
        if not all(passed.values()):
            findings.append(Finding("sample", passed=False, detail=f"a right answer is {self.sample}"))
        return Grade(float(all(passed.values())), findings)


def _is_open(text: str) -> bool:
    """Returns whether a text gives alternatives behind its last `Answer:`."""
    return re.search(r"\bor\b", _ANSWER.split(text)[-1]) is not None and _ANSWER.search(text) is not None


Template = Callable[[random.Random], Draft]
"""Generates one task and computes its answer."""


def numeric(question: str, answer: int | Fraction, form: str = "number") -> Draft:
    """Asks for a number."""
    sample = f"Answer: {answer}"
    return Draft(f"{question} End with a line 'Answer: <{form}>'.", {"answer": amounts.number(answer)}, sample)


def textual(question: str, answer: str, form: str = "text") -> Draft:
    """Asks for an exact text, in any case."""
    sample = f"Answer: {answer}"
    return Draft(f"{question} End with a line 'Answer: <{form}>'.", {"answer": checks.exactly(answer)}, sample)


def chosen(question: str, answer: str, others: Sequence[str]) -> Draft:
    """Asks for one of several choices, which the question names."""
    rule = {"answer": choice(answer, others)}
    return Draft(f"{question} End with a line 'Answer: <your choice>'.", rule, f"Answer: {answer}")


def listing(question: str, items: Sequence[str]) -> Draft:
    """Asks for items in their order."""
    ask = f"{question} End with a line 'Answer: ' and the items, separated by commas."
    return Draft(ask, {"answer": checks.sequence(items, partial=False)}, f"Answer: {', '.join(items)}")
