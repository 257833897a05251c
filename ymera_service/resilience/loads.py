"""The calls under way at targets and their latest latencies, by which the accounts of a model are chosen.

It is learned from calls alone, in memory. The only target of a model is not kept, as nothing is chosen.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import exp

from ymera_service.config import BalancingPolicy, BalancingSettings
from ymera_service.resilience.balancing import DECAY_SECONDS, Option, decayed
from ymera_service.sdk.errors import ProviderError
from ymera_service.sdk.events import Headroom
from ymera_service.sdk.targets import Scope, Target

FAILED = 10.0
"""What a failure makes of a target's cost at first: it counts as slow for about a minute."""
RETURNING = 2.0
"""What a pause makes of it once it is over: it gets half of its share at first, and its whole after a minute."""
BEGINNING_TOKENS = 50
"""A model takes about as long to begin an answer as to write this many tokens of it, which makes the times of short and
long answers comparable."""
UNSTATED_RESET = 60.0
"""Seconds until a rate limit is reset, where that is not stated: most limits are by the minute."""
LONGEST_REST = 60.0
"""Seconds for which a target with used up limits is called after others at most."""
MOST_KEPT = 10_000
"""Targets that are kept. Beyond, those that were not called for the longest time are forgotten."""
FADED = 1.05
"""A penalty below that is forgotten."""

_FULL = Headroom(1.0)
_PEAK_EWMA = BalancingPolicy.PEAK_EWMA


class Latency:
    """A peak-sensitive moving average: it rises to what was observed at once, and falls with time."""

    __slots__ = ("observed_at", "seconds")

    def __init__(self) -> None:
        self.seconds: float | None = None
        self.observed_at = 0.0

    def observe(self, seconds: float, now: float) -> None:
        """Takes what a call took."""
        known, age = self.seconds, now - self.observed_at
        self.seconds = seconds if known is None or seconds >= known else decayed(known, seconds, age)
        self.observed_at = now


class Load:
    """What is known of one target."""

    __slots__ = ("beginning", "called_at", "headroom", "heard_at", "passed", "under_way", "weight", "whole")

    def __init__(self, weight: float) -> None:
        self.weight = weight
        self.under_way = 0
        self.called_at = 0.0
        self.beginning = Latency()
        """The time to the first sign of streamed answers,"""
        self.whole = Latency()
        """and that to the end of others, for `BEGINNING_TOKENS`."""
        self.headroom = _FULL
        self.heard_at = 0.0
        self.passed = 0.0


@dataclass(frozen=True, slots=True)
class _Mark:
    """What a failure or a pause makes of the cost of a domain, from a time on."""

    since: float
    factor: float

    def penalty(self, now: float) -> float:
        return 1.0 + (self.factor - 1.0) * exp(-max(0.0, now - self.since) / DECAY_SECONDS)


