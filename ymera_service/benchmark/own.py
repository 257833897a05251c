"""Suites of callers' own tasks, graded by what the caller says of right answers."""

import asyncio
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from ymera_service.sdk.benchmarks import BenchmarkSuite, BenchmarkTask, Finding, Grade
from ymera_service.sdk.content import Message, last_user_text
from ymera_service.sdk.generation import Prompt
from ymera_service.sdk.grading.amounts import number
from ymera_service.sdk.grading.answers import Answer, Check, read
from ymera_service.sdk.grading.checks import containing, exactly
from ymera_service.sdk.grading.words import choice

_NUMBER = re.compile(r"[-+]?\d{1,18}(?:\.\d{1,18}|/[1-9]\d{0,17})?")


@dataclass(frozen=True, slots=True)
class OwnTask:
    """A task and what is known of its right answers.

    Attributes:
        id: The same for the same task, so that a task that is measured again counts once.
        answers: The right answers, one of which has to be concluded with; empty if that is not checked.
        choices: What the answer is chosen from; empty if it is open.
        contains: Texts that all have to occur.
    """

    id: str
    messages: Sequence[Message]
    answers: Sequence[str] = ()
    choices: Sequence[str] = ()
    contains: Sequence[str] = ()


class OwnSuite(BenchmarkSuite):
    """Tasks of one category that came with a request."""

    def __init__(self, name: str, category: str, own_tasks: Sequence[OwnTask]) -> None:
        self.name = name
        self.categories: Sequence[str] = (category,)
        self.own_tasks = own_tasks

    @property
    def category(self) -> str:
        """The category of all tasks."""
        return self.categories[0]

    def tasks(self, category: str, count: int, seed: int) -> Sequence[BenchmarkTask]:
        """Returns all tasks in their order, or as many as asked for, drawn by the seed."""
        chosen = self.own_tasks
        if count < len(chosen):
            chosen = random.Random(seed).sample(chosen, count)  # noqa: S311 - tasks are drawn, not secrets
        return [BenchmarkTask(task.id, category, Prompt(tuple(task.messages))) for task in chosen]

    async def grade(self, task: BenchmarkTask, answer: str) -> Grade:
        """Returns 1 if an answer fits all that is known of right ones, otherwise 0."""
        own = next(each for each in self.own_tasks if each.id == task.id)
        findings = await asyncio.to_thread(findings_of, own, answer)  # many answers to look for take some time
        return Grade(float(all(each.passed for each in findings)), findings)


def findings_of(task: OwnTask, written: str) -> list[Finding]:
    """Returns whether what a model wrote fits each that is known of right answers."""
    answer = read(written, last_user_text(task.messages))
    found = []
    if task.answers:
        fits = any(_concluding(each, task.choices)(answer) for each in task.answers)
        found.append(Finding("answers", fits, "" if fits else f"a right answer is {' or '.join(task.answers)}"))
    found.extend(Finding("contains", containing(text)(answer) == 1, text) for text in task.contains)
    return found


def _concluding(expected: str, choices: Sequence[str]) -> Check:
    """Checks that an answer concludes with a choice, a number or an open text."""
    text = _text(expected)
    if choices:
        return choice(text, [_text(each) for each in choices])
    if _NUMBER.fullmatch(text):
        return number(Fraction(text))
    named, alone = choice(text, ()), exactly(text)

    def check(answer: Answer) -> float:
        return max(named(answer), alone(answer))

    return check


def _text(expected: str) -> str:
    """Returns an expected text as answers are read, or as it is if nothing is left of it."""
    return read(expected).text or expected.strip()
