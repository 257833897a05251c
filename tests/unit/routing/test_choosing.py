"""What is configured for agents and for the arms of experiments, in the decisions of requests."""

from typing import Any

import pytest

from tests.unit.routing.conftest import FixedClassifier, Routing
from ymera_service.config import Settings
from ymera_service.routing.choosing import Choosing, unknown_models
from ymera_service.routing.decision import Decision, Preferences, Weights
from ymera_service.routing.stored import from_json, to_json
from ymera_service.sdk.context import Attribution
from ymera_service.sdk.errors import ModelNotFound
from ymera_service.sdk.models import ModelInfo, Price

CHEAP = ModelInfo("cheap", price=Price(100_000, 400_000))
DEAR = ModelInfo("dear", price=Price(10_000_000, 40_000_000))


def configured(**tables: Any) -> Settings:
    return Settings(**tables)


def routing(**tables: Any) -> Routing:
    made = Routing({"p": [CHEAP, DEAR]}, choosing=Choosing.of(configured(**tables)))
    made.measure(coding={"p/cheap": 0.5, "p/dear": 0.9}, general={"p/cheap": 0.5, "p/dear": 0.9})
    return made


def decide(
    one: Routing, preferences: Preferences | None = None, *, text: str = "hello", agent: str = "support"
) -> Decision:
    return one.select(text, preferences, attribution=Attribution(agent), full_view=True).decision


def test_nothing_configured_needs_nothing() -> None:
    assert Choosing.of(Settings()) is None
    ended = {"active": False, "arms": {"a": {"share": 0.5}, "b": {"share": 0.5}}}
    assert Choosing.of(configured(experiments={"e": ended})) is None


def test_an_agents_model_goes_first_and_its_fallbacks_next() -> None:
    one = routing(agents={"support": {"model": "p/cheap", "fallback_models": ["p/dear"]}})
    decision = decide(one)
    assert [each.target.model for each in decision.candidates] == ["p/cheap", "p/dear"]
    assert decision.agent == "support"
    assert decision.explanation.endswith("; as configured for the agent support")
    assert decide(one, agent="sales").agent == ""


def test_what_a_request_says_comes_before_what_is_configured_for_its_agent() -> None:
    one = routing(agents={"support": {"model": "p/cheap", "cost_quality": 0.0}})
    assert decide(one, Preferences(model="p/dear")).candidates[0].target.model == "p/dear"
    assert decide(one, Preferences(weights=Weights(0, 0, 1))).weights == Weights(0, 0, 1)
    assert decide(one).weights == Weights.between(0.0).normalised()


def test_an_override_counts_for_its_category_and_for_long_prompts() -> None:
    overrides = [{"above_tokens": 500, "model": "p/cheap"}, {"categories": ["coding"], "model": "p/dear"}]
    one = routing(agents={"support": {"model": "p/cheap", "overrides": overrides}})
    assert decide(one).candidates[0].target.model == "p/dear"
    assert decide(one, Preferences(category_hint="math")).candidates[0].target.model == "p/cheap"
    assert decide(one, text="word " * 2000).candidates[0].target.model == "p/cheap"


@pytest.mark.parametrize(("complexity", "model"), [(0.9, "p/dear"), (0.5, "p/cheap"), (None, "p/cheap")])
def test_an_override_counts_for_demanding_requests(complexity: float | None, model: str) -> None:
    overrides = [{"above_complexity": 0.7, "model": "p/dear"}]
    one = routing(agents={"support": {"model": "p/cheap", "overrides": overrides}})
    one.classifiers = {"fixed": FixedClassifier(complexity=complexity)}
    assert decide(one).candidates[0].target.model == model


def test_an_override_leaves_the_rest_to_the_agent() -> None:
    overrides = [{"categories": ["coding"], "model": "p/cheap"}]
    one = routing(agents={"support": {"cost_quality": 1.0, "overrides": overrides}})
    decision = decide(one)
    assert decision.candidates[0].target.model == "p/cheap"
    assert decision.weights == Weights.between(1.0).normalised()


