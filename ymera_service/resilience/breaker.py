"""Circuit breakers: what fails most of its calls is called after everything else, and tried with a counted few.

closed ── failures ──▶ open ── time ──▶ half open ── most probes answer ──▶ closed
                        ▲                   │
                        └── probes fail ────┘   (twice as long each time, with jitter)

Two things open a breaker: failures in a row of kinds that last, such as a refused connection, or a large
share of the latest calls. Open does not mean useless: where nothing better is left, an open target is called
like any other unless it is hopeless, which takes far more failures. A target has breakers of its own, its model's
at the endpoint, its account's and its endpoint's. The scope of an error says which one it counts against; a success
counts for all. Only domains that failed within their latest calls are held, so that a healthy target costs a
look-up and memory stays bounded.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

import structlog

from ymera_service.config import BalancingSettings, BreakerSettings
from ymera_service.resilience.loads import Loads
from ymera_service.resilience.network import Network
from ymera_service.resilience.pauses import Pauses
from ymera_service.resilience.permit import Permit
from ymera_service.resilience.reliability import Reliability
from ymera_service.sdk.errors import ProviderError
from ymera_service.sdk.targets import Scope, Target, is_of_account

log = structlog.get_logger(__name__)


class BreakerState(StrEnum):
    """Whether calls pass."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class BreakerReport:
    """A breaker that is not closed.

    `retry_after` is in seconds, 0 unless it is open. `idle` is for how many seconds nothing was called though a probe
    could have been, 0 while one is under way.
    """

    domain: str
    scope: Scope
    state: BreakerState
    retry_after: float
    last_error: str
    idle: float = 0.0

    @property
    def is_idle(self) -> bool:
        """Whether its failures are too long ago, without a call since, to say how it is now."""
        return self.idle >= IDLE_SECONDS


HOPELESS_CALLS = 200
"""So many failures in a row mean that a target does not answer at all: of one that answers 5 % of its calls, one run of
this many calls in 28,000 fails throughout (0.95²⁰⁰)."""
HOPELESS_ROWS = 4
"""Lasting failures in a row mean the same when there are this many times as many as open the breaker: connections that
break half of the time fail five times in a row every minute or two."""
IDLE_SECONDS = 60.0
"""Half open for this long without a call, a breaker goes on letting probes through one at a time, and earlier probes
do not count any more."""
JITTER = 0.25
"""The share by which a breaker may open for less than its time, so that those that opened together do not probe
together."""


_ALL_FAILED = (1 << HOPELESS_CALLS) - 1


