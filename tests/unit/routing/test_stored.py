import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.routing.conftest import Routing
from ymera_service.catalog.discovery import MAX_DEPLOYMENT, MAX_NAME
from ymera_service.routing.decision import (
    SHOWN,
    Candidate,
    Decision,
    Exclusion,
    ExclusionCount,
    ExclusionReason,
    Inputs,
    Preferences,
    ScoreComponent,
    Weights,
)
from ymera_service.routing.stored import LARGEST, from_json, to_json
from ymera_service.sdk.content import user
from ymera_service.sdk.generation import Prompt, Sampling
from ymera_service.sdk.models import Capability, ModelInfo, Price
from ymera_service.sdk.targets import Deployment, Target

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
COUNTS = st.integers(0, 2**31)
TARGETS = st.builds(
    Target, st.sampled_from(["p", "other"]), TEXTS.map(lambda name: f"p/{name}"), st.builds(Deployment, TEXTS, TEXTS)
)
COMPONENTS = st.builds(ScoreComponent, TEXTS, NUMBERS, NUMBERS, TEXTS)
CANDIDATES = st.builds(
    Candidate,
    TARGETS,
    NUMBERS,
    st.lists(COMPONENTS, max_size=3).map(tuple),
    st.none() | st.integers(0, 2**62),
    st.none() | NUMBERS,
)
EXCLUSIONS = st.builds(ExclusionCount, COUNTS, st.builds(Exclusion, TARGETS, st.sampled_from(ExclusionReason), TEXTS))
DECISIONS = st.builds(
    Decision,
    category=TEXTS,
    category_probabilities=st.dictionaries(TEXTS, NUMBERS, max_size=4),
    candidates=st.lists(CANDIDATES, max_size=3).map(tuple),
    candidate_count=COUNTS,
    exclusions=st.lists(EXCLUSIONS, max_size=3).map(tuple),
    policy=TEXTS,
    weights=st.builds(Weights, NUMBERS, NUMBERS, NUMBERS),
    seed=st.integers(0, 2**64 - 1),
    propensity=NUMBERS,
    explanation=TEXTS,
    inputs=st.builds(
        Inputs,
        TEXTS,
        TEXTS,
        st.lists(TEXTS, max_size=2).map(tuple),
        COUNTS,
        COUNTS,
        st.lists(TEXTS, max_size=2).map(tuple),
        TEXTS,
        exploration=NUMBERS,
        optimism=NUMBERS,
        topic_change=st.none() | NUMBERS,
        chances=st.dictionaries(TEXTS, st.tuples(NUMBERS, NUMBERS), max_size=2),
        scored_by=TEXTS,
        turn=COUNTS,
        output_tokens=COUNTS,
        size=NUMBERS,
    ),
    session_affinity=st.booleans(),
)


@given(decision=DECISIONS)
def test_a_stored_decision_is_read_unchanged(decision: Decision) -> None:
    read = from_json(to_json(decision))
    assert read == decision
    assert list(read.category_probabilities) == list(decision.category_probabilities)


@pytest.mark.parametrize("data", [b"", b"null", b"{}", b"[]", b'{"category": 1', b"\xff"])
def test_data_that_is_not_a_decision_is_rejected(data: bytes) -> None:
    with pytest.raises(ValueError, match="Decision"):
        from_json(data)


@given(quality=st.floats(0, 1e300), speed=st.floats(0, 1e300), cost=st.floats(1e-300, 1e300))
def test_normalised_weights_add_up_to_one(quality: float, speed: float, cost: float) -> None:
    weights = Weights(quality, speed, cost).normalised()
    assert math.isclose(weights.quality + weights.speed + weights.cost, 1.0)


