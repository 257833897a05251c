from dataclasses import replace

import pytest

from tests.unit.routing.conftest import FixedClassifier, Routing
from ymera_service.config import RoutingSettings
from ymera_service.resilience.reliability import Chance
from ymera_service.routing.decision import Decision, Inputs, Preferences, Weights
from ymera_service.routing.stored import from_json, to_json
from ymera_service.sdk.content import user
from ymera_service.sdk.errors import InvalidRequest, ModelNotFound
from ymera_service.sdk.generation import Prompt, Sampling, Tool
from ymera_service.sdk.models import Capability, ModelInfo, Price

CHEAP = ModelInfo("cheap", price=Price(100_000, 400_000))
DEAR = ModelInfo("dear", price=Price(10_000_000, 40_000_000))
FREE = ModelInfo("free", price=Price(0, 0))
UNPRICED = ModelInfo("unpriced")


def order(decision: Decision) -> list[str]:
    return [candidate.target.model for candidate in decision.candidates]


def test_the_better_model_of_equal_price_ranks_first() -> None:
    routing = Routing({"p": [ModelInfo("a", price=Price(1, 1)), ModelInfo("b", price=Price(1, 1))]})
    routing.measure(coding={"p/a": 0.4, "p/b": 0.9}, general={"p/a": 0.5, "p/b": 0.5})
    decision = routing.decide()
    assert order(decision) == ["p/b", "p/a"]
    assert decision.category == "coding"
    assert decision.propensity == 1.0
    assert decision.explanation == (
        "p/b for coding (0.70): best quality (0.90 over 20 coding tasks) of 2 candidates; next p/a"
    )


def test_the_cheaper_model_of_equal_quality_ranks_first() -> None:
    routing = Routing({"p": [CHEAP, DEAR]})
    assert order(routing.decide()) == ["p/cheap", "p/dear"]


def test_the_faster_model_ranks_first_if_speed_counts() -> None:
    routing = Routing({"p": [CHEAP, DEAR]})
    routing.evidence.observe("p/cheap", output_tokens=100, time_to_first_token=2.0, duration=12.0)
    routing.evidence.observe("p/dear", output_tokens=100, time_to_first_token=0.2, duration=1.2)
    decision = routing.decide(preferences=Preferences(weights=Weights(0, 1, 0)))
    assert order(decision) == ["p/dear", "p/cheap"]
    assert decision.candidates[0].expected_latency == pytest.approx(0.2 + 400 * 0.01)


def test_the_second_likeliest_category_counts_by_its_probability() -> None:
    routing = Routing({"p": [ModelInfo("coder"), ModelInfo("allrounder")]})
    routing.measure(coding={"p/coder": 0.95, "p/allrounder": 0.7}, general={"p/coder": 0.1, "p/allrounder": 0.9})
    assert order(routing.decide()) == ["p/allrounder", "p/coder"]
    assert order(routing.decide(preferences=Preferences(category_hint="coding"))) == ["p/coder", "p/allrounder"]


def test_a_score_is_the_sum_of_its_components() -> None:
    routing = Routing({"p": [CHEAP, DEAR, UNPRICED]})
    routing.measure(coding={"p/cheap": 0.5})
    for candidate in routing.decide(preferences=Preferences(weights=Weights(2, 1, 1))).candidates:
        assert candidate.score == pytest.approx(sum(part.value * part.weight for part in candidate.components))
        assert [part.weight for part in candidate.components] == [0.5, 0.25, 0.25]


def test_unknown_values_are_marked_as_unknown() -> None:
    routing = Routing({"p": [UNPRICED, CHEAP]})
    routing.measure(general={"p/cheap": 0.75})
    candidates = {candidate.target.model: candidate for candidate in routing.decide().candidates}
    quality, speed, cost = candidates["p/unpriced"].components
    assert quality.evidence.startswith("not yet measured")
    assert (speed.evidence, cost.evidence) == ("not yet measured", "price not known")
    assert candidates["p/unpriced"].expected_cost_micros is None
    assert candidates["p/unpriced"].expected_latency is None
    assert candidates["p/cheap"].components[0].evidence.startswith("not yet measured in coding")


