"""Pauses: what a provider asked for with a rate limit or `retry-after` holds for every request, not for one.

A pause is not a fault: it opens no breaker, and ends by time alone. It affects what the scope of the error says:
the target, or all targets of its account or endpoint.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import inf

import structlog

from ymera_service.sdk.errors import ProviderError, RateLimited
from ymera_service.sdk.targets import Scope, Target

log = structlog.get_logger(__name__)

UNSTATED_SECONDS = 1.0
"""How long a rate limit pauses a target if it does not say when to try again."""


@dataclass(frozen=True, slots=True)
class PauseReport:
    """What is not called for `retry_after` seconds more, and the provider's message."""

    domain: str
    scope: Scope
    retry_after: float
    reason: str


@dataclass(frozen=True, slots=True)
class _Pause:
    scope: Scope
    until: float
    reason: str


_NONE = _Pause(Scope.TARGET, -inf, "")


class Pauses:
    """The domains that are paused. `clock` is monotonic, in seconds."""

    def __init__(self, max_seconds: float, clock: Callable[[], float]) -> None:
        self._max_seconds = max_seconds
        self._clock = clock
        self._pauses: dict[str, _Pause] = {}

    def observe(self, target: Target, error: ProviderError) -> float:
        """Pauses what a failure affects, if its provider asked for time; a pause is never shortened.

        Returns the seconds for which it asked, 0 if it did not.
        """
        seconds = error.retry_after
        if seconds is None:
            seconds = UNSTATED_SECONDS if isinstance(error, RateLimited) else 0.0
        if not seconds:
            return 0.0
        seconds = min(seconds, self._max_seconds)
        domain, now = target.domain(error.scope), self._clock()
        pause = _Pause(error.scope, now + seconds, error.message)
        known = self._pauses.get(domain, _NONE)
        if known.until <= now:
            log.warning("target paused", domain=domain, seconds=pause.until - now, error=error.message)
        if known.until < pause.until:
            self._pauses[domain] = pause
        return seconds

    def remaining(self, target: Target) -> float:
        """Returns the seconds until a target may be called; 0 if it is not paused."""
        if not self._pauses:
            return 0.0
        until = max([self._pauses.get(domain, _NONE).until for domain in target.domains])
        return max(0.0, until - self._clock())

    def domains(self) -> Mapping[str, float]:
        """Returns the paused domains, with the seconds until each may be called."""
        if not self._pauses:
            return {}
        now = self._clock()
        domains = {domain: left for domain, pause in self._pauses.items() if (left := pause.until - now) > 0}
        if len(domains) < len(self._pauses):
            self._pauses = {domain: self._pauses[domain] for domain in domains}
        return domains

    def forget(self, of: Callable[[str], bool]) -> None:
        """Ends the pauses of the domains that a function names."""
        self._pauses = {domain: pause for domain, pause in self._pauses.items() if not of(domain)}

    def report(self) -> Sequence[PauseReport]:
        """Returns the pauses, in the order of their domains."""
        return [
            PauseReport(domain, self._pauses[domain].scope, seconds, self._pauses[domain].reason)
            for domain, seconds in sorted(self.domains().items())
        ]
