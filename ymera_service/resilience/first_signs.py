"""How long targets take to give a first sign or part of an answer: quantiles that cost a call next to nothing."""

from math import log2

LEAST_SECONDS = 0.001
PER_DOUBLING = 4
"""Buckets for each doubling of the time, so that a quantile is at most 19 % too high (2 to the 1/4)."""
BUCKETS = 80
"""The last one begins at 0.001 s × 2^(79/4), about 880 s."""
MEMORY = 400
"""At this many calls all counts are halved, so that the latest few hundred weigh most."""
ENOUGH = 30
"""Calls below which nothing is said of a target."""


class FirstSigns:
    """The times to the first sign, by pool."""

    def __init__(self) -> None:
        self._histograms: dict[str, _Histogram] = {}

    def observe(self, pool: str, seconds: float) -> None:
        """Takes a call. One that was given up counts with the time it was waited for: a target that has become
        slower is given more time, and one that hangs is what breakers are for."""
        histogram = self._histograms.get(pool)
        if histogram is None:
            histogram = self._histograms[pool] = _Histogram()
        histogram.add(seconds)

    def quantile(self, pool: str, share: float) -> float | None:
        """Returns the seconds within which a share of the calls gave a sign; None while too few are known."""
        histogram = self._histograms.get(pool)
        return histogram.quantile(share) if histogram is not None and histogram.total >= ENOUGH else None


class _Histogram:
    __slots__ = ("counts", "highest", "total")

    def __init__(self) -> None:
        self.counts = [0] * BUCKETS
        self.highest = 0
        """No bucket above it has a count; a high quantile is found a few steps below."""
        self.total = 0

    def add(self, seconds: float) -> None:
        bucket = min(int(log2(max(seconds, LEAST_SECONDS) / LEAST_SECONDS) * PER_DOUBLING), BUCKETS - 1)
        self.counts[bucket] += 1
        self.total += 1
        self.highest = max(self.highest, bucket)
        if self.total >= MEMORY:
            self.counts = [count // 2 for count in self.counts]
            self.total = sum(self.counts)
            self.highest = max(bucket for bucket, count in enumerate(self.counts) if count)

    def quantile(self, share: float) -> float:
        """Returns the upper end of the bucket that the quantile is in."""
        above, bucket = (1 - share) * self.total, self.highest + 1
        while above >= 0 and bucket:
            bucket -= 1
            above -= self.counts[bucket]
        return float(LEAST_SECONDS * 2 ** ((bucket + 1) / PER_DOUBLING))
