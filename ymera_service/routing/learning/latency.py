"""How fast targets are: a time to the first token and then a time per token.

Both are moving averages of the calls made. Until there is one they come from the median time of the model's
benchmark tasks.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isfinite, sqrt

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
INSTANT, ENDLESS = 0.25, 120.0
"""Seconds for a whole answer that count as 1 and as 0."""
NOT_MEASURED = sqrt(INSTANT * ENDLESS)
"""Stands in a column for seconds that are not known: they count as 0.5."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a target is, in seconds to the first token and seconds per token after it."""

    first_token: float
    per_token: float

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


class Paces:
    """The paces of some targets, as a value that never changes.

    Attributes:
        targets: A row for each.
        by_row: The pace of each; `None` where not yet measured.
    """

    def __init__(self, targets: Sequence[Target], rows: Mapping[str, int], by_row: Sequence[Pace | None]) -> None:
        """Takes the targets, pool → row, and their paces."""
        self.targets = targets
        self.by_row = by_row
        self._rows = rows

    @classmethod
    def of(cls, targets: Sequence[Target], pace_of: Callable[[Target], Pace | None]) -> "Paces":
        """Returns the paces of targets, each asked for once."""
        return cls(targets, {target.pool: row for row, target in enumerate(targets)}, [*map(pace_of, targets)])

    @cached_property
    def columns(self) -> "Columns":
        """The same in columns."""
        return Columns.of(self.by_row)

    def latencies(self, rows: Iterable[int], output_tokens: int) -> Sequence[float | None]:
        """Returns the seconds that an answer of some rows is expected to take; `None` where not known."""
        paces = map(self.by_row.__getitem__, rows)
        return [None if pace is None else pace.first_token + pace.per_token * output_tokens for pace in paces]

    def replaced(self, pool: str, pace: Pace) -> "Paces":
        """Returns a copy in which one target has another pace; itself if it lacks that target."""
        row = self._rows.get(pool)
        if row is None:
            return self
        by_row = [*self.by_row]
        by_row[row] = pace
        copy = Paces(self.targets, self._rows, by_row)
        if "columns" in self.__dict__:
            copy.columns = self.columns.replaced(row, pace)
        return copy


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """Paces in columns.

    Attributes:
        first_token: In seconds.
        per_token: In seconds.
        unknown: Those not yet measured; an answer of theirs takes `NOT_MEASURED` seconds here.
    """

    first_token: Floats
    per_token: Floats
    unknown: Mask

    @classmethod
    def of(cls, by_row: Iterable[Pace | None]) -> "Columns":
        """Returns the columns of some paces."""
        paces = [pace or _UNKNOWN for pace in by_row]
        unknown = np.array([pace is _UNKNOWN for pace in paces], bool)
        first = np.array([pace.first_token for pace in paces], np.float64)
        per_token = np.array([pace.per_token for pace in paces], np.float64)
        return cls(frozen(first), frozen(per_token), frozen(unknown))

    def latencies(self, output_tokens: int, out: Floats | None = None) -> Floats:
        """Returns the seconds that an answer is expected to take, without meaning where that is not known."""
        latencies: Floats = np.multiply(self.per_token, float(output_tokens), out=out)
        latencies += self.first_token
        return latencies

    def replaced(self, row: int, pace: Pace) -> "Columns":
        """Returns a copy in which one row has another pace."""
        first, per_token = self.first_token.copy(), self.per_token.copy()
        first[row], per_token[row] = pace.first_token, pace.per_token
        unknown = self.unknown
        if unknown[row]:
            unknown = unknown.copy()
            unknown[row] = False
        return Columns(frozen(first), frozen(per_token), frozen(unknown))


_UNKNOWN = Pace(NOT_MEASURED, 0.0)


def _is_credible(seconds: float) -> bool:
    return isfinite(seconds) and 0 <= seconds <= LONGEST
