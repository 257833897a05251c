import re
from dataclasses import replace
from typing import Any

import pytest

from tests.unit.routing.conftest import Routing
from ymera_service.routing.decision import Decision, ExclusionReason, Preferences
from ymera_service.routing.prompts.estimate import needs_of
from ymera_service.sdk.content import Media, MediaKind, Message, Role, Text, ToolCall, ToolResult, user
from ymera_service.sdk.errors import ModelNotFound, ModelNotPermitted, NoEligibleModel, NoHealthyModel
from ymera_service.sdk.generation import Prompt, ProviderTool, ResponseFormat, ResponseType, Sampling, Tool, Usage
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


def test_allow_and_deny_take_ids_names_and_patterns() -> None:
    routing = Routing({"p": [CHEAP, DEAR], "q": [CHEAP, FREE]})
    decision = routing.decide(preferences=Preferences(allow_models=("cheap", "p/*"), deny_models=("q/cheap",)))
    assert set(order(decision)) == {"p/cheap", "p/dear"}
    assert reasons(decision) == {"q/cheap": ExclusionReason.DENIED, "q/free": ExclusionReason.NOT_ALLOWED}
    assert "'q/cheap'" in decision.excluded[0].detail


def test_a_caller_uses_only_the_models_of_its_key_and_may_narrow_them() -> None:
    routing = Routing({"p": [CHEAP, DEAR], "q": [CHEAP, FREE]})
    decision = routing.decide(preferences=Preferences(caller_models=("p/*", "gone/*", "q/free")))
    assert set(order(decision)) == {"p/cheap", "p/dear", "q/free"}
    assert reasons(decision) == {"q/cheap": ExclusionReason.NOT_PERMITTED}
    assert decision.excluded[0].detail == "is none that the caller's key may use"
    narrowed = routing.decide(preferences=Preferences(caller_models=("p/*",), allow_models=("cheap", "p/dear")))
    assert set(order(narrowed)) == {"p/cheap", "p/dear"}
    assert order(routing.decide(preferences=Preferences(caller_models=("p/*",), model="cheap"))) == ["p/cheap"]


@pytest.mark.parametrize(
    "named",
    [
        {"allow_models": ("p/cheap", "q/*")},
        {"model": "q/cheap"},
        {"model": "p/cheap", "fallback_models": ("p/dear", "q/free")},
    ],
)
def test_a_name_that_means_no_model_of_the_callers_key_is_refused(named: dict[str, Any]) -> None:
    routing = Routing({"p": [CHEAP, DEAR], "q": [CHEAP, FREE]})
    wrong = next(name for name in ("q/*", "q/cheap", "q/free") if name in str(named))
    with pytest.raises(ModelNotPermitted, match=re.escape(repr(wrong))) as caught:
        routing.decide(preferences=Preferences(caller_models=("p/*",), **named))
    assert caught.value.metadata == {"model": wrong}


def test_a_key_for_models_that_are_not_on_offer_leaves_none() -> None:
    with pytest.raises(NoEligibleModel, match="2 not permitted"):
        Routing({"p": [CHEAP, DEAR]}).decide(preferences=Preferences(caller_models=("gone/*",)))


def test_a_key_for_simulated_models_alone_needs_no_other_mention_of_them() -> None:
    routing = Routing({"p": [CHEAP], "simulator": [SIMULATED]})
    assert order(routing.decide(preferences=Preferences(caller_models=("simulator/*",)))) == ["simulator/sim"]
    assert order(routing.decide(preferences=Preferences(caller_models=("simulator/*", "p/*")))) == ["p/cheap"]


@pytest.mark.parametrize("field", ["allow_models", "deny_models"])
def test_the_error_of_an_unknown_model_suggests_similar_ids(field: str) -> None:
    routing = Routing({"p": [CHEAP, DEAR]})
    with pytest.raises(ModelNotFound, match=rf"preferences.{field}\[1\].*p/cheap") as caught:
        routing.decide(preferences=Preferences(**{field: ("p/dear", "p/chaep")}))  # type: ignore[arg-type]
    assert caught.value.metadata == {"field": f"preferences.{field}[1]", "model": "p/chaep"}


