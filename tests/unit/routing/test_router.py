import math
from dataclasses import replace
from typing import Any

import pytest

from tests.unit.routing.conftest import FixedClassifier, Room
from ymera_service.config import RoutingSettings
from ymera_service.routing.decision import Decision, ExclusionReason, Inputs, Preferences, Weights
from ymera_service.routing.estimate import needs_of
from ymera_service.sdk.content import Media, MediaKind, Message, Role, Text, ToolCall, ToolResult, user
from ymera_service.sdk.errors import InvalidRequest, ModelNotFound, NoEligibleModel, NoHealthyModel
from ymera_service.sdk.generation import Prompt, ResponseFormat, ResponseType, Sampling, Tool, Usage
from ymera_service.sdk.models import Capability, ModelInfo, Price, Tier
from ymera_service.sdk.targets import Deployment

CHEAP = ModelInfo("cheap", price=Price(100_000, 400_000))
DEAR = ModelInfo("dear", price=Price(10_000_000, 40_000_000))
FREE = ModelInfo("free", price=Price(0, 0))
UNPRICED = ModelInfo("unpriced")
SIMULATED = ModelInfo("sim", price=Price(0, 0), simulated=True)


def order(decision: Decision) -> list[str]:
    return [candidate.target.model for candidate in decision.candidates]


def reasons(decision: Decision) -> dict[str, ExclusionReason]:
    return {exclusion.target.model: exclusion.reason for exclusion in decision.excluded}


def test_the_better_model_of_equal_price_goes_first() -> None:
    room = Room({"p": [ModelInfo("a", price=Price(1, 1)), ModelInfo("b", price=Price(1, 1))]})
    room.measure(coding={"p/a": 0.4, "p/b": 0.9}, general={"p/a": 0.5, "p/b": 0.5})
    decision = room.decide()
    assert order(decision) == ["p/b", "p/a"]
    assert decision.category == "coding"
    assert decision.propensity == 1.0
    assert decision.explanation == (
        "p/b for coding (0.70): best quality (0.90 over 20 coding tasks) of 2 candidates; next p/a"
    )


def test_the_cheaper_model_of_equal_quality_goes_first() -> None:
    room = Room({"p": [CHEAP, DEAR]})
    assert order(room.decide()) == ["p/cheap", "p/dear"]


def test_the_faster_model_goes_first_when_speed_counts() -> None:
    room = Room({"p": [CHEAP, DEAR]})
    room.evidence.observe("p/cheap", output_tokens=100, time_to_first_token=2.0, duration=12.0)
    room.evidence.observe("p/dear", output_tokens=100, time_to_first_token=0.2, duration=1.2)
    decision = room.decide(preferences=Preferences(weights=Weights(0, 1, 0)))
    assert order(decision) == ["p/dear", "p/cheap"]
    assert decision.candidates[0].expected_latency == pytest.approx(0.2 + 400 * 0.01)


def test_the_second_likeliest_category_counts_by_its_probability() -> None:
    room = Room({"p": [ModelInfo("coder"), ModelInfo("allrounder")]})
    room.measure(coding={"p/coder": 0.95, "p/allrounder": 0.7}, general={"p/coder": 0.1, "p/allrounder": 0.9})
    assert order(room.decide()) == ["p/allrounder", "p/coder"]
    assert order(room.decide(preferences=Preferences(category_hint="coding"))) == ["p/coder", "p/allrounder"]


def test_a_score_is_the_sum_of_its_components() -> None:
    room = Room({"p": [CHEAP, DEAR, UNPRICED]})
    room.measure(coding={"p/cheap": 0.5})
    for candidate in room.decide(preferences=Preferences(weights=Weights(2, 1, 1))).candidates:
        assert candidate.score == pytest.approx(sum(part.value * part.weight for part in candidate.components))
        assert [part.weight for part in candidate.components] == [0.5, 0.25, 0.25]


