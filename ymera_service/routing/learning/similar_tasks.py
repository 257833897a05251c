"""What models did in benchmark tasks that are like a request, beyond what they are in the class.

A task's prompt is kept once, and beside it a row of how much better or worse than expected each model was. As with the
answers of `neighbours`, the corrections are tried: first on some of the tasks, each by all others, then on judged
answers.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ymera_service.routing.columns import Rows, Whole
from ymera_service.routing.learning.likeness import Requests
from ymera_service.routing.learning.neighbours import FEWEST_TRIED, NO_CORRECTION, TRIED, Numbers, Sums, Trial
from ymera_service.routing.learning.quality import PRIOR_TASKS
from ymera_service.routing.prompts.features import Features, readable
from ymera_service.storage.benchmark_tasks import MeasuredTasks

NEAREST_TASKS = 50
"""Tasks that count for a request."""
FEWEST_MODELS = 2
"""Models that did a task, to try corrections on it."""

_Figures = NDArray[np.float32]
Value = Callable[[str, str], float]
"""Model and category → how good the model is taken to be, from 0 to 1."""


class SimilarTasks:
    """Tasks in columns, and what models did in them: a row of each task, a column of each model by its number."""

    def __init__(self, measured: MeasuredTasks, numbers: Numbers, value: Value) -> None:
        """Takes what was measured, and what says how good models are by the class alone."""
        tasks = [readable(stored) for stored in measured.features.values()]
        self._count, self.numbers = len(tasks), numbers
        self._requests = Requests(self._count)
        for column, task in enumerate(tasks):
            if task is not None:  # else it has no words, so that no request is like it
                self._requests.put(column, task)
        self._requests.count(self._count)
        models = [numbers.of(model) for model in measured.scores]
        self._known: NDArray[np.bool_] = np.zeros((self._count, len(numbers)), bool)
        self._better: _Figures = np.zeros(self._known.shape, np.float32)
        mixes = [{} if task is None else task.categories for task in tasks]
        categories = sorted({category for mix in mixes for category in mix})
        shares = np.array([[mix.get(category, 0.0) for category in categories] for mix in mixes], np.float32)
        order = (named := np.array([*measured.features], np.int64)).argsort()
        for column, (model, done) in zip(models, measured.scores.items(), strict=True):
            places, scores = _kept(named, order, *done)
            expected = shares[places] @ np.array([value(model, category) for category in categories])
            self._known[places, column] = True
            self._better[places, column] = scores - expected
        self.trial = self._tried(tasks, shares)

    def add(self, features: Features, sums: Sums, share: float = 1.0) -> None:
        """See `neighbours.Similar`."""
        found = self._requests.nearest(features, self._count, NEAREST_TASKS)
        if found is not None:
            nearest, weights = found
            models = self._known.shape[1]
            sums.answers[:models] += weights @ self._known.take(nearest, 0)
            sums.better[:models] += (weights * share) @ self._better.take(nearest, 0)

    def _tried(self, tasks: Sequence[Features | None], shares: _Figures) -> Trial:
        """Tries the corrections on some tasks, each by all others.

        They are worth no more trials than are needed at least, as tasks are more alike each other than requests are.
        """
        total: _Figures = shares.T @ self._better
        counts: _Figures = shares.T @ self._known.astype(np.float32)
        step = max(self._count // TRIED, 1)
        tried = [
            self._trial_of(number, task, shares, total, counts)
            for number, task in [*enumerate(tasks)][::step]
            if task is not None and self._known[number].sum() >= FEWEST_MODELS
        ]
        agreed, squared = np.mean(tried, 0).tolist() if tried else (0.0, 0.0)
        return Trial(min(len(tried), FEWEST_TRIED), agreed, squared)

    def _trial_of(
        self, number: int, task: Features, shares: _Figures, total: _Figures, counts: _Figures
    ) -> tuple[float, float]:
        """Returns the means over models of the correction of a task times what was right, and of its square.

        The other tasks make the corrections. Only differences between models count, as they decide a choice. What the
        class makes expect is taken as it were without the task: else the others would be as much worse than expected as
        it is better.
        """
        found = self._requests.nearest(task, self._count, NEAREST_TASKS)
        if found is None:
            return 0.0, 0.0
        nearest, weights = found
        weights *= nearest != number
        done, own = self._known[number], shares[number][:, None]
        shift = (total - own * self._better[number]) / (counts - own * done + PRIOR_TASKS)
        known, better = self._known[nearest], self._better[nearest]
        sums = weights @ (better - shares[nearest] @ shift * known)
        correction = sums / (NO_CORRECTION + weights @ known)
        off = self._better[number] - shares[number] @ shift
        made, right = correction[done] - correction[done].mean(), off[done] - off[done].mean()
        return float((made * right).mean()), float((made * made).mean())


def _kept(named: Whole, order: Rows, numbers: Sequence[int], scores: Sequence[float]) -> tuple[Rows, _Figures]:
    """Returns the rows of a model's tasks that are kept, and its scores there; `order` sorts the tasks' numbers."""
    wanted, own = np.array(numbers, np.int64), np.array(scores, np.float32)
    places = order[np.minimum(named.searchsorted(wanted, sorter=order), named.size - 1)]
    kept = named[places] == wanted
    return places[kept], own[kept]
