"""The arithmetic of the comparison of routing policies."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from routing.curve import Point, area, cost_of, hull, quality_at, scaled
from routing.goals import goals, half_width
from routing.tables import Outcome, Prompt, Table, means
from routing.trial import WARM, Result, judge, result, run

AMOUNTS = st.floats(-1, 2).map(lambda amount: round(amount, 3))
POINTS = st.lists(st.tuples(AMOUNTS, AMOUNTS), max_size=8)


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([(0, 0), (1, 1)], 0.5),
        ([(0, 1)], 1.0),
        ([(0.5, 1)], 0.5),
        ([(1.5, 1)], 0.0),
        ([(0, 0), (0.5, 1), (0.75, 0.2), (1, 0.5)], 0.75),
        ([(0, 0.5), (2, 1.5)], 0.75),
        ([(0, -1), (1, 1)], 0.25),
        ([(0.2, -1)], 0.0),
        ([], 0.0),
    ],
)
def test_the_area_under_a_curve(points: Sequence[Point], expected: float) -> None:
    assert area(points) == pytest.approx(expected)


@given(POINTS)
def test_a_hull_has_less_and_less_quality_for_more_cost(points: list[Point]) -> None:
    best = hull(points)
    slopes = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in pairwise(best)]
    assert all(slope > 0 for slope in slopes)
    assert slopes == sorted(slopes, reverse=True)
    assert all(quality_at(best, cost) >= quality - 1e-9 for cost, quality in points)


@given(POINTS, st.tuples(AMOUNTS, AMOUNTS))
def test_another_choice_never_makes_the_area_smaller(points: list[Point], another: Point) -> None:
    assert area([*points, another]) >= area(points) - 1e-9


def test_the_least_cost_of_a_quality_lies_between_two_points() -> None:
    points = [(0.1, 0.2), (0.5, 1.0)]
    assert cost_of(points, 0.6) == pytest.approx(0.3)
    assert cost_of(points, 0.1) == 0.1
    assert cost_of(points, 1.1) is None


def test_no_scale_is_defined_if_the_cheapest_is_the_best() -> None:
    with pytest.raises(ValueError, match="nothing to choose"):
        scaled([], Outcome(0.9, 1.0), Outcome(0.9, 1.0))


def test_a_policy_is_compared_with_the_best_single_model() -> None:
    models = [Outcome(0.5, 1.0), Outcome(0.8, 3.0), Outcome(0.6, 9.0)]
    found = result({0.0: Outcome(0.5, 1.0), 0.5: Outcome(0.8, 2.0), 1.0: Outcome(0.72, 6.0)}, models)
    assert found.area == pytest.approx(0.75)
    assert (found.quality, found.cost) == pytest.approx((0.9, 2.0))
    assert (found.default_quality, found.default_cost) == pytest.approx((1.0, 2 / 3))
    assert found.kept_at == pytest.approx((1 + (0.97 * 0.8 - 0.5) / 0.3) / 3)


def reaching(area: float, quality: float = 1.0, cost: float = 1.0) -> Result:
    return Result(area, quality, cost, None, quality, cost)


def test_goals_are_judged_by_the_means_and_bounds_of_cost_and_order_by_each() -> None:
    own = [reaching(0.6, 1.0, 0.7), reaching(0.7, 0.98, 1.2)]
    results = {
        "neighbours, cold": [reaching(0.4), reaching(0.7)],
        "Ymera, cold": own,
        "Ymera, warm": [reaching(0.6), reaching(0.69)],
    }
    lines = [line.strip() for line in goals(results)]
    assert [line.partition("  ")[0] for line in lines if "warm never" not in line] == [
        "reached",  # the area, on average
        "reached",  # the quality, on average
        "not reached",  # the cost, in one order
        "not reached",  # the default's cost, on average
        "reached",
        "reached",
        "not reached",
    ]
    assert lines[-1].startswith("not reached  warm never loses to cold: -0.005")


def test_goals_of_what_was_not_tried_are_left_out() -> None:
    assert [*goals({"neighbours, cold": [reaching(0.5)]})] == []


def test_an_interval_is_wider_for_few_orders() -> None:
    assert half_width([0.5]) == 0.0
    assert half_width([0.4, 0.6]) == pytest.approx(12.71 * 0.1, abs=0.001)
    assert half_width([0.4, 0.6] * 10) == pytest.approx(1.96 * 0.1026 / 20**0.5, abs=0.001)


class Alternating:
    """Takes each model in turn, and notes what it is told."""

    def __init__(self) -> None:
        self.told: list[object] = []

    def warm(self, prompts: Sequence[Prompt]) -> None:
        self.told.append(len(prompts))

    def choose(self, prompt: Prompt) -> str:
        return "ab"[len(self.told) % 2]

    def learn(self, prompt: Prompt, model: str, outcome: Outcome) -> None:
        self.told.append((prompt.text, model, outcome.quality))


def prompts(count: int) -> list[Prompt]:
    return [Prompt(str(n), {"a": Outcome(0.0, 1.0), "b": Outcome(1.0, 3.0)}) for n in range(count)]


def test_a_policy_learns_only_of_the_model_that_it_chose() -> None:
    policy = Alternating()
    outcome = run(policy, prompts(2))
    assert (outcome.quality, outcome.cost) == (0.5, 2.0)
    assert policy.told == [("0", "a", 0.0), ("1", "b", 1.0)]


def test_prompts_that_warm_a_policy_are_not_judged() -> None:
    table = Table("t", prompts(WARM + 10), {"a": (1, 1), "b": (3, 3)})
    made: list[Alternating] = []

    def make(table: Table, setting: float, seed: int) -> Alternating:
        made.append(Alternating())
        return made[-1]

    judge(make, table, 3, warm=True, limit=100)
    first, *told = made[0].told
    warm = {prompt.text for prompt in table.arranged(3)[:WARM]}
    assert first == WARM
    assert len(told) == 10
    assert not warm & {str(one[0]) for one in told if isinstance(one, tuple)}


def test_an_order_of_arrival_is_always_the_same() -> None:
    table = Table("t", prompts(50), {})
    assert table.arranged(1) == table.arranged(1) != table.arranged(2)
    assert means(table.prompts)["b"].quality == 1.0
