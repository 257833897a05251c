"""How sure it is which model routing would choose in a category, and how much surer more tasks would make it.

A model's score is its quality by its weight plus what speed and cost give it. Of the quality there is a belief, taken
as a normal distribution; it rests on n tasks, and k more of them will move its mean by about

    s = √(variance · k / (n + k))

The choice changes only if that carries the model past the best of the others, d away, so the k tasks are expected to
gain s · f(−d/s) with f(z) = z·Φ(z) + φ(z): S. Gupta and K. Miescke, "Bayesian look ahead one-stage sampling
allocations for selection of the best population", Journal of Statistical Planning and Inference 54 (1996). One right
answer alone can hardly change a choice, so what counts is the k that gains most for each task: P. Frazier and
W. Powell, "Paradoxes in Learning and the Marginal Value of Information", Decision Analysis 7 (2010).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import pi

import numpy as np
from numpy.typing import NDArray

from ymera_service.routing.learning.quality import SUREST

Floats = NDArray[np.float64]

WORTH = 0.001
"""Gains of quality below this change no choice that matters: a tenth of a percentage point."""
_STEPS = 512
"""Points at which chances are summed."""
_REACH = 4.5
"""Standard deviations from a mean beyond which nothing is expected."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What routing would choose in a category by quality, speed and cost, and how sure that is.

    Attributes:
        model: The one that it would choose.
        rival: The one that is most likely to be the better choice in truth; empty if no other model is compared.
        certainty: The probability that none of the others is the better choice.
        expected_loss: How much quality the better choice would have more, on average over what may be true.
    """

    category: str
    model: str
    rival: str
    certainty: float
    expected_loss: float


@dataclass(frozen=True, slots=True)
class Standings:
    """What is believed of models (rows) in categories (columns).

    Attributes:
        means: The expected quality.
        tasks: How many tasks that rests on, the prior included.
        others: What speed and cost add to a model's score.
        weight: What quality adds to it, by its value.
    """

    models: Sequence[str]
    categories: Sequence[str]
    means: Floats
    tasks: Floats
    others: Floats
    weight: float

    def gains(self, extra: Floats, left: Floats) -> tuple[Floats, Floats]:
        """Returns what tasks are expected to gain in quality: the most of all numbers of tasks, and the most per task.

        Args:
            extra: Tasks under way, whose results will be known first.
            left: How many tasks there are to choose from.
        """
        most, rate = np.zeros_like(self.means), np.zeros_like(self.means)
        if len(self.models) < 2 or not self.weight:
            return most, rate
        known, behind = self.tasks + extra, self._behind() / self.weight
        variances = _variances(self.means, known)
        for count in 2.0 ** np.arange(1 + int(np.log2(max(left.max(initial=0), 1)))):
            spread = np.sqrt(variances * count / (known + count))
            gain = np.where(left >= count, spread * _excess(-behind / spread), 0.0)
            most, rate = np.maximum(most, gain), np.maximum(rate, gain / count)
        return most, rate

    def choices(self) -> list[Choice]:
        """Returns what would be chosen in each category."""
        return [self._choice(column) for column in range(len(self.categories))] if self.models else []

    def certainty(self, category: str, model: str) -> float:
        """Returns the probability that no other model would be the better choice in a category."""
        chances, _ = self._best(self.categories.index(category))
        return float(chances[self.models.index(model)])

    def _scores(self) -> Floats:
        return self.means * self.weight + self.others[:, None]

    def _behind(self) -> Floats:
        """Returns how far the score of each model is from the best of the others'."""
        scores = self._scores()
        first, second = np.sort(scores, axis=0)[:-3:-1]
        leads = np.arange(len(scores))[:, None] == scores.argmax(axis=0)[None, :]
        found: Floats = np.where(leads, scores - second, first - scores)
        return found

    def _choice(self, column: int) -> Choice:
        scores = self._scores()[:, column]
        chances, highest = self._best(column)
        first = int(scores.argmax())
        loss = (highest - scores[first]) / self.weight if self.weight else 0.0
        certainty = float(chances[first])
        chances[first] = -1.0
        rival = self.models[int(chances.argmax())] if len(self.models) > 1 else ""
        return Choice(self.categories[column], self.models[first], rival, certainty, max(float(loss), 0.0))

    def _best(self, column: int) -> tuple[Floats, float]:
        spreads = self.weight * np.sqrt(_variances(self.means[:, column], self.tasks[:, column]))
        return _best_of(self._scores()[:, column], spreads)


def _variances(means: Floats, tasks: Floats) -> Floats:
    likely = np.clip(means, SUREST, 1 - SUREST)
    found: Floats = likely * (1 - likely) / (tasks + 1)
    return found


def _best_of(means: Floats, spreads: Floats) -> tuple[Floats, float]:
    """Returns the probability of each of some normal variables to be the highest, and the mean of the highest."""
    spreads = np.maximum(spreads, 1e-9)
    near = np.flatnonzero(means + _REACH * spreads >= (means - _REACH * spreads).max())
    chances = np.zeros(len(means))
    means, spreads = means[near], spreads[near]
    edges = np.linspace((means - _REACH * spreads).min(), (means + _REACH * spreads).max(), _STEPS + 1)
    below = cumulative((edges[None, :] - means[:, None]) / spreads[:, None])
    middle = np.maximum((below[:, 1:] + below[:, :-1]) / 2, 1e-300)
    all_below = middle.prod(axis=0)
    found = (np.diff(below, axis=1) * (all_below / middle)).sum(axis=1)
    chances[near] = found / found.sum()
    highest = edges[-1] - float(all_below.sum()) * float(edges[1] - edges[0])
    return chances, highest


def _excess(z: Floats) -> Floats:
    """Returns by how much a standard normal variable exceeds −z, on average."""
    found: Floats = np.maximum(z * cumulative(z) + np.exp(-z * z / 2) / np.sqrt(2 * pi), 0.0)
    return found


def cumulative(z: Floats) -> Floats:
    """Returns Φ(z), within 1.5e-7: M. Abramowitz and I. Stegun, Handbook of Mathematical Functions (1964), 7.1.26."""
    x = np.abs(z) / np.sqrt(2)
    t = 1 / (1 + 0.3275911 * x)
    series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    tail = series * np.exp(-x * x) / 2
    found: Floats = np.where(z >= 0, 1 - tail, tail)
    return found
