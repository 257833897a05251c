"""How alike requests are: by the words that they share, the more the rarer these are, and by how they are read.

Both have to agree: the likeness is the product of the cosine of the words, by their rarity, and of a bell curve over
the distance between complexity, length and categories.
"""

from collections.abc import Sequence
from math import log, sqrt
from operator import mul

import numpy as np
from numpy.typing import NDArray

from ymera_service.routing.columns import Floats, Rows
from ymera_service.routing.prompts.features import BUCKETS, Features
from ymera_service.sdk.classifiers import CATEGORIES

RAREST = 32
"""Words of a request that are looked for in others: common ones say little and take as long."""
BY_COMPLEXITY, BY_LENGTH, BY_CATEGORY = 3.0, 1.0, 1.5
"""How much a difference counts: of complexity, of the logarithm of the length, and of the probability of a category.
With 1 in all, the likeness is 0.6 of what it would be."""
_SHORTEST = 1e-9
_READING = 2 + len(CATEGORIES)
"""Figures of a reading."""
_Figures = NDArray[np.float32]


class Requests:
    """Words and readings of requests: a row of each bucket, and a column of each request.

    The bell curve over the distance of two readings a and b is exp(ab - aa/2 - bb/2). So that one product of a request
    with all columns is the exponent, readings have two more rows: ones, and what depends on the column alone, which is
    -bb/2 less the logarithm of the length of its words.
    """

    def __init__(self, most: int) -> None:
        """Takes how many columns there are; those in use are the first ones."""
        self._words: _Figures = np.zeros((BUCKETS, most), np.float32)
        self._readings: _Figures = np.ones((_READING + 2, most), np.float32)
        self._rarity: _Figures = np.ones(BUCKETS, np.float32)

    def put(self, column: int, features: Features) -> None:
        """Replaces the request of a column."""
        words = list(features.words)
        self._words[:, column] = 0
        self._words[words, column] = 1
        reading = _reading(features)
        length = log(max(float(self._rarity[words].sum()), _SHORTEST)) / 2
        self._readings[:, column] = [*reading, 1.0, -_half_square(reading) - length]

    def clear(self, column: int) -> None:
        """Leaves a column without words, so that no request is like it."""
        self._words[:, column] = 0

    def count(self, kept: int) -> None:
        """Counts how rare words are: one in every request says nothing, and one in a single request can't be shared."""
        frequency = self._words[:, :kept].sum(1)
        self._rarity = np.log((1 + kept) / (1 + frequency)) ** 2 * (frequency > 1)
        readings, lengths = self._readings[:_READING, :kept], self._rarity @ self._words[:, :kept]
        squares = np.add.reduce(readings * readings, 0)
        self._readings[-1, :kept] = -(squares + np.log(np.maximum(lengths, _SHORTEST))) / 2

    def nearest(self, features: Features, kept: int, most: int) -> tuple[Rows, Floats] | None:
        """Returns the columns that are most like a request, and how much each is; None if that is not known."""
        words = np.array(features.words, np.intp)
        rarity = self._rarity[words]
        length = sqrt(np.add.reduce(rarity))
        if not kept or not length:
            return None
        if words.size > RAREST:
            rarest = rarity.argsort()[-RAREST:]
            words, rarity = words[rarest], rarity[rarest]
        reading = _reading(features)
        asked = np.array([*reading, -_half_square(reading) - log(length), 1.0], np.float32)
        alike: Floats = np.exp(asked @ self._readings[:, :kept])
        alike *= rarity @ self._words[words, :kept]
        nearest = alike.argpartition(kept - min(most, kept))[-most:]
        return nearest, alike[nearest]


def _half_square(reading: Sequence[float]) -> float:
    return 0.5 * float(sum(map(mul, reading, reading)))


def _reading(features: Features) -> Sequence[float]:
    shares = [features.categories.get(category, 0.0) * BY_CATEGORY for category in CATEGORIES]
    length = log(max(features.input_tokens, 1)) * BY_LENGTH
    return [features.complexity * BY_COMPLEXITY, length, *shares]