@pytest.mark.parametrize("model", ["p/gone", "p/cheap"])
def test_configured_models_that_cant_answer_leave_the_choice_open_and_this_is_said(model: str) -> None:
    one = routing(agents={"support": {"model": model}})
    decision = decide(one, Preferences(deny_models=("p/cheap",)))
    assert decision.candidates[0].target.model == "p/dear"
    assert decision.explanation.endswith("as configured for the agent support, whose models can't take this request")


def test_a_model_that_the_caller_names_is_never_left_out() -> None:
    with pytest.raises(ModelNotFound):
        decide(routing(agents={"support": {"model": "p/cheap"}}), Preferences(model="p/gone"))


def arms(**settings: Any) -> dict[str, Any]:
    return {"unit": "request", "arms": {"control": {"share": 1e-9}, "other": {"share": 1 - 1e-9, **settings}}}


def test_the_arm_is_part_of_the_decision_and_of_its_stored_form() -> None:
    decision = decide(routing(experiments={"e": arms(cost_quality=0.0)}))
    assert decision.assignment is not None
    assert (decision.assignment.experiment, decision.assignment.arm) == ("e", "other")
    assert decision.weights == Weights.between(0.0).normalised()
    assert decision.explanation.endswith("; arm other of the experiment e")
    stored = from_json(to_json(decision))
    assert (stored.assignment, stored.agent) == (decision.assignment, "")
    assert b"assignment" not in to_json(decide(routing()))


def test_the_arm_comes_before_the_agent_and_what_it_leaves_open_is_the_agents() -> None:
    agents = {"support": {"model": "p/cheap", "cost_quality": 1.0}}
    one = routing(agents=agents, experiments={"e": arms(cost_quality=0.0)})
    decision = decide(one)
    assert decision.weights == Weights.between(0.0).normalised()
    assert decision.candidates[0].target.model == "p/cheap"
    assert decision.explanation.endswith("; arm other of the experiment e, as configured for the agent support")


def test_the_first_experiment_whose_conditions_a_request_meets_counts() -> None:
    one = routing(experiments={"a": arms() | {"categories": ["math"]}, "b": arms(), "c": arms()})
    assignment = decide(one).assignment
    assert assignment is not None
    assert assignment.experiment == "b"


def test_the_propensity_is_that_of_the_choice_within_the_arm() -> None:
    one = routing(experiments={"e": {"unit": "request", "arms": {"a": {"share": 0.5}, "b": {"share": 0.5}}}})
    assert decide(one).propensity == 1.0


def test_a_decision_in_an_arm_is_computed_again_alike() -> None:
    one = routing(experiments={"e": arms(model="p/cheap")}, agents={"support": {"cost_quality": 1.0}})
    decision = decide(one)
    again = one.router.recompute(from_json(to_json(decision)), one.catalog.snapshot)
    assert again.explanation == decision.explanation
    assert [each.target for each in again.candidates] == [each.target for each in decision.candidates]


def test_models_that_are_not_on_offer_are_named_with_where_they_are() -> None:
    settings = configured(
        agents={"support": {"model": "p/chaep", "overrides": [{"above_tokens": 9, "model": "p/cheap"}]}},
        experiments={"e": arms(model="p/dear", fallback_models=["q/any"])},
    )
    found = dict(unknown_models(settings, routing().catalog.snapshot))
    assert set(found) == {"agents.support", "experiments.e.arms.other"}
    assert found["agents.support"].startswith("no model has the name 'p/chaep'; did you mean p/cheap")


@pytest.mark.parametrize(
    ("tables", "problem"),
    [
        ({"agents": {"a": {"fallback_models": ["p/x"]}}}, "set model"),
        ({"agents": {"a": {"overrides": [{"model": "p/x"}]}}}, "set categories, above_tokens or above_complexity"),
        ({"experiments": {"e": {"arms": {"a": {"share": 1}}}}}, "at least 2"),
        ({"experiments": {"e f": {"arms": {"a": {"share": 0.5}, "b": {"share": 0.5}}}}}, "match pattern"),
    ],
)
def test_a_wrong_table_is_refused(tables: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        Settings(**tables)
