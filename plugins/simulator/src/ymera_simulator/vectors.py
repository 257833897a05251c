"""Vectors of texts: their words and the beginnings of these, each counted in a place that its hash decides.

Texts that share words have similar vectors. Meaning plays no part.
"""

import re
from array import array
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from math import sqrt

DIMENSIONS = 256
STEM = 5
"""Characters of a word's beginning, by which its forms resemble each other."""

_WORD = re.compile(r"\w{1,64}")


def vector_of(text: str, dimensions: int) -> Sequence[float]:
    """Returns the vector of a text, of length 1."""
    vector = array("f", bytes(4 * dimensions))
    for feature in _features(text.casefold()):
        number = int.from_bytes(blake2b(feature.encode(errors="replace"), digest_size=8).digest())
        vector[number % dimensions] += 1.0 if number >> 63 else -1.0
    length = sqrt(sum(each * each for each in vector))
    if not length:
        vector[0] = length = 1.0
    return array("f", [each / length for each in vector])


def likeness(one: Sequence[float], other: Sequence[float]) -> float:
    """Returns how similar two vectors of length 1 are, from -1 to 1."""
    return sum(a * b for a, b in zip(one, other, strict=True))


def _features(text: str) -> Iterator[str]:
    for match in _WORD.finditer(text):
        yield match[0]
        yield f"{match[0][:STEM]}…"