def routing_with_a_thousand_models(length: int, deployment: Deployment) -> tuple[Routing, Decision]:
    """Routes among 1,000 models with names of some length, of which each rule excludes a hundred and more."""
    kinds: Sequence[Mapping[str, object]] = [
        {},
        {"price": Price(10**9, 10**9)},
        {"price": None},
        {"context_window": 10},
        {"simulated": True},
        {"capabilities": frozenset()},
        {},
        {},
    ]
    deployment = replace(deployment, region="eu")
    sound = {"price": Price(100, 100), "capabilities": frozenset(Capability), "deployments": (deployment,)}
    infos = [
        ModelInfo(f"{number % 8}-{number:03}-".ljust(length, "x"), **(sound | dict(kinds[number % 8])))  # type: ignore[arg-type]  # fields by name
        for number in range(1_000)
    ]
    infos[6] = replace(infos[6], deployments=(replace(deployment, region="elsewhere"),))
    routing = Routing(
        {"provider": infos, "forbidden": [ModelInfo("m")], "denied": [ModelInfo("m")], "secret": [ModelInfo("m")]}
    )
    routing.measure(coding={f"provider/{info.name}": 0.123456789 for info in infos})
    for info in infos[6::8]:
        target = Target("provider", f"provider/{info.name}", deployment)
        routing.evidence.observe(target.id, output_tokens=10, time_to_first_token=1.0, duration=3_000)
    left = [Target("provider", f"provider/{info.name}", deployment).id for info in infos[7::8]]
    routing.open_domains = dict.fromkeys(left[::2], 1.2345)
    routing.paused_domains = dict.fromkeys(left[1::2], 1.2345)
    wanted = Preferences(
        allow_models=("provider/*", "denied/m"),
        deny_models=("denied/m",),
        required_capabilities=frozenset(Capability),
        max_cost_micros=10_000,
        max_latency=60.0,
        data_regions=("eu",),
        caller_models=("[!s]*",),
    )
    prompt = Prompt((user("hello " * 100),), sampling=Sampling(max_output_tokens=100))
    return routing, routing.select(prompt, wanted).decision


def test_a_decision_among_a_thousand_models_takes_at_most_4_kb_and_is_read_exactly() -> None:
    _, decision = routing_with_a_thousand_models(40, Deployment())
    assert [each.example.reason for each in decision.exclusions] == list(ExclusionReason)
    assert sum(each.count for each in decision.exclusions) + decision.candidate_count == 1_003
    data = to_json(decision)
    assert len(data) <= LARGEST
    assert from_json(data) == decision


@pytest.mark.parametrize("deployment", [Deployment(), Deployment("a" * MAX_DEPLOYMENT, "e" * MAX_DEPLOYMENT)])
def test_even_the_longest_names_fit_and_candidates_and_counts_are_kept(deployment: Deployment) -> None:
    _, decision = routing_with_a_thousand_models(MAX_NAME, deployment)
    data = to_json(decision)
    assert len(data) <= LARGEST
    read = from_json(data)
    assert read.candidates == decision.candidates[: len(read.candidates)]
    assert len(read.candidates) >= 3
    counts = [(each.example.reason, each.count) for each in decision.exclusions]
    assert [(each.example.reason, each.count) for each in read.exclusions] == counts
    inputs = replace(decision.inputs, preferences=None)
    assert (read.explanation, read.inputs, read.seed) == (decision.explanation, inputs, decision.seed)


def test_a_full_view_is_stored_as_a_short_one() -> None:
    routing = Routing({"p": [ModelInfo(f"m{number}") for number in range(20)]})
    short, full = routing.select().decision, routing.decide()
    assert (len(short.candidates), len(full.candidates)) == (SHOWN, 20)
    assert to_json(full) == to_json(short)


@settings(max_examples=20)
@given(count=st.integers(0, 40), length=st.integers(1, 250))
def test_the_open_breakers_that_a_decision_names_take_little_space(count: int, length: int) -> None:
    deployments = tuple(Deployment(f"{number:02}".ljust(min(length, MAX_DEPLOYMENT), "x")) for number in range(count))
    routing = Routing({"p": [ModelInfo("m", deployments=(*deployments, Deployment("sound")))]})
    routing.open_domains = {f"p#{deployment.account}": 2.0 for deployment in deployments}
    decision = routing.select().decision
    assert sum(map(len, decision.inputs.open_domains)) <= 512
    assert bool(decision.inputs.open_domains) == bool(count)
