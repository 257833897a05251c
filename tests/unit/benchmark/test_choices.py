"""How sure choices are, and what more tasks would gain."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ymera_service.benchmark.choices import WORTH, Standings, cumulative


def standings(means: list[list[float]], tasks: float = 20.0, others: list[float] | None = None) -> Standings:
    models = [f"acme/{number}" for number in range(len(means))]
    categories = [f"class {number}" for number in range(len(means[0]))]
    values = np.array(means)
    return Standings(
        models, categories, values, np.full(values.shape, tasks), np.array(others or [0.0] * len(means)), 0.6
    )


def test_the_normal_distribution_is_that_of_the_tables() -> None:
    given = np.array([-6.0, -1.959963985, -1.0, 0.0, 0.5, 1.644853627, 6.0])
    assert cumulative(given) == pytest.approx([1e-9, 0.025, 0.15865525, 0.5, 0.69146246, 0.95, 1.0], abs=2e-7)


def test_a_choice_is_as_sure_as_draws_of_what_may_be_true_say() -> None:
    believed = standings([[0.6], [0.55], [0.5], [0.2]], tasks=30)
    [choice] = believed.choices()
    draws = np.random.default_rng(1).normal(
        believed.means[:, 0], np.sqrt(believed.means * (1 - believed.means) / 31)[:, 0], (400_000, 4)
    )
    assert (choice.model, choice.rival) == ("acme/0", "acme/1")
    assert choice.certainty == pytest.approx(np.mean(draws.argmax(axis=1) == 0), abs=0.005)
    assert choice.expected_loss == pytest.approx(draws.max(axis=1).mean() - 0.6, abs=0.001)
    assert believed.certainty("class 0", "acme/1") == pytest.approx(np.mean(draws.argmax(axis=1) == 1), abs=0.005)


def test_speed_and_cost_decide_between_models_of_the_same_quality() -> None:
    [choice] = standings([[0.7], [0.7]], others=[0.0, 0.2]).choices()
    assert choice.model == "acme/1"
    assert choice.certainty > 0.95
    assert choice.expected_loss < 0.002


def test_tasks_gain_most_where_models_are_close_and_little_is_known() -> None:
    believed = standings([[0.7, 0.9], [0.68, 0.2]])
    gains, rates = believed.gains(np.zeros((2, 2)), np.full((2, 2), 64.0))
    assert (gains[:, 0] > WORTH).all()
    assert (gains[:, 1] < WORTH).all()
    known, _ = standings([[0.7, 0.9], [0.68, 0.2]], tasks=5000).gains(np.zeros((2, 2)), np.full((2, 2), 64.0))
    assert (known[:, 0] < gains[:, 0]).all()
    assert (rates <= gains).all()


def test_a_choice_that_one_more_answer_cannot_change_is_still_worth_many() -> None:
    believed = standings([[0.9], [0.8]], tasks=30)
    one, _ = believed.gains(np.zeros((2, 1)), np.ones((2, 1)))
    many, _ = believed.gains(np.zeros((2, 1)), np.full((2, 1), 64.0))
    assert (one < WORTH).all()
    assert (many > WORTH).any()


@given(
    st.integers(1, 6).flatmap(
        lambda models: st.lists(st.lists(st.floats(0, 1), min_size=2, max_size=2), min_size=models, max_size=models)
    ),
    st.floats(1, 1e6),
    st.integers(0, 100),
    st.integers(0, 100),
)
def test_figures_stay_within_their_bounds(means: list[list[float]], tasks: float, extra: int, left: int) -> None:
    believed = standings(means, tasks)
    gains, rates = believed.gains(np.full((len(means), 2), float(extra)), np.full((len(means), 2), float(left)))
    assert np.isfinite(gains).all()
    assert (gains >= rates).all()
    assert (rates >= 0).all()
    assert left or not gains.any()
    for choice in believed.choices():
        assert 0 <= choice.certainty <= 1
        assert 0 <= choice.expected_loss <= 1
        assert (choice.rival == "") == (len(means) == 1)


@pytest.mark.parametrize("means", [[[0.5]], [[0.5], [0.5]]], ids=["one model", "quality does not count"])
def test_nothing_is_to_be_gained_where_no_result_can_change_a_choice(means: list[list[float]]) -> None:
    believed = standings(means)
    if len(means) > 1:
        believed = Standings(believed.models, believed.categories, believed.means, believed.tasks, believed.others, 0.0)
    gains, _ = believed.gains(np.zeros_like(believed.means), np.full_like(believed.means, 50.0))
    assert not gains.any()
    assert len(believed.choices()) == 1