def test_data_stay_in_the_regions_that_the_caller_allows() -> None:
    places = (Deployment("", "a", "europe-west4"), Deployment("", "b", "us-east5"), Deployment("", "c"))
    routing = Routing({"p": [replace(CHEAP, deployments=places)], "q": [replace(FREE, deployments=places[:1])]})
    decision = routing.decide(preferences=Preferences(data_regions=("eu", "europe-*")))
    assert {each.target.id for each in decision.candidates} == {"p/cheap@a", "q/free@a"}
    assert {each.target.id: each.detail for each in decision.excluded} == {
        "p/cheap@b": "processes data in us-east5",
        "p/cheap@c": "processes data in a region that is not known",
    }
    assert {each.reason for each in decision.excluded} == {ExclusionReason.OTHER_REGION}
    with pytest.raises(NoEligibleModel, match="other region"):
        routing.decide(preferences=Preferences(data_regions=("mars",)))


def test_only_the_provider_that_a_prompt_names_may_answer() -> None:
    routing = Routing({"p": [CHEAP], "q": [FREE]})
    decision = routing.decide(preferences=Preferences(provider="p"))
    assert order(decision) == ["p/cheap"]
    assert reasons(decision) == {"q/free": ExclusionReason.MISSING_CAPABILITY}
    assert "from p" in decision.excluded[0].detail
    with pytest.raises(NoEligibleModel):
        routing.decide(preferences=Preferences(provider="elsewhere"))


IMAGE = Media(MediaKind.IMAGE, "image/png", b"\x89PNG")


@pytest.mark.parametrize(
    ("prompt", "capability"),
    [
        (Prompt((user("x"),), tools=(Tool("look_up"),)), Capability.TOOLS),
        (
            Prompt((user("x"),), response_format=ResponseFormat(ResponseType.JSON_OBJECT)),
            Capability.STRUCTURED_OUTPUT,
        ),
        (Prompt((Message(Role.USER, (Text("x"), IMAGE)),)), Capability.IMAGE_INPUT),
        (Prompt((user("x"),), provider_tools=(ProviderTool("web_search"),)), Capability.WEB_SEARCH),
        (Prompt((user("x"),), sampling=Sampling(logprobs=0)), Capability.LOGPROBS),
        (Prompt((user("x"),), provider_tools=(ProviderTool("code_execution"),)), Capability.CODE_EXECUTION),
        (Prompt((Message(Role.USER, (Media(MediaKind.AUDIO, uri="https://a"),)),)), Capability.AUDIO_INPUT),
        (Prompt((Message(Role.USER, (Media(MediaKind.FILE, uri="https://a"),)),)), Capability.FILE_INPUT),
        (Prompt((Message(Role.USER, (Media(MediaKind.VIDEO, uri="https://a"),)),)), Capability.VIDEO_INPUT),
        (Prompt((Message(Role.TOOL, (ToolResult("1", (IMAGE,)),)),)), Capability.IMAGE_INPUT),
    ],
)
def test_a_prompt_goes_only_to_models_with_the_capability(prompt: Prompt, capability: Capability) -> None:
    able = ModelInfo("able", capabilities=frozenset(Capability))
    unable = ModelInfo("unable", capabilities=frozenset(Capability) - {capability})
    decision = Routing({"p": [able, unable]}).decide(prompt)
    assert order(decision) == ["p/able"]
    assert reasons(decision) == {"p/unable": ExclusionReason.MISSING_CAPABILITY}
    assert decision.excluded[0].detail == f"lacks {capability}"


