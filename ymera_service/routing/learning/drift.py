"""Whether a model's answers have become better or worse lately, from what they were judged to be worth.

The latest answers of a model in a category are divided in two at each place, and the means of both parts compared. The
place where they differ most is taken for a change if chance alone would hardly ever make such a difference, at the best
of so many places, and each time when there is one more answer. Both parts are then looked at in the same way. A change
has ended when answers are again as good as before it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter

import numpy as np

from ymera_service.routing.columns import Floats

LATEST = 200
"""Answers that are compared."""
FEWEST = 10
"""Answers on either side of a change."""
DIFFERENCE = 0.1
"""The least change of the mean that matters,"""
DEVIATIONS = 4.5
"""and the standard deviations that it has to be above 0. Where nothing changes, a change is found at any time in 2 to 4
% of series of 200 answers; one from 0.8 to 0.5 is found in 89 %, mostly within 33 answers."""
_VARIANCE = 0.06
"""The least variance of answers: a few that are all equal prove nothing."""


@dataclass(frozen=True, slots=True)
class Drift:
    """A change of how good a model's answers are.

    Attributes:
        since: When the first answer after it was judged.
        before, after: The means on either side, from 0 to 1.
        answers_before, answers_after: How many answers those rest on.
    """

    since: datetime
    before: float
    after: float
    answers_before: int
    answers_after: int

    def __str__(self) -> str:
        got = "worse" if self.after < self.before else "better"
        return (
            f"got {got} since {self.since:%Y-%m-%d %H:%M} UTC: {self.after:.2f} over {self.answers_after} judged "
            f"answers, {self.before:.2f} over {self.answers_before} before"
        )


def drift_of(answers: Sequence[tuple[datetime, float]]) -> Drift | None:
    """Returns the latest change in judged answers, each with its time and worth.

    None if there is none, or if it only undoes the one before it.
    """
    ordered = sorted(answers, key=itemgetter(0))[-LATEST:]  # those of one time stay as they came
    worth = np.array([value for _, value in ordered])
    parts = _parts(worth)
    if len(parts) < 2:
        return None
    means = [float(part.mean()) for part in parts]
    is_undone = len(means) > 2 and abs(means[-1] - means[-3]) < DIFFERENCE
    if is_undone or abs(means[-1] - means[-2]) < DIFFERENCE:
        return None
    since = ordered[-parts[-1].size][0]
    return Drift(since, means[-2], means[-1], parts[-2].size, parts[-1].size)


def _parts(worth: Floats) -> list[Floats]:
    """Divides answers, the earliest first, where they change."""
    place = _clearest(worth)
    return [worth] if place is None else [*_parts(worth[:place]), *_parts(worth[place:])]


def _clearest(worth: Floats) -> int | None:
    """Returns where answers change most; None if they don't."""
    count = worth.size
    if count < 2 * FEWEST:
        return None
    places = np.arange(FEWEST, count - FEWEST + 1)
    sums, squares = np.cumsum(worth), np.cumsum(worth**2)
    before, after = sums[places - 1] / places, (sums[-1] - sums[places - 1]) / (count - places)
    within = squares[-1] - places * before**2 - (count - places) * after**2
    variance = np.maximum(within / (count - 2), _VARIANCE)
    distance = np.abs(after - before) / np.sqrt(variance * (1 / places + 1 / (count - places)))
    best = int(distance.argmax())
    if distance[best] < DEVIATIONS or abs(after[best] - before[best]) < DIFFERENCE:
        return None
    return int(places[best])
