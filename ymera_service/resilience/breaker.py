"""Circuit breakers: what keeps failing is left alone for a while, then tried with a counted few calls.

closed ── failures ──▶ open ── time ──▶ half open ── success ──▶ closed
                        ▲                   │
                        └───── failure ─────┘   (twice as long each time)

Two things open a breaker: failures in a row of kinds that last, such as a refused connection, or a large
share of the latest calls. A target that answers now and then stays closed, as another try is worth its
price. A target has three breakers: its own, its account's and its endpoint's. The scope of an error says
which one it counts against; a success counts for all three. Only domains that failed within their latest
calls are held, so that a healthy target costs a look-up and memory stays bounded.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import structlog

from ymera_service.config import BreakerSettings
from ymera_service.sdk.errors import ProviderError
from ymera_service.sdk.targets import Scope, Target

log = structlog.get_logger(__name__)


class BreakerState(StrEnum):
    """Whether calls pass."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class BreakerReport:
    """A breaker that is not closed. `retry_after` is in seconds, 0 unless it is open."""

    domain: str
    scope: Scope
    state: BreakerState
    retry_after: float
    last_error: str


class Breaker:
    """The breaker of one domain."""

    __slots__ = (
        "_clock",
        "_in_a_row",
        "_open_seconds",
        "_opened_until",
        "_probes",
        "_recent",
        "_settings",
        "last_error",
        "scope",
    )

    def __init__(self, scope: Scope, settings: BreakerSettings, clock: Callable[[], float]) -> None:
        self.scope = scope
        self.last_error = ""
        self._settings = settings
        self._clock = clock
        self._in_a_row = 0
        """Lasting failures since the latest success."""
        self._recent = 0
        """The latest calls, a bit for each: 1 where it failed. Those before the first failure had succeeded."""
        self._probes = 0
        self._open_seconds = 0.0
        self._opened_until = 0.0

    @property
    def state(self) -> BreakerState:
        """The present state; time alone turns open into half open."""
        if not self._open_seconds:
            return BreakerState.CLOSED
        return BreakerState.OPEN if self._clock() < self._opened_until else BreakerState.HALF_OPEN

    @property
    def retry_after(self) -> float:
        """Seconds until calls are tried again; 0 unless open."""
        return max(0.0, self._opened_until - self._clock()) if self._open_seconds else 0.0

    @property
    def accepts(self) -> bool:
        """Whether a call may be made now."""
        state = self.state
        if state is BreakerState.HALF_OPEN:
            return self._probes < self._settings.half_open_calls
        return state is BreakerState.CLOSED

    def begin_probe(self) -> bool:
        """Counts a call that is about to be made; tells whether it is a probe, whose verdict `end_probe` takes."""
        if not self._open_seconds:
            return False
        self._probes += 1
        return True

    def end_probe(self) -> None:
        """A probe is over."""
        self._probes = max(0, self._probes - 1)

    @property
    def failing_share(self) -> float:
        """The share of the latest calls that failed; 1 after lasting failures in a row."""
        if self._in_a_row >= self._settings.failures:
            return 1.0
        return self._recent.bit_count() / self._settings.window

    def succeed(self) -> bool:
        """Counts a success while closed and tells whether no failure is left among the latest calls."""
        self._in_a_row = 0
        self._push(failed=False)
        return not self._recent

    def fail(self, error: ProviderError) -> bool:
        """Counts a failure and tells whether it opened the breaker."""
        self.last_error = error.message
        self._in_a_row += error.lasting
        self._push(failed=True)
        state = self.state
        if state is BreakerState.HALF_OPEN:
            self._open(self._open_seconds * 2)
        elif state is BreakerState.CLOSED and self.failing_share >= self._settings.failure_share:
            self._open(self._settings.open_seconds)
        else:
            return False
        return True

    def _push(self, *, failed: bool) -> None:
        self._recent = (self._recent << 1 | failed) & ((1 << self._settings.window) - 1)

    def _open(self, seconds: float) -> None:
        self._open_seconds = min(seconds, self._settings.max_open_seconds)
        self._opened_until = self._clock() + self._open_seconds


