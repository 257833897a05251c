"""A routing decision and what led to it, as plain data: shown, kept and explained from the same fact.

What is kept stays small with any number of models: the best few candidates as they were shown, exclusions
counted, and most of the inputs from which the rest can be computed again.

Nothing assigns to a field. What is made for every request is not frozen: that would take twice as long to make.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import inf
from typing import Any

from ymera_service.routing.prompts.features import Features
from ymera_service.routing.sessions.topics import Turn
from ymera_service.sdk.models import Capability
from ymera_service.sdk.targets import Target

SHOWN = 5
"""Candidates that a decision holds, unless a full view is asked for."""


DEFAULT_ODDS = 4.0
"""How much quality counts against cost where neither is preferred."""
SPEED_WEIGHT = 0.1
"""The weight of speed beside them."""
LEAST_COST = 0.1
"""How much of it cost keeps at the quality end: a tenth of the price then outweighs 0.005 in quality, a difference that
no benchmark shows. Without it, chance would decide between models that are as good and differ much in price."""

LEAST_COMPLEXITY, OF_SMALL_TALK = 0.05, 0.1
"""The complexity below which a request is small talk, and how much of it the weight of quality keeps for that: with one
vendor's models, a greeting then goes to a cheap one, and of several that cost the same still to the best."""


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each objective counts."""

    quality: float
    speed: float
    cost: float

    @classmethod
    def between(cls, cost_quality: float) -> "Weights":
        """Returns the weights for one number: 0 for the cheapest, 1 for the best.

        The odds of quality against cost are `DEFAULT_ODDS` times those of the number. With 50 measured tasks a class,
        0.5 keeps 92 to 100 % of the quality of the best single model in the tables of
        `tests/unit/routing/test_outcomes.py`, at 2 to 100 % of its cost.
        """
        quality, cost = DEFAULT_ODDS * cost_quality, max(1 - cost_quality, LEAST_COST)
        share = (1 - SPEED_WEIGHT) / (quality + cost)
        return cls(quality * share, SPEED_WEIGHT, cost * share)

    def at_size(self, size: float) -> "Weights":
        """Returns the weights, adding up to 1, for a request that is `size` times as large as is usual.

        Its cost counts in proportion: with a given sum of money, most is won where quality costs the least.
        """
        if size == 1.0:
            return self
        cost = self.cost * size
        total = self.quality + self.speed + cost
        return Weights(self.quality / total, self.speed / total, cost / total)

    def at_complexity(self, complexity: float | None) -> "Weights":
        """Returns the weights, adding up to 1, for a request that is so demanding.

        Small talk, which has complexity 0, is answered well by any model: quality counts `OF_SMALL_TALK` as much. From
        `LEAST_COMPLEXITY` on it counts in full, as it does where nothing is known.
        """
        if complexity is None or complexity >= LEAST_COMPLEXITY:
            return self
        share = OF_SMALL_TALK + (1 - OF_SMALL_TALK) * complexity / LEAST_COMPLEXITY
        return Weights(self.quality * share, self.speed, self.cost).normalised()

    def normalised(self) -> "Weights":
        """Returns the same proportions adding up to 1."""
        total = self.quality + self.speed + self.cost
        return Weights(self.quality / total, self.speed / total, self.cost / total)


@dataclass(frozen=True, slots=True)
class Balance:
    """What decides between models: a score is the quality by its weight, and what speed and cost add to it.

    Attributes:
        quality: The weight of the quality.
        others: Model → what speed and cost add; models that are chosen only by name are left out.
    """

    quality: float
    others: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Preferences:
    """What the caller wants of the choice, and of the calls that follow from it.

    Attributes:
        max_latency: Of the whole answer, in seconds.
        max_cost_setting: The setting of the caller's key that states `max_cost_micros`; empty if the request does.
        model: Only this and `fallback_models` may answer, in this order; empty leaves the choice to the scores.
        max_attempts: Calls for one answer, at most; None leaves it to the server.
        no_failover: Only the first target is called.
        first_token_timeout: Seconds from a call to the first part of its answer; None leaves it to the server.
        policy: The name of what orders the candidates; empty leaves it to the server.
        caller_models: Those that the caller's key may use, names or patterns; none leaves it open.
        data_regions: Where data may be processed, names or patterns; none leaves it open.
        provider: The only one that can take the prompt, as this names something that it alone has; else empty.
        hedging: Whether a second target may be called beside a slow one; None leaves it to the server.
    """

    weights: Weights | None = None
    allow_models: tuple[str, ...] = ()
    deny_models: tuple[str, ...] = ()
    required_capabilities: frozenset[Capability] = frozenset()
    max_cost_micros: int | None = None
    max_latency: float | None = None
    prefer_free: bool = False
    session_id: str = ""
    category_hint: str = ""
    model: str = ""
    fallback_models: tuple[str, ...] = ()
    max_attempts: int | None = None
    no_failover: bool = False
    first_token_timeout: float | None = None
    provider: str = ""
    hedging: bool | None = None
    data_regions: tuple[str, ...] = ()
    caller_models: tuple[str, ...] = ()
    policy: str = ""
    max_cost_setting: str = ""

    @property
    def patience(self) -> float:
        """Seconds that a target has for the first part of its answer, as far as the caller says."""
        return inf if self.first_token_timeout is None else self.first_token_timeout

    @property
    def listed_models(self) -> tuple[str, ...]:
        """The models to try, in this order; empty if the caller named none."""
        return (self.model, *self.fallback_models) if self.model else ()

    @property
    def stated(self) -> dict[str, Any]:
        """What narrows or orders the choice, by name, as far as it is stated and a decision does not hold it."""
        if self is ANY_PREFERENCES:
            return {}
        stated = {name: value for name, default in _NARROWING if (value := getattr(self, name)) != default}
        # Lists, as JSON has no tuples.
        return {name: list(value) if isinstance(value, tuple) else value for name, value in stated.items()}


_NARROWING: tuple[tuple[str, object], ...] = (
    ("allow_models", ()),
    ("deny_models", ()),
    ("max_cost_micros", None),
    ("max_latency", None),
    ("prefer_free", False),
    ("model", ""),
    ("fallback_models", ()),
    ("provider", ""),
    ("data_regions", ()),
    ("caller_models", ()),
    ("policy", ""),
    ("category_hint", ""),
)

ANY_PREFERENCES = Preferences()
"""Those of a caller who prefers nothing; requests that have this very object are not checked or stored in detail."""


@dataclass(slots=True)
class ScoreComponent:
    """One reason for a candidate's rank: how good it is in this (0–1), how much that counts, and why."""

    name: str
    value: float
    weight: float
    evidence: str