class Breaker:
    """The breaker of one domain. Calls made after it opened are probes."""

    __slots__ = (
        "_called_at",
        "_clock",
        "_draw",
        "_in_a_row",
        "_open_seconds",
        "_opened_until",
        "_probes_answered",
        "_probes_failed",
        "_probes_under_way",
        "_recent",
        "_settings",
        "last_error",
        "scope",
    )

    def __init__(
        self, scope: Scope, settings: BreakerSettings, clock: Callable[[], float], draw: random.Random
    ) -> None:
        self.scope = scope
        self.last_error = ""
        self._settings = settings
        self._clock = clock
        self._draw = draw
        self._in_a_row = 0
        """Lasting failures since the latest success."""
        self._recent = 0
        """The latest calls, a bit for each: 1 where it failed. Those before the first failure had succeeded."""
        self._probes_under_way = 0
        self._probes_answered = 0
        self._probes_failed = 0
        self._open_seconds = 0.0
        self._opened_until = 0.0
        self._called_at = 0.0
        """When the latest probe began or ended."""

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
        """Whether a call may be made now. Probes go one at a time until one answers: a call may hang."""
        state = self.state
        if state is BreakerState.HALF_OPEN:
            most = min(1 + self._probes_answered, self._settings.half_open_calls - self._probes_settled)
            return self._probes_under_way < most
        return state is BreakerState.CLOSED

    @property
    def _probes_settled(self) -> int:
        return self._probes_answered + self._probes_failed

    @property
    def failing_share(self) -> float:
        """The share of the window that failed; 1 after lasting failures in a row."""
        if self._in_a_row >= self._settings.failures:
            return 1.0
        return (self._recent & ((1 << self._settings.window) - 1)).bit_count() / self._settings.window

    @property
    def is_hopeless(self) -> bool:
        """Whether another call is not worth its price: every one of the latest calls failed."""
        return self._in_a_row >= HOPELESS_ROWS * self._settings.failures or self._recent == _ALL_FAILED

    @property
    def idle(self) -> float:
        """Seconds in which no probe was made that could have been; 0 unless half open, and while one is under way."""
        if self.state is not BreakerState.HALF_OPEN or self._probes_under_way:
            return 0.0
        return self._clock() - max(self._opened_until, self._called_at)

    def begin_probe(self) -> bool:
        """Counts a call that is about to be made; returns whether it is a probe, which `end_probe` ends."""
        if not self._open_seconds:
            return False
        if self.idle >= IDLE_SECONDS:
            self._probes_answered = self._probes_failed = 0
        self._probes_under_way += 1
        self._called_at = self._clock()
        return True

    def end_probe(self) -> None:
        """A probe is over; its verdict, if there is one, follows."""
        self._probes_under_way = max(0, self._probes_under_way - 1)
        self._called_at = self._clock()

    @property
    def is_spotless(self) -> bool:
        """Whether there is nothing to remember: it is closed, and none of its latest calls failed."""
        return not self._open_seconds and not self._recent

    def succeed(self) -> None:
        """Counts a success of a call or, unless closed, of a probe."""
        self._in_a_row = 0
        self._push(failed=False)
        if self._open_seconds:
            self._probes_answered += 1
            self._weigh()

    def fail(self, error: ProviderError) -> None:
        """Counts a failure of a call or, unless closed, of a probe; a key that is refused or spent rests at once."""
        self.last_error = error.message
        self._in_a_row += error.lasting
        self._push(failed=True)
        if self._open_seconds:
            self._probes_failed += 1
            self._weigh(at_once=error.lasting)
        elif self.failing_share >= self._settings.failure_share or (error.lasting and self.scope is Scope.ACCOUNT):
            self._open(self._settings.open_seconds)

    def _weigh(self, *, at_once: bool = False) -> None:
        """Closes or opens it if there are enough probes, or if one failed for a reason that lasts."""
        if self._probes_settled < self._settings.half_open_calls and not at_once:
            return
        if not at_once and self._probes_failed < self._probes_settled * self._settings.failure_share:
            self._in_a_row = self._recent = 0
            self._open_seconds = 0.0
        elif self.state is BreakerState.HALF_OPEN:
            self._open(self._open_seconds * 2)
        else:  # calls made while it is open may close it sooner, and don't keep it open for longer
            self._probes_answered = self._probes_failed = 0

    def _push(self, *, failed: bool) -> None:
        self._recent = (self._recent << 1 | failed) & _ALL_FAILED

    def _open(self, seconds: float) -> None:
        self._open_seconds = min(seconds, self._settings.max_open_seconds)
        self._opened_until = self._clock() + self._open_seconds * (1 - JITTER * self._draw.random())
        self._probes_answered = self._probes_failed = 0


