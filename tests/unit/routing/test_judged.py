"""The fold of observations: what answers were worth, whatever the order in which they are heard of."""

import math
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.routing.conftest import NOW, observed
from ymera_service.routing.learning import judged
from ymera_service.routing.learning.judged import HALF_LIFE, MOST_OF_CALLER, Judged, Tally
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


def tally_of(*judged_by: tuple[str, int, float]) -> Tally:
    """Folds so many answers of each caller, all equally good."""
    observations = [observed(value, caller=caller) for caller, count, value in judged_by for _ in range(count)]
    return fold(observations).tallies["p/a"]["coding"]


def test_a_flood_of_one_caller_counts_for_a_bounded_number_of_answers() -> None:
    others = [(f"caller-{number}", 5, 0.9) for number in range(4)]
    flooded, more = tally_of(("loud", 1_000, 0.0), *others), tally_of(("loud", 5_000, 0.0), *others)
    assert flooded.weight == more.weight == MOST_OF_CALLER + 20
    assert flooded.mean == pytest.approx(more.mean) == pytest.approx(20 * 0.9 / (MOST_OF_CALLER + 20))
    alone = tally_of(("loud", 1_000, 0.25))
    assert (alone.weight, alone.mean) == (MOST_OF_CALLER, 0.25)


def test_a_caller_counts_for_more_where_the_others_do_and_one_without_a_name_is_not_bounded() -> None:
    others = [(f"caller-{number}", 40, 1.0) for number in range(5)]
    both = tally_of(("loud", 1_000, 0.0), *others)
    assert (both.weight, both.mean) == (400, 0.5)
    assert tally_of(("", 1_000, 0.25)).weight == 1_000
    assert tally_of(("a", int(MOST_OF_CALLER), 0.25)).weight == MOST_OF_CALLER


def test_what_counted_of_a_caller_gets_less_with_its_age_as_everything_does() -> None:
    old = fold([observed(0.0, caller="loud", age=HALF_LIFE) for _ in range(150)]).tallies["p/a"]["coding"]
    assert old.weight == MOST_OF_CALLER  # 150 answers that count half
    old = fold([observed(0.0, caller="loud", age=2 * HALF_LIFE) for _ in range(150)]).tallies["p/a"]["coding"]
    assert old.weight == pytest.approx(150 / 4)


JUDGED_BY = st.lists(st.tuples(st.sampled_from(["", "a", "b", "c"]), st.floats(0, 1)), min_size=1, max_size=40)


@given(JUDGED_BY, st.integers(0, 200), st.randoms(use_true_random=False))
def test_no_named_caller_counts_for_more_than_the_bound_or_all_others(
    judged_by: list[tuple[str, float]], flood: int, random: st.DataObject
) -> None:
    """And the order in which answers are heard of, and what is heard of twice, does not matter."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(judged, "MOST_OF_CALLER", 5.0)
        observations = [observed(value, caller=caller) for caller, value in judged_by]
        observations += [observed(0.0, caller="loud") for _ in range(flood)]
        tally = fold(observations).tallies["p/a"]["coding"]
        shuffled = [*observations, *observations[:3]]
        random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis' own
        again = fold(shuffled).tallies["p/a"]["coding"]
        assert (tally.weight, tally.mean) == pytest.approx((again.weight, again.mean))
        assert 0 < tally.weight <= len(observations) + 1e-9
        most = max(5.0, len(judged_by))
        assert tally.weight <= len(judged_by) + most
        if flood >= most:
            more = fold([*observations, *(observed(0.0, caller="loud") for _ in range(100))]).tallies["p/a"]["coding"]
            assert (tally.weight, tally.mean) == pytest.approx((more.weight, more.mean))
