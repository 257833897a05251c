"""The suite `basics`: tasks generated from templates, each graded by the check that is generated with it."""

import random
from collections.abc import Sequence

from ymera_basics.task import Draft
from ymera_basics.templates import TEMPLATES
from ymera_service.sdk.benchmarks import BenchmarkSuite, BenchmarkTask, Finding, Grade
from ymera_service.sdk.content import user
from ymera_service.sdk.generation import Prompt


class BasicsSuite(BenchmarkSuite):
    """Six categories with several templates each. A task can be generated again from its id."""

    def __init__(self) -> None:
        self.name = "basics"
        self.categories: Sequence[str] = tuple(TEMPLATES)

    def tasks(self, category: str, count: int, seed: int) -> Sequence[BenchmarkTask]:
        """Returns `count` tasks of a category, templates in turn; none for an unknown category."""
        names = list(TEMPLATES.get(category, ()))
        if not names:
            return []
        ids = [f"{category}/{names[index % len(names)]}/{seed}/{index}" for index in range(count)]
        return [BenchmarkTask(each, category, Prompt((user(draft(each).question),))) for each in ids]

    async def grade(self, task: BenchmarkTask, answer: str) -> Grade:
        """Returns the score of an answer, from 0 to 1, and a right answer; 0 for a task that is not of this suite."""
        try:
            right = draft(task.id)
        except (KeyError, ValueError):
            return Grade(0.0, [Finding("task", passed=False, detail="is not of this suite")])
        score = right.grade(answer)
        return Grade(
            score,
            [Finding("answer", passed=score == 1, detail="" if score == 1 else f"a right answer is {right.sample}")],
        )


def draft(task_id: str) -> Draft:
    """Generates the task of an id, with its check.

    Raises:
        KeyError: The template does not exist.
        ValueError: It is not an id of this suite.
    """
    category, name, _, _ = task_id.split("/")
    return TEMPLATES[category][name](random.Random(task_id))  # noqa: S311 - tasks are drawn, not secrets