class Breakers:
    """What is known of failures: breakers, pauses, reliability, the machine's network. `loads` knows of all calls."""

    def __init__(
        self,
        settings: BreakerSettings,
        clock: Callable[[], float],
        draw: random.Random | None = None,
        loads: Loads | None = None,
    ) -> None:
        """Takes a monotonic clock, what draws the jitter, and what is notified of all calls."""
        self.pauses = Pauses(settings.max_pause_seconds, clock)
        self.loads = loads or Loads(BalancingSettings(), clock)
        self.network, self.reliability = Network(), Reliability(clock)
        self._settings = settings
        self._clock = clock
        self._draw = draw or random.Random()  # noqa: S311  # jitter
        self._breakers: dict[str, Breaker] = {}
        self._tripped: dict[str, Breaker] = {}
        """Those that are not closed; looking at them alone keeps a request cheap where many targets failed once."""

    def acquire(self, target: Target) -> Permit:
        """Returns leave to call a target. Where it is open, the call is a probe; `accepts` says if one is wanted."""
        self.loads.began(target)
        if not self._tripped:
            return Permit(self, target, ())
        return Permit(
            self,
            target,
            tuple([domain for domain, breaker in _involved(self._tripped, target) if breaker.begin_probe()]),
        )

    @property
    def all_well(self) -> bool:
        """Whether no breaker is open and nothing is paused."""
        return not self._tripped and not self.pauses.domains()

    def accepts(self, target: Target) -> bool:
        """Returns whether a target may be called now."""
        return not self._tripped or all(breaker.accepts for _, breaker in _involved(self._tripped, target))

    def failing_share(self, target: Target) -> float:
        """Returns the share of the latest calls that failed, of the worst of a target's domains."""
        return max((breaker.failing_share for _, breaker in _involved(self._breakers, target)), default=0.0)

    def is_hopeless(self, target: Target) -> bool:
        """Returns whether another call is not worth its price, as every one of the latest calls failed."""
        return any(breaker.is_hopeless for _, breaker in _involved(self._tripped, target))

    def open_domains(self) -> Mapping[str, float]:
        """Returns the domains whose breaker is open, with the seconds until calls are tried again."""
        if not self._tripped:
            return {}
        return {
            domain: breaker.retry_after
            for domain, breaker in self._tripped.items()
            if breaker.state is BreakerState.OPEN
        }

    def hopeless_domains(self) -> Mapping[str, float]:
        """Returns the open domains of which none of the latest calls succeeded; others may well answer."""
        if not self._tripped:
            return {}
        return {domain: wait for domain, wait in self.open_domains().items() if self._tripped[domain].is_hopeless}

    def report(self) -> Sequence[BreakerReport]:
        """Returns the breakers that are not closed, in the order of their domains."""
        return [
            BreakerReport(domain, breaker.scope, breaker.state, breaker.retry_after, breaker.last_error, breaker.idle)
            for domain, breaker in sorted(self._tripped.items())
        ]

    def settle_success(self, target: Target, probed: Sequence[str]) -> None:
        """For `Permit`: counts a success in all of a target's domains, in those not closed if it was a probe."""
        self.network.works()
        self.reliability.succeeded(target)
        if not self._breakers:
            return
        self.release(probed)
        for domain, breaker in _involved(self._breakers, target):
            if domain in probed or domain not in self._tripped:
                breaker.succeed()
                self._note(domain, breaker)

    def settle_failure(self, target: Target, probed: Sequence[str], error: ProviderError) -> None:
        """For `Permit`: counts a failure in the domain that the error names, and takes the pause that it asks for."""
        self.release(probed)
        if pause := self.pauses.observe(target, error):
            self.loads.paused(target, error, pause)
        if self._is_local(error):
            return
        if not _involved(self._tripped, target):  # a breaker that is not closed judges alone
            self.reliability.failed(target, error)
        if not error.trips_breaker:
            return
        self.loads.failed(target, error)
        domain = target.domain(error.scope)
        breaker = self._breakers.get(domain)
        if breaker is None:
            scope = Scope.ENDPOINT if error.scope is Scope.NETWORK else error.scope
            breaker = self._breakers[domain] = Breaker(scope, self._settings, self._clock, self._draw)
        elif domain in self._tripped and domain not in probed:
            return
        breaker.fail(error)
        self._note(domain, breaker)

    def _note(self, domain: str, breaker: Breaker) -> None:
        """Takes a change of state, which is logged once and not again after each probe that fails."""
        tripped, closed = domain in self._tripped, breaker.state is BreakerState.CLOSED
        if tripped and closed:
            del self._tripped[domain]
            log.warning("breaker closed", domain=domain)
        elif not tripped and not closed:
            self._tripped[domain] = breaker
            self.reliability.breaker_opened(domain)
            wait, error = breaker.retry_after, breaker.last_error
            log.warning("breaker opened", domain=domain, retry_after=wait, error=error)
        if breaker.is_spotless:
            del self._breakers[domain]

    def _is_local(self, error: ProviderError) -> bool:
        """Returns whether a failure is held against this machine's network; a response shows that it works."""
        if error.scope is Scope.NETWORK:
            return self.network.fails(error)
        if error.status is not None:
            self.network.works()
        return False

    def forget(self, provider: str, account: str) -> None:
        """Forgets the failures and pauses of an account, whose key is another one now."""
        for domain in filter(of := partial(is_of_account, provider, account), tuple(self._breakers)):
            self._tripped.pop(domain, self._breakers.pop(domain))
        self.pauses.forget(of)

    def release(self, probed: Sequence[str]) -> None:
        """For `Permit`: ends the probes of a call that gave no verdict on them."""
        for domain in probed:
            if breaker := self._tripped.get(domain):
                breaker.end_probe()


def _involved(breakers: Mapping[str, Breaker], target: Target) -> Sequence[tuple[str, Breaker]]:
    return [(domain, found) for domain in target.domains if (found := breakers.get(domain))]
