"""Small talk needs nothing of a strong model: quality counts little, but still decides between equally cheap models."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.routing.conftest import FixedClassifier, Routing
from ymera_service.config import RoutingSettings
from ymera_service.routing.decision import LEAST_COMPLEXITY, Preferences, Weights
from ymera_service.sdk.models import ModelInfo, Price

CHEAP, DEAR = Price(1_000_000, 5_000_000), Price(5_000_000, 25_000_000)
PRICES = {"cheap": CHEAP, "weak": CHEAP, "dear": DEAR}


def routing(complexity: float | None) -> Routing:
    made = Routing(
        {"p": [ModelInfo(name, price=price) for name, price in PRICES.items()]}, RoutingSettings(exploration=0)
    )
    made.classifiers = {"fixed": FixedClassifier({"general": 1.0}, complexity=complexity)}
    made.measure(general={"p/cheap": 0.7, "p/weak": 0.3, "p/dear": 0.95})
    return made


def test_small_talk_goes_to_the_best_of_the_cheap_models_and_anything_else_to_a_good_one() -> None:
    talk = routing(0.0).decide()
    assert talk.candidates[0].target.model == "p/cheap"
    assert "small talk" in talk.candidates[0].components[0].evidence
    for complexity in (None, LEAST_COMPLEXITY, 0.5, 1.0):
        other = routing(complexity).decide()
        assert other.candidates[0].target.model == "p/dear"
        assert "small talk" not in other.candidates[0].components[0].evidence


def test_in_a_category_that_the_caller_states_small_talk_goes_to_a_good_model_too() -> None:
    made = routing(0.0)
    decision = made.decide(preferences=Preferences(category_hint="general"))
    assert decision.candidates[0].target.model == "p/dear"
    assert "small talk" not in decision.candidates[0].components[0].evidence
    selection = made.select(preferences=Preferences(category_hint="general"), full_view=True)
    again = made.router.recompute(selection.decision, made.catalog.snapshot, features=selection.features)
    assert again == selection.decision


def test_small_talk_changes_no_stated_weights_and_is_computed_again() -> None:
    made = routing(0.0)
    selection = made.select(full_view=True)
    assert selection.decision.weights == routing(None).select().decision.weights
    again = made.router.recompute(selection.decision, made.catalog.snapshot, features=selection.features)
    assert again == selection.decision
    for candidate in selection.decision.candidates:
        assert candidate.score == pytest.approx(sum(part.value * part.weight for part in candidate.components))


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_quality_counts_the_more_the_more_demanding_a_request_is(setting: float, one: float, other: float) -> None:
    stated = Weights.between(setting)
    less, more = (stated.at_complexity(complexity) for complexity in sorted((one, other)))
    assert less.quality <= more.quality + 1e-12
    assert less.quality + less.speed + less.cost == pytest.approx(1)
    assert less.cost * stated.speed == pytest.approx(stated.cost * less.speed)
    assert stated.at_complexity(None) == stated.at_complexity(1.0) == stated