@pytest.mark.parametrize("model", ["p/maybe", "maybe"])
def test_a_model_that_may_lack_a_capability_is_tried_after_those_known_to_have_it_and_when_it_is_named(
    model: str,
) -> None:
    prompt = Prompt((user("x"),), tools=(Tool("look_up"),))
    tools = frozenset({Capability.TOOLS})
    routing = Routing({"p": [ModelInfo("maybe", unknown=tools), ModelInfo("sure", tools), ModelInfo("unable")]})
    decision = routing.decide(prompt)
    assert order(decision) == ["p/sure", "p/maybe"]
    assert [each.components[-1].evidence for each in decision.candidates] == ["known", "not known: tools"]
    assert order(routing.decide(prompt, Preferences(allow_models=(model,)))) == ["p/maybe"]
    with pytest.raises(NoEligibleModel, match=r"1 missing capability \(p/unable lacks tools\)"):
        routing.decide(prompt, Preferences(allow_models=("p/unable",)))


def test_a_history_of_tool_calls_does_not_require_tools() -> None:
    result = ToolResult("1", (Text("x"),))
    prompt = Prompt((Message(Role.ASSISTANT, (ToolCall("1", "look_up", "{}"),)), Message(Role.TOOL, (result,))))
    assert order(Routing({"p": [CHEAP]}).decide(prompt)) == ["p/cheap"]


def test_capabilities_that_the_caller_requires_are_required_too() -> None:
    routing = Routing({"p": [CHEAP, ModelInfo("thinks", capabilities=frozenset({Capability.REASONING}))]})
    wanted = Preferences(required_capabilities=frozenset({Capability.REASONING}))
    assert order(routing.decide(preferences=wanted)) == ["p/thinks"]


def test_a_model_whose_context_is_too_small_is_excluded() -> None:
    routing = Routing(
        {"p": [ModelInfo("small", context_window=1_000), ModelInfo("large", context_window=10_000), UNPRICED]}
    )
    decision = routing.decide("word " * 1_000)
    assert reasons(decision) == {"p/small": ExclusionReason.CONTEXT_TOO_SMALL}
    assert "1,000" in decision.excluded[0].detail
    assert routing.decide("word").excluded == ()


def test_prompt_and_requested_answer_have_to_fit_into_the_context_together() -> None:
    routing = Routing(
        {
            "p": [
                ModelInfo("tight", context_window=1_000),
                ModelInfo("short", context_window=1_000, max_output_tokens=100),
            ]
        }
    )
    decision = routing.decide(Prompt((user("hello"),), sampling=Sampling(max_output_tokens=5_000)))
    assert order(decision) == ["p/short"]


def test_the_expected_cost_is_that_of_the_longest_answer() -> None:
    long = Tier(20_000_000, 80_000_000, above_input_tokens=1_000)
    flat = Price(1_000_003, 4_000_000)
    tiered = Price(10_000_000, 40_000_000, per_request=9, tiers=(long,))
    routing = Routing(
        {"p": [ModelInfo("flat", price=flat, max_output_tokens=7), ModelInfo("tiered", price=tiered), UNPRICED]}
    )
    for words in (10, 10_000):
        prompt = Prompt((user("word " * words),), sampling=Sampling(max_output_tokens=100))
        tokens = needs_of(prompt).input_tokens
        assert {each.target.model: each.expected_cost_micros for each in routing.decide(prompt).candidates} == {
            "p/flat": flat.cost_micros(Usage(tokens, 7)),
            "p/tiered": tiered.cost_micros(Usage(tokens, 100)),
            "p/unpriced": None,
        }


def test_a_cost_limit_excludes_models_that_may_exceed_it_and_those_without_a_price() -> None:
    routing = Routing({"p": [CHEAP, DEAR, UNPRICED]})
    prompt = Prompt((user("hello"),), sampling=Sampling(max_output_tokens=1_000))
    decision = routing.decide(prompt, Preferences(max_cost_micros=1_000))
    assert order(decision) == ["p/cheap"]
    assert decision.candidates[0].expected_cost_micros == 161  # of an answer of typical length
    assert reasons(decision) == {
        "p/dear": ExclusionReason.TOO_EXPENSIVE,
        "p/unpriced": ExclusionReason.PRICE_UNKNOWN,
    }


