"""The words and pairs of words that have weights."""

from collections.abc import Mapping, Sequence
from itertools import chain, pairwise, repeat
from operator import add, mul

START = "^"


def names_of(words: Sequence[str]) -> set[str]:
    """Returns the names of the features of a text's words: each word, and each pair of adjacent words.

    The first word also forms a pair with `START`, and the first pair is added again with `START` before it.
    """
    pairs = {f"{left} {right}" for left, right in pairwise((START, *words))}
    if len(words) > 1:
        pairs.add(f"{START}{words[0]} {words[1]}")
    return {*words, *pairs}


class Vocabulary:
    """Sums the weights of the features of a text's words; `words` and `pairs` are packed rows by name.

    Each word is looked up once, for its number. A pair is then one number too, which is computed and looked up faster
    than a string.
    """

    def __init__(self, words: Mapping[str, int], pairs: Mapping[str, int]) -> None:
        parts = {name: name.split(" ") for name in pairs}
        known = sorted({START, *words, *chain.from_iterable(parts.values())})
        self._numbers = {word: number for number, word in enumerate(known, start=1)}
        self._rows = [0, *(words.get(word, 0) for word in known)]
        self._pairs = {
            len(self._rows) * self._numbers[left] + self._numbers[right]: pairs[name]
            for name, (left, right) in parts.items()
        }

    def total(self, words: Sequence[str]) -> int:
        """Returns the sum of the rows of those of `names_of(words)` that have one."""
        numbers, count = list(map(self._numbers.get, (START, *words), repeat(0))), len(self._rows)
        pairs = set(map(add, map(mul, numbers, repeat(count)), numbers[1:]))
        total = sum(filter(None, map(self._pairs.get, pairs)))
        if len(words) > 1:
            total += self._pairs.get(count * self._numbers.get(START + words[0], 0) + numbers[2], 0)
        return sum(filter(None, map(self._rows.__getitem__, set(numbers))), total)