def test_what_is_not_known_says_so() -> None:
    room = Room({"p": [UNPRICED, CHEAP]})
    room.measure(general={"p/cheap": 0.75})
    candidates = {candidate.target.model: candidate for candidate in room.decide().candidates}
    quality, speed, cost = candidates["p/unpriced"].components
    assert quality.evidence.startswith("not yet measured")
    assert (speed.evidence, cost.evidence) == ("not yet measured", "price not known")
    assert candidates["p/unpriced"].expected_cost_micros is None
    assert candidates["p/unpriced"].expected_latency is None
    assert candidates["p/cheap"].components[0].evidence.startswith("not yet measured in coding")


def test_until_a_model_is_measured_what_its_provider_states_counts() -> None:
    stated = ModelInfo("stated", price=Price(1_000_000, 1_000_000), stated_quality={"coding": 0.9, "general": 0.4})
    silent = ModelInfo("silent", price=Price(1_000_000, 1_000_000))
    room = Room({"p": [silent, stated]})
    quality = room.decide().candidates[0].components[0]
    assert order(room.decide()) == ["p/stated", "p/silent"]
    assert quality.value == pytest.approx(0.7 * 0.9 + 0.3 * 0.4)
    assert quality.evidence == "not yet measured; its provider states 0.90"
    room.measure(coding={"p/stated": 0.1, "p/silent": 0.8}, general={"p/stated": 0.4, "p/silent": 0.4})
    assert order(room.decide()) == ["p/silent", "p/stated"]
    assert "states" not in room.decide().candidates[1].components[0].evidence


def test_every_decision_gives_its_category_probabilities_the_likeliest_first_adding_up_to_one() -> None:
    room = Room({"p": [CHEAP]})
    room.classifier = FixedClassifier({"math": 1.0, "coding": 2.0, "general": 1.0})
    decision = room.decide()
    assert decision.category_probabilities == {"coding": 0.5, "math": 0.25, "general": 0.25}
    assert next(iter(decision.category_probabilities)) == decision.category == "coding"


@pytest.mark.parametrize(
    "given",
    [{}, {"a": -1.0, "b": 2.0}, {"a": math.nan}, {"a": 0.0}, {"a": math.inf}, {"x" * 65: 1.0}, {1: 1.0}, None],
)
def test_a_classifier_that_does_not_return_probabilities_does_not_stop_a_request(given: Any) -> None:
    room = Room({"p": [CHEAP]})
    room.classifier = FixedClassifier(given)
    assert room.decide().category_probabilities == {"general": 1.0}


def test_without_a_classifier_every_task_is_general() -> None:
    room = Room({"p": [CHEAP]})
    room.classifier = None
    assert room.decide().category_probabilities == {"general": 1.0}


def test_of_many_categories_the_eight_likeliest_count() -> None:
    room = Room({"p": [CHEAP]})
    room.classifier = FixedClassifier({f"kind-{number:02}": float(number) for number in range(20)})
    probabilities = room.decide().category_probabilities
    assert list(probabilities) == [f"kind-{number}" for number in range(19, 11, -1)]
    assert sum(probabilities.values()) == pytest.approx(1)


# Who may answer.


def test_allow_and_deny_take_ids_names_and_patterns() -> None:
    room = Room({"p": [CHEAP, DEAR], "q": [CHEAP, FREE]})
    decision = room.decide(preferences=Preferences(allow_models=("cheap", "p/*"), deny_models=("q/cheap",)))
    assert set(order(decision)) == {"p/cheap", "p/dear"}
    assert reasons(decision) == {"q/cheap": ExclusionReason.DENIED, "q/free": ExclusionReason.NOT_ALLOWED}
    assert "'q/cheap'" in decision.excluded[0].detail


@pytest.mark.parametrize("field", ["allow_models", "deny_models"])
def test_a_model_that_nobody_offers_is_named_with_what_it_may_have_been(field: str) -> None:
    room = Room({"p": [CHEAP, DEAR]})
    with pytest.raises(ModelNotFound, match=rf"preferences.{field}\[1\].*p/cheap") as caught:
        room.decide(preferences=Preferences(**{field: ("p/dear", "p/chaep")}))  # type: ignore[arg-type]
    assert caught.value.metadata == {"field": f"preferences.{field}[1]", "model": "p/chaep"}