def test_the_stated_quality_counts_until_a_model_is_measured() -> None:
    stated = ModelInfo("stated", price=Price(1_000_000, 1_000_000), stated_quality={"coding": 0.9, "general": 0.4})
    silent = ModelInfo("silent", price=Price(1_000_000, 1_000_000))
    routing = Routing({"p": [silent, stated]})
    quality = routing.decide().candidates[0].components[0]
    assert order(routing.decide()) == ["p/stated", "p/silent"]
    assert quality.value == pytest.approx(0.7 * 0.9 + 0.3 * 0.4)
    assert quality.evidence == "not yet measured; taken as 0.90, from what its provider states"
    routing.measure(coding={"p/stated": 0.1, "p/silent": 0.8}, general={"p/stated": 0.4, "p/silent": 0.4})
    assert order(routing.decide()) == ["p/silent", "p/stated"]
    assert "states" not in routing.decide().candidates[1].components[0].evidence


def test_category_probabilities_are_sorted_and_add_up_to_one() -> None:
    routing = Routing({"p": [CHEAP]})
    routing.classifiers = {"fixed": FixedClassifier({"math": 1.0, "coding": 2.0, "general": 1.0})}
    decision = routing.decide()
    assert decision.category_probabilities == {"coding": 0.5, "math": 0.25, "general": 0.25}
    assert next(iter(decision.category_probabilities)) == decision.category == "coding"


def test_a_decision_shows_emotions_and_complexity_and_is_stored_with_them() -> None:
    routing = Routing({"p": [CHEAP]})
    routing.classifiers = {"fixed": FixedClassifier(emotions={"joy": 0.75, "neutral": 0.25}, complexity=0.5)}
    selection = routing.select()
    assert selection.decision.emotions == {"joy": 0.75, "neutral": 0.25}
    assert selection.decision.complexity == 0.5
    assert selection.features is not None
    assert (selection.features.emotions, selection.features.complexity) == ({"joy": 0.75, "neutral": 0.25}, 0.5)
    stored = from_json(to_json(selection.decision))
    assert (stored.emotions, stored.complexity) == (selection.decision.emotions, 0.5)


def test_emotions_are_not_shown_where_no_features_are_kept() -> None:
    routing = Routing({"p": [CHEAP]}, RoutingSettings(features=False))
    routing.classifiers = {"fixed": FixedClassifier(emotions={"sadness": 1.0}, complexity=0.5)}
    decision = routing.decide()
    assert (decision.emotions, decision.complexity) == ({}, 0.5)
    routing.classifiers = {"fixed": FixedClassifier(emotions={"neutral": 1.0}, complexity=0.5)}
    calm = routing.decide().category_probabilities
    assert decision.category_probabilities["empathy"] > calm.get("empathy", 0.0)


def test_a_hint_of_the_caller_is_not_changed_by_emotions() -> None:
    routing = Routing({"p": [CHEAP]})
    routing.classifiers = {"fixed": FixedClassifier(emotions={"sadness": 1.0})}
    decision = routing.decide(preferences=Preferences(category_hint="coding"))
    assert decision.category_probabilities == {"coding": 1.0}
    assert decision.emotions == {"sadness": 1.0}


# Ranking.


def test_free_models_rank_before_better_ones_if_they_are_preferred() -> None:
    routing = Routing({"p": [FREE, CHEAP, UNPRICED]})
    routing.measure(coding={"p/cheap": 1.0, "p/free": 0.0})
    assert order(routing.decide())[0] == "p/cheap"
    decision = routing.decide(preferences=Preferences(prefer_free=True))
    assert order(decision)[0] == "p/free"
    assert decision.policy == "free-first"


def test_a_session_stays_with_its_model_while_that_is_eligible_and_healthy() -> None:
    routing = Routing({"p": [CHEAP, DEAR]})
    routing.answered("s", "p/dear")
    wanted = Preferences(session_id="s")
    decision = routing.decide(preferences=wanted)
    assert order(decision) == ["p/dear", "p/cheap"]
    assert [part.name for part in decision.candidates[0].components] == ["quality", "speed", "cost", "session"]
    assert "stays with this session" in decision.explanation
    assert decision.session_affinity
    assert not routing.decide().session_affinity
    assert order(routing.decide(preferences=Preferences(session_id="other")))[0] == "p/cheap"
    routing.open_domains = {"p/dear": 2.0}
    failing = routing.decide(preferences=wanted)
    assert order(failing) == ["p/cheap"]
    assert (failing.session_affinity, failing.inputs.affinity) == (False, "p/dear")