@dataclass(slots=True)
class Candidate:
    """A target that may answer; `expected_latency` is in seconds."""

    target: Target
    score: float
    components: tuple[ScoreComponent, ...]
    expected_cost_micros: int | None = None
    expected_latency: float | None = None


class ExclusionReason(StrEnum):
    """Why a target may not answer."""

    NOT_PERMITTED = "not_permitted"
    NOT_ALLOWED = "not_allowed"
    DENIED = "denied"
    SIMULATED = "simulated"
    OTHER_REGION = "other_region"
    MISSING_CAPABILITY = "missing_capability"
    CONTEXT_TOO_SMALL = "context_too_small"
    TOO_EXPENSIVE = "too_expensive"
    PRICE_UNKNOWN = "price_unknown"
    TOO_SLOW = "too_slow"
    UNHEALTHY = "unhealthy"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A target that may not answer, and why, with the figures."""

    target: Target
    reason: ExclusionReason
    detail: str


@dataclass(frozen=True, slots=True)
class ExclusionCount:
    """How many targets may not answer for one reason, and one of them as an example."""

    count: int
    example: Exclusion


@dataclass(slots=True)
class Inputs:
    """What a decision was computed from, besides the measurements of that moment.

    Attributes:
        catalog_version: Names the stored version of the catalogue.
        policy_version: Names the code that ranked, and the version of the policy that scored.
        capabilities: Those that the prompt needs or the caller requires.
        input_tokens: Of the prompt, estimated.
        max_output_tokens: What the caller allows for the answer; 0 where it does not say.
        open_domains: Keys of the breakers that were open, and of what was paused.
        affinity: The id of the target that the session stays with; empty if there was none.
        topic_change: How likely the request begins another topic; None without a session.
        scored_by: The name of the policy that scored; empty for the balance alone.
        turn: Counted up with every request; policies may go by it.
        chances: Pool → how many recent calls there were, and how many of them failed: the least reliable ones.
        preferences: See `Preferences.stated`; None if they were too long to be stored.
        exploration: How likely the first candidate was drawn from those that may be the best in truth.
        optimism: How much of its doubt was added to the quality of each candidate.
        output_tokens: Of the answer, as it was expected to be.
        size: How large the request was in usual ones.
    """

    catalog_version: str
    policy_version: str
    capabilities: tuple[str, ...] = ()
    input_tokens: int = 0
    max_output_tokens: int = 0
    open_domains: tuple[str, ...] = ()
    affinity: str = ""
    preferences: dict[str, Any] | None = field(default_factory=dict)
    exploration: float = 0.0
    optimism: float = 0.0
    topic_change: float | None = None
    chances: dict[str, tuple[float, float]] = field(default_factory=dict)
    scored_by: str = ""
    turn: int = 0
    output_tokens: int = 0
    size: float = 1.0


@dataclass(frozen=True, slots=True)
class Assignment:
    """The arm of an experiment that a request got; `shares` are those of all arms then, as text."""

    experiment: str
    arm: str
    shares: str


@dataclass(slots=True)
class Decision:
    """What was decided and why.

    Attributes:
        category: The likeliest category, or the caller's hint.
        category_probabilities: Category → probability, the likeliest first.
        candidates: The best few, in the order in which they are tried; all of them in a full view.
        candidate_count: How many targets may answer in all.
        exclusions: A count for each reason that occurs.
        excluded: Every exclusion, in a full view; else empty. Not stored.
        seed: Settled every draw.
        propensity: How likely the policy was to put this first candidate first, in the arm of its experiment.
        session_affinity: The first candidate is first because the session stays with it.
        emotions: What the user was taken to feel: emotion → probability, the likeliest first, without unlikely ones.
        complexity: How demanding the request was taken to be, from 0 to 1; None where nothing was known of it.
        assignment: The experiment that the request takes part in; None if in none.
        agent: The agent that the choice is configured for; empty if for none.
    """

    category: str
    category_probabilities: dict[str, float]
    candidates: tuple[Candidate, ...]
    candidate_count: int
    exclusions: tuple[ExclusionCount, ...]
    policy: str
    weights: Weights
    seed: int
    propensity: float
    explanation: str
    inputs: Inputs
    session_affinity: bool = False
    excluded: tuple[Exclusion, ...] = field(default=())
    emotions: dict[str, float] = field(default_factory=dict)
    complexity: float | None = None
    assignment: Assignment | None = None
    agent: str = ""


@dataclass(slots=True)
class Selection:
    """A decision and the targets to try, best first: as many as one execution may ever call.

    Targets whose breaker is open come last, as they may be tried where nothing else answers.

    Attributes:
        features: What is kept of the request to learn from; None if that is switched off.
        said: What is compared with later turns of its session; None without one.
        accounts: The targets of each pool of the ranking that has several.
    """

    decision: Decision
    ranking: tuple[Target, ...]
    features: Features | None = None
    accounts: Mapping[str, tuple[Target, ...]] = field(default_factory=dict)
    said: Turn | None = None
