"""The time that a request spends in each phase."""

from enum import StrEnum


class Phase(StrEnum):
    """The phases of a request, in order."""

    CHECK = "check"
    ROUTE = "route"
    QUEUE = "queue"
    CONNECT = "connect"
    FIRST_TOKEN = "first_token"  # noqa: S105  # a phase, not a secret
    STREAM = "stream"
    RECORD = "record"

    # Enum's hash is slow Python code, and phases are looked up a dozen times per request.
    __hash__ = str.__hash__


_ORDER = tuple((phase, phase.value) for phase in Phase)


class Timings:
    """Collects seconds per phase; the times of a repeated phase are added."""

    __slots__ = ("_seconds",)

    def __init__(self) -> None:
        self._seconds: dict[Phase, float] = {}

    def add(self, phase: Phase, seconds: float) -> None:
        """Adds seconds to a phase."""
        self._seconds[phase] = self._seconds.get(phase, 0.0) + seconds

    def header(self) -> str:
        """Returns the milliseconds per phase in the form of a Server-Timing header."""
        seconds = self._seconds
        return ", ".join([f"{name};dur={seconds[phase] * 1000:.3f}" for phase, name in _ORDER if phase in seconds])

    def milliseconds(self) -> dict[str, float]:
        """Returns the milliseconds per phase, for a log line."""
        seconds = self._seconds
        return {name: round(seconds[phase] * 1000, 3) for phase, name in _ORDER if phase in seconds}
