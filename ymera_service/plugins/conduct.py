"""What plugins did at run time that they must not do: counted per plugin, and shown in Health."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

log = structlog.get_logger(__name__)

OWN = "ymera"
"""What the server's code is counted under. It holds the loop at the start, while modules are imported."""
RECENT_SECONDS = 300.0
"""How long a plugin counts as misbehaving after it last did."""
LOG_SECONDS = 60.0
"""The same plugin and function is logged once in this time; it is counted each time."""


@dataclass(slots=True)
class _Record:
    held: int = 0
    longest: float = 0.0
    held_in: str = ""
    given_up: int = 0
    given_up_in: str = ""
    last: float = 0.0

    def __str__(self) -> str:
        parts: list[str] = []
        if self.held:
            parts.append(
                f"times it held the event loop: {self.held}, up to {self.longest:.2g} s, last in {self.held_in}"
            )
        if self.given_up:
            parts.append(f"calls that ignored their cancellation: {self.given_up}, the last one in {self.given_up_in}")
        return "; ".join(parts)


@dataclass(slots=True)
class Conduct:
    """Counts what plugins did. `clock` is monotonic, in seconds. The watchdog's thread and the loop both use it."""

    clock: Callable[[], float] = time.monotonic
    _records: dict[str, _Record] = field(default_factory=dict)
    _logged: dict[tuple[str, str], float] = field(default_factory=dict)

    def held(self, plugin: str, where: str, seconds: float, *, begins: bool = True) -> None:
        """Counts that a plugin's function held the event loop; without `begins` only notes that it still does."""
        record = self._record(plugin)
        record.held += begins
        record.longest = max(record.longest, seconds)
        record.held_in = where
        if begins and self._is_new(plugin, where):
            write = log.info if plugin == OWN else log.error
            write("event loop held", plugin=plugin, function=where, seconds=round(seconds, 3))

    def given_up(self, plugin: str, where: str) -> None:
        """Counts a call that did not end when it was cancelled."""
        record = self._record(plugin)
        record.given_up += 1
        record.given_up_in = where
        if self._is_new(plugin, where):
            log.error("call given up, as it ignores its cancellation", plugin=plugin, function=where)

    def of(self, plugin: str) -> tuple[str, bool]:
        """Returns what a plugin did so far, in words, and whether that was recently."""
        record = self._records.get(plugin)
        if record is None:
            return "", False
        return str(record), self.clock() - record.last < RECENT_SECONDS

    def _record(self, plugin: str) -> _Record:
        record = self._records.setdefault(plugin, _Record())
        record.last = self.clock()
        return record

    def _is_new(self, plugin: str, where: str) -> bool:
        now, key = self.clock(), (plugin, where)
        if now - self._logged.get(key, -LOG_SECONDS) < LOG_SECONDS:
            return False
        if len(self._logged) > 1000:
            self._logged.clear()
        self._logged[key] = now
        return True