IMAGE = Media(MediaKind.IMAGE, "image/png", b"\x89PNG")


@pytest.mark.parametrize(
    ("prompt", "capability"),
    [
        (Prompt((user("x"),), tools=(Tool("look_up"),)), Capability.TOOLS),
        (Prompt((Message(Role.ASSISTANT, (ToolCall("1", "look_up", "{}"),)),)), Capability.TOOLS),
        (
            Prompt((user("x"),), response_format=ResponseFormat(ResponseType.JSON_OBJECT)),
            Capability.STRUCTURED_OUTPUT,
        ),
        (Prompt((Message(Role.USER, (Text("x"), IMAGE)),)), Capability.IMAGE_INPUT),
        (Prompt((Message(Role.USER, (Media(MediaKind.AUDIO, uri="https://a"),)),)), Capability.AUDIO_INPUT),
        (Prompt((Message(Role.USER, (Media(MediaKind.FILE, uri="https://a"),)),)), Capability.FILE_INPUT),
        (Prompt((Message(Role.TOOL, (ToolResult("1", (IMAGE,)),)),)), Capability.IMAGE_INPUT),
    ],
)
def test_a_prompt_goes_only_to_models_that_can_take_it(prompt: Prompt, capability: Capability) -> None:
    able = ModelInfo("able", capabilities=frozenset(Capability))
    unable = ModelInfo("unable", capabilities=frozenset(Capability) - {capability})
    decision = Room({"p": [able, unable]}).decide(prompt)
    assert order(decision) == ["p/able"]
    assert reasons(decision) == {"p/unable": ExclusionReason.MISSING_CAPABILITY}
    assert decision.excluded[0].detail == f"lacks {capability}"


def test_capabilities_that_the_caller_requires_are_asked_for_too() -> None:
    room = Room({"p": [CHEAP, ModelInfo("thinks", capabilities=frozenset({Capability.REASONING}))]})
    wanted = Preferences(required_capabilities=frozenset({Capability.REASONING}))
    assert order(room.decide(preferences=wanted)) == ["p/thinks"]


def test_a_prompt_that_does_not_fit_into_a_context_does_not_go_there() -> None:
    room = Room({"p": [ModelInfo("small", context_window=1_000), ModelInfo("large", context_window=10_000), UNPRICED]})
    decision = room.decide("word " * 1_000)
    assert reasons(decision) == {"p/small": ExclusionReason.CONTEXT_TOO_SMALL}
    assert "1,000" in decision.excluded[0].detail
    assert room.decide("word").excluded == ()


def test_the_answer_asked_for_has_to_fit_beside_the_prompt_as_far_as_the_model_can_write_it() -> None:
    room = Room(
        {
            "p": [
                ModelInfo("tight", context_window=1_000),
                ModelInfo("short", context_window=1_000, max_output_tokens=100),
            ]
        }
    )
    decision = room.decide(Prompt((user("hello"),), sampling=Sampling(max_output_tokens=5_000)))
    assert order(decision) == ["p/short"]


def test_the_cost_expected_is_that_of_a_call_with_the_longest_answer() -> None:
    long = Tier(20_000_000, 80_000_000, above_input_tokens=1_000)
    flat = Price(1_000_003, 4_000_000)
    tiered = Price(10_000_000, 40_000_000, per_request=9, tiers=(long,))
    room = Room(
        {"p": [ModelInfo("flat", price=flat, max_output_tokens=7), ModelInfo("tiered", price=tiered), UNPRICED]}
    )
    for words in (10, 10_000):
        prompt = Prompt((user("word " * words),), sampling=Sampling(max_output_tokens=100))
        tokens = needs_of(prompt).input_tokens
        assert {each.target.model: each.expected_cost_micros for each in room.decide(prompt).candidates} == {
            "p/flat": flat.cost_micros(Usage(tokens, 7)),
            "p/tiered": tiered.cost_micros(Usage(tokens, 100)),
            "p/unpriced": None,
        }


