"""Conversion of preferences: all fields are kept, and every violation is reported."""

from __future__ import annotations

import math

import pytest
from ymera.v1 import routing_pb2

from tests.unit.api.conftest import by_field, preferences_of
from ymera_service.routing.decision import Weights
from ymera_service.sdk.models import Capability
from ymera_service.serving.checks.violations import MAX_PATTERN, Violations


def test_all_fields_of_preferences_are_kept() -> None:
    wanted = routing_pb2.RoutingPreferences(
        weights=routing_pb2.RoutingWeights(quality=2, speed=1, cost=1),
        allow_models=["a/*"],
        deny_models=["a/b"],
        required_capabilities=[routing_pb2.CAPABILITY_TOOLS, routing_pb2.CAPABILITY_REASONING],
        max_cost_micros=0,
        prefer_free=True,
        session_id="s" * 128,
        category_hint="math",
        model="a/c",
        fallback_models=["a/d"],
        max_attempts=2,
        no_failover=True,
    )
    wanted.max_latency.FromMilliseconds(1500)
    wanted.first_token_timeout.FromMilliseconds(250)
    faults = Violations()
    preferences = preferences_of(wanted, faults)
    faults.check()
    assert preferences.weights is not None
    assert (preferences.weights.quality, preferences.weights.speed, preferences.weights.cost) == (2, 1, 1)
    assert (preferences.allow_models, preferences.deny_models) == (("a/*",), ("a/b",))
    assert preferences.required_capabilities == {Capability.TOOLS, Capability.REASONING}
    assert (preferences.max_cost_micros, preferences.max_latency) == (0, 1.5)
    assert preferences.prefer_free
    assert (preferences.session_id, preferences.category_hint) == ("s" * 128, "math")
    assert preferences.listed_models == ("a/c", "a/d")
    assert (preferences.max_attempts, preferences.no_failover, preferences.first_token_timeout) == (2, True, 0.25)


def test_all_invalid_preferences_are_reported_together() -> None:
    wanted = routing_pb2.RoutingPreferences(
        weights=routing_pb2.RoutingWeights(quality=-1, speed=math.nan),
        allow_models=[""],
        deny_models=["a\0"],
        required_capabilities=[routing_pb2.CAPABILITY_UNSPECIFIED],
        max_cost_micros=-1,
        session_id="s" * 129,
        category_hint="h" * 129,
    )
    wanted.max_latency.seconds = 0
    faults = Violations()
    preferences_of(wanted, faults)
    assert set(by_field(faults)) == {
        f"preferences.{field}"
        for field in (
            "weights.quality",
            "weights.speed",
            "allow_models[0]",
            "deny_models[0]",
            "required_capabilities[0]",
            "max_cost_micros",
            "max_latency",
            "session_id",
            "category_hint",
        )
    }


def test_weights_that_are_all_zero_are_rejected() -> None:
    faults = Violations()
    preferences_of(routing_pb2.RoutingPreferences(weights=routing_pb2.RoutingWeights()), faults)
    assert list(by_field(faults)) == ["preferences.weights"]


def test_one_number_weighs_cost_against_quality() -> None:
    faults = Violations()
    weights = [
        preferences_of(routing_pb2.RoutingPreferences(cost_quality=number), faults).weights for number in (0, 0.5, 1)
    ]
    assert not by_field(faults)
    cheapest, middle, best = weights
    assert (cheapest, middle) == (Weights(0.0, 0.1, 0.9), Weights(0.72, 0.1, 0.18))
    assert best is not None
    assert (best.quality, best.speed, best.cost) == pytest.approx((0.878, 0.1, 0.022), abs=0.001)


@pytest.mark.parametrize(
    "wrong",
    [
        routing_pb2.RoutingPreferences(cost_quality=-0.1),
        routing_pb2.RoutingPreferences(cost_quality=1.1),
        routing_pb2.RoutingPreferences(cost_quality=float("nan")),
        routing_pb2.RoutingPreferences(cost_quality=0.5, weights=routing_pb2.RoutingWeights(quality=1)),
    ],
)
def test_that_number_is_a_share_and_goes_without_weights(wrong: routing_pb2.RoutingPreferences) -> None:
    faults = Violations()
    preferences_of(wrong, faults)
    assert list(by_field(faults)) == ["preferences.cost_quality"]


@pytest.mark.parametrize("name", ["allow_models", "deny_models"])
def test_patterns_are_few_and_short(name: str) -> None:
    for patterns, field in ((["*"] * 129, name), (["a" * (MAX_PATTERN + 1)], f"{name}[0]")):
        faults = Violations()
        preferences_of(routing_pb2.RoutingPreferences(**{name: patterns}), faults)  # type: ignore[arg-type]
        assert "at most" in by_field(faults)[f"preferences.{field}"]


def test_required_capabilities_are_few() -> None:
    faults = Violations()
    many = [routing_pb2.CAPABILITY_TOOLS] * 100_000
    assert not preferences_of(routing_pb2.RoutingPreferences(required_capabilities=many), faults).required_capabilities
    assert "at most" in by_field(faults)["preferences.required_capabilities"]
