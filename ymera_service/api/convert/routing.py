"""Preferences, decisions and past executions."""

from ymera.v1 import content_pb2
from ymera.v1 import routing_pb2 as pb

from ymera_service.api.convert import Fields
from ymera_service.api.convert.content import FINISH_REASONS
from ymera_service.api.convert.usage import duration_fields, failure_fields, optional_duration, usage_fields
from ymera_service.api.convert.violations import Violations
from ymera_service.routing.decision import (
    Attempt,
    Candidate,
    Decision,
    Exclusion,
    ExclusionReason,
    Preferences,
    ScoreComponent,
    Weights,
    failure_from_json,
    from_json,
)
from ymera_service.routing.preferences import faults_of
from ymera_service.sdk.generation import FinishReason
from ymera_service.sdk.models import Capability
from ymera_service.storage.records import ExecutionRecord, ExecutionStatus

MAX_CAPABILITIES = 64
"""Capabilities in a request, repeated ones counted."""

_CAPABILITIES = {
    pb.CAPABILITY_TOOLS: Capability.TOOLS,
    pb.CAPABILITY_STRUCTURED_OUTPUT: Capability.STRUCTURED_OUTPUT,
    pb.CAPABILITY_IMAGE_INPUT: Capability.IMAGE_INPUT,
    pb.CAPABILITY_AUDIO_INPUT: Capability.AUDIO_INPUT,
    pb.CAPABILITY_FILE_INPUT: Capability.FILE_INPUT,
    pb.CAPABILITY_REASONING: Capability.REASONING,
}
CAPABILITY_NUMBERS = {capability: number for number, capability in _CAPABILITIES.items()}
_EXCLUSIONS = {reason: pb.ExclusionReason.Value(f"EXCLUSION_REASON_{reason.name}") for reason in ExclusionReason}
_STATUSES = {status: pb.ExecutionStatus.Value(f"EXECUTION_STATUS_{status.name}") for status in ExecutionStatus}
_DEFAULT = Preferences()


def preferences_of(preferences: pb.RoutingPreferences, faults: Violations) -> Preferences:
    """Returns what the caller wants, noting every fault under the path `preferences`."""
    if not preferences.ByteSize():
        return _DEFAULT
    wanted = Preferences(
        weights=_weights(preferences),
        allow_models=faults.texts("preferences.allow_models", preferences.allow_models),
        deny_models=faults.texts("preferences.deny_models", preferences.deny_models),
        required_capabilities=_capabilities(preferences, faults),
        max_cost_micros=preferences.max_cost_micros if preferences.HasField("max_cost_micros") else None,
        max_latency=_max_latency(preferences, faults),
        prefer_free=preferences.prefer_free,
        session_id=faults.text("preferences.session_id", preferences.session_id),
        agent_name=faults.text("preferences.agent_name", preferences.agent_name),
        category_hint=faults.text("preferences.category_hint", preferences.category_hint),
    )
    for fault in faults_of(wanted):
        faults.add(fault.field, fault.description)
    return wanted


def _weights(preferences: pb.RoutingPreferences) -> Weights | None:
    if not preferences.HasField("weights"):
        return None
    given = preferences.weights
    return Weights(given.quality, given.speed, given.cost)


def _capabilities(preferences: pb.RoutingPreferences, faults: Violations) -> frozenset[Capability]:
    path = "preferences.required_capabilities"
    if not faults.few(path, len(preferences.required_capabilities), MAX_CAPABILITIES):
        return frozenset()
    for i, number in enumerate(preferences.required_capabilities):
        if number not in _CAPABILITIES:
            faults.add(f"{path}[{i}]", "is not set or not known")
    return frozenset(_CAPABILITIES[number] for number in preferences.required_capabilities if number in _CAPABILITIES)


def _max_latency(preferences: pb.RoutingPreferences, faults: Violations) -> float | None:
    if not preferences.HasField("max_latency"):
        return None
    given = preferences.max_latency
    if not -1_000_000_000 < given.nanos < 1_000_000_000:
        faults.add("preferences.max_latency", "has to have fewer than 1,000,000,000 nanos")
    return given.seconds + given.nanos / 1e9


def decision_fields(decision: Decision) -> Fields:
    """Returns a decision."""
    likeliest = sorted(decision.category_probabilities.items(), key=lambda item: -item[1])
    return {
        "category": decision.category,
        "category_probabilities": [{"category": name, "probability": share} for name, share in likeliest],
        "candidates": [_candidate(candidate) for candidate in decision.candidates],
        "exclusions": [_exclusion(exclusion) for exclusion in decision.exclusions],
        "policy": decision.policy,
        "weights": _weight_fields(decision.weights),
        "seed": decision.seed,
        "propensity": decision.propensity,
        "attempts": [_attempt(attempt) for attempt in decision.attempts],
        "explanation": decision.explanation,
    }


def _weight_fields(weights: Weights) -> Fields:
    return {"quality": weights.quality, "speed": weights.speed, "cost": weights.cost}


def _candidate(candidate: Candidate) -> Fields:
    return {
        "model": candidate.model,
        "score": candidate.score,
        "components": [_component(component) for component in candidate.components],
        "expected_cost_micros": candidate.expected_cost_micros,
        "expected_latency": optional_duration(candidate.expected_latency),
    }


def _component(component: ScoreComponent) -> Fields:
    return {
        "name": component.name,
        "value": component.value,
        "weight": component.weight,
        "evidence": component.evidence,
    }


def _exclusion(exclusion: Exclusion) -> Fields:
    return {"model": exclusion.model, "reason": _EXCLUSIONS[exclusion.reason], "detail": exclusion.detail}


def _attempt(attempt: Attempt) -> Fields:
    return {
        "number": attempt.number,
        "model": attempt.model,
        "error": failure_fields(attempt.error),
        "duration": duration_fields(attempt.duration),
        "time_to_first_token": optional_duration(attempt.time_to_first_token),
    }


def execution_fields(record: ExecutionRecord) -> Fields:
    """Returns a past execution as it was recorded."""
    reason = FINISH_REASONS[FinishReason(record.finish_reason)] if record.finish_reason else None
    return {
        "request_id": record.request_id,
        "create_time": record.created_at,
        "status": _STATUSES[record.status],
        "decision": decision_fields(from_json(record.decision)),
        "usage": usage_fields(record.usage, record.cost_micros, estimated=record.usage_estimated),
        "finish_reason": reason or content_pb2.FINISH_REASON_UNSPECIFIED,
        "error": failure_fields(failure_from_json(record.error)) if record.error else None,
        "duration": duration_fields(record.duration),
        "time_to_first_token": optional_duration(record.time_to_first_token),
        "session_id": record.session_id,
        "agent_name": record.agent_name,
    }
