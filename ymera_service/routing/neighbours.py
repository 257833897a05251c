"""What answers to similar requests were worth, beyond what their models are in the class.

Of each judged answer is kept by how much it was better or worse than expected. For a request, the average over the
answers to the most similar ones corrects what is expected of their models. Requests are as similar as the words that
they share are rare.

The corrections are tried on every answer before it is learnt from, and used only while they come nearer to the truth
than going by the class alone.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from ymera_service.routing.columns import Floats, Rows
from ymera_service.routing.features import BUCKETS, Features

MOST_KEPT = 2_000
"""Answers, the latest ones."""
NEAREST = 200
"""Answers that count for a request, over all models."""
RAREST = 32
"""Words of a request that are looked for in others: common ones say little and take as long."""
NO_CORRECTION = 2.0
"""How many equal requests a correction of 0 is worth."""
RARITY_EVERY = 25
"""Answers after which it is counted again how rare words are."""
TRIED = 200
"""Answers over which the trials are averaged, about."""
FEWEST_TRIED = 30
"""Trials before anything is corrected."""
_SHORTEST = 1e-9


@dataclass(frozen=True, slots=True)
class Correction:
    """By how much a model is better for a request than in its class; `answers` is how many equal ones say so."""

    better: float
    answers: float


class Neighbours:
    """Judged answers by the words of their requests: a row of each bucket, a column of each answer."""

    def __init__(self) -> None:
        self._words = np.zeros((BUCKETS, MOST_KEPT), np.float32)
        self._better, self._expected = np.zeros(MOST_KEPT), np.zeros(MOST_KEPT)
        self._models: Rows = np.zeros(MOST_KEPT, np.intp)
        self._lengths = np.ones(MOST_KEPT, np.float32)
        self._rarity = np.ones(BUCKETS, np.float32)
        self._numbers: dict[str, int] = {}
        """Model → its number."""
        self._columns: OrderedDict[str, int] = OrderedDict()
        """Request id → column, the oldest first."""
        self._added = 0
        self._tried, self._saved = 0, 0.0

    @property
    def help(self) -> bool:
        """Whether corrections have come nearer to the truth of late."""
        return self._tried >= FEWEST_TRIED and self._saved > 0

    def corrections(self, features: Features) -> Mapping[str, Correction]:
        """Returns model → correction, for the models that answered similar requests."""
        kept, words = len(self._columns), np.array(features.words, np.intp)
        rarity = self._rarity[words]
        length = float(np.sqrt(rarity.sum()))
        if words.size > RAREST:
            rarest = rarity.argsort()[-RAREST:]
            words, rarity = words[rarest], rarity[rarest]
        if not kept or not length:
            return {}
        # As long as the ring is not full, its first columns are those in use.
        similar: Floats = (rarity @ self._words[words, :kept]) / (self._lengths[:kept] * length)
        nearest = similar.argpartition(kept - min(NEAREST, kept))[-NEAREST:]
        # Squared, so that many requests that share a word or two do not outweigh a few that are alike.
        models, weights = self._models[nearest], similar[nearest] ** 2
        count = len(self._numbers)
        answers = np.bincount(models, weights, count)
        better = np.bincount(models, weights * self._better[nearest], count) / (NO_CORRECTION + answers)
        found = zip(self._numbers, better.tolist(), answers.tolist(), strict=True)
        return {model: Correction(by, answers) for model, by, answers in found if answers}

    def forget(self, is_known: Callable[[str], bool]) -> None:
        """Forgets the answers of requests that are not known any more."""
        for request_id in [one for one in self._columns if not is_known(one)]:
            column = self._columns[request_id]
            self._words[:, column] = 0
            self._better[column] = 0.0

    def take(self, request_id: str, features: Features, model: str, *, expected: float, quality: float) -> None:
        """Takes what an answer was worth, and what the class alone made expect of it.

        A later one of the same request replaces it; the first one is also a trial of the corrections.
        """
        if request_id not in self._columns:
            self._try(self.corrections(features).get(model), expected, quality)
            self._add(request_id, features, model)
            self._expected[self._columns[request_id]] = expected
        column = self._columns[request_id]
        self._better[column] = quality - self._expected[column]

    def _try(self, correction: Correction | None, expected: float, quality: float) -> None:
        if correction is None:
            return
        corrected = min(max(expected + correction.better, 0.0), 1.0)
        saved = (expected - quality) ** 2 - (corrected - quality) ** 2
        self._tried += 1
        self._saved += (saved - self._saved) / min(self._tried, TRIED)

    def _add(self, request_id: str, features: Features, model: str) -> None:
        column = len(self._columns) if len(self._columns) < MOST_KEPT else self._columns.popitem(last=False)[1]
        self._columns[request_id] = column
        words = list(features.words)
        self._words[:, column] = 0
        self._words[words, column] = 1
        self._models[column] = self._numbers.setdefault(model, len(self._numbers))
        self._lengths[column] = np.sqrt(max(float(self._rarity[words].sum()), _SHORTEST))
        self._added += 1
        if self._added % RARITY_EVERY == 0:
            self._count()

    def _count(self) -> None:
        """Counts how rare words are: one in every request says nothing, and one in a single request can't be shared."""
        kept = len(self._columns)
        frequency = self._words[:, :kept].sum(1)
        self._rarity = np.log((1 + kept) / (1 + frequency)) ** 2 * (frequency > 1)
        self._lengths[:kept] = np.sqrt(np.maximum(self._rarity @ self._words[:, :kept], _SHORTEST))
