"""How alike requests are: by the words that they share, the more the rarer these are, and by how they are read.

Both have to agree: the likeness is the product of the cosine of the words, by their rarity, and of a bell curve over
the distance between complexity, length and categories.
"""

from math import log

import numpy as np
from numpy.typing import NDArray

from ymera_service.routing.columns import Floats, Rows
from ymera_service.routing.features import BUCKETS, Features
from ymera_service.sdk.classifiers import CATEGORIES

RAREST = 32
"""Words of a request that are looked for in others: common ones say little and take as long."""
BY_COMPLEXITY, BY_LENGTH, BY_CATEGORY = 3.0, 1.0, 1.5
"""How much a difference counts: of complexity, of the logarithm of the length, and of the probability of a category.
With 1 in all, the likeness is 0.6 of what it would be."""
_SHORTEST = 1e-9
_Figures = NDArray[np.float32]


class Requests:
    """Words and readings of requests: a row of each bucket, and a column of each request."""

    def __init__(self, most: int) -> None:
        """Takes how many columns there are; those in use are the first ones."""
        self._words: _Figures = np.zeros((BUCKETS, most), np.float32)
        self._readings: _Figures = np.zeros((2 + len(CATEGORIES), most), np.float32)
        self._lengths: _Figures = np.ones(most, np.float32)
        self._rarity: _Figures = np.ones(BUCKETS, np.float32)

    def put(self, column: int, features: Features) -> None:
        """Replaces the request of a column."""
        words = list(features.words)
        self._words[:, column] = 0
        self._words[words, column] = 1
        self._readings[:, column] = _reading(features)
        self._lengths[column] = np.sqrt(max(float(self._rarity[words].sum()), _SHORTEST))

    def clear(self, column: int) -> None:
        """Leaves a column without words, so that no request is like it."""
        self._words[:, column] = 0

    def count(self, kept: int) -> None:
        """Counts how rare words are: one in every request says nothing, and one in a single request can't be shared."""
        frequency = self._words[:, :kept].sum(1)
        self._rarity = np.log((1 + kept) / (1 + frequency)) ** 2 * (frequency > 1)
        self._lengths[:kept] = np.sqrt(np.maximum(self._rarity @ self._words[:, :kept], _SHORTEST))

    def nearest(self, features: Features, kept: int, most: int) -> tuple[Rows, Floats] | None:
        """Returns the columns that are most like a request, and how much each is; None if that is not known."""
        words = np.array(features.words, np.intp)
        rarity = self._rarity[words]
        length = float(np.sqrt(rarity.sum()))
        if not kept or not length:
            return None
        if words.size > RAREST:
            rarest = rarity.argsort()[-RAREST:]
            words, rarity = words[rarest], rarity[rarest]
        alike: Floats = (rarity @ self._words[words, :kept]) / (self._lengths[:kept] * length)
        apart = self._readings[:, :kept] - _reading(features)[:, None]
        alike = alike * np.exp(np.add.reduce(apart * apart, 0) / -2)
        nearest = alike.argpartition(kept - min(most, kept))[-most:]
        return nearest, alike[nearest]


def _reading(features: Features) -> _Figures:
    shares = [features.categories.get(category, 0.0) * BY_CATEGORY for category in CATEGORIES]
    length = log(max(features.input_tokens, 1)) * BY_LENGTH
    return np.array([features.complexity * BY_COMPLEXITY, length, *shares], np.float32)
