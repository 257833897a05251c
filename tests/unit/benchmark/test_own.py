"""Callers' own tasks: their grading, and runs of them."""

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ymera_service.benchmark.own import OwnSuite, OwnTask, findings_of
from ymera_service.benchmark.plan import BenchmarkPlan
from ymera_service.benchmark.runner import BenchmarkCompleted, BenchmarkEvent
from ymera_service.sdk.content import user
from ymera_service.sdk.errors import InvalidRequest

if TYPE_CHECKING:
    from tests.unit.benchmark.conftest import Bench

QUEUES = ("billing", "account", "technical")
ASKED = (user("Which queue is it for?"),)


def task(number: int, answer: str) -> OwnTask:
    return OwnTask(f"id{number}", (user(f"{number}+1"),), (answer,))


def support(*tasks: OwnTask, name: str = "mine") -> OwnSuite:
    return OwnSuite(name, "support", tasks)


async def run(bench: "Bench", plan: BenchmarkPlan) -> list[BenchmarkEvent]:
    async with asyncio.timeout(20), aclosing(bench.runner.run(plan)) as events:
        return [event async for event in events]


@pytest.mark.parametrize(
    ("expected", "written", "right"),
    [
        ({"answers": ["30"]}, "You have **30** days.", True),
        ({"answers": ["30"]}, "thirty", True),
        ({"answers": ["30"]}, "You have 14 days.", False),
        ({"answers": ["1500.5"]}, "It is $1,500.50.", True),
        ({"answers": ["1/3"]}, "The answer is 1/3.", True),
        ({"answers": ["Kiwi Post"]}, "Your parcel is sent with kiwi post.", True),
        ({"answers": ["Kiwi Post"]}, "It is not Kiwi Post, but Emu Mail.", False),
        ({"answers": ["Kiwi Post"]}, "I don't know.", False),
        ({"answers": ["Kiwi Post", "Emu Mail"]}, "Emu Mail", True),
        ({"answers": ["a = b; c = d"]}, "Here it is:\n`a = b; c = d`", True),
        ({"answers": ["C++"]}, "<think>C?</think>It is C++.", True),
        ({"answers": ["C++"]}, "It is C.", False),
        ({"answers": ["C"]}, "C++", False),
        ({"answers": ["+"]}, "-", False),
        ({"answers": ["..."], "choices": ("...", "?")}, "?", False),
        ({"answers": ["C"], "choices": ("C", "C++")}, "C++", False),
        ({"answers": ["account closed"], "choices": ("account", "account closed")}, "It is account closed.", True),
        ({"answers": ["account"], "choices": ("account", "account closed")}, "It is account closed.", False),
        ({"answers": ["billing"], "choices": QUEUES}, "Billing.", True),
        ({"answers": ["billing"], "choices": QUEUES}, "This belongs to billing, not to account.", True),
        ({"answers": ["billing"], "choices": QUEUES}, "billing or account", False),
        ({"answers": ["billing", "account"], "choices": QUEUES}, "account", True),
        ({"answers": ["2"], "choices": ("1", "2", "3")}, "Option 2", True),
        ({"answers": ["2"], "choices": ("1", "2", "3")}, "Option 3", False),
        ({"contains": ["kiwi  post", "sorry"]}, "**Sorry!** It is with Kiwi\nPost.", True),
        ({"contains": ["Kiwi Post", "sorry"]}, "It is with Kiwi Post.", False),
        ({"answers": ["30"], "contains": ["days"]}, "30", False),
        ({"answers": ["30"], "contains": ["days"]}, "30 days", True),
        ({"answers": ["30"]}, "", False),
        ({"answers": ["```"]}, "", False),
    ],
)
def test_an_answer_is_right_if_it_fits_all_that_is_known(
    expected: dict[str, tuple[str, ...]], written: str, right: bool
) -> None:
    findings = findings_of(OwnTask("id", ASKED, **expected), written)
    assert all(each.passed for each in findings) == right


@given(st.text(min_size=1), st.text(), st.lists(st.text(min_size=1), max_size=3))
def test_any_text_can_be_expected_and_answered(expected: str, written: str, choices: list[str]) -> None:
    given = OwnTask("id", ASKED, (expected,), choices and [expected, *choices], (expected,))
    assert [each.name for each in findings_of(given, written)] == ["answers", "contains"]


def test_tasks_are_all_or_a_draw_that_can_be_repeated() -> None:
    suite = support(*(task(number, "1") for number in range(9)))
    every, some = ([each.id for each in suite.tasks("support", count, 7)] for count in (9, 4))
    assert every == [f"id{number}" for number in range(9)]
    assert len(set(some)) == 4
    assert some == [each.id for each in suite.tasks("support", 4, 7)]
    assert any(some != [each.id for each in suite.tasks("support", 4, seed)] for seed in range(8, 12))


async def test_own_tasks_are_measured_in_place_of_suites_and_counted_once(bench: "Bench") -> None:
    plan = BenchmarkPlan(["large"], own_suite=support(task(1, "2"), task(2, "3"), task(3, "9")), tasks_per_category=9)
    for _ in range(2):
        done = (await run(bench, plan))[-1]
        assert isinstance(done, BenchmarkCompleted)
        [score] = done.scores
        assert (score.category, score.tasks, round(score.score, 3)) == ("support", 3, 0.667)
        assert 0 < score.score_low < score.score < score.score_high < 1
        assert score.cost_micros
    [summary] = await bench.database.benchmarks.summaries()
    assert (summary.category, summary.tasks, round(summary.score, 3)) == ("support", 3, 0.667)
    assert bench.evidence.categories == {"support"}


async def test_own_tasks_may_not_pass_for_those_of_an_installed_suite(bench: "Bench") -> None:
    with pytest.raises(InvalidRequest) as caught:
        await run(bench, BenchmarkPlan(own_suite=support(task(1, "2"), name="sums")))
    assert [each.field for each in caught.value.violations] == ["own_suite.name"]
    assert not bench.provider.calls


async def test_own_tasks_need_no_installed_suite(bench: "Bench") -> None:
    bench.suites.clear()
    events = await run(bench, BenchmarkPlan(["large"], own_suite=support(task(1, "2"))))
    assert isinstance(events[-1], BenchmarkCompleted)