def test_a_latency_limit_excludes_slower_models_but_not_unmeasured_ones() -> None:
    routing = Routing({"p": [CHEAP, DEAR, UNPRICED]})
    routing.evidence.observe("p/dear", output_tokens=10, time_to_first_token=1.0, duration=2.0)
    routing.evidence.observe("p/cheap", output_tokens=100, time_to_first_token=0.1, duration=0.2)
    decision = routing.decide(preferences=Preferences(max_latency=5.0))
    assert set(order(decision)) == {"p/cheap", "p/unpriced"}
    assert reasons(decision) == {"p/dear": ExclusionReason.TOO_SLOW}
    assert decision.excluded[0].detail == "would take 41.0 s; the limit is 5 s"


def test_a_model_whose_breaker_is_open_waits_until_it_may_be_tried_again() -> None:
    routing = Routing({"p": [CHEAP, DEAR]})
    routing.open_domains = {"p/cheap": 2.0}
    decision = routing.decide()
    assert order(decision) == ["p/dear"]
    assert decision.excluded[0].reason is ExclusionReason.UNHEALTHY
    assert decision.excluded[0].detail == "it failed repeatedly; is tried again in 2.0 s"
    assert decision.inputs.open_domains == ("p/cheap",)
    routing.open_domains = {"elsewhere/m": 2.0}
    assert set(order(routing.decide())) == {"p/cheap", "p/dear"}
    assert routing.decide().inputs.open_domains == ()


def test_targets_of_a_failing_account_or_endpoint_wait_together() -> None:
    places = (Deployment("a", "eu"), Deployment("a", "us"), Deployment("b", "us"))
    routing = Routing({"p": [ModelInfo("m", deployments=places), ModelInfo("n", deployments=places)], "q": [CHEAP]})
    routing.open_domains = {"p#a": 2.0}
    decision = routing.decide()
    assert {candidate.target.id for candidate in decision.candidates} == {"p/m@us", "p/n@us", "q/cheap"}
    assert {exclusion.detail for exclusion in decision.excluded} == {
        "its account failed repeatedly; is tried again in 2.0 s"
    }
    routing.open_domains = {"p@eu": 1.0, "p/m#a@eu": 9.0}
    decision = routing.decide()
    assert {exclusion.target.id: exclusion.detail for exclusion in decision.excluded} == {
        "p/m#a@eu": "it failed repeatedly; is tried again in 9.0 s",
        "p/n#a@eu": "its endpoint failed repeatedly; is tried again in 1.0 s",
    }


def test_when_every_target_is_failing_all_are_ranked_all_the_same() -> None:
    routing = Routing({"p": [CHEAP, DEAR]})
    routing.open_domains = {"p@": 3.0, "p/dear": 1.0, "p/cheap": 8.0}
    selection = routing.select()
    assert {target.id for target in selection.ranking} == set(order(selection.decision)) == {"p/cheap", "p/dear"}
    assert selection.decision.exclusions == ()
    assert selection.decision.explanation.endswith("; all of them are failing")


def test_failing_targets_are_ranked_after_all_others_by_when_they_are_tried_again() -> None:
    routing = Routing({"p": [CHEAP, DEAR, UNPRICED]})
    routing.open_domains = {"p/dear": 9.0, "p/cheap": 1.0}
    selection = routing.select()
    assert [target.id for target in selection.ranking] == ["p/unpriced", "p/cheap", "p/dear"]
    assert order(selection.decision) == ["p/unpriced"]
    assert "failing" not in selection.decision.explanation


def test_what_another_rule_excludes_does_not_come_back_when_all_are_failing() -> None:
    routing = Routing({"p": [CHEAP, DEAR]})
    routing.open_domains = {"p@": 3.0}
    selection = routing.select(preferences=Preferences(deny_models=("p/dear",)))
    assert [target.id for target in selection.ranking] == ["p/cheap"]


