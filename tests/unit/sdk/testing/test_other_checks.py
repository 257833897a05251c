"""A classifier or benchmark suite that breaks a promise is found out."""

from collections.abc import Mapping, Sequence
from itertools import count

import pytest

from ymera_service.sdk.benchmarks import BenchmarkTask
from ymera_service.sdk.content import user
from ymera_service.sdk.generation import Prompt
from ymera_service.sdk.testing.checks.benchmarks import check_categories, check_grade, check_tasks
from ymera_service.sdk.testing.checks.classifiers import check_probabilities, check_pure, check_quick

PROMPT = Prompt((user("hello"),))


@pytest.mark.parametrize(
    "probabilities",
    [{}, {"math": 0.5}, {"math": 1.5, "coding": -0.5}, {"Math": 1.0}, {"": 1.0}, {"math": float("nan")}],
)
def test_odd_probabilities_are_found_out(probabilities: Mapping[str, float]) -> None:
    check_probabilities({"math": 0.1, "coding": 0.2, "general": 0.7})
    with pytest.raises(AssertionError):
        check_probabilities(probabilities)


class Moody:
    """A classifier that changes its mind."""

    name = "moody"

    def __init__(self) -> None:
        self._calls = count()

    def classify(self, prompt: Prompt) -> Mapping[str, float]:
        return {"math": 1.0} if next(self._calls) % 2 else {"coding": 1.0}


def test_a_classifier_that_changes_its_mind_is_found_out() -> None:
    with pytest.raises(AssertionError, match="judged otherwise"):
        check_pure(Moody(), PROMPT)


def test_a_slow_classifier_is_found_out() -> None:
    with pytest.raises(AssertionError, match="ms is more than"):
        check_quick(Moody(), PROMPT, seconds=0)


class Sums:
    """A suite whose faults are given."""

    name = "sums"
    categories = ("math",)

    def __init__(self, *tasks: BenchmarkTask, grades: Sequence[float] = (1.0,)) -> None:
        self._tasks = tasks
        self._grades = list(grades)

    def tasks(self, category: str, count: int, seed: int) -> Sequence[BenchmarkTask]:
        return self._tasks

    async def grade(self, task: BenchmarkTask, answer: str) -> float:
        return self._grades.pop(0) if len(self._grades) > 1 else self._grades[0]


TASK = BenchmarkTask("1", "math", Prompt((user("2 + 2?"),)))


@pytest.mark.parametrize(
    ("tasks", "complaint"),
    [
        ([], "0 tasks"),
        ([TASK, TASK], "ids come twice"),
        ([TASK] * 6, "6 tasks"),
        ([BenchmarkTask("1", "coding", TASK.prompt)], "another category"),
        ([BenchmarkTask("1", "math", Prompt((user(" "),)))], "asks nothing"),
    ],
)
def test_odd_tasks_are_found_out(tasks: list[BenchmarkTask], complaint: str) -> None:
    check_tasks(Sums(TASK), "math", 5, seed=0)
    with pytest.raises(AssertionError, match=complaint):
        check_tasks(Sums(*tasks), "math", 5, seed=0)


@pytest.mark.parametrize("grades", [[1.5], [-0.1], [float("nan")], [0.2, 0.9]])
async def test_odd_grades_are_found_out(grades: list[float]) -> None:
    assert await check_grade(Sums(grades=[0.25]), TASK, "4") == 0.25
    with pytest.raises(AssertionError):
        await check_grade(Sums(grades=grades), TASK, "4")


@pytest.mark.parametrize("categories", [[], ["math", "math"]])
def test_odd_categories_are_found_out(categories: list[str]) -> None:
    with pytest.raises(AssertionError):
        check_categories(categories)
