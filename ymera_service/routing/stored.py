"""The form in which decisions are stored: JSON of at most `LARGEST` bytes, whatever the number of models.

What a decision shows is kept as it was: candidates, counts, explanation. Only names that are far longer than
usual don't fit; then the caller's preferences are left out, the examples of exclusions are shortened, then left out,
and then the last candidates.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from functools import cache
from operator import attrgetter
from typing import Any

import orjson
from pydantic import TypeAdapter

from ymera_service.routing.decision import (
    SHOWN,
    Assignment,
    Candidate,
    Decision,
    Exclusion,
    ExclusionCount,
    ExclusionReason,
    Inputs,
    ScoreComponent,
    Weights,
)
from ymera_service.routing.texts import clipped
from ymera_service.sdk.targets import Deployment, Target

LARGEST = 4096
"""Bytes."""
SHORT_NAME, SHORT_DETAIL = 32, 64
"""Characters of an example's names and words where it has to be shortened."""

_Target = tuple[str, str, str, str]
"""Provider (empty if the model's id begins with it), model, account, endpoint."""
_Component = tuple[str, float, float, str]
_Candidate = tuple[_Target, float, tuple[_Component, ...], int | None, float | None]
_Count = tuple[ExclusionReason, int, _Target, str]
_Inputs = tuple[
    str,
    str,
    tuple[str, ...],
    int,
    int,
    tuple[str, ...],
    str,
    dict[str, Any] | None,
    float,
    float,
    float | None,
    dict[str, tuple[float, float]],
    str,
    int,
    int,
    float,
]
"""The fields of `Inputs`, in their order."""


@dataclass(frozen=True, slots=True)
class _Decision:
    """A decision as it is stored; its lists are tuples of the fields in their order."""

    category: str
    probabilities: dict[str, float]
    candidates: tuple[_Candidate, ...]
    candidate_count: int
    exclusions: tuple[_Count, ...]
    policy: str
    weights: tuple[float, float, float]
    seed: int
    propensity: float
    explanation: str
    inputs: _Inputs
    session_affinity: bool
    reading: tuple[dict[str, float], float | None] = field(default=({}, None))
    """Emotions and complexity; absent where nothing is known of them."""
    assignment: tuple[str, str, str] | None = None
    """Stored only if there is one, as is the agent."""
    agent: str = ""


def to_json(decision: Decision) -> bytes:
    """Returns the stored form of a decision; a full view is stored as a short one would be."""
    data = orjson.dumps(_packed(decision))
    shorter = _shorter(decision)
    while len(data) > LARGEST and (version := next(shorter, None)) is not None:
        data = orjson.dumps(_packed(version))
    return data


def from_json(data: bytes) -> Decision:
    """Reads a decision from its stored form.

    Raises:
        ValueError: The data is not a stored decision.
    """
    return _unpacked(_decisions().validate_json(data))


@cache
def _decisions() -> TypeAdapter[_Decision]:
    return TypeAdapter(_Decision)


def _shorter(decision: Decision) -> Iterator[Decision]:
    """Yields shorter and shorter forms of a decision."""
    candidates, inputs = decision.candidates[:SHOWN], replace(decision.inputs, preferences=None)
    decision = replace(decision, candidates=candidates, inputs=inputs)
    yield decision
    counts = decision.exclusions
    yield replace(decision, exclusions=tuple(_shortened(each, SHORT_NAME, SHORT_DETAIL) for each in counts))
    decision = replace(decision, exclusions=tuple(_shortened(each, 0, 0) for each in counts))
    yield decision
    while len(decision.candidates) > 1:
        decision = replace(decision, candidates=decision.candidates[:-1])
        yield decision


def _shortened(count: ExclusionCount, name: int, detail: int) -> ExclusionCount:
    example = count.example
    target = Target(example.target.provider, clipped(example.target.model, name))
    return ExclusionCount(count.count, Exclusion(target, example.reason, clipped(example.detail, detail)))


def _packed(decision: Decision) -> dict[str, Any]:
    weights, assignment = decision.weights, decision.assignment
    packed: dict[str, Any] = {
        "category": decision.category,
        "probabilities": decision.category_probabilities,
        "candidates": [
            (
                _packed_target(each.target),
                each.score,
                tuple(map(_component, each.components)),
                each.expected_cost_micros,
                each.expected_latency,
            )
            for each in decision.candidates[:SHOWN]
        ],
        "candidate_count": decision.candidate_count,
        "exclusions": [
            (each.example.reason, each.count, _packed_target(each.example.target), each.example.detail)
            for each in decision.exclusions
        ],
        "policy": decision.policy,
        "weights": (weights.quality, weights.speed, weights.cost),
        "seed": decision.seed,
        "propensity": decision.propensity,
        "explanation": decision.explanation,
        "inputs": _inputs(decision.inputs),
        "session_affinity": decision.session_affinity,
    }
    if decision.emotions or decision.complexity is not None:
        packed["reading"] = (decision.emotions, decision.complexity)
    if assignment is not None:
        packed["assignment"] = (assignment.experiment, assignment.arm, assignment.shares)
    if decision.agent:
        packed["agent"] = decision.agent
    return packed


_component = attrgetter("name", "value", "weight", "evidence")
_inputs = attrgetter(*[each.name for each in fields(Inputs)])


def _packed_target(target: Target) -> _Target:
    provider = "" if target.model.partition("/")[0] == target.provider else target.provider
    return provider, target.model, target.deployment.account, target.deployment.endpoint


def _unpacked(stored: _Decision) -> Decision:
    return Decision(
        category=stored.category,
        category_probabilities=stored.probabilities,
        candidates=tuple(map(_unpacked_candidate, stored.candidates)),
        candidate_count=stored.candidate_count,
        exclusions=tuple(
            ExclusionCount(count, Exclusion(_unpacked_target(target), reason, detail))
            for reason, count, target, detail in stored.exclusions
        ),
        policy=stored.policy,
        weights=Weights(*stored.weights),
        seed=stored.seed,
        propensity=stored.propensity,
        explanation=stored.explanation,
        inputs=Inputs(*stored.inputs),
        session_affinity=stored.session_affinity,
        emotions=stored.reading[0],
        complexity=stored.reading[1],
        assignment=None if stored.assignment is None else Assignment(*stored.assignment),
        agent=stored.agent,
    )


def _unpacked_candidate(stored: _Candidate) -> Candidate:
    target, score, components, cost, latency = stored
    return Candidate(
        _unpacked_target(target), score, tuple(ScoreComponent(*each) for each in components), cost, latency
    )


def _unpacked_target(stored: _Target) -> Target:
    provider, model, account, endpoint = stored
    return Target(provider or model.partition("/")[0], model, Deployment(account, endpoint))
