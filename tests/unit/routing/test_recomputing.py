"""Past decisions, computed again from what is stored of them."""

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.routing.conftest import Routing
from ymera_service.catalog import CatalogSnapshot
from ymera_service.catalog.versions import from_json as models_of
from ymera_service.catalog.versions import to_json as stored_models
from ymera_service.routing.decision import ANY_PREFERENCES, Decision, Preferences, Weights
from ymera_service.routing.replay.recomputing import NotRecomputable
from ymera_service.routing.stored import LARGEST, from_json, to_json
from ymera_service.sdk.content import user
from ymera_service.sdk.errors import NoEligibleModel
from ymera_service.sdk.generation import Prompt, Sampling
from ymera_service.sdk.models import Capability, ModelInfo, Price
from ymera_service.storage.records import BenchmarkSummary

INFOS = [
    ModelInfo(
        f"m{number}",
        price=Price(number * 100_000, number * 300_000),
        context_window=4_000 * number,
        capabilities=frozenset({Capability.TOOLS} if number % 2 else ()),
    )
    for number in range(12)
]
PATTERNS = st.sampled_from(["acme/*", "acme/m1", "acme/m1*", "acme/m2", "m7"])
PREFERENCES = st.builds(
    Preferences,
    weights=st.none() | st.builds(Weights, st.floats(0.1, 1), st.floats(0, 1), st.floats(0, 1)),
    allow_models=st.lists(PATTERNS, max_size=2).map(tuple),
    deny_models=st.lists(PATTERNS.filter(lambda each: each != "acme/*"), max_size=2).map(tuple),
    required_capabilities=st.sampled_from([frozenset(), frozenset({Capability.TOOLS})]),
    max_cost_micros=st.none() | st.just(0) | st.integers(500, 5_000),
    prefer_free=st.booleans(),
    session_id=st.sampled_from(["", "s"]),
    category_hint=st.sampled_from(["", "math"]),
    model=st.sampled_from(["", "acme/m3"]),
    fallback_models=st.sampled_from([(), ("acme/m5",)]),
)


def measured(routing: Routing) -> None:
    routing.evidence.load([BenchmarkSummary(f"acme/m{n}", "coding", 20, n / 12, 1.0) for n in range(0, 12, 3)])
    routing.answered("s", "acme/m4")


def again(routing: Routing, decision: Decision) -> Decision:
    """Computes a decision again, as after a restart: from the stored forms."""
    catalog = CatalogSnapshot(models_of(stored_models(routing.catalog.snapshot.models.values())), {})
    return routing.router.recompute(from_json(to_json(decision)), catalog)


@settings(max_examples=60)
@given(PREFERENCES, st.integers(0, 2**63 - 1), st.none() | st.integers(1, 4_000), st.booleans())
def test_the_whole_decision_is_computed_again(
    preferences: Preferences, seed: int, limit: int | None, failing: bool
) -> None:
    routing = Routing({"acme": INFOS})
    measured(routing)
    if failing:
        routing.open_domains["acme/m6"] = math.inf  # for how long, is not stored
    prompt = Prompt((user("How do I sort a list?"),), sampling=Sampling(max_output_tokens=limit))
    try:
        whole = routing.router.route(prompt, preferences, full_view=True, seed=seed).decision
    except NoEligibleModel:
        return
    short = routing.router.route(prompt, preferences, seed=seed).decision
    assert again(routing, short) == replace(whole, inputs=again(routing, short).inputs)


def test_a_caller_without_preferences_costs_no_space() -> None:
    assert ANY_PREFERENCES.stated == {}
    assert Routing({"acme": INFOS}).decide(preferences=ANY_PREFERENCES).inputs.preferences == {}


def test_preferences_that_are_too_long_are_not_stored() -> None:
    routing = Routing({"acme": INFOS})
    patterns = tuple(f"acme/m{'*' * 40}{number}" for number in range(12)) * 10
    decision = routing.decide(preferences=Preferences(allow_models=patterns))
    assert len(to_json(decision)) <= LARGEST
    with pytest.raises(NotRecomputable, match="too long"):
        again(routing, decision)


def test_inputs_of_another_version_are_named() -> None:
    routing = Routing({"acme": INFOS})
    decision = routing.decide()
    for inputs in (
        replace(decision.inputs, preferences={"allow_models": 7}),
        replace(decision.inputs, capabilities=("telepathy",)),
    ):
        with pytest.raises(NotRecomputable, match="another version"):
            again(routing, replace(decision, inputs=inputs))
