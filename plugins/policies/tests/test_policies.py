"""What each of the policies tries first."""

import numpy as np
import pytest
from ymera_policies import Settings, ymera_register_policies

from ymera_service.sdk.testing.checks.policies import Sample
from ymera_service.sdk.testing.contracts.policies import PolicyContract

POLICIES = {policy.name: policy for policy in ymera_register_policies(Settings())}
NAN = float("nan")
FIVE = Sample(
    models=["a", "b", "c", "d", "e"],
    quality=np.array([0.5, 0.95, 0.9, 0.88, 0.9]),
    doubt=np.full(5, 0.1),
    speed=np.array([0.9, 0.2, 0.5, 0.4, 0.95]),
    cost=np.array([1.0, 0.1, 0.4, 0.6, 0.5]),
    micros=np.array([0.0, 90_000.0, 3_000.0, 900.0, NAN]),
    success=np.full(5, 0.95),
    previous=np.array([0.0, 0.0, 1.0, 0.0, 0.0]),
    balance=np.array([0.6, 0.75, 0.74, 0.8, 0.7]),
)


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
class TestContract(PolicyContract):
    pass


def order(name: str, candidates: Sample = FIVE) -> str:
    scores = POLICIES[name].score(candidates)
    return "".join(candidates.models[place] for place in np.argsort(-scores, kind="stable"))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("balanced", "dbcea"),
        ("best-quality", "bceda"),
        ("cheapest-good-enough", "dcbea"),
        ("fastest", "eacdb"),
        ("free-first", "adbce"),
        ("pinned", "cdbea"),
    ],
)
def test_the_order_of_candidates(name: str, expected: str) -> None:
    assert order(name) == expected


def test_good_enough_is_a_setting() -> None:
    strict = {policy.name: policy for policy in ymera_register_policies(Settings(good_enough=0.97))}
    scores = strict["cheapest-good-enough"].score(FIVE)
    assert FIVE.models[int(scores.argmax())] == "b"


def test_each_has_its_turn() -> None:
    firsts = [order("round-robin", FIVE.with_turn(turn))[0] for turn in range(10)]
    assert "".join(firsts) == "abcdeabcde"
    assert order("round-robin", FIVE.with_turn(2)) == "cdeab"
