"""The checks of classifiers and benchmark suites detect violations of the contract."""

import math
from collections.abc import Sequence
from itertools import count

import pytest

from ymera_service.sdk.benchmarks import BenchmarkSuite, BenchmarkTask
from ymera_service.sdk.classifiers import CATEGORIES, MAX_VECTOR, Classifier, Reading
from ymera_service.sdk.content import user
from ymera_service.sdk.generation import Prompt
from ymera_service.sdk.testing.checks.benchmarks import check_categories, check_grade, check_tasks
from ymera_service.sdk.testing.checks.classifiers import check_categories as check_classes
from ymera_service.sdk.testing.checks.classifiers import check_pure, check_quick, check_reading

PROMPT = Prompt((user("hello"),))


@pytest.mark.parametrize(
    "reading",
    [
        Reading(),
        *[
            Reading(given)
            for given in ({"math": 0.5}, {"math": 1.5, "coding": -0.5}, {"Math": 1.0}, {"math": math.nan})
        ],
        *[Reading(emotions=given) for given in ({"joy": 0.5}, {"bliss": 1.0})],
        *[Reading(complexity=given) for given in (-0.1, 1.1, math.nan)],
        *[Reading(vector=given) for given in ((math.inf,), (0.0,) * (MAX_VECTOR + 1))],
    ],
)
def test_invalid_readings_are_detected(reading: Reading) -> None:
    check_reading(Reading({"math": 0.1, "coding": 0.2, "general": 0.7}, {"joy": 1.0}, 0.5, (1.0, -1.0)), CATEGORIES)
    check_reading(Reading(complexity=0.0), CATEGORIES)
    with pytest.raises(AssertionError):
        check_reading(reading, CATEGORIES)


@pytest.mark.parametrize("names", [["Math"], [""], [" math"], ["x" * 65], [f"kind-{number}" for number in range(101)]])
def test_invalid_categories_of_a_classifier_are_detected(names: Sequence[str]) -> None:
    classifier = Changing()
    check_classes(classifier)
    classifier.categories = names
    with pytest.raises(AssertionError):
        check_classes(classifier)


class Changing(Classifier):
    """A classifier that returns another reading for each call."""

    name = "moody"

    def __init__(self) -> None:
        self._calls = count()

    def read(self, prompt: Prompt) -> Reading:
        return Reading({"math": 1.0} if next(self._calls) % 2 else {"coding": 1.0})


def test_a_classifier_that_is_not_deterministic_is_detected() -> None:
    with pytest.raises(AssertionError, match="different readings"):
        check_pure(Changing(), PROMPT)


def test_a_slow_classifier_is_detected() -> None:
    with pytest.raises(AssertionError, match="ms is more than"):
        check_quick(Changing(), PROMPT, seconds=0)


class Sums(BenchmarkSuite):
    """A suite with the given tasks and grades."""

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
    ("tasks", "message"),
    [
        ([], "0 tasks"),
        ([TASK, TASK], "ids are not unique"),
        ([TASK] * 6, "6 tasks"),
        ([BenchmarkTask("1", "coding", TASK.prompt)], "another category"),
        ([BenchmarkTask("1", "math", Prompt((user(" "),)))], "has no text of a user"),
    ],
)
def test_invalid_tasks_are_detected(tasks: list[BenchmarkTask], message: str) -> None:
    check_tasks(Sums(TASK), "math", 5, seed=0)
    with pytest.raises(AssertionError, match=message):
        check_tasks(Sums(*tasks), "math", 5, seed=0)


@pytest.mark.parametrize("grades", [[1.5], [-0.1], [float("nan")], [0.2, 0.9]])
async def test_invalid_grades_are_detected(grades: list[float]) -> None:
    assert await check_grade(Sums(grades=[0.25]), TASK, "4") == 0.25
    with pytest.raises(AssertionError):
        await check_grade(Sums(grades=grades), TASK, "4")


@pytest.mark.parametrize("categories", [[], ["math", "math"]])
def test_invalid_categories_are_detected(categories: list[str]) -> None:
    with pytest.raises(AssertionError):
        check_categories(categories)
