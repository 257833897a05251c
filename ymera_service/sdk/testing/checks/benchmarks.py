"""What a benchmark suite promises; see `ymera_service.sdk.benchmarks`."""

from collections.abc import Sequence

from ymera_service.sdk.benchmarks import BenchmarkSuite, BenchmarkTask
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
"""What models may write that nobody expects; no suite counts any of it as right."""


def check_categories(categories: Sequence[str]) -> None:
    """There are some, and each comes once."""
    assert categories, "it has no category"
    assert len(set(categories)) == len(categories), f"categories come twice: {categories}"


def check_tasks(suite: BenchmarkSuite, category: str, count: int, seed: int) -> Sequence[BenchmarkTask]:
    """Tasks are of the category, no more than asked, told apart by id, and the same for the same seed."""
    tasks = suite.tasks(category, count, seed)
    assert 0 < len(tasks) <= count, f"{len(tasks)} tasks where {count} were asked for"
    assert {task.category for task in tasks} == {category}, f"tasks of another category than {category}"
    assert len({task.id for task in tasks}) == len(tasks), f"ids come twice: {[task.id for task in tasks]}"
    assert all(last_user_text(task.prompt.messages).strip() for task in tasks), "a task asks nothing"
    assert list(tasks) == list(suite.tasks(category, count, seed)), "the same seed gives other tasks"
    return tasks


async def check_grade(suite: BenchmarkSuite, task: BenchmarkTask, answer: str) -> float:
    """A grade is from 0 to 1, and the same answer gets the same one."""
    grade = await suite.grade(task, answer)
    assert 0 <= grade <= 1, f"{task.id}: {grade} for {answer[:80]!r}"
    assert await suite.grade(task, answer) == grade, f"{task.id}: another grade for the same answer {answer[:80]!r}"
    return grade