def test_a_cost_limit_excludes_what_may_cost_more_and_what_has_no_price() -> None:
    room = Room({"p": [CHEAP, DEAR, UNPRICED]})
    prompt = Prompt((user("hello"),), sampling=Sampling(max_output_tokens=1_000))
    decision = room.decide(prompt, Preferences(max_cost_micros=1_000))
    assert order(decision) == ["p/cheap"]
    assert decision.candidates[0].expected_cost_micros == 401
    assert reasons(decision) == {
        "p/dear": ExclusionReason.TOO_EXPENSIVE,
        "p/unpriced": ExclusionReason.PRICE_UNKNOWN,
    }


def test_a_latency_limit_excludes_what_is_measured_slower_and_keeps_what_is_not_measured() -> None:
    room = Room({"p": [CHEAP, DEAR, UNPRICED]})
    room.evidence.observe("p/dear", output_tokens=10, time_to_first_token=1.0, duration=2.0)
    room.evidence.observe("p/cheap", output_tokens=100, time_to_first_token=0.1, duration=0.2)
    decision = room.decide(preferences=Preferences(max_latency=5.0))
    assert set(order(decision)) == {"p/cheap", "p/unpriced"}
    assert reasons(decision) == {"p/dear": ExclusionReason.TOO_SLOW}
    assert decision.excluded[0].detail == "would take 41.0 s; the limit is 5 s"


def test_a_model_whose_breaker_is_open_waits_until_it_may_be_tried_again() -> None:
    room = Room({"p": [CHEAP, DEAR]})
    room.open_domains = {"p/cheap": 2.0}
    decision = room.decide()
    assert order(decision) == ["p/dear"]
    assert decision.excluded[0].reason is ExclusionReason.UNHEALTHY
    assert decision.excluded[0].detail == "it failed repeatedly; is tried again in 2.0 s"
    assert decision.inputs.open_domains == ("p/cheap",)
    room.open_domains = {"elsewhere/m": 2.0}
    assert set(order(room.decide())) == {"p/cheap", "p/dear"}
    assert room.decide().inputs.open_domains == ()


def test_targets_of_a_failing_account_or_endpoint_wait_together() -> None:
    places = (Deployment("a", "eu"), Deployment("a", "us"), Deployment("b", "us"))
    room = Room({"p": [ModelInfo("m", deployments=places), ModelInfo("n", deployments=places)], "q": [CHEAP]})
    room.open_domains = {"p#a": 2.0}
    decision = room.decide()
    assert {candidate.target.id for candidate in decision.candidates} == {"p/m#b@us", "p/n#b@us", "q/cheap"}
    assert {exclusion.detail for exclusion in decision.excluded} == {
        "its account failed repeatedly; is tried again in 2.0 s"
    }
    room.open_domains = {"p@eu": 1.0, "p/m#a@eu": 9.0}
    decision = room.decide()
    assert {exclusion.target.id: exclusion.detail for exclusion in decision.excluded} == {
        "p/m#a@eu": "it failed repeatedly; is tried again in 9.0 s",
        "p/n#a@eu": "its endpoint failed repeatedly; is tried again in 1.0 s",
    }


def test_when_every_target_is_failing_the_caller_waits_for_the_first_to_be_tried_again() -> None:
    room = Room({"p": [CHEAP, DEAR]})
    room.open_domains = {"p@": 3.0, "p/dear": 1.0, "p/cheap": 8.0}
    with pytest.raises(NoHealthyModel, match="2 unhealthy; try again in 3 s") as caught:
        room.decide()
    assert caught.value.retry_after == 3.0
    assert caught.value.metadata == {"unhealthy": "2"}


def test_simulated_models_answer_only_where_there_is_no_real_one() -> None:
    assert order(Room({"simulator": [SIMULATED]}).decide()) == ["simulator/sim"]
    decision = Room({"p": [CHEAP], "simulator": [SIMULATED]}).decide()
    assert order(decision) == ["p/cheap"]
    assert reasons(decision) == {"simulator/sim": ExclusionReason.SIMULATED}


