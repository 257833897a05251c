"""How fast targets are: a time to the first token and then a time per token.

Both are moving averages of the calls made. Until there is one they come from the median time of the model's
benchmark tasks.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, nan

import numpy as np

from ymera_service.routing.columns import Floats, Mask, frozen
from ymera_service.sdk.generation import MAX_TOKENS
from ymera_service.sdk.targets import Target
from ymera_service.storage.records import BenchmarkSummary

MOVING = 0.2
"""The share of the latest call in a moving average: the memory is about the last ten calls."""
BENCHMARK_ANSWER_TOKENS = 200
"""Taken as the length of a benchmark's answer, as the summary holds only its time."""
FIRST_TOKEN_SHARE = 0.25
"""Taken as the first token's share of the time, where only the whole is known."""
LONGEST = 24 * 3600.0
"""Seconds. A call that took longer is a fault of measurement."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a target is, in seconds to the first token and seconds per token after it."""

    first_token: float
    per_token: float

    def latency(self, output_tokens: int) -> float:
        """Returns the seconds that an answer is expected to take."""
        return self.first_token + self.per_token * output_tokens

    def moved_towards(self, latest: "Pace") -> "Pace":
        """Returns the moving average with one more call."""
        first = self.first_token + MOVING * (latest.first_token - self.first_token)
        return Pace(first, self.per_token + MOVING * (latest.per_token - self.per_token))


def pace_of_call(
    known: Pace | None, *, output_tokens: int, time_to_first_token: float | None, duration: float
) -> Pace | None:
    """Returns the pace of one call; `None` where its figures say nothing or can't be true."""
    first = time_to_first_token
    if not (0 < output_tokens <= MAX_TOKENS and 0 <= duration <= LONGEST):
        return None
    if first is None:
        first = min(known.first_token if known else duration * FIRST_TOKEN_SHARE, duration)
    if not 0 <= first <= duration:
        return None
    return Pace(first, (duration - first) / output_tokens)


def pace_of_benchmarks(summaries: Iterable[BenchmarkSummary]) -> Pace | None:
    """Returns the pace that the median times of benchmark tasks suggest; `None` where none has a time."""
    timed = [(each.median_duration, each.tasks) for each in summaries if _is_credible(each.median_duration)]
    if not timed:
        return None
    usual = sum(seconds * tasks for seconds, tasks in timed) / sum(tasks for _, tasks in timed)
    first = usual * FIRST_TOKEN_SHARE
    return Pace(first, (usual - first) / BENCHMARK_ANSWER_TOKENS)


@dataclass(frozen=True, slots=True, eq=False)
class Paces:
    """The paces of some targets in columns, as a value that never changes.

    Attributes:
        targets: A row for each.
        rows: Target id → row.
        first_token: In seconds; NaN where not yet measured.
        per_token: In seconds; NaN where not yet measured.
        unknown: Those not yet measured.
        any_unknown: There are some.
    """

    targets: Sequence[Target]
    rows: Mapping[str, int]
    first_token: Floats
    per_token: Floats
    unknown: Mask
    any_unknown: bool

    @classmethod
    def of(cls, targets: Sequence[Target], pace_of: Callable[[Target], Pace | None]) -> "Paces":
        """Returns the paces of targets, each asked for once."""
        paces = [pace_of(target) or _UNKNOWN for target in targets]
        rows = {target.id: row for row, target in enumerate(targets)}
        first = np.array([pace.first_token for pace in paces], np.float64)
        per_token = np.array([pace.per_token for pace in paces], np.float64)
        unknown = np.isnan(first)
        return cls(targets, rows, frozen(first), frozen(per_token), frozen(unknown), bool(unknown.any()))

    def latencies(self, output_tokens: int, out: Floats | None = None) -> Floats:
        """Returns the seconds that an answer is expected to take; NaN where not known."""
        latencies: Floats = np.multiply(self.per_token, output_tokens, out=out)
        latencies += self.first_token
        return latencies

    def latency(self, row: int, output_tokens: int) -> float | None:
        """Returns the same for one row; `None` where not known."""
        if self.unknown[row]:
            return None
        return float(self.first_token[row]) + float(self.per_token[row]) * output_tokens

    def replaced(self, target_id: str, pace: Pace) -> "Paces":
        """Returns a copy in which one target has another pace; itself where it has no such target."""
        row = self.rows.get(target_id)
        if row is None:
            return self
        first, per_token = self.first_token.copy(), self.per_token.copy()
        first[row], per_token[row] = pace.first_token, pace.per_token
        unknown = np.isnan(first) if self.unknown[row] else self.unknown
        return Paces(self.targets, self.rows, frozen(first), frozen(per_token), frozen(unknown), bool(unknown.any()))


_UNKNOWN = Pace(nan, nan)


def _is_credible(seconds: float) -> bool:
    return isfinite(seconds) and 0 <= seconds <= LONGEST
