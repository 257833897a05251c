import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ymera_service.routing.decision import (
    Attempt,
    Candidate,
    Decision,
    Exclusion,
    ExclusionReason,
    Failure,
    ScoreComponent,
    Weights,
    failure_from_json,
    from_json,
    to_json,
)

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
FAILURES = st.builds(Failure, TEXTS, TEXTS, st.dictionaries(TEXTS, TEXTS, max_size=3), st.none() | st.floats(0, 1e6))
COMPONENTS = st.builds(ScoreComponent, TEXTS, NUMBERS, NUMBERS, TEXTS)
CANDIDATES = st.builds(
    Candidate,
    TEXTS,
    NUMBERS,
    st.lists(COMPONENTS, max_size=4).map(tuple),
    st.none() | st.integers(0, 2**62),
    st.none() | NUMBERS,
)
ATTEMPTS = st.builds(Attempt, st.integers(1, 99), TEXTS, NUMBERS, st.none() | NUMBERS, st.none() | FAILURES)
DECISIONS = st.builds(
    Decision,
    category=TEXTS,
    category_probabilities=st.dictionaries(TEXTS, NUMBERS, max_size=6),
    candidates=st.lists(CANDIDATES, max_size=4).map(tuple),
    exclusions=st.lists(st.builds(Exclusion, TEXTS, st.sampled_from(ExclusionReason), TEXTS), max_size=4).map(tuple),
    policy=TEXTS,
    weights=st.builds(Weights, NUMBERS, NUMBERS, NUMBERS),
    seed=st.integers(0, 2**64 - 1),
    propensity=NUMBERS,
    explanation=TEXTS,
    attempts=st.lists(ATTEMPTS, max_size=3).map(tuple),
)


@given(decision=DECISIONS)
def test_a_stored_decision_is_read_as_it_was(decision: Decision) -> None:
    read = from_json(to_json(decision))
    assert read == decision
    assert list(read.category_probabilities) == list(decision.category_probabilities)


@given(failure=FAILURES)
def test_a_stored_failure_is_read_as_it_was(failure: Failure) -> None:
    assert failure_from_json(to_json(failure)) == failure


@pytest.mark.parametrize("data", [b"", b"null", b"{}", b"[]", b'{"category": 1', b"\xff"])
def test_what_is_no_decision_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="Decision"):
        from_json(data)
    with pytest.raises(ValueError, match="Failure"):
        failure_from_json(data)


@given(quality=st.floats(0, 1e300), speed=st.floats(0, 1e300), cost=st.floats(1e-300, 1e300))
def test_normalised_weights_add_up_to_one(quality: float, speed: float, cost: float) -> None:
    weights = Weights(quality, speed, cost).normalised()
    assert math.isclose(weights.quality + weights.speed + weights.cost, 1.0)
