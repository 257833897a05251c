"""Preferences and decisions."""

from collections.abc import Iterable
from typing import Literal

from ymera.v1 import routing_pb2 as pb

from ymera_service.api.convert import Fields
from ymera_service.api.convert.usage import duration_fields, seconds_of
from ymera_service.routing.decision import (
    ANY_PREFERENCES,
    Candidate,
    Decision,
    Exclusion,
    ExclusionCount,
    ExclusionReason,
    Preferences,
    Weights,
)
from ymera_service.sdk.models import Capability
from ymera_service.sdk.targets import Target
from ymera_service.serving.checks.limits import fits
from ymera_service.serving.checks.violations import Violations

MAX_CATEGORIES = 8
"""Categories of a decision that are sent, the likeliest first."""

_CAPABILITIES = {
    pb.CAPABILITY_TOOLS: Capability.TOOLS,
    pb.CAPABILITY_STRUCTURED_OUTPUT: Capability.STRUCTURED_OUTPUT,
    pb.CAPABILITY_IMAGE_INPUT: Capability.IMAGE_INPUT,
    pb.CAPABILITY_AUDIO_INPUT: Capability.AUDIO_INPUT,
    pb.CAPABILITY_FILE_INPUT: Capability.FILE_INPUT,
    pb.CAPABILITY_REASONING: Capability.REASONING,
    pb.CAPABILITY_WEB_SEARCH: Capability.WEB_SEARCH,
    pb.CAPABILITY_CODE_EXECUTION: Capability.CODE_EXECUTION,
    pb.CAPABILITY_VIDEO_INPUT: Capability.VIDEO_INPUT,
    pb.CAPABILITY_LOGPROBS: Capability.LOGPROBS,
}
CAPABILITY_NUMBERS = {capability: number for number, capability in _CAPABILITIES.items()}
_EXCLUSIONS = {reason: pb.ExclusionReason.Value(f"EXCLUSION_REASON_{reason.name}") for reason in ExclusionReason}
_VIEWS = frozenset(pb.DecisionView.values())


def preferences_of(preferences: pb.RoutingPreferences, faults: Violations) -> Preferences:
    """Returns what the caller wants, noting what our types can't express; the checks are in `serving.checks`."""
    if not preferences.ByteSize():
        return ANY_PREFERENCES
    return Preferences(
        weights=_weights(preferences, faults),
        allow_models=_patterns("allow_models", preferences.allow_models, faults),
        deny_models=_patterns("deny_models", preferences.deny_models, faults),
        required_capabilities=_capabilities(preferences, faults),
        max_cost_micros=preferences.max_cost_micros if preferences.HasField("max_cost_micros") else None,
        max_latency=_seconds("max_latency", preferences, faults),
        prefer_free=preferences.prefer_free,
        session_id=preferences.session_id,
        category_hint=preferences.category_hint,
        model=preferences.model,
        fallback_models=_patterns("fallback_models", preferences.fallback_models, faults),
        max_attempts=preferences.max_attempts if preferences.HasField("max_attempts") else None,
        no_failover=preferences.no_failover,
        data_regions=_patterns("data_regions", preferences.data_regions, faults),
        first_token_timeout=_seconds("first_token_timeout", preferences, faults),
        policy=preferences.policy,
        hedging=preferences.hedging if preferences.HasField("hedging") else None,
    )


def _weights(preferences: pb.RoutingPreferences, faults: Violations) -> Weights | None:
    if preferences.HasField("cost_quality"):
        return _between(preferences, faults)
    if not preferences.HasField("weights"):
        return None
    given = preferences.weights
    return Weights(given.quality, given.speed, given.cost)


def _between(preferences: pb.RoutingPreferences, faults: Violations) -> Weights | None:
    if preferences.HasField("weights"):
        faults.add("preferences.cost_quality", "says the same as weights; give one of them")
    if 0 <= preferences.cost_quality <= 1:
        return Weights.between(preferences.cost_quality)
    faults.add("preferences.cost_quality", f"is {preferences.cost_quality}; give a number from 0 to 1")
    return None


