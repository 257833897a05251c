"""Circuit breakers: a model that keeps failing is left alone for a while, then tried with a counted few.

closed ── failures in a row ──▶ open ── time ──▶ half open ── success ──▶ closed
                                 ▲                   │
                                 └───── failure ─────┘   (twice as long each time)
"""

from collections.abc import Callable
from enum import StrEnum

from ymera_service.config import BreakerSettings


class BreakerState(StrEnum):
    """Whether calls pass."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Permit:
    """Leave to make one call; ends in exactly one of its verdicts.

    A call that began before the breaker opened says nothing about the model's recovery, so only probes
    are heard while the breaker is not closed.
    """

    __slots__ = ("_breaker", "_probe")

    def __init__(self, breaker: "Breaker", *, probe: bool) -> None:
        self._breaker = breaker
        self._probe = probe

    def succeeded(self) -> None:
        """The call succeeded: the model works."""
        self._breaker.settle(probe=self._probe, failed=False)

    def failed(self) -> None:
        """The call failed in a way that counts."""
        self._breaker.settle(probe=self._probe, failed=True)

    def released(self) -> None:
        """The call ended without a verdict, as when the caller went away."""
        self._breaker.settle(probe=self._probe, failed=None)


class Breaker:
    """The breaker of one model."""

    __slots__ = ("_clock", "_failures", "_open_seconds", "_opened_until", "_probes", "_settings")

    def __init__(self, settings: BreakerSettings, clock: Callable[[], float]) -> None:
        self._settings = settings
        self._clock = clock
        self._failures = 0
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

    def try_acquire(self) -> Permit | None:
        """Asks to make a call; `None` where it may not be made now."""
        state = self.state
        if state is BreakerState.CLOSED:
            return Permit(self, probe=False)
        if state is BreakerState.OPEN or self._probes >= self._settings.half_open_calls:
            return None
        self._probes += 1
        return Permit(self, probe=True)

    def settle(self, *, probe: bool, failed: bool | None) -> None:
        """Takes the verdict of a call; `None` is none. For `Permit`."""
        if probe:
            self._probes -= 1
        elif self._open_seconds:
            return
        if failed:
            self._failed()
        elif failed is False:
            self._failures = 0
            self._open_seconds = 0.0

    def _failed(self) -> None:
        self._failures += 1
        if self._open_seconds:
            self._open(self._open_seconds * 2)
        elif self._failures >= self._settings.failures:
            self._open(self._settings.open_seconds)

    def _open(self, seconds: float) -> None:
        self._open_seconds = min(seconds, self._settings.max_open_seconds)
        self._opened_until = self._clock() + self._open_seconds


class Breakers:
    """One breaker per model id, made when first asked for."""

    def __init__(self, settings: BreakerSettings, clock: Callable[[], float]) -> None:
        self._settings = settings
        self._clock = clock
        self._breakers: dict[str, Breaker] = {}

    def of(self, model: str) -> Breaker:
        """Returns the breaker of a model."""
        breaker = self._breakers.get(model)
        if breaker is None:
            breaker = self._breakers[model] = Breaker(self._settings, self._clock)
        return breaker
