"""Reads, again and again, what servers on the same database have added to a table since the last reading."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

LATE = timedelta(seconds=10)
"""How far behind a server's rows may be stored, and its clock; each reading goes back this far."""
LATEST = timedelta(minutes=10)
"""The same for the readings that go back further now and then."""
FAR_READINGS = 300
"""One in this many readings goes back further."""


def utc_now() -> datetime:
    """Returns the present time."""
    return datetime.now(UTC)


class LogReading:
    """Since when there may be rows that were not read yet. Some are read several times, as rows may be stored late."""

    def __init__(self, now: Callable[[], datetime] = utc_now) -> None:
        self._now = now
        self._read_at: datetime | None = None
        self._readings = 0

    @property
    def is_first(self) -> bool:
        """Whether nothing was read yet."""
        return self._read_at is None

    @contextmanager
    def since(self) -> Iterator[datetime | None]:
        """Yields since when to read; None the first time. What raises within it was not a reading."""
        began = self._now()
        back = LATEST if self._readings % FAR_READINGS == FAR_READINGS - 1 else LATE
        yield None if self._read_at is None else self._read_at - back
        self._read_at, self._readings = began, self._readings + 1