class Permit:
    """Leave to make one call of a target; ends in exactly one of its verdicts.

    A call that began before a breaker opened says nothing about the recovery, so only probes are heard
    while a breaker is not closed.
    """

    __slots__ = ("_breakers", "_probed", "_target")

    def __init__(self, breakers: "Breakers", target: Target, probed: tuple[str, ...]) -> None:
        self._breakers = breakers
        self._target = target
        self._probed = probed

    def succeeded(self) -> None:
        """The target answered."""
        self._breakers.settle_success(self._target, self._probed)

    def failed(self, error: ProviderError) -> None:
        """The call failed; the error says whether and where that counts."""
        self._breakers.settle_failure(self._target, self._probed, error)

    def released(self) -> None:
        """The call ended without a verdict, as when the caller went away."""
        self._breakers.release(self._probed)


class Breakers:
    """The breakers of all domains. `clock` is monotonic."""

    def __init__(self, settings: BreakerSettings, clock: Callable[[], float]) -> None:
        self._settings = settings
        self._clock = clock
        self._breakers: dict[str, Breaker] = {}

    def try_acquire(self, target: Target) -> Permit | None:
        """Asks to call a target; returns None if it may not be called now."""
        if not self._breakers:
            return Permit(self, target, ())
        return self.acquire_anyway(target) if self.accepts(target) else None

    def acquire_anyway(self, target: Target) -> Permit:
        """Returns leave to call a target whatever its breakers say; where they are open, the call is a probe."""
        return Permit(
            self, target, tuple([domain for domain, breaker in self._involved(target) if breaker.begin_probe()])
        )

    def accepts(self, target: Target) -> bool:
        """Tells whether a target may be called now."""
        return not self._breakers or all(breaker.accepts for _, breaker in self._involved(target))

    def failing_share(self, target: Target) -> float:
        """Returns the share of the latest calls that failed, of the worst of a target's domains."""
        return max((breaker.failing_share for _, breaker in self._involved(target)), default=0.0)

    def _involved(self, target: Target) -> Sequence[tuple[str, Breaker]]:
        return [(domain, found) for domain in target.domains if (found := self._breakers.get(domain))]

    def open_domains(self) -> Mapping[str, float]:
        """Returns the domains whose breaker is open, with the seconds until calls are tried again."""
        if not self._breakers:
            return {}
        return {
            domain: breaker.retry_after
            for domain, breaker in self._breakers.items()
            if breaker.state is BreakerState.OPEN
        }

    def report(self) -> Sequence[BreakerReport]:
        """Returns the breakers that are not closed, in the order of their domains."""
        return [
            BreakerReport(domain, breaker.scope, breaker.state, breaker.retry_after, breaker.last_error)
            for domain, breaker in sorted(self._breakers.items())
            if breaker.state is not BreakerState.CLOSED
        ]

    def settle_success(self, target: Target, probed: Sequence[str]) -> None:
        """For `Permit`: closes the breakers that the call probed, and forgets failures of the others."""
        if not self._breakers:
            return
        for domain in target.domains:
            breaker = self._breakers.get(domain)
            if breaker is None:
                continue
            if domain in probed:
                log.warning("breaker closed", domain=domain)
            elif breaker.state is not BreakerState.CLOSED or not breaker.succeed():
                continue
            del self._breakers[domain]

    def settle_failure(self, target: Target, probed: Sequence[str], error: ProviderError) -> None:
        """For `Permit`: counts a failure in the domain that the error names."""
        self.release(probed)
        if not error.trips_breaker:
            return
        domain = target.domain(error.scope)
        breaker = self._breakers.get(domain)
        if breaker is None:
            breaker = self._breakers[domain] = Breaker(error.scope, self._settings, self._clock)
        elif breaker.state is not BreakerState.CLOSED and domain not in probed:
            return
        if breaker.fail(error):
            log.warning(
                "breaker opened",
                domain=domain,
                retry_after=breaker.retry_after,
                reason=error.reason,
                error=error.message,
            )

    def release(self, probed: Sequence[str]) -> None:
        """For `Permit`: ends the probes of a call that gave no verdict on them."""
        for domain in probed:
            if breaker := self._breakers.get(domain):
                breaker.end_probe()
