"""What answers to similar requests were worth, beyond what their models are in the class.

Of each judged answer is kept by how much it was better or worse than expected. For a request, the average over the
answers to the most similar ones corrects what is expected of their models.

The corrections are tried on every answer before it is learnt from. Of each, the share counts that comes nearest to the
truth by these trials: none where going by the class alone is as good.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ymera_service.routing.columns import Floats, Rows
from ymera_service.routing.learning.likeness import Requests
from ymera_service.routing.prompts.features import Features

MOST_KEPT = 2_000
"""Answers, the latest ones."""
NEAREST = 200
"""Answers that count for a request, over all models."""
NO_CORRECTION = 2.0
"""How many equal requests a correction of 0 is worth."""
RARITY_EVERY = 25
"""Answers after which it is counted again how rare words are."""
TRIED = 200
"""Answers over which the trials are averaged, about."""
FEWEST_TRIED = 30
"""Trials before anything is corrected."""


class Numbers:
    """Numbers of models, from 0, in the order in which answers of theirs were judged; one is never given twice."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._numbers)

    def of(self, model: str) -> int:
        """Returns the number of a model; a new one if it has none."""
        return self._numbers.setdefault(model, len(self._numbers))

    def known(self, model: str) -> int | None:
        """Returns the number of a model; None if it has none."""
        return self._numbers.get(model)


@dataclass(frozen=True, slots=True, eq=False)
class Corrections:
    """By how much models are better for a request than in its class, by their numbers.

    `answers` is how many answers to equal requests say so; a model without any is not corrected. A last one stands for
    models without a number.
    """

    numbers: Numbers
    better: Floats
    answers: Floats

    def of(self, model: str) -> float | None:
        """Returns by how much a model is better; None if nothing is known of it."""
        number = self.numbers.known(model)
        if number is None or number >= self.answers.size or not self.answers[number]:
            return None
        return float(self.better[number])


class Sums:
    """What similar requests say, by the numbers of models: how many equal ones, and how much better in total.

    A last one stands for models without a number, and stays 0.
    """

    def __init__(self, numbers: Numbers) -> None:
        self._numbers = numbers
        self.answers, self.better = np.zeros(len(numbers) + 1), np.zeros(len(numbers) + 1)

    def corrections(self) -> Corrections:
        """Returns the average, drawn towards no correction."""
        return Corrections(self._numbers, self.better / (NO_CORRECTION + self.answers), self.answers)


class Trial:
    """Tries corrections on answers that they were not made from."""

    def __init__(self, tried: int = 0, agreed: float = 0.0, squared: float = 0.0) -> None:
        """Takes how many trials there were, and the means of correction times what was right, and of its square."""
        self.tried, self._agreed, self._squared = tried, agreed, squared

    @property
    def share(self) -> float:
        """The share of a correction that comes nearest to the truth, by the trials of late: from 0 to 1."""
        if self.tried < FEWEST_TRIED or self._agreed <= 0:
            return 0.0
        return min(self._agreed / self._squared, 1.0)

    def take(self, better: float, expected: float, quality: float) -> None:
        """Takes a correction, what was expected without it, and what came of it."""
        self.tried += 1
        pace = 1 / min(self.tried, TRIED)
        self._agreed += (better * (quality - expected) - self._agreed) * pace
        self._squared += (better * better - self._squared) * pace


class Similar(Protocol):
    """Knows what answers to similar requests were worth."""

    @property
    def numbers(self) -> Numbers:
        """Of the models."""
        ...

    @property
    def trial(self) -> Trial:
        """Of its corrections."""
        ...

    def add(self, features: Features, sums: Sums, share: float = 1.0) -> None:
        """Adds what it knows of similar requests, of which only a share comes true."""
        ...


def correction_by(source: Similar, features: Features, model: str) -> float | None:
    """Returns by how much one source takes a model to be better for a request; None if it knows nothing of it."""
    sums = Sums(source.numbers)
    source.add(features, sums)
    return sums.corrections().of(model)


class Neighbours:
    """Judged answers to requests, a column of each."""

    def __init__(self, numbers: Numbers) -> None:
        self._requests = Requests(MOST_KEPT)
        self._better, self._expected = np.zeros(MOST_KEPT), np.zeros(MOST_KEPT)
        self._models: Rows = np.zeros(MOST_KEPT, np.intp)
        self.numbers = numbers
        self._columns: OrderedDict[str, int] = OrderedDict()
        """Request id → column, the oldest first."""
        self._added = 0
        self.trial = Trial()

    def add(self, features: Features, sums: Sums, share: float = 1.0) -> None:
        """See `Similar`."""
        # As long as the ring is not full, its first columns are those in use.
        found = self._requests.nearest(features, len(self._columns), NEAREST)
        if found is None:
            return
        nearest, weights = found
        models, count = self._models[nearest], sums.answers.size
        sums.answers += np.bincount(models, weights, count)
        sums.better += np.bincount(models, weights * self._better[nearest] * share, count)

    def forget(self, is_known: Callable[[str], bool]) -> None:
        """Forgets the answers of requests that are not known any more."""
        for request_id in [one for one in self._columns if not is_known(one)]:
            column = self._columns[request_id]
            self._requests.clear(column)
            self._better[column] = 0.0

    def take(self, request_id: str, features: Features, model: str, *, expected: float, quality: float) -> None:
        """Takes what an answer was worth, and what the class alone made expect of it.

        A later one of the same request replaces it; the first one is also a trial of the corrections.
        """
        if request_id not in self._columns:
            better = correction_by(self, features, model)
            if better is not None:
                self.trial.take(better, expected, quality)
            self._add(request_id, features, model)
            self._expected[self._columns[request_id]] = expected
        column = self._columns[request_id]
        self._better[column] = quality - self._expected[column]

    def _add(self, request_id: str, features: Features, model: str) -> None:
        column = len(self._columns) if len(self._columns) < MOST_KEPT else self._columns.popitem(last=False)[1]
        self._columns[request_id] = column
        self._requests.put(column, features)
        self._models[column] = self.numbers.of(model)
        self._added += 1
        if self._added % RARITY_EVERY == 0:
            self._requests.count(len(self._columns))
