"""What a decision is made from: the request, what is known, and the scores that follow from both."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ymera_service.resilience.reliability import Chance
from ymera_service.routing.columns import Floats, Rows
from ymera_service.routing.decision import LEAST_COMPLEXITY, Assignment, Preferences, Weights
from ymera_service.routing.filters import Sifted, waits_for
from ymera_service.routing.learning.latency import Paces
from ymera_service.routing.learning.neighbours import Corrections
from ymera_service.routing.prompts.estimate import Needs
from ymera_service.routing.prompts.features import Features
from ymera_service.routing.scoring import Scores
from ymera_service.routing.sessions.affinity import Affinity
from ymera_service.routing.sessions.topics import Turn
from ymera_service.routing.table import Table
from ymera_service.sdk.models import Capability
from ymera_service.sdk.policies import RoutingPolicy

RANKED = 16
"""Targets that one execution may ever call."""


@dataclass(slots=True)
class RoutingRequest:
    """What is asked.

    Attributes:
        probabilities: Category → probability, the likeliest first, adding up to 1.
        emotions: Emotion → probability, to be shown.
        complexity: From 0 to 1; None where nothing is known of it.
        full_view: The decision is to hold every candidate and every exclusion.
        assignment: The arm of the experiment that it takes part in.
        agent: The agent that something is configured for; empty if there is none.
        declined: The models that are configured for the arm or the agent can't take the request.
        cheapest: The lowest known price goes first, as nothing else distinguishes the models. Models of one price
            always have the same order: what one of them returned may not be usable with what another returns.
        features: What is kept of the request to learn from; None if that is switched off.
        said: What is compared with later turns of its session; None without one.
    """

    preferences: Preferences
    probabilities: dict[str, float]
    needs: Needs
    full_view: bool = False
    cheapest: bool = False
    features: Features | None = None
    said: Turn | None = None
    emotions: dict[str, float] = field(default_factory=dict)
    complexity: float | None = None
    assignment: Assignment | None = None
    agent: str = ""
    declined: bool = False


@dataclass(slots=True)
class Snapshot:
    """What is known when a decision is made.

    Attributes:
        table: The catalogue, and what benchmarks showed.
        paces: Of the table's targets.
        weights: Those that count where the caller gives none; adding up to 1.
        exploration: How likely the first candidate is drawn from those that may be the best in truth.
        corrections: How much better models are for requests like this than in its class; None if not known.
        optimism: How much of its doubt is added to the quality of each candidate, from 0 to 1.
        open_domains: Keys of the breakers that are open, with the seconds until each is tried again.
        paused_domains: Keys of what is paused, as its provider asked, with the seconds until it may be called.
        chances: Pool → how likely a call of it succeeds, of those that fail more often than is usual.
        affinity: The target to stay with, and how much.
        policy: What scores the candidates; without one, their balance does.
        turn: Counted up with every request.
        size: How large the request is in usual ones; its cost counts in proportion.
        seed: Settles every draw; of 63 bits, so that every language has a type for it.
    """

    table: Table
    paces: Paces
    weights: Weights
    exploration: float
    open_domains: Mapping[str, float]
    affinity: Affinity
    seed: int
    paused_domains: Mapping[str, float] = field(default_factory=dict)
    optimism: float = 0.0
    corrections: Corrections | None = None
    chances: Mapping[str, Chance] = field(default_factory=dict)
    policy: RoutingPolicy | None = None
    turn: int = 0
    size: float = 1.0


def stated_weights(request: RoutingRequest, snapshot: Snapshot) -> Weights:
    """Returns the weights that are asked for, adding up to 1."""
    wanted = request.preferences.weights
    return wanted.normalised() if wanted else snapshot.weights


def counted_complexity(request: RoutingRequest) -> float | None:
    """Returns how demanding the request is as far as that counts: not where the caller states the category, as what
    the models are worth in it is asked for then, even of small talk."""
    return None if request.preferences.category_hint else request.complexity


@dataclass(slots=True)
class Scored:
    """Everything that the order and the decision are made from.

    Attributes:
        policy: The name of what scored.
        own: The policy's scores; None if they are the balance by the weights.
        doubts: The standard deviations of the qualities, if they matter.
        pinned: The position of the session's target.
        failing: The rows that only an open breaker or a pause excludes; where no others are left, they are the eligible
            ones.
        required: The capabilities that the request needs or requires.
    """

    request: RoutingRequest
    snapshot: Snapshot
    sifted: Sifted
    weights: Weights
    scores: Scores
    policy: str
    own: Floats | None
    doubts: list[float] | Floats | None
    pinned: int | None
    failing: Rows | None
    required: frozenset[Capability]

    @property
    def is_plain(self) -> bool:
        """Whether nothing counts but the objectives."""
        beside = self.required or self.snapshot.chances or self.pinned is not None
        return not beside and self.own is None and self.doubts is None

    @property
    def is_small_talk(self) -> bool:
        """Whether quality counts less than the weights say, as the request is small talk."""
        complexity = counted_complexity(self.request)
        return self.own is None and complexity is not None and complexity < LEAST_COMPLEXITY

    @property
    def quality_weight(self) -> float:
        """What a difference in quality makes in the score."""
        return self.weights.quality if self.own is None else 1.0

    @property
    def deviations(self) -> list[float] | Floats | None:
        """The standard deviations of the scores, if they matter."""
        weight = self.quality_weight
        if isinstance(self.doubts, list):
            return [doubt * weight for doubt in self.doubts]
        return None if self.doubts is None else self.doubts * weight

    @property
    def stays(self) -> bool:
        """Whether one of them gains by having answered before."""
        return self.pinned is not None and self.snapshot.affinity.weight > 0

    @property
    def all_failing(self) -> bool:
        """Whether every eligible target has an open breaker or is paused."""
        return self.failing is self.sifted.eligible

    @property
    def reserve(self) -> list[int]:
        """The failing rows that are not eligible: the sooner one is tried again, the earlier."""
        if self.failing is None or self.all_failing:
            return []
        closed = (self.snapshot.open_domains, self.snapshot.paused_domains)
        waits = np.maximum.reduce([waits_for(domains, self.snapshot.table) for domains in closed])[self.failing]
        return self.failing[waits.argsort(kind="stable")[:RANKED]].tolist()  # type: ignore[no-any-return]  # numpy
