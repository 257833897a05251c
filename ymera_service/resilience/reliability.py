"""How likely a call of a target succeeds, by its latest calls: evidence for ranking, long before a breaker opens.

Of each target is kept how many of its latest calls succeeded and failed, the less the longer ago. With what is
expected of a target that was never called, that makes a Beta distribution of its chance: its mean is what ranking goes
by, its deviation how sure that is. The accounts of a pool count together, as they are ranked as one.

Failures that open a breaker are not counted here: the breaker then excludes the target until its probes succeed, and
these are only made if the target is ranked as it was before.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

import structlog

from ymera_service.sdk.errors import ProviderError, RateLimited
from ymera_service.sdk.targets import Target

log = structlog.get_logger(__name__)

USUAL, PRIOR_CALLS = 0.95, 10.0
"""The chance that is expected of a target before it is called, and how many calls that expectation is worth."""
HALF_LIFE = 600.0
"""Seconds after which a call counts half,"""
WINDOW = 100.0
"""and how many of the latest calls count, about."""
UNRELIABLE, RELIABLE = 0.85, 0.92
"""The chances below and above which a change is logged,"""
FEWEST_LOGGED = 10.0
"""after at least this many calls: a few failures in a row are reported by breakers."""
FORGOTTEN = 0.001
"""How far below what is usual a chance is not worth keeping, after it was left alone for long."""
REFRESH_SECONDS = 5.0
"""How old the chances may be of targets that are not called."""


@dataclass(frozen=True, slots=True)
class Chance:
    """How likely a call succeeds.

    Attributes:
        mean: From 0 to 1.
        deviation: The standard deviation of what it may really be.
        calls: How many recent calls that rests on.
        failed: How many of them failed.
    """

    mean: float
    deviation: float
    calls: float
    failed: float

    @classmethod
    def of(cls, calls: float, failed: float) -> "Chance":
        """Returns the chance that follows from this many recent calls, of which some failed."""
        weight = PRIOR_CALLS + calls
        mean = (PRIOR_CALLS * USUAL + calls - failed) / weight
        return cls(mean, sqrt(mean * (1 - mean) / (weight + 1)), calls, failed)

    @property
    def shortfall(self) -> float:
        """How far it is below what is usual; 0 if it is not."""
        return max(USUAL - self.mean, 0.0)


@dataclass(frozen=True, slots=True)
class ReliabilityReport:
    """A target, or a pool of several accounts, that fails more often than is usual."""

    pool: str
    chance: Chance


class _Calls:
    """The latest calls of a target: those that succeeded and that failed, as they count at `at`."""

    __slots__ = ("at", "domains", "failed", "logged", "succeeded")

    def __init__(self, at: float, domains: Sequence[str]) -> None:
        self.at = at
        self.domains = domains
        self.succeeded = self.failed = 0.0
        self.logged = False

    def age(self, now: float, share: float = 1.0) -> None:
        """Lets them count less."""
        share *= 0.5 ** ((now - self.at) / HALF_LIFE)
        self.succeeded *= share
        self.failed *= share
        self.at = now

    def chance(self) -> Chance:
        """Returns the chance that follows."""
        return Chance.of(self.succeeded + self.failed, self.failed)


class Reliability:
    """The chances of all targets that were called; there are not more than the catalogue has had."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Takes a monotonic clock, in seconds."""
        self._clock = clock
        self._calls: dict[str, _Calls] = {}
        self._chances: Mapping[str, Chance] = {}
        self._refreshed_at = clock()

    def succeeded(self, target: Target) -> None:
        """Takes a call that succeeded."""
        self._observe(target, succeeded=True)

    def failed(self, target: Target, error: ProviderError) -> None:
        """Takes a call that failed; what lies with the request does not count, a rate limit does."""
        if error.trips_breaker or isinstance(error, RateLimited):
            self._observe(target, succeeded=False)

    def breaker_opened(self, domain: str) -> None:
        """Forgets the calls of the targets of a domain."""
        for pool in [pool for pool, calls in self._calls.items() if domain in calls.domains]:
            del self._calls[pool]
        self._chances = {pool: chance for pool, chance in self._chances.items() if pool in self._calls}

    def chances(self) -> Mapping[str, Chance]:
        """Returns pool → chance of those that fail more often than is usual; the same object until that changes."""
        if self._chances and self._clock() - self._refreshed_at > REFRESH_SECONDS:
            self._refresh()
        return self._chances

    def report(self) -> Sequence[ReliabilityReport]:
        """Returns the targets that fail more often than is usual, the worst first."""
        worst = sorted(self.chances().items(), key=lambda item: item[1].mean)
        return [ReliabilityReport(pool, chance) for pool, chance in worst]

    def _observe(self, target: Target, *, succeeded: bool) -> None:
        now, pool = self._clock(), target.pool
        calls = self._calls.get(pool)
        if calls is None:
            calls = self._calls[pool] = _Calls(now, target.domains)
        calls.age(now, 1 - 1 / WINDOW)
        if succeeded:
            calls.succeeded += 1
        else:
            calls.failed += 1
        if not succeeded or pool in self._chances:
            self._note(pool, calls)

    def _note(self, pool: str, calls: _Calls) -> None:
        chance = calls.chance()
        chances = {**self._chances, pool: chance}
        if not chance.shortfall:
            del chances[pool]
        self._chances = chances
        self._tell(pool, calls, chance)

    def _refresh(self) -> None:
        self._refreshed_at = now = self._clock()
        chances = {}
        for pool in self._chances:
            calls = self._calls[pool]
            calls.age(now)
            chance = calls.chance()
            self._tell(pool, calls, chance)
            if chance.shortfall > FORGOTTEN:
                chances[pool] = chance
        self._chances = chances

    def _tell(self, pool: str, calls: _Calls, chance: Chance) -> None:
        if chance.mean < UNRELIABLE and chance.calls >= FEWEST_LOGGED and not calls.logged:
            calls.logged = True
            log.warning("target unreliable", target=pool, calls=round(chance.calls), failed=round(chance.failed))
        elif chance.mean > RELIABLE and calls.logged:
            calls.logged = False
            log.warning("target reliable again", target=pool, calls=round(chance.calls), failed=round(chance.failed))
