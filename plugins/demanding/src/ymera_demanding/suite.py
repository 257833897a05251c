"""The suite `demanding`: tasks generated from templates, each graded by the rules that are generated with it."""

import asyncio
import random
from collections.abc import Mapping, Sequence
from typing import Any
from zlib import crc32

from ymera_demanding.programs import Program
from ymera_demanding.task import Draft
from ymera_service.sdk.benchmarks import BenchmarkSuite, BenchmarkTask, Finding, Grade
from ymera_service.sdk.classifiers import CATEGORIES
from ymera_service.sdk.content import user
from ymera_service.sdk.generation import Prompt


class DemandingSuite(BenchmarkSuite):
    """Six categories with at least twenty templates each. A task can be generated again from its id."""

    def __init__(self) -> None:
        self.name = "demanding"
        self.categories: Sequence[str] = CATEGORIES

    def tasks(self, category: str, count: int, seed: int) -> Sequence[BenchmarkTask]:
        """Returns `count` tasks of a category, templates in an order drawn by the seed; none for another category."""
        names = list(_templates().get(category, ()))
        if not names:
            return []
        random.Random(crc32(f"{category}/{seed}".encode())).shuffle(names)  # noqa: S311 - tasks are drawn, not secrets
        ids = [f"{category}/{names[index % len(names)]}/{seed}/{index}" for index in range(count)]
        return [_task(each, category, draft(each)) for each in ids]

    async def grade(self, task: BenchmarkTask, answer: str) -> Grade:
        """Returns the score of an answer, 0 or 1, and which rules it fulfils; 0 for a task that is not of this suite.

        Raises:
            NotRunnable: The answer is a program that the sandbox can't run.
        """
        try:
            return await asyncio.to_thread(_grade, task.id, answer)  # as programs are run, and long texts made again
        except (KeyError, ValueError):
            return Grade(0.0, [Finding("task", passed=False, detail="is not of this suite")])


def _templates() -> Mapping[str, Mapping[str, Any]]:
    from ymera_demanding.templates import TEMPLATES  # noqa: PLC0415  # takes longer than all else, and is seldom used

    return TEMPLATES


def _grade(task_id: str, answer: str) -> Grade:
    return draft(task_id).grade(answer)


def _task(task_id: str, category: str, made: Draft | Program) -> BenchmarkTask:
    return BenchmarkTask(task_id, category, Prompt((user(made.question),), tools=tuple(made.tools)))


def draft(task_id: str) -> Draft | Program:
    """Generates the task of an id, with its rules.

    Raises:
        KeyError: The template does not exist.
        ValueError: It is not an id of this suite.
    """
    category, name, _, _ = task_id.split("/")
    made: Draft | Program = _templates()[category][name](random.Random(task_id))  # noqa: S311 - tasks are drawn, not secrets
    return made
