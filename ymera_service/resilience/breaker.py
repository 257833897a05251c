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


class Breaker:
    """The breaker of one model. Each `try_acquire` that is granted ends in one verdict."""

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

    def try_acquire(self) -> bool:
        """Asks to make a call. Granted, it must end in `succeeded`, `failed` or `released`."""
        state = self.state
        if state is BreakerState.OPEN:
            return False
        if state is BreakerState.HALF_OPEN and self._probes >= self._settings.half_open_calls:
            return False
        self._probes += 1
        return True

    def succeeded(self) -> None:
        """The call succeeded: the model works."""
        self._probes -= 1
        self._failures = 0
        self._open_seconds = 0.0

    def failed(self) -> None:
        """The call failed in a way that counts."""
        self._probes -= 1
        self._failures += 1
        state = self.state
        if state is BreakerState.HALF_OPEN:
            self._open(min(self._open_seconds * 2, self._settings.max_open_seconds))
        elif state is BreakerState.CLOSED and self._failures >= self._settings.failures:
            self._open(min(self._settings.open_seconds, self._settings.max_open_seconds))

    def released(self) -> None:
        """The call ended without a verdict, as when the caller went away."""
        self._probes -= 1

    def _open(self, seconds: float) -> None:
        self._open_seconds = seconds
        self._opened_until = self._clock() + seconds


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