def test_a_simulated_model_does_not_stand_in_for_real_ones_that_fail() -> None:
    room = Room({"p": [CHEAP], "simulator": [SIMULATED]})
    room.open_domains = {"p/cheap": 2.0}
    with pytest.raises(NoHealthyModel) as caught:
        room.decide()
    assert caught.value.retry_after == pytest.approx(2.0)


@pytest.mark.parametrize("entry", ["simulator/sim", "sim", "simulator/*"])
def test_a_simulated_model_answers_when_it_is_allowed_as_such(entry: str) -> None:
    room = Room({"p": [CHEAP], "simulator": [SIMULATED]})
    assert "simulator/sim" in order(room.decide(preferences=Preferences(allow_models=(entry, "p/cheap"))))


def test_allowing_everything_does_not_mean_simulated_models() -> None:
    room = Room({"p": [CHEAP], "simulator": [SIMULATED]})
    assert order(room.decide(preferences=Preferences(allow_models=("*",)))) == ["p/cheap"]


def test_constraints_that_leave_no_model_are_counted() -> None:
    room = Room({"p": [CHEAP, DEAR, UNPRICED]})
    with pytest.raises(NoEligibleModel, match="1 denied, 1 too expensive, 1 price unknown") as caught:
        room.decide(preferences=Preferences(deny_models=("p/cheap",), max_cost_micros=0))
    assert caught.value.metadata == {"denied": "1", "too_expensive": "1", "price_unknown": "1"}


def test_an_empty_catalogue_says_what_to_do() -> None:
    with pytest.raises(NoEligibleModel, match="add a key"):
        Room({}).decide()


def test_limits_may_be_reached_but_not_exceeded() -> None:
    prompt = Prompt((user("hello"),), sampling=Sampling(max_output_tokens=100))
    price = Price(10**6, 10**6)
    room = Room({"p": [ModelInfo("exact", context_window=106, price=price), ModelInfo("small", context_window=105)]})
    room.evidence.observe("p/exact", output_tokens=100, time_to_first_token=1.0, duration=3.0)
    decision = room.decide(prompt, Preferences(max_cost_micros=106, max_latency=3.0))
    assert order(decision) == ["p/exact"]
    assert reasons(decision) == {"p/small": ExclusionReason.CONTEXT_TOO_SMALL}
    for wanted in (Preferences(max_cost_micros=105), Preferences(max_latency=2.99)):
        with pytest.raises(NoEligibleModel):
            room.decide(prompt, replace(wanted, allow_models=("exact",)))


def test_a_target_with_several_open_breakers_waits_for_the_last_of_them() -> None:
    room = Room({"p": [ModelInfo("m")]})
    for domains in ({"p#": 9.0, "p@": 3.0}, {"p@": 3.0, "p#": 9.0}, {"p#": 3.0, "p/m": 9.0}, {"p/m": 9.0, "p#": 3.0}):
        room.open_domains = domains
        with pytest.raises(NoHealthyModel) as caught:
            room.decide()
        assert caught.value.retry_after == 9.0


# In which order.


def test_free_models_go_before_better_ones_when_they_are_preferred() -> None:
    room = Room({"p": [FREE, CHEAP, UNPRICED]})
    room.measure(coding={"p/cheap": 1.0, "p/free": 0.0})
    assert order(room.decide())[0] == "p/cheap"
    decision = room.decide(preferences=Preferences(prefer_free=True))
    assert order(decision)[0] == "p/free"
    assert decision.policy == "free-first"


def test_a_session_stays_with_its_model_while_that_is_eligible_and_healthy() -> None:
    room = Room({"p": [CHEAP, DEAR]})
    room.sessions.remember("s", "p/dear")
    wanted = Preferences(session_id="s")
    decision = room.decide(preferences=wanted)
    assert order(decision) == ["p/dear", "p/cheap"]
    assert [part.name for part in decision.candidates[0].components] == ["quality", "speed", "cost", "session"]
    assert "stays with this session" in decision.explanation
    assert decision.session_affinity
    assert not room.decide().session_affinity
    assert order(room.decide(preferences=Preferences(session_id="other")))[0] == "p/cheap"
    room.open_domains = {"p/dear": 2.0}
    failing = room.decide(preferences=wanted)
    assert order(failing) == ["p/cheap"]
    assert (failing.session_affinity, failing.inputs.affinity) == (False, "p/dear")


