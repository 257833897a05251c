"""A token bucket, which bounds how often something is done."""

from collections.abc import Callable
from time import monotonic_ns

MINUTE = 60 * 10**9
"""Nanoseconds."""


class Bucket:
    """Holds as many tokens as may be taken in a minute, is full at first, and gets new ones evenly.

    So that many may be taken at once, and up to twice as many in the minute after a pause; then as many in each
    minute. Whole nanoseconds are counted: nothing is lost to rounding, however often a token is taken.
    """

    def __init__(self, per_minute: int, clock: Callable[[], int] = monotonic_ns) -> None:
        """Takes the size, from 1 to 1,000,000, and a clock that returns nanoseconds."""
        self._interval = MINUTE // per_minute
        self._size = per_minute * self._interval
        self._clock = clock
        self._full_at = clock()
        """When all tokens are back: all that the bucket has to remember."""

    def take(self) -> int:
        """Takes a token and returns 0; if none is left, returns the nanoseconds until the next one."""
        now = self._clock()
        full_at = max(self._full_at, now) + self._interval
        if (wait := full_at - now - self._size) > 0:
            return wait
        self._full_at = full_at
        return 0
