"""Policies of plugins: which one counts, what it is given, and what becomes of one that fails."""

from collections.abc import Callable
from itertools import count, repeat

import numpy as np
import pytest
import structlog
from ymera_policies import Settings, ymera_register_policies

from tests.unit.routing.conftest import FixedClassifier, Routing
from tests.unit.routing.test_router import order
from ymera_service.config import RoutingSettings
from ymera_service.resilience.reliability import Chance
from ymera_service.routing.decision import Preferences
from ymera_service.routing.replay.recomputing import NotRecomputable
from ymera_service.routing.stored import from_json, to_json
from ymera_service.sdk.errors import InvalidRequest
from ymera_service.sdk.models import ModelInfo, Price
from ymera_service.sdk.policies import Candidates, Column, RoutingPolicy

INFOS = [
    ModelInfo("cheap", price=Price(10**5, 10**5)),
    ModelInfo("dear", price=Price(10**7, 10**7)),
    ModelInfo("free", price=Price(0, 0)),
    ModelInfo("secret"),
]
SCORES = {"p/cheap": 0.92, "p/dear": 0.95, "p/free": 0.2, "p/secret": 0.85}
MANY = [ModelInfo(f"m{number:03}") for number in range(60)]


class Scored(RoutingPolicy):
    name = "scored"

    def __init__(self, score: Callable[[Candidates], Column]) -> None:
        self._score = score

    def score(self, candidates: Candidates) -> Column:
        return self._score(candidates)


def routing_of(*policies: RoutingPolicy, infos: list[ModelInfo] = INFOS, default: str = "balanced") -> Routing:
    routing = Routing({"p": infos}, RoutingSettings(policy=default))
    routing.policies = {policy.name: policy for policy in (*ymera_register_policies(Settings()), *policies)}
    routing.measure(coding=SCORES, general=SCORES)
    return routing


@pytest.mark.parametrize(
    ("policy", "first"),
    [
        ("best-quality", "p/dear"),
        ("cheapest-good-enough", "p/cheap"),
        ("free-first", "p/free"),
    ],
)
def test_a_request_names_its_policy(policy: str, first: str) -> None:
    decision = routing_of().decide(preferences=Preferences(policy=policy))
    assert (order(decision)[0], decision.policy, decision.inputs.policy_version) == (first, policy, "7.1")
    assert f"first by the policy {policy}" in decision.explanation
    for candidate in decision.candidates:
        assert candidate.score == pytest.approx(sum(part.value * part.weight for part in candidate.components))


def test_the_configuration_names_the_policy_of_other_requests() -> None:
    routing = routing_of(default="best-quality")
    assert order(routing.decide())[0] == "p/dear"
    assert order(routing.decide(preferences=Preferences(policy="free-first")))[0] == "p/free"


def test_the_balance_is_the_same_as_without_any_policy() -> None:
    with_plugin, without = routing_of().decide(), routing_of()
    without.policies = {}
    plain = without.decide()
    assert (with_plugin.candidates, with_plugin.explanation) == (plain.candidates, plain.explanation)
    assert (with_plugin.policy, plain.policy) == ("balanced", "balanced")


def test_an_unknown_policy_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(InvalidRequest) as refused:
        routing_of().decide(preferences=Preferences(policy="best-qualty"))
    [violation] = refused.value.violations
    assert violation.field == "preferences.policy"
    assert violation.description.startswith(
        "'best-qualty' is not a policy; did you mean 'best-quality'? known: balanced"
    )
    assert "round-robin" in violation.description


def test_requests_take_turns() -> None:
    routing = routing_of()
    wanted = Preferences(policy="round-robin")
    firsts = [order(routing.decide(preferences=wanted))[0] for _ in range(8)]
    assert firsts == ["p/cheap", "p/dear", "p/free", "p/secret"] * 2


