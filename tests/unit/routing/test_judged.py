"""The fold of observations: what answers were worth, whatever the order in which they are heard of."""

import math
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.routing.conftest import NOW, observed
from ymera_service.routing import judged
from ymera_service.routing.judged import HALF_LIFE, Judged
from ymera_service.storage.records import Observation

OBSERVATIONS = st.lists(
    st.builds(
        observed,
        st.floats(0, 1),
        st.sampled_from("abc"),
        name=st.sampled_from(["rating", "thumb"]),
        age=st.integers(0, 10**7).map(lambda seconds: timedelta(seconds=seconds)),
    ),
    max_size=8,
)


def fold(observations: list[Observation]) -> Judged:
    made = Judged(NOW)
    made.add(observations, NOW)
    return made


def test_an_answer_counts_once_with_the_mean_of_what_was_observed() -> None:
    made = fold([observed(1.0, "r"), observed(0.0, "r", name="thumb"), observed(1.0, "s")])
    tally = made.tallies["p/a"]["coding"]
    assert (tally.weight, tally.mean, tally.latest) == (2, 0.75, NOW)


def test_what_was_observed_later_replaces() -> None:
    later, earlier = observed(0.2, "r"), observed(0.9, "r", age=timedelta(seconds=1))
    for order in ([earlier, later], [later, earlier]):
        assert fold(order).tallies["p/a"]["coding"].mean == pytest.approx(0.2)


def test_an_answer_of_the_age_of_the_half_life_counts_half() -> None:
    tally = fold([observed(1.0), observed(0.0, age=HALF_LIFE)]).tallies["p/a"]["coding"]
    assert (tally.weight, tally.mean) == pytest.approx((1.5, 1 / 1.5))


@pytest.mark.parametrize("value", [None, math.nan, math.inf, -0.1, 1.1])
def test_what_is_not_a_quality_is_left_out(value: float | None) -> None:
    assert fold([observed(value)]).tallies == {}


@given(OBSERVATIONS, st.randoms(use_true_random=False))
def test_neither_order_nor_repetition_matters(observations: list[Observation], random: st.DataObject) -> None:
    shuffled = [*observations, *observations]
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis' own
    one, other = fold(observations), Judged(NOW)
    new = sum(other.add([each], NOW) for each in shuffled)
    assert new == len({each.request_id for each in observations})
    assert one.tallies.keys() == other.tallies.keys()
    for model, tallies in one.tallies.items():
        for category, tally in tallies.items():
            again = other.tallies[model][category]
            assert (again.weight, again.mean) == pytest.approx((tally.weight, tally.mean))


def test_what_adds_nothing_leaves_the_value_as_it_is() -> None:
    made, one = Judged(NOW), observed(1.0)
    made.add([one], NOW)
    tallies = made.tallies
    assert made.add([one, observed(math.nan)], NOW) == 0
    assert made.tallies is tallies


def test_the_answers_that_are_counted_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judged, "MOST_ANSWERS", 2)
    made = fold([observed(1.0, category="math"), observed(0.0), observed(0.0)])
    assert made.tallies["p/a"].keys() == {"coding"}
    assert made.tallies["p/a"]["coding"].weight == 2


def test_the_same_request_keeps_its_model() -> None:
    one = observed(1.0, "r")
    made = fold([one, replace(observed(0.0, "r", name="thumb"), model="p/b")])
    assert made.tallies.keys() == {"p/a"}
