"""Differences between arms whose intervals hold at every look, shown on simulated experiments with fixed seeds."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from ymera_service.routing.columns import Floats, Mask
from ymera_service.routing.comparison import ALPHA, FEWEST, Difference, Sample, difference, mismatch

RUNS, VALUES = 300, 2000
LOOKS = [*range(2 * FEWEST, 1000, 40), *range(1000, VALUES + 1, 100)]
Draw = Callable[[np.random.Generator, Mask], Floats]


@dataclass(frozen=True)
class Case:
    """Values of units by whether they are in the second arm, how much that one is above the first, and its share."""

    draw: Draw
    above: float = 0.0
    share: float = 0.5
    bounded: bool = True


def shares(first: float, second: float) -> Draw:
    return lambda rng, second_arm: (rng.random(second_arm.size) < np.where(second_arm, second, first)).astype(float)


def costs(factor: float) -> Draw:
    return lambda rng, second_arm: rng.lognormal(0, 1, second_arm.size) * np.where(second_arm, factor, 1.0)


def sample(values: Floats, *, bounded: bool = True) -> Sample:
    return Sample.of(values.size, float(values.sum()), float((values**2).sum()), bounded=bounded)


def looks(case: Case, seed: int) -> list[Difference]:
    """Returns what each look at one experiment shows."""
    rng = np.random.default_rng(seed)
    second_arm = rng.random(VALUES) < case.share
    values = case.draw(rng, second_arm)
    first, second = (_samples(values, arm, bounded=case.bounded) for arm in (~second_arm, second_arm))
    return [shown for pair in zip(first, second, strict=True) if (shown := difference([pair])) is not None]


def _samples(values: Floats, arm: Mask, *, bounded: bool) -> list[Sample]:
    """Returns what is known of an arm at each look."""
    sums = [np.cumsum(part)[np.array(LOOKS) - 1].tolist() for part in (arm, values * arm, values**2 * arm)]
    return [Sample.of(count, total, squares, bounded=bounded) for count, total, squares in zip(*sums, strict=True)]


MEAN_COST = float(np.exp(0.5))
CASES = {
    "equal": Case(shares(0.8, 0.8)),
    "different": Case(shares(0.8, 0.9), 0.1),
    "nearly always good": Case(shares(0.99, 0.99)),
    "few in one arm": Case(shares(0.97, 0.97), share=0.15),
    "half": Case(shares(0.5, 0.5)),
    "skewed costs": Case(costs(1.0), bounded=False),
    "a third of the cost": Case(costs(1 / 3), (1 / 3 - 1) * MEAN_COST, bounded=False),
}


@pytest.mark.parametrize("name", CASES)
def test_the_interval_holds_at_every_look(name: str) -> None:
    case = CASES[name]
    missed = sum(any(not one.low <= case.above <= one.high for one in looks(case, seed)) for seed in range(RUNS))
    assert missed / RUNS <= ALPHA + 0.02


def test_an_interval_for_one_look_would_not_hold_at_every_look() -> None:
    """The simulation can show it: 1.96 standard errors, as for one look, miss far more often."""
    missed = 0
    for seed in range(RUNS):
        rng = np.random.default_rng(seed)
        values, second_arm = (rng.random(VALUES) < 0.5).astype(float), rng.random(VALUES) < 0.5
        for count in LOOKS:
            one, other = values[:count][~second_arm[:count]], values[:count][second_arm[:count]]
            if abs(other.mean() - one.mean()) > 1.96 * np.sqrt(one.var() / one.size + other.var() / other.size):
                missed += 1
                break
    assert missed / RUNS > 0.15


def test_a_difference_is_found_in_time() -> None:
    found = [any(one.low > 0 for one in looks(CASES["different"], seed)) for seed in range(100)]
    assert sum(found) >= 95


def test_sessions_whose_means_still_change_are_covered_too() -> None:
    """A unit's mean changes while it goes on; each look takes it as it is then."""
    missed = 0
    for seed in range(RUNS):
        rng = np.random.default_rng(seed)
        of_unit, levels = rng.integers(0, 600, 6000), rng.beta(4, 1, 600)
        values, second_arm = (rng.random(6000) < levels[of_unit]).astype(float), rng.random(600) < 0.5
        for count in range(500, 6001, 500):
            sizes = np.bincount(of_unit[:count], minlength=600)
            sums = np.bincount(of_unit[:count], values[:count], minlength=600)
            seen = sizes > 0
            means = sums[seen] / sizes[seen]
            shown = difference([(sample(means[~second_arm[seen]]), sample(means[second_arm[seen]]))])
            if shown is not None and not shown.low <= 0 <= shown.high:
                missed += 1
                break
    assert missed / RUNS <= ALPHA