def test_preferring_free_models_takes_precedence_over_session_affinity() -> None:
    routing = Routing({"p": [FREE, DEAR]})
    routing.answered("s", "p/dear")
    decision = routing.decide(preferences=Preferences(session_id="s", prefer_free=True))
    assert order(decision) == ["p/free", "p/dear"]


def test_named_models_are_tried_in_the_callers_order_and_no_others() -> None:
    routing = Routing({"p": [FREE, CHEAP, DEAR, UNPRICED]})
    routing.measure(coding={"p/cheap": 1.0, "p/dear": 0.0})
    routing.answered("s", "p/cheap")
    wanted = Preferences(model="dear", fallback_models=("p/unpriced", "p/cheap"), session_id="s")
    decision = routing.decide(preferences=wanted)
    assert order(decision) == ["p/dear", "p/unpriced", "p/cheap"]
    assert decision.policy == "listed"
    assert "the caller's models" in decision.explanation
    assert {each.target.model for each in decision.excluded} == {"p/free"}
    routing.open_domains = {"p/dear": 2.0}
    selection = routing.select(preferences=wanted)
    assert [target.model for target in selection.ranking] == ["p/unpriced", "p/cheap", "p/dear"]


def test_what_one_entry_of_the_list_matches_is_ordered_by_preference_and_score() -> None:
    routing = Routing({"p": [FREE, CHEAP], "q": [DEAR]})
    routing.measure(coding={"p/cheap": 1.0, "p/free": 0.0})
    wanted = Preferences(model="q/dear", fallback_models=("p/*",))
    assert order(routing.decide(preferences=wanted)) == ["q/dear", "p/cheap", "p/free"]
    free = replace(wanted, prefer_free=True)
    assert order(routing.decide(preferences=free)) == ["q/dear", "p/free", "p/cheap"]


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        (Preferences(model="p/none"), "preferences.model"),
        (Preferences(model="p/cheap", fallback_models=("p/dear", "none")), "preferences.fallback_models[1]"),
    ],
)
def test_a_named_model_that_is_not_on_offer_is_an_error(wanted: Preferences, field: str) -> None:
    with pytest.raises(ModelNotFound) as caught:
        Routing({"p": [CHEAP, DEAR]}).decide(preferences=wanted)
    assert caught.value.metadata["field"] == field


def test_the_other_limits_apply_to_named_models() -> None:
    wanted = Preferences(model="p/dear", fallback_models=("p/cheap",), deny_models=("p/dear",))
    assert order(Routing({"p": [CHEAP, DEAR]}).decide(preferences=wanted)) == ["p/cheap"]


def test_exploration_draws_the_first_candidate_and_is_explained() -> None:
    routing = Routing({"p": [CHEAP, DEAR]}, RoutingSettings(exploration=1.0))
    decisions = [routing.decide(seed=seed) for seed in range(40)]
    assert {order(decision)[0] for decision in decisions} == {"p/cheap", "p/dear"}
    propensities = {order(decision)[0]: decision.propensity for decision in decisions}
    assert sum(propensities.values()) == pytest.approx(1)
    assert propensities["p/cheap"] > propensities["p/dear"] > 0.2
    drawn = next(decision for decision in decisions if order(decision)[0] == "p/dear")
    assert "drawn at random" in drawn.explanation


def test_a_seed_that_is_not_given_is_drawn_and_returned() -> None:
    routing = Routing({"p": [CHEAP, DEAR]})
    seeds = {routing.decide(seed=None).seed for _ in range(5)}
    assert len(seeds) == 5
    assert all(0 <= seed < 2**63 for seed in seeds)


# Categories.


def test_a_hint_may_name_any_category_that_was_measured() -> None:
    routing = Routing({"p": [CHEAP]})
    with pytest.raises(InvalidRequest, match="coding, empathy, general"):
        routing.decide(preferences=Preferences(category_hint="law"))
    routing.measure(law={"p/cheap": 0.9})
    assert routing.decide(preferences=Preferences(category_hint="law")).category_probabilities == {"law": 1.0}


def test_a_hint_may_name_any_category_of_the_suites() -> None:
    routing = Routing({"p": [CHEAP]})
    routing.categories = ["law"]
    assert routing.decide(preferences=Preferences(category_hint="law")).category == "law"