class Loads:
    """The loads of all targets that are not their model's only one. `clock` is monotonic, in seconds."""

    def __init__(self, settings: BalancingSettings, clock: Callable[[], float]) -> None:
        self._settings = settings
        self._clock = clock
        self._loads: dict[str, Load] = {}
        self._marks: dict[str, _Mark] = {}
        self._turns: dict[str, float] = {}
        """Model → the turns that the one called last had before, where they are called in turn: what returns after a
        rest has as many, so that it does not get all the calls that it missed."""

    def policy_of(self, provider: str) -> BalancingPolicy:
        """Returns how targets of a provider are chosen."""
        return self._settings.policy_of(provider)

    @property
    def kept(self) -> int:
        """How many targets are kept."""
        return len(self._loads)

    def under_way(self, target: Target) -> int:
        """Returns how many calls of a target are under way; 0 for one that is not kept."""
        load = self._loads.get(target.id)
        return load.under_way if load is not None else 0

    def began(self, target: Target) -> None:
        """Takes that a call begins."""
        deployment = target.deployment
        if not (deployment.account or deployment.endpoint):
            return
        load = self._of(target)
        load.under_way += 1
        load.called_at = self._clock()
        policy = self.policy_of(target.provider)
        if policy is not _PEAK_EWMA:
            turns = max(load.passed, self._turns.get(target.model, 0.0))
            self._turns[target.model] = turns
            load.passed = turns + (1.0 / load.weight if policy is BalancingPolicy.WEIGHTED else 1.0)

    def ended(self, target: Target) -> None:
        """Takes that a call is over."""
        deployment = target.deployment
        if deployment.account or deployment.endpoint:
            self._of(target).under_way -= 1

    def took(self, target: Target, seconds: float, *, stream: bool, output_tokens: int = 0) -> None:
        """Takes how long a call took: a streamed one to its first sign, another one to its end."""
        if not _is_kept(target):
            return
        load, now = self._of(target), self._clock()
        if stream:
            load.beginning.observe(seconds, now)
        else:
            load.whole.observe(seconds * BEGINNING_TOKENS / (BEGINNING_TOKENS + output_tokens), now)

    def heard(self, target: Target, headroom: Headroom) -> None:
        """Takes what a provider says is left of its rate limits."""
        if _is_kept(target):
            load = self._of(target)
            load.headroom, load.heard_at = headroom, self._clock()

    def failed(self, target: Target, error: ProviderError) -> None:
        """Takes a failure: it counts against the account or endpoint that it lies with, and else against the target.

        What lies with the model counts against the target too: where every account of the model fails, none is better
        for it, and where only this one does, the others are.
        """
        domain = target.id if error.scope is Scope.MODEL else target.domain(error.scope)
        self._mark(domain, _Mark(self._clock(), FAILED))

    def paused(self, target: Target, error: ProviderError, seconds: float) -> None:
        """Takes that what the scope of an error says is not called for some seconds."""
        self._mark(target.domain(error.scope), _Mark(self._clock() + seconds, RETURNING))

    def option(self, target: Target, *, wait: float = 0.0, own: bool = False, stream: bool = True) -> Option:
        """Returns what is known of a target.

        Args:
            target: Which.
            wait: Seconds until it may be called.
            own: The session's last answer came from it.
            stream: An answer is streamed.
        """
        now = self._clock()
        penalty = self._penalty(target, now) if self._marks else 1.0
        turns = self._turns.get(target.model, 0.0)
        load = self._loads.get(target.id)
        if load is None:
            return Option(wait, own=own, penalty=penalty, weight=self._weight(target), passed=turns)
        latency = load.beginning if stream else load.whole
        left, rest = (1.0, 0.0) if load.headroom is _FULL else _left(load, now)
        return Option(
            wait,
            rest,
            own,
            load.under_way,
            latency.seconds,
            now - latency.observed_at,
            penalty,
            left,
            load.weight,
            max(load.passed, turns),
        )

    def _of(self, target: Target) -> Load:
        load = self._loads.get(target.id)
        if load is None:
            if len(self._loads) >= MOST_KEPT:
                self._forget()
            load = self._loads[target.id] = Load(self._weight(target))
        return load

    def _weight(self, target: Target) -> float:
        weight, weights = 1.0, self._settings.weights
        if weights:
            for domain in target.domains[:3]:
                weight *= weights.get(domain, 1.0)
        return weight

    def _forget(self) -> None:
        """Forgets half of the targets that have no call under way."""
        idle = sorted(
            [(load.called_at, name) for name, load in self._loads.items() if not load.under_way],
        )
        for _, name in idle[: MOST_KEPT // 2]:
            del self._loads[name]

    def _mark(self, domain: str, mark: _Mark) -> None:
        known = self._marks.get(domain)
        if known is None or mark.factor >= known.penalty(mark.since):
            self._marks[domain] = mark
        now = self._clock()
        self._marks = {name: one for name, one in self._marks.items() if one.penalty(now) >= FADED}

    def _penalty(self, target: Target, now: float) -> float:
        marks = self._marks
        return max([marks[domain].penalty(now) for domain in target.domains if domain in marks], default=1.0)


def _is_kept(target: Target) -> bool:
    deployment = target.deployment
    return bool(deployment.account or deployment.endpoint)


def _left(load: Load, now: float) -> tuple[float, float]:
    """Returns what is left of a target's rate limits, which fill up evenly until their reset, and the seconds until
    that if they were used up."""
    headroom, age = load.headroom, now - load.heard_at
    reset = UNSTATED_RESET if headroom.reset is None else headroom.reset
    if age >= reset:
        return 1.0, 0.0
    left = headroom.left + (1.0 - headroom.left) * age / reset
    rest = 0.0 if headroom.left > 0 else min(reset, LONGEST_REST) - age
    return left, max(rest, 0.0)