def test_a_change_of_the_shares_at_a_worse_time_does_not_count_as_a_difference_between_the_arms() -> None:
    rng = np.random.default_rng(1)
    pairs = []
    for level, share in ((0.9, 0.2), (0.5, 0.8)):
        second_arm = rng.random(2000) < share
        values = (rng.random(2000) < level).astype(float)
        pairs.append((sample(values[~second_arm]), sample(values[second_arm])))
    by_time = difference(pairs)
    assert by_time is not None
    assert by_time.low < 0 < by_time.high
    together = [sum(pair[arm].mean * pair[arm].count for pair in pairs) for arm in (0, 1)]
    counts = [sum(pair[arm].count for pair in pairs) for arm in (0, 1)]
    assert together[1] / counts[1] - together[0] / counts[0] < -0.15  # what a comparison of all values would say


def test_too_few_values_say_nothing() -> None:
    enough, few = Sample.of(FEWEST, 50.0, 50.0, bounded=True), Sample.of(FEWEST - 1, 50.0, 50.0, bounded=True)
    assert difference([]) is None
    assert difference([(enough, few)]) is None
    assert difference([(few, enough)]) is None
    assert difference([(enough, enough)]) is not None


def test_times_with_other_shares_count_by_their_values() -> None:
    large = Sample(3000, 0.5, 0.25), Sample(3000, 0.6, 0.25)
    small = Sample(1000, 0.1, 0.25), Sample(1000, 0.4, 0.25)
    shown = difference([large, small])
    assert shown is not None
    assert shown.value == pytest.approx((0.1 * 6000 + 0.3 * 2000) / 8000)


def test_an_arm_that_happens_to_vary_little_counts_as_varying_like_both_together() -> None:
    varied = Sample(9 * FEWEST, 1.0, 1.0)
    shown, usual = (difference([(Sample(FEWEST, 1.0, variance), varied)]) for variance in (0.0, 1.0))
    assert shown is not None
    assert usual is not None
    share = (0.9 / FEWEST + 1 / (9 * FEWEST)) / (1 / FEWEST + 1 / (9 * FEWEST))
    assert (shown.high - shown.value) ** 2 == pytest.approx(share * (usual.high - usual.value) ** 2)


def test_a_hundred_perfect_answers_prove_no_perfection() -> None:
    shown = difference([(Sample.of(FEWEST, FEWEST, FEWEST, bounded=True),) * 2])
    assert shown is not None
    assert shown.high - shown.low > 0.05


def test_units_that_are_divided_as_they_should_be_raise_no_alarm_at_any_look() -> None:
    alarms = 0
    for seed in range(RUNS):
        second = np.cumsum(np.random.default_rng(seed).random(4000) < 0.3)
        counts = {count: int(second[count - 1]) for count in range(20, 4001, 20)}
        alarms += any(mismatch({"a": n - b, "b": b}, {"a": 0.7, "b": 0.3}) < 0.05 for n, b in counts.items())
    assert alarms / RUNS <= 0.05


def test_an_arm_that_loses_a_tenth_of_its_units_is_noticed() -> None:
    assert mismatch({"a": 5000, "b": 4500}, {"a": 0.5, "b": 0.5}) < 0.001
    assert mismatch({"a": 5000, "b": 4950}, {"a": 0.5, "b": 0.5}) > 0.5
    assert mismatch({"a": 300}, {"a": 0.1, "b": 0.1}) < 1e-9
    assert mismatch({}, {"a": 0.5, "b": 0.5}) == 1.0
