"""What routing makes of judged answers."""

import pytest

from tests.unit.routing.conftest import FixedClassifier, Routing, observed
from ymera_service.config import RoutingSettings
from ymera_service.routing.decision import Decision, Preferences, Weights
from ymera_service.routing.learning.quality import Qualities
from ymera_service.routing.scoring import FEW
from ymera_service.routing.table import Table
from ymera_service.sdk.models import ModelInfo, Price
from ymera_service.storage.records import BenchmarkSummary

CHEAP = ModelInfo("cheap", price=Price(100_000, 100_000))
DEAR = ModelInfo("dear", price=Price(1_000_000, 1_000_000))


def order(decision: Decision) -> list[str]:
    return [candidate.target.model for candidate in decision.candidates]


def judge(routing: Routing, model: str, value: float, *, category: str = "coding", times: int = 1) -> None:
    for _ in range(times):
        routing.evidence.answered()
        routing.evidence.learn([observed(value, model=model, category=category)])


def test_without_feedback_nothing_is_explored() -> None:
    routing = Routing({"p": [CHEAP, DEAR]})
    for _ in range(100):
        routing.evidence.answered()
    decisions = [routing.decide(seed=seed) for seed in range(40)]
    assert {decision.propensity for decision in decisions} == {1.0}
    assert {each.name for each in decisions[0].candidates[0].components} == {"quality", "speed", "cost"}


def test_feedback_changes_the_ranking_in_its_own_class() -> None:
    routing = Routing({"p": [ModelInfo("a"), ModelInfo("b")]}, RoutingSettings(exploration=0))
    judge(routing, "p/a", 0.0)
    judge(routing, "p/b", 1.0)
    decision = routing.decide()
    assert order(decision) == ["p/b", "p/a"]
    assert "1.00 over 1 judged coding answer until" in decision.candidates[0].components[0].evidence
    routing.classifiers = {"fixed": FixedClassifier({"empathy": 1.0})}
    assert len({round(each.score, 9) for each in routing.decide().candidates}) == 1


def test_exploration_goes_with_the_share_of_answers_that_are_judged() -> None:
    routing = Routing({"p": [ModelInfo("a"), ModelInfo("b")]})
    judge(routing, "p/a", 1.0, times=200)
    often = routing.decide().inputs
    for _ in range(2_000):
        routing.evidence.answered()
    rarely = routing.decide().inputs
    assert 0.09 < often.exploration <= 0.1
    assert often.optimism == pytest.approx(5 * often.exploration)
    assert rarely.exploration < 0.001


def test_history_does_not_show_that_answers_are_judged_now() -> None:
    routing = Routing({"p": [CHEAP, DEAR]})
    routing.evidence.learn([observed(1.0) for _ in range(100)], past=True)
    assert routing.decide().inputs.exploration == 0


def test_a_model_whose_worth_is_in_doubt_gets_a_bonus_that_the_score_states() -> None:
    routing = Routing({"p": [ModelInfo("known"), ModelInfo("new")]})
    judge(routing, "p/known", 0.5, times=100)
    decision = routing.decide()
    doubts = {each.target.model: each.components[-1] for each in decision.candidates}
    assert {each.name for each in doubts.values()} == {"doubt"}
    assert doubts["p/new"].value > 2 * doubts["p/known"].value
    for candidate in decision.candidates:
        assert candidate.score == pytest.approx(sum(part.value * part.weight for part in candidate.components))


def test_what_is_learnt_is_found_by_the_same_model_among_many() -> None:
    """In columns as one by one."""
    infos = [ModelInfo(f"m{number:02}") for number in range(FEW + 5)]
    routing = Routing({"p": infos}, RoutingSettings(exploration=0))
    routing.decide()
    judge(routing, "p/m07", 1.0, times=20)
    assert order(routing.decide())[0] == "p/m07"


def test_a_decision_of_a_time_of_learning_is_computed_again() -> None:
    routing = Routing({"p": [ModelInfo("a"), ModelInfo("b"), ModelInfo("c")]})
    judge(routing, "p/a", 0.6, times=20)
    for seed in range(60):
        decision = routing.decide(seed=seed)
        assert routing.router.recompute(decision, routing.catalog.snapshot) == decision


def test_a_table_that_is_in_use_keeps_what_it_believed() -> None:
    routing = Routing({"p": [ModelInfo("a")]})
    table = Table(routing.catalog.snapshot, Qualities())
    before = table.qualities_in(("coding",)).copy()
    judge(routing, "p/a", 1.0, times=20)
    learnt = table.believing(routing.evidence.qualities)
    assert learnt.qualities_in(("coding",))[0] > 0.8
    assert table.qualities_in(("coding",)) == before


def test_at_the_quality_end_price_decides_only_between_models_that_are_about_as_good() -> None:
    routing = Routing({"p": [CHEAP, DEAR]}, RoutingSettings(exploration=0))
    best = Preferences(weights=Weights.between(1.0))
    for lead, first in ((0.002, "p/cheap"), (0.02, "p/dear")):
        routing.evidence.load(
            BenchmarkSummary(model, "coding", 10_000, quality, 1.0)
            for model, quality in (("p/cheap", 0.9), ("p/dear", 0.9 + lead))
        )
        assert order(routing.select("a", best).decision)[0] == first
