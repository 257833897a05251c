"""Where a request's time went, phase by phase."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from time import perf_counter


class Phase(StrEnum):
    """The phases of a request, in the order in which they are passed."""

    QUEUE = "queue"
    ADMIT = "admit"
    GUARDS = "guards"
    ROUTE = "route"
    CONNECT = "connect"
    FIRST_TOKEN = "first_token"  # noqa: S105  # no secret, a phase
    STREAM = "stream"
    RECORD = "record"


class Timings:
    """Collects seconds per phase; a phase entered twice adds up."""

    __slots__ = ("_seconds",)

    def __init__(self) -> None:
        self._seconds: dict[Phase, float] = {}

    def add(self, phase: Phase, seconds: float) -> None:
        """Adds to a phase."""
        self._seconds[phase] = self._seconds.get(phase, 0.0) + seconds

    @contextmanager
    def phase(self, phase: Phase) -> Iterator[None]:
        """Adds the time that the block takes."""
        start = perf_counter()
        try:
            yield
        finally:
            self.add(phase, perf_counter() - start)

    def header(self) -> str:
        """Returns the phases passed, in milliseconds, in the form of a Server-Timing header."""
        return ", ".join(f"{phase};dur={self._seconds[phase] * 1000:.3f}" for phase in Phase if phase in self._seconds)
