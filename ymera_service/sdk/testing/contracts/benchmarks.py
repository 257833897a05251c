"""The contract of benchmark suites."""

import pytest

from ymera_service.sdk.benchmarks import BenchmarkSuite, BenchmarkTask, PairwiseTask
from ymera_service.sdk.testing.checks.benchmarks import ODD_ANSWERS, check_categories, check_grade, check_tasks
from ymera_service.sdk.testing.checks.names import check_name


class BenchmarkContract:
    """Define a fixture `suite`, and optionally `solve()`, which returns the right answer to a task."""

    @pytest.fixture
    def suite(self) -> BenchmarkSuite:
        """The suite to test."""
        raise NotImplementedError("define a fixture `suite`")

    def solve(self, task: BenchmarkTask) -> str | None:
        """Returns a right answer to a task, or None if the test doesn't know one."""
        return None

    def test_its_name_is_valid(self, suite: BenchmarkSuite) -> None:
        check_name(suite.name)

    def test_its_categories_are_unique(self, suite: BenchmarkSuite) -> None:
        check_categories(suite.categories)

    @pytest.mark.parametrize("count", [1, 7])
    @pytest.mark.parametrize("seed", [0, 1, 2**63])
    def test_the_same_seed_gives_the_same_tasks(self, suite: BenchmarkSuite, count: int, seed: int) -> None:
        for category in suite.categories:
            check_tasks(suite, category, count, seed)

    @pytest.mark.asyncio
    async def test_unusual_answers_are_graded_but_not_as_right(self, suite: BenchmarkSuite) -> None:
        for task in _some_tasks(suite):
            for answer in ODD_ANSWERS:
                grade = await check_grade(suite, task, answer)
                assert grade < 1, f"{task.id}: {answer[:80]!r} is graded as right"

    @pytest.mark.asyncio
    async def test_a_right_answer_is_graded_as_right(self, suite: BenchmarkSuite) -> None:
        for task in _some_tasks(suite):
            answer = self.solve(task)
            if answer is None:
                pytest.skip("solve() returned no answer")
            assert await check_grade(suite, task, answer) == 1, f"{task.id}: {answer!r} is not graded as right"


def _some_tasks(suite: BenchmarkSuite) -> list[BenchmarkTask]:
    """Returns tasks that the suite grades."""
    tasks = [task for category in suite.categories for task in suite.tasks(category, 3, seed=5)]
    return [task for task in tasks if not isinstance(task, PairwiseTask)]