def test_simulated_models_answer_only_without_a_real_model() -> None:
    assert order(Routing({"simulator": [SIMULATED]}).decide()) == ["simulator/sim"]
    decision = Routing({"p": [CHEAP], "simulator": [SIMULATED]}).decide()
    assert order(decision) == ["p/cheap"]
    assert reasons(decision) == {"simulator/sim": ExclusionReason.SIMULATED}


def test_a_simulated_model_does_not_stand_in_for_real_ones_that_fail() -> None:
    routing = Routing({"p": [CHEAP], "simulator": [SIMULATED]})
    routing.open_domains = {"p/cheap": 2.0}
    assert order(routing.decide()) == ["p/cheap"]


@pytest.mark.parametrize("entry", ["simulator/sim", "sim", "simulator/*"])
def test_a_simulated_model_answers_if_it_is_allowed_explicitly(entry: str) -> None:
    routing = Routing({"p": [CHEAP], "simulator": [SIMULATED]})
    assert "simulator/sim" in order(routing.decide(preferences=Preferences(allow_models=(entry, "p/cheap"))))


def test_allowing_everything_does_not_include_simulated_models() -> None:
    routing = Routing({"p": [CHEAP], "simulator": [SIMULATED]})
    assert order(routing.decide(preferences=Preferences(allow_models=("*",)))) == ["p/cheap"]


def test_the_error_without_an_eligible_model_counts_the_exclusions() -> None:
    routing = Routing({"p": [CHEAP, DEAR, UNPRICED]})
    with pytest.raises(NoEligibleModel, match="1 denied, 1 too expensive, 1 price unknown") as caught:
        routing.decide(preferences=Preferences(deny_models=("p/cheap",), max_cost_micros=0))
    assert caught.value.metadata == {"denied": "1", "too_expensive": "1", "price_unknown": "1"}


@pytest.mark.parametrize("info", [DEAR, UNPRICED])
def test_the_error_names_the_limit_of_the_callers_key_if_models_are_excluded_by_it(info: ModelInfo) -> None:
    routing = Routing({"p": [info]})
    limited = Preferences(max_cost_micros=10, max_cost_setting="spend_per_day")
    with pytest.raises(NoEligibleModel, match=r"\(spend_per_day of your key is \$0\.000010\)") as caught:
        routing.decide(preferences=limited)
    assert caught.value.metadata["spend_per_day"] == "0.00001"
    for other in (replace(limited, max_cost_setting=""), replace(limited, deny_models=("p/*",))):
        with pytest.raises(NoEligibleModel) as caught:
            routing.decide(preferences=other)
        assert "spend_per_day" not in caught.value.message
        assert "spend_per_day" not in caught.value.metadata


def test_an_exclusion_by_cost_names_the_limit_of_the_callers_key() -> None:
    preferences = Preferences(max_cost_micros=500, max_cost_setting="spend_per_month")
    [exclusion] = Routing({"p": [CHEAP, DEAR]}).decide(preferences=preferences).excluded
    assert exclusion.reason is ExclusionReason.TOO_EXPENSIVE
    assert exclusion.detail.endswith("spend_per_month of your key is $0.000500")


def test_the_error_of_an_empty_catalogue_states_the_remedy() -> None:
    with pytest.raises(NoEligibleModel, match="add a key"):
        Routing({}).decide()


def test_limits_may_be_reached_but_not_exceeded() -> None:
    prompt = Prompt((user("hello"),), sampling=Sampling(max_output_tokens=100))
    price = Price(10**6, 10**6)
    routing = Routing(
        {"p": [ModelInfo("exact", context_window=106, price=price), ModelInfo("small", context_window=105)]}
    )
    routing.evidence.observe("p/exact", output_tokens=100, time_to_first_token=1.0, duration=3.0)
    decision = routing.decide(prompt, Preferences(max_cost_micros=106, max_latency=3.0))
    assert order(decision) == ["p/exact"]
    assert reasons(decision) == {"p/small": ExclusionReason.CONTEXT_TOO_SMALL}
    for wanted in (Preferences(max_cost_micros=105), Preferences(max_latency=2.99)):
        with pytest.raises(NoEligibleModel):
            routing.decide(prompt, replace(wanted, allow_models=("exact",)))


