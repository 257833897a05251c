"""The requirements on a benchmark suite; see `ymera_service.sdk.benchmarks`."""

from collections.abc import Sequence

from ymera_service.sdk.benchmarks import BenchmarkSuite, BenchmarkTask, Grade, PairwiseTask
from ymera_service.sdk.content import last_user_text

ODD_ANSWERS = (
    "",
    " \n\t",
    "\0",
    "I don't know.",
    "```\n",
    "{" * 5000,
    "9" * 5000,
    "-",
    "1e999",
    "ñ\ud83d 🙂",
    "x" * 100_000,
)
"""Unusual answers that models may write; a suite must not grade any of them as right."""


def check_categories(categories: Sequence[str]) -> None:
    """Asserts that there is at least one category and that each is listed once."""
    assert categories, "the suite has no category"
    assert len(set(categories)) == len(categories), f"categories are listed twice: {categories}"


def check_tasks(suite: BenchmarkSuite, category: str, count: int, seed: int) -> Sequence[BenchmarkTask]:
    """Asserts that tasks are of the category, at most `count`, have unique ids, and are the same for the same seed."""
    tasks = suite.tasks(category, count, seed)
    assert 0 < len(tasks) <= count, f"{len(tasks)} tasks, but {count} were requested"
    assert {task.category for task in tasks} == {category}, f"a task is of another category than {category}"
    assert len({task.id for task in tasks}) == len(tasks), f"ids are not unique: {[task.id for task in tasks]}"
    assert all(last_user_text(task.prompt.messages).strip() for task in tasks), "a task has no text of a user"
    for task in tasks:
        if isinstance(task, PairwiseTask):
            assert task.criteria.strip(), f"{task.id}: the criteria are empty"
            assert len(task.prompt.messages) == 1, f"{task.id}: a task whose answers are compared has one message"
    assert list(tasks) == list(suite.tasks(category, count, seed)), "the same seed returned different tasks"
    return tasks


async def check_grade(suite: BenchmarkSuite, task: BenchmarkTask, answer: str) -> float:
    """Asserts that a grade is from 0 to 1, and that the same answer gets the same grade."""
    grade = await suite.grade(task, answer)
    score = grade.score if isinstance(grade, Grade) else grade
    assert 0 <= score <= 1, f"{task.id}: the grade of {answer[:80]!r} is {score}, which is not from 0 to 1"
    assert await suite.grade(task, answer) == grade, f"{task.id}: the same answer {answer[:80]!r} got another grade"
    return score