def test_preferring_free_models_goes_before_staying_with_one_that_costs() -> None:
    room = Room({"p": [FREE, DEAR]})
    room.sessions.remember("s", "p/dear")
    decision = room.decide(preferences=Preferences(session_id="s", prefer_free=True))
    assert order(decision) == ["p/free", "p/dear"]


def test_exploring_draws_the_first_and_says_so() -> None:
    room = Room({"p": [CHEAP, DEAR]}, RoutingSettings(exploration=1.0))
    decisions = [room.decide(seed=seed) for seed in range(40)]
    assert {order(decision)[0] for decision in decisions} == {"p/cheap", "p/dear"}
    assert {decision.propensity for decision in decisions} == {0.5}
    drawn = next(decision for decision in decisions if order(decision)[0] == "p/dear")
    assert "drawn at random" in drawn.explanation


def test_a_seed_that_is_not_given_is_drawn_and_told() -> None:
    room = Room({"p": [CHEAP, DEAR]})
    seeds = {room.decide(seed=None).seed for _ in range(5)}
    assert len(seeds) == 5
    assert all(0 <= seed < 2**64 for seed in seeds)


# Categories.


def test_a_hint_may_name_any_category_that_was_measured() -> None:
    room = Room({"p": [CHEAP]})
    with pytest.raises(InvalidRequest, match="coding, empathy, general"):
        room.decide(preferences=Preferences(category_hint="law"))
    room.measure(law={"p/cheap": 0.9})
    assert room.decide(preferences=Preferences(category_hint="law")).category_probabilities == {"law": 1.0}


def test_no_simulated_model_stands_in_for_a_provider_that_can_not_be_asked() -> None:
    room = Room({"sim": [ModelInfo("model", simulated=True)], "acme": None})
    with pytest.raises(NoHealthyModel, match=r"acme: .*connection refused"):
        room.decide()
    assert order(room.decide(preferences=Preferences(allow_models=("sim/model",)))) == ["sim/model"]
    with pytest.raises(ModelNotFound, match=r"acme can't list its models now: .*connection refused"):
        room.decide(preferences=Preferences(allow_models=("acme/best",)))


def test_a_hint_may_name_any_category_of_the_suites() -> None:
    room = Room({"p": [CHEAP]})
    room.categories = ["law"]
    assert room.decide(preferences=Preferences(category_hint="law")).category == "law"


def test_the_inputs_of_a_decision_are_kept_with_it() -> None:
    room = Room({"p": [ModelInfo("m", capabilities=frozenset(Capability))]})
    room.sessions.remember("s", "p/gone")
    prompt = Prompt((user("hello"),), tools=(Tool("look_up"),), sampling=Sampling(max_output_tokens=50))
    wanted = Preferences(session_id="s", required_capabilities=frozenset({Capability.REASONING}))
    assert room.select(prompt, wanted).decision.inputs == Inputs(
        catalog_version=room.catalog.snapshot.version,
        policy_version="1",
        capabilities=("reasoning", "tools"),
        input_tokens=8,
        max_output_tokens=50,
        affinity="p/gone",
    )


def test_what_is_measured_and_listed_later_counts_from_the_next_decision_on() -> None:
    room = Room({"p": [ModelInfo("a"), ModelInfo("b")]})
    room.measure(coding={"p/a": 0.1, "p/b": 0.9})
    assert order(room.decide()) == ["p/b", "p/a"]
    room.measure(coding={"p/a": 0.9, "p/b": 0.1})
    assert order(room.decide()) == ["p/a", "p/b"]
    for _ in range(2):
        room.evidence.observe("p/b", output_tokens=100, time_to_first_token=0.1, duration=1.0)
        assert room.decide().candidates[1].expected_latency == pytest.approx(0.1 + 400 * 0.009)