@pytest.mark.parametrize("infos", [INFOS, MANY], ids=["few", "many"])
def test_what_a_policy_is_given(infos: list[ModelInfo]) -> None:
    given: list[Candidates] = []

    def score(candidates: Candidates) -> Column:
        given.append(candidates)
        return candidates.quality

    routing = routing_of(Scored(score), infos=infos)
    routing.chances = {f"p/{infos[1].name}": Chance.of(60, 12)}
    routing.answered("s", f"p/{infos[2].name}")
    routing.decide(preferences=Preferences(policy="scored", session_id="s"))
    [candidates] = given
    assert list(candidates.models) == [f"p/{info.name}" for info in infos]
    assert candidates.success[0] == 0.95
    assert candidates.success[1] == pytest.approx(0.82, abs=0.01)
    assert candidates.previous.tolist() == [0, 0, 1] + [0] * (len(infos) - 3)
    for column in (candidates.quality, candidates.doubt, candidates.speed, candidates.cost, candidates.balance):
        assert column.shape == (len(infos),)
        assert (column >= 0).all()
        assert (column <= 1).all()
    assert np.isnan(candidates.micros[-1])
    with pytest.raises(ValueError, match="read-only"):
        candidates.quality[0] = 2


@pytest.mark.parametrize("infos", [INFOS, MANY], ids=["few", "many"])
@pytest.mark.parametrize(
    "score",
    [
        lambda candidates: candidates.quality[1:],
        lambda candidates: candidates.micros,
        lambda candidates: None,
        lambda candidates: "best",
        lambda candidates: candidates.missing,
        lambda candidates: repeat(1.0),
        lambda candidates: (1.0 for _ in count()),
    ],
)
def test_a_policy_that_fails_leaves_the_balance(infos: list[ModelInfo], score: Callable[[Candidates], Column]) -> None:
    routing = routing_of(Scored(score), infos=infos)
    plain = routing.decide()
    with structlog.testing.capture_logs() as logs:
        decision = routing.decide(preferences=Preferences(policy="scored"))
    assert (decision.policy, order(decision)) == ("balanced", order(plain))
    assert [(one["event"], one["policy"]) for one in logs] == [("policy_failed", "scored")]


def test_failures_and_sessions_count_for_every_policy() -> None:
    routing = routing_of(Scored(lambda candidates: candidates.quality * 0.0 + 0.5))
    routing.chances = {"p/cheap": Chance.of(60, 12)}
    routing.answered("s", "p/free")
    decision = routing.decide(preferences=Preferences(policy="scored", session_id="s"))
    assert (order(decision)[0], order(decision)[-1]) == ("p/free", "p/cheap")


def test_listed_models_come_before_any_policy() -> None:
    wanted = Preferences(model="p/cheap", fallback_models=("p/dear",), policy="best-quality")
    decision = routing_of().decide(preferences=wanted)
    assert (order(decision), decision.policy) == (["p/cheap", "p/dear"], "listed")


@pytest.mark.parametrize("policy", ["round-robin", "cheapest-good-enough", "balanced"])
def test_a_stored_decision_of_a_policy_can_be_computed_again(policy: str) -> None:
    routing = routing_of()
    routing.decide()
    decision = routing.decide(preferences=Preferences(policy=policy))
    stored = from_json(to_json(decision))
    again = routing.router.recompute(stored, routing.catalog.snapshot)
    assert order(again) == order(decision)
    routing.policies = {}
    with pytest.raises(NotRecomputable, match="not installed any more"):
        routing.router.recompute(stored, routing.catalog.snapshot)


@pytest.mark.parametrize("complexity", [None, 0.0, 0.75])
def test_a_policy_knows_how_complex_the_request_is(complexity: float | None) -> None:
    seen: list[float | None] = []

    def score(candidates: Candidates) -> Column:
        seen.append(candidates.complexity)
        return candidates.quality

    routing = routing_of(Scored(score), default="scored")
    routing.classifiers = {"fixed": FixedClassifier(complexity=complexity)}
    assert routing.decide().complexity == complexity
    assert seen == [complexity]