def _patterns(name: str, patterns: Iterable[str], faults: Violations) -> tuple[str, ...]:
    patterns = tuple(patterns)
    return patterns if fits(f"preferences.{name}", len(patterns), faults) else ()


def _capabilities(preferences: pb.RoutingPreferences, faults: Violations) -> frozenset[Capability]:
    path, wanted = "preferences.required_capabilities", preferences.required_capabilities
    if not fits(path, len(wanted), faults):
        return frozenset()
    for i, number in enumerate(wanted):
        if number not in _CAPABILITIES:
            faults.add(f"{path}[{i}]", "is not set or not known")
    return frozenset(_CAPABILITIES[number] for number in wanted if number in _CAPABILITIES)


def _seconds(
    name: Literal["max_latency", "first_token_timeout"], preferences: pb.RoutingPreferences, faults: Violations
) -> float | None:
    if not preferences.HasField(name):
        return None
    return seconds_of(f"preferences.{name}", getattr(preferences, name), faults)


def is_full_view(view: pb.DecisionView.ValueType, faults: Violations) -> bool:
    """Returns whether the whole decision is asked for."""
    if view not in _VIEWS:
        faults.add("decision_view", "is not known; use DECISION_VIEW_BASIC or DECISION_VIEW_FULL")
    return view == pb.DECISION_VIEW_FULL


def decision_fields(decision: Decision) -> Fields:
    """Returns a decision."""
    likeliest = list(decision.category_probabilities.items())[:MAX_CATEGORIES]
    return {
        "category": decision.category,
        "category_probabilities": [{"category": name, "probability": share} for name, share in likeliest],
        "candidates": list(map(_candidate, decision.candidates)),
        "exclusions": list(map(_exclusion_count, decision.exclusions)),
        "policy": decision.policy,
        "policy_version": decision.inputs.policy_version,
        "weights": _weight_fields(decision.weights),
        "seed": decision.seed,
        "propensity": decision.propensity,
        "explanation": decision.explanation,
        "candidate_count": decision.candidate_count,
        "session_affinity": decision.session_affinity,
        "catalog_version": decision.inputs.catalog_version,
        "emotions": [{"emotion": name, "probability": share} for name, share in decision.emotions.items()],
        "complexity": decision.complexity,
        "excluded_targets": list(map(_exclusion, decision.excluded)),
        "experiment": decision.assignment.experiment if decision.assignment else "",
        "experiment_arm": decision.assignment.arm if decision.assignment else "",
        "agent_name": decision.agent,
    }


def target_fields(target: Target) -> Fields:
    """Returns the fields that name a target."""
    return {"model": target.model, "account": target.deployment.account, "endpoint": target.deployment.endpoint}


def _weight_fields(weights: Weights) -> Fields:
    return {"quality": weights.quality, "speed": weights.speed, "cost": weights.cost}


def _candidate(candidate: Candidate) -> Fields:
    return {
        **target_fields(candidate.target),
        "score": candidate.score,
        "components": [
            {"name": part.name, "value": part.value, "weight": part.weight, "evidence": part.evidence}
            for part in candidate.components
        ],
        "expected_cost_micros": candidate.expected_cost_micros,
        "expected_latency": duration_fields(candidate.expected_latency),
    }


def _exclusion_count(count: ExclusionCount) -> Fields:
    example = count.example
    return {
        "reason": _EXCLUSIONS[example.reason],
        "count": count.count,
        "model": example.target.model,
        "detail": example.detail,
    }


def _exclusion(exclusion: Exclusion) -> Fields:
    return {
        **target_fields(exclusion.target),
        "reason": _EXCLUSIONS[exclusion.reason],
        "detail": exclusion.detail,
    }
