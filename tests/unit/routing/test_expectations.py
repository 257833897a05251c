import pytest

from tests.unit.routing.conftest import Routing
from ymera_service.catalog import CatalogSnapshot
from ymera_service.routing.learning.expectations import PER_DOUBLING, expectations
from ymera_service.sdk.models import Kind, Model, ModelInfo, Price
from ymera_service.sdk.priors import Expectation, QualityPrior


class Hearsay(QualityPrior):
    """Knows the models whose names it was given."""

    name = "hearsay"

    def __init__(self, **known: float) -> None:
        self.known = known

    def expect(self, model: Model) -> Expectation | None:
        share = self.known.get(model.info.name)
        return None if share is None else Expectation({"coding": share}, "hearsay")


class Broken(QualityPrior):
    name = "broken"

    def expect(self, model: Model) -> Expectation | None:
        raise RuntimeError("no table")


def expected(prior: QualityPrior | None, *infos: ModelInfo) -> dict[str, float]:
    """Returns model → what is expected of it in coding."""
    models = [Model(info.name, "p", info, info.price) for info in infos]
    found = expectations(CatalogSnapshot({model.id: model for model in models}, {}), prior)
    return {model: each.quality["coding"] for model, each in found.items()}


STATED = ModelInfo("m", stated_quality={"coding": 0.3})


def test_the_prior_goes_before_what_the_provider_states() -> None:
    assert expected(Hearsay(m=0.8), STATED) == {"m": 0.8}


def test_what_the_provider_states_counts_where_the_prior_knows_nothing() -> None:
    assert expected(Hearsay(), STATED) == {"m": 0.3}
    assert expected(None, STATED) == {"m": 0.3}
    assert expected(Hearsay(), ModelInfo("m")) == {}


def test_a_simulated_model_is_what_its_simulator_states() -> None:
    assert expected(Hearsay(m=0.8), ModelInfo("m", simulated=True, stated_quality={"coding": 0.1})) == {"m": 0.1}


def test_models_that_answer_no_prompts_are_left_out() -> None:
    assert expected(Hearsay(m=0.8), ModelInfo("m", kind=Kind.EMBED)) == {}


def priced(name: str, dollars: int, *, simulated: bool = False) -> ModelInfo:
    return ModelInfo(name, price=Price(dollars * 1_000_000, dollars * 1_000_000), simulated=simulated)


def test_a_dearer_model_is_expected_to_be_a_little_better_where_nothing_else_is_known() -> None:
    found = expected(None, priced("cheap", 1), priced("usual", 2), priced("dear", 4), STATED)
    assert found == pytest.approx(
        {"cheap": 0.5 - PER_DOUBLING, "usual": 0.5, "dear": 0.5 + PER_DOUBLING, "m": 0.3}, abs=1e-9
    )


def test_what_the_prior_or_the_provider_says_goes_before_the_price() -> None:
    stated = ModelInfo("m", price=Price(1, 1), stated_quality={"coding": 0.3})
    found = expected(Hearsay(known=0.8), stated, priced("known", 1), priced("dear", 4))
    assert (found["m"], found["known"]) == (0.3, 0.8)
    assert found["dear"] > 0.5


def test_a_price_far_from_the_usual_one_says_no_more_than_one_twice_as_high_or_low() -> None:
    found = expected(None, *[priced(f"usual-{each}", 10) for each in range(98)], priced("free", 0), priced("low", 1))
    assert found["low"] == pytest.approx(0.5 - PER_DOUBLING)
    assert "free" not in found  # a price of 0 says that a model is local, or a trial
    found = expected(None, *[priced(f"usual-{each}", 10) for each in range(98)], priced("high", 1_000))
    assert found["high"] == pytest.approx(0.5 + PER_DOUBLING)


def test_prices_say_nothing_where_all_are_the_same_or_models_are_simulated() -> None:
    assert expected(None, priced("a", 1), priced("b", 1)) == {}
    assert expected(None, priced("a", 1), priced("b", 4, simulated=True), ModelInfo("c")) == {}


def test_a_decision_says_that_the_price_is_all_that_is_known() -> None:
    routing = Routing({"p": [priced("cheap", 1), priced("dear", 4)]})
    found = {each.target.model: each.components[0].evidence for each in routing.decide().candidates}
    assert found["p/dear"] == "not yet measured; taken as 0.52, from its price"


@pytest.mark.parametrize("prior", [Broken(), Hearsay(m=float("nan")), Hearsay(m=1.5)])
def test_a_prior_that_fails_leaves_what_providers_state(prior: QualityPrior) -> None:
    assert expected(prior, STATED, ModelInfo("n", stated_quality={"coding": 0.4})) == {"m": 0.3, "n": 0.4}


def test_the_prior_decides_between_models_that_were_not_measured_and_the_decision_says_so() -> None:
    routing = Routing({"p": [ModelInfo("weak"), ModelInfo("strong")]}, prior=Hearsay(weak=0.2, strong=0.9))
    decision = routing.decide()
    assert decision.candidates[0].target.model == "p/strong"
    assert decision.candidates[0].components[0].evidence == "not yet measured; taken as 0.90, from hearsay"
    routing.measure(coding={"p/weak": 0.9, "p/strong": 0.1})
    assert routing.decide().candidates[0].target.model == "p/weak"