def test_the_inputs_of_a_decision_are_kept_with_it() -> None:
    routing = Routing({"p": [ModelInfo("m", capabilities=frozenset(Capability))]})
    routing.answered("s", "p/gone")
    prompt = Prompt((user("hello"),), tools=(Tool("look_up"),), sampling=Sampling(max_output_tokens=50))
    wanted = Preferences(session_id="s", required_capabilities=frozenset({Capability.REASONING}))
    assert routing.select(prompt, wanted).decision.inputs == Inputs(
        catalog_version=routing.catalog.snapshot.version,
        policy_version="7",
        capabilities=("reasoning", "tools"),
        input_tokens=8,
        max_output_tokens=50,
        affinity="p/gone",
        topic_change=0.0,
        output_tokens=50,
    )


def test_later_measurements_count_from_the_next_decision() -> None:
    routing = Routing({"p": [ModelInfo("a"), ModelInfo("b")]})
    routing.measure(coding={"p/a": 0.1, "p/b": 0.9})
    assert order(routing.decide()) == ["p/b", "p/a"]
    routing.measure(coding={"p/a": 0.9, "p/b": 0.1})
    assert order(routing.decide()) == ["p/a", "p/b"]
    for _ in range(2):
        routing.evidence.observe("p/b", output_tokens=100, time_to_first_token=0.1, duration=1.0)
        assert routing.decide().candidates[1].expected_latency == pytest.approx(0.1 + 400 * 0.009)


ALIKE = [ModelInfo("good", price=Price(10**6, 10**6)), ModelInfo("sound", price=Price(10**6, 10**6))]
ONE_IN_FIVE = Chance.of(60, 12)


def test_a_target_that_fails_one_call_in_five_ranks_below_a_sound_one_of_slightly_less_quality() -> None:
    routing = Routing({"p": ALIKE})
    routing.measure(coding={"p/good": 0.85, "p/sound": 0.8}, general={"p/good": 0.85, "p/sound": 0.8})
    assert order(routing.decide()) == ["p/good", "p/sound"]
    routing.chances = {"p/good": ONE_IN_FIVE, "p/gone": ONE_IN_FIVE}
    decision = routing.decide()
    assert order(decision) == ["p/sound", "p/good"]
    [failures] = [part for part in decision.candidates[1].components if part.name == "failures"]
    assert failures.evidence == "12 of about 60 recent calls failed; 0.82 ± 0.05 of them succeed"
    assert "failures" not in [part.name for part in decision.candidates[0].components]
    for candidate in decision.candidates:
        assert candidate.score == pytest.approx(sum(part.value * part.weight for part in candidate.components))


def test_a_target_that_fails_at_times_keeps_its_place_where_it_is_far_better() -> None:
    routing = Routing({"p": ALIKE})
    routing.measure(coding={"p/good": 0.95, "p/sound": 0.4}, general={"p/good": 0.95, "p/sound": 0.4})
    routing.chances = {"p/good": ONE_IN_FIVE}
    assert order(routing.decide()) == ["p/good", "p/sound"]


def test_a_session_leaves_a_target_that_keeps_failing() -> None:
    routing = Routing({"p": ALIKE})
    routing.answered("s", "p/good")
    wanted = Preferences(session_id="s")
    assert routing.decide(preferences=wanted).session_affinity
    routing.chances = {"p/good": Chance.of(60, 30)}
    assert order(routing.decide(preferences=wanted)) == ["p/sound", "p/good"]


def test_what_failed_is_part_of_a_stored_decision() -> None:
    routing = Routing({"p": [*ALIKE, *(ModelInfo(f"m{n}") for n in range(40))]})
    routing.chances = {"p/good": ONE_IN_FIVE, "p/m1": Chance.of(3, 1)}
    decision = routing.decide()
    stored = from_json(to_json(decision))
    routing.chances = {}
    again = routing.router.recompute(stored, routing.catalog.snapshot)
    assert [(one.target, one.score) for one in again.candidates] == [
        (one.target, one.score) for one in decision.candidates
    ]


def test_what_decides_besides_quality_is_what_a_usual_request_is_scored_by() -> None:
    routing = Routing({"p": [CHEAP, DEAR, replace(CHEAP, name="toy", simulated=True)]})
    balance = routing.router.balance()
    assert set(balance.others) == {"p/cheap", "p/dear"}, "a simulated model is chosen only by name"
    assert balance.others["p/cheap"] > balance.others["p/dear"]
    first, second = routing.decide().candidates
    gap = (first.score - second.score) - balance.quality * (first.components[0].value - second.components[0].value)
    assert balance.others["p/cheap"] - balance.others["p/dear"] == pytest.approx(gap, abs=0.01)
