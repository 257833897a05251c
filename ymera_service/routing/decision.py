"""A routing decision and all that led to it, as plain data: kept, explained and replayed from the same fact.

`to_json` gives the form in which decisions and failures are stored. All of it is immutable by
agreement; the two types made by the dozen for every request are not frozen, as that quadruples their cost.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import Any

import orjson
from pydantic import TypeAdapter

from ymera_service.sdk.errors import YmeraError
from ymera_service.sdk.models import Capability


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each virtue counts."""

    quality: float
    speed: float
    cost: float

    def normalised(self) -> "Weights":
        """Returns the same proportions adding up to 1."""
        total = self.quality + self.speed + self.cost
        return Weights(self.quality / total, self.speed / total, self.cost / total)


@dataclass(frozen=True, slots=True)
class Preferences:
    """What the caller wants of the choice. `max_latency` is in seconds."""

    weights: Weights | None = None
    allow_models: tuple[str, ...] = ()
    deny_models: tuple[str, ...] = ()
    required_capabilities: frozenset[Capability] = frozenset()
    max_cost_micros: int | None = None
    max_latency: float | None = None
    prefer_free: bool = False
    session_id: str = ""
    agent_name: str = ""
    category_hint: str = ""


@dataclass(slots=True)
class ScoreComponent:
    """One reason for a candidate's rank: how good it is in this (0–1), how much that counts, and why."""

    name: str
    value: float
    weight: float
    evidence: str


@dataclass(slots=True)
class Candidate:
    """A model that may answer; `model` is its id, `expected_latency` is in seconds."""

    model: str
    score: float
    components: tuple[ScoreComponent, ...]
    expected_cost_micros: int | None = None
    expected_latency: float | None = None


class ExclusionReason(StrEnum):
    """Why a model may not answer."""

    NOT_ALLOWED = "not_allowed"
    DENIED = "denied"
    MISSING_CAPABILITY = "missing_capability"
    CONTEXT_TOO_SMALL = "context_too_small"
    TOO_EXPENSIVE = "too_expensive"
    PRICE_UNKNOWN = "price_unknown"
    TOO_SLOW = "too_slow"
    UNHEALTHY = "unhealthy"
    SIMULATED = "simulated"


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A model that may not answer, and why."""

    model: str
    reason: ExclusionReason
    detail: str


@dataclass(frozen=True, slots=True)
class Failure:
    """An error as data. `retry_after` is in seconds."""

    reason: str
    message: str
    metadata: dict[str, str] = field(default_factory=dict)
    retry_after: float | None = None

    @classmethod
    def of(cls, error: YmeraError) -> "Failure":
        """Returns what is to be kept of an error."""
        return cls(error.reason, error.message, error.metadata, error.retry_after)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call of a provider; times are in seconds."""

    number: int
    model: str
    duration: float
    time_to_first_token: float | None = None
    error: Failure | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided and why. `candidates` stand in the order in which they are tried."""

    category: str
    category_probabilities: dict[str, float]
    candidates: tuple[Candidate, ...]
    exclusions: tuple[Exclusion, ...]
    policy: str
    weights: Weights
    seed: int
    propensity: float
    explanation: str
    attempts: tuple[Attempt, ...] = ()


def to_json(fact: Decision | Failure) -> bytes:
    """Returns the stored form of a decision or a failure."""
    return orjson.dumps(fact, _plain, orjson.OPT_PASSTHROUGH_DATACLASS)


def _plain(fact: Any) -> dict[str, Any]:
    """Returns the fields of a dataclass; candidates by hand, as most of a decision is them and speed counts."""
    if type(fact) is not Candidate:
        return {name: getattr(fact, name) for name in fact.__slots__}
    return {
        "model": fact.model,
        "score": fact.score,
        "components": [
            {"name": part.name, "value": part.value, "weight": part.weight, "evidence": part.evidence}
            for part in fact.components
        ],
        "expected_cost_micros": fact.expected_cost_micros,
        "expected_latency": fact.expected_latency,
    }


def from_json(data: bytes) -> Decision:
    """Reads a decision from its stored form.

    Raises:
        ValueError: The data is no decision.
    """
    return _decisions().validate_json(data)


def failure_from_json(data: bytes) -> Failure:
    """Reads a failure from its stored form.

    Raises:
        ValueError: The data is no failure.
    """
    return _failures().validate_json(data)


@cache
def _decisions() -> TypeAdapter[Decision]:
    return TypeAdapter(Decision)


@cache
def _failures() -> TypeAdapter[Failure]:
    return TypeAdapter(Failure)
