"""Estimates of another policy: they are right on average, and their intervals cover, as a simulation shows."""

from math import inf, isinf
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ymera_service.routing.replay.off_policy import Estimate, Sample, estimate, weight

MODELS = 4


def world(draw: Random, *, requests: int, exploring: float, bias: float) -> tuple[list[Sample], float]:
    """Returns recorded samples, and what the other policy comes to in truth.

    The recorded policy takes the first model, and another one by chance now and then; the other policy takes the one
    that is the best for the kind of request. What is expected is wrong by `bias`, and more so for some models.
    """
    samples, truth = [], []
    skills = [[draw.uniform(0.1, 0.9) for _ in range(MODELS)] for _ in range(3)]
    for _ in range(requests):
        kind = draw.randrange(3)
        best = max(range(MODELS), key=skills[kind].__getitem__)
        taken = draw.randrange(MODELS) if draw.random() < exploring else 0
        propensity = exploring / MODELS + (1 - exploring) * (taken == 0)
        outcome = float(draw.random() < skills[kind][taken])
        expected = [skill + bias * (number - 1) for number, skill in enumerate(skills[kind])]
        samples.append(Sample(weight(taken == best, propensity), outcome, expected[taken], expected[best]))
        truth.append(skills[kind][best])
    return samples, sum(truth) / len(truth)


@pytest.mark.parametrize("bias", [0.0, 0.15, -0.3])
@pytest.mark.parametrize("exploring", [0.2, 0.6])
def test_the_intervals_cover_and_the_estimates_are_right_on_average(bias: float, exploring: float) -> None:
    draw, covered, errors = Random(11), 0, list[float]()
    for _ in range(300):
        samples, truth = world(draw, requests=400, exploring=exploring, bias=bias)
        found = estimate(samples)
        assert found is not None
        covered += found.low <= truth <= found.high
        errors.append(found.mean - truth)
    assert covered / 300 >= 0.92
    assert abs(sum(errors)) / 300 < 0.03


def test_the_recorded_policy_itself_is_estimated_by_what_was_observed() -> None:
    samples = [Sample(1.0, float(number % 3 == 0), 0.4, 0.4) for number in range(300)]
    found = estimate(samples)
    assert found is not None
    assert found.mean == pytest.approx(found.recorded) == pytest.approx(1 / 3)
    assert found.high - found.low == pytest.approx(2 * 1.96 * (2 / 9 / 300) ** 0.5, rel=0.02)
    assert (found.matching, found.overlap) == (300, 1.0)


def test_better_expectations_make_narrower_intervals() -> None:
    widths = []
    for told in (0.0, 1.0):
        draw = Random(5)
        samples = []
        for _ in range(400):
            skill = draw.choice([0.05, 0.95])
            expected = 0.5 + told * (skill - 0.5)
            samples.append(Sample(weight(draw.random() < 0.3, 0.3), float(draw.random() < skill), expected, expected))
        found = estimate(samples)
        assert found is not None
        widths.append(found.high - found.low)
    assert widths[1] < 0.7 * widths[0]


def test_what_was_never_chosen_has_no_interval() -> None:
    assert estimate([]) is None
    found = estimate([Sample(0.0, 1.0, 0.5, 0.75)] * 64)
    assert found == Estimate(1.0, 0.75, -inf, inf, 64, 0, 0.0)


def test_overlap_is_the_share_of_requests_that_could_have_been_sent_there() -> None:
    draw = Random(3)
    samples = []
    for number in range(2_000):
        explored = number % 2 == 0 and draw.random() < 0.25  # only half of the requests may be explored at all
        samples.append(Sample(weight(explored, 0.25), 1.0, 0.5, 0.5))
    found = estimate(samples)
    assert found is not None
    assert found.overlap == pytest.approx(0.5, abs=0.06)


@given(
    st.lists(
        st.builds(
            Sample,
            st.sampled_from([0.0, 1.0, 3.0, 1_000.0]),
            st.floats(0, 1),
            st.floats(0, 1),
            st.floats(0, 1),
        ),
        min_size=1,
        max_size=30,
    )
)
def test_an_estimate_lies_in_its_interval(samples: list[Sample]) -> None:
    found = estimate(samples)
    assert found is not None
    assert found.low <= found.mean <= found.high
    assert isinf(found.low) == isinf(found.high)
    assert 0 <= found.overlap <= 1


@pytest.mark.parametrize("propensity", [0.0, -1.0, float("nan"), inf])
def test_a_probability_that_can_not_be_true_gives_no_weight(propensity: float) -> None:
    assert weight(matches=True, propensity=propensity) == 0
