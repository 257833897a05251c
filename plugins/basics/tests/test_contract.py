"""The suite keeps a benchmark's promises."""

import pytest
import ymera_basics
from ymera_basics.suite import BasicsSuite, draft

from ymera_service.sdk.benchmarks import BenchmarkSuite, BenchmarkTask
from ymera_service.sdk.classifiers import CATEGORIES
from ymera_service.sdk.testing.contracts import BenchmarkContract


class TestBasics(BenchmarkContract):
    @pytest.fixture
    def suite(self) -> BenchmarkSuite:
        return BasicsSuite()

    def solve(self, task: BenchmarkTask) -> str:
        return draft(task.id).sample


def test_the_plugin_offers_it() -> None:
    assert [suite.name for suite in ymera_basics.ymera_register_benchmarks()] == ["basics"]


def test_it_has_every_category_and_eight_templates_of_each_hard_ones_in_between() -> None:
    suite = BasicsSuite()
    assert set(suite.categories) == set(CATEGORIES)
    for category in suite.categories:
        names = [task.id.split("/")[1] for task in suite.tasks(category, 40, seed=1)]
        assert len(set(names)) >= 8
        assert any(name.startswith("hard-") for name in names[:6])
    assert suite.tasks("cooking", 3, seed=1) == []
