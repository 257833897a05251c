"""A routing decision and all that led to it, as plain data: kept, explained and replayed from the same fact."""

from dataclasses import dataclass, field
from enum import StrEnum

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


@dataclass(frozen=True, slots=True)
class ScoreComponent:
    """One reason for a candidate's rank: how good it is in this (0–1), how much that counts, and why."""

    name: str
    value: float
    weight: float
    evidence: str


@dataclass(frozen=True, slots=True)
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