def test_a_target_with_several_open_breakers_waits_for_the_last_of_them() -> None:
    routing = Routing({"p": [ModelInfo("m")], "q": [CHEAP]})
    for domains in ({"p#": 9.0, "p@": 3.0}, {"p@": 3.0, "p#": 9.0}, {"p#": 3.0, "p/m": 9.0}, {"p/m": 9.0, "p#": 3.0}):
        routing.open_domains = domains
        assert routing.decide().excluded[0].detail.endswith("is tried again in 9.0 s")


def test_a_paused_target_comes_last_and_says_why() -> None:
    routing = Routing({"p": [CHEAP, DEAR]})
    routing.paused_domains = {"p/cheap": 7.0}
    selection = routing.select(full_view=True)
    assert order(selection.decision) == ["p/dear"]
    assert [target.id for target in selection.ranking] == ["p/dear", "p/cheap"]
    [excluded] = selection.decision.excluded
    assert excluded.reason is ExclusionReason.PAUSED
    assert excluded.detail == "it is paused, as its provider asked, for 7.0 s more"
    assert selection.decision.inputs.open_domains == ("p/cheap",)
    assert selection.decision.exclusions[0].example == excluded


@pytest.mark.parametrize(
    ("domains", "detail"),
    [
        ({"p#": 5.0}, "its account is paused, as its provider asked, for 5.0 s more"),
        ({"p@": 5.0}, "its endpoint is paused, as its provider asked, for 5.0 s more"),
        ({"p#": 9.0, "p/cheap": 5.0}, "its account is paused, as its provider asked, for 9.0 s more"),
    ],
)
def test_a_decision_names_what_is_paused(domains: dict[str, float], detail: str) -> None:
    routing = Routing({"p": [CHEAP], "q": [DEAR]})
    routing.paused_domains = domains
    decision = routing.select(full_view=True).decision
    assert [excluded.detail for excluded in decision.excluded] == [detail]
    assert set(decision.inputs.open_domains) == set(domains)


def test_what_is_open_or_paused_is_ranked_by_when_it_may_be_called_again() -> None:
    routing = Routing({"p": [CHEAP, DEAR, ModelInfo("m")], "q": [ModelInfo("well")]})
    routing.open_domains, routing.paused_domains = {"p/dear": 3.0, "p/m": 1.0}, {"p/cheap": 2.0, "p/m": 9.0}
    ranking = routing.select().ranking
    assert [target.id for target in ranking] == ["q/well", "p/cheap", "p/dear", "p/m"]


def test_where_everything_is_open_or_paused_all_of_it_may_be_tried() -> None:
    routing = Routing({"p": [CHEAP, DEAR]})
    routing.paused_domains = {"p#": 2.0}
    assert routing.decide().explanation.endswith("all of them are paused")
    routing.open_domains, routing.paused_domains = {"p/dear": 3.0}, {"p/cheap": 2.0}
    decision = routing.decide()
    assert set(order(decision)) == {"p/cheap", "p/dear"}
    assert decision.explanation.endswith("all of them are failing or paused")
    assert decision.excluded == ()


def test_no_simulated_model_replaces_a_provider_that_can_not_list_its_models() -> None:
    routing = Routing({"sim": [ModelInfo("model", simulated=True)], "acme": None})
    with pytest.raises(NoHealthyModel, match=r"acme: .*connection refused"):
        routing.decide()
    assert order(routing.decide(preferences=Preferences(allow_models=("sim/model",)))) == ["sim/model"]
    with pytest.raises(ModelNotFound, match=r"acme can't list its models now: .*connection refused"):
        routing.decide(preferences=Preferences(allow_models=("acme/best",)))
