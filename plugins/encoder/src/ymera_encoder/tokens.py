"""Splits text into the word pieces of BERT's uncased vocabulary."""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

UNKNOWN, BEGIN, END = "[UNK]", "[CLS]", "[SEP]"
LONGEST_WORD = 100
"""Characters of a word that is looked up; a longer one is unknown."""
CACHED_WORDS = 10_000


class Tokens:
    """Turns text into the numbers of word pieces."""

    def __init__(self, vocabulary: Mapping[str, int]) -> None:
        """Takes piece → number.

        Raises:
            ValueError: The vocabulary has no pieces for unknown words, the beginning or the end.
        """
        if missing := {UNKNOWN, BEGIN, END} - vocabulary.keys():
            raise ValueError(f"the vocabulary lacks {', '.join(sorted(missing))}")
        self._vocabulary = vocabulary
        self._unknown = [vocabulary[UNKNOWN]]
        self._pieces = lru_cache(CACHED_WORDS)(self._split)

    @classmethod
    def load(cls, path: Path) -> "Tokens":
        """Reads a vocabulary of one piece per line.

        Raises:
            OSError: The file can't be read.
            ValueError: It is not a vocabulary.
        """
        lines = path.read_text(encoding="utf-8").splitlines()
        return cls({piece: number for number, piece in enumerate(lines)})

    def of(self, text: str, most: int) -> Sequence[int]:
        """Returns the numbers of the pieces of a text, with those of its beginning and end; at most this many."""
        numbers = [self._vocabulary[BEGIN]]
        for word in words(text):
            numbers += self._pieces(word)
            if len(numbers) >= most:
                break
        return [*numbers[: most - 1], self._vocabulary[END]]

    def _split(self, word: str) -> Sequence[int]:
        """Returns the longest known piece at the beginning of a word, then that of the rest, and so on."""
        if len(word) > LONGEST_WORD:
            return self._unknown
        numbers, start = [], 0
        while start < len(word):
            for end in range(len(word), start, -1):
                piece = word[start:end] if start == 0 else f"##{word[start:end]}"
                if (number := self._vocabulary.get(piece)) is not None:
                    break
            else:
                return self._unknown
            numbers.append(number)
            start = end
        return numbers


def words(text: str) -> Iterator[str]:
    """Yields the words of a text in small letters and without accents; each sign and each Chinese character is one."""
    word: list[str] = []
    for character in unicodedata.normalize("NFD", text.lower()):
        kind = _kind(character)
        if kind == _PART:
            word.append(character)
        elif kind != _NOTHING:
            if word:
                yield "".join(word)
                word.clear()
            if kind == _ALONE:
                yield character
    if word:
        yield "".join(word)


_PART, _ALONE, _SPACE, _NOTHING = range(4)
_CHINESE = (
    (0x4E00, 0x9FFF),
    (0x3400, 0x4DBF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F),
    (0x2B820, 0x2CEAF),
    (0xF900, 0xFAFF),
    (0x2F800, 0x2FA1F),
)
"""The ranges of characters that BERT takes for words."""
_ASCII_SIGNS = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")


@lru_cache(4_096)
def _kind(character: str) -> int:
    category = unicodedata.category(character)
    if character in "\t\n\r" or category == "Zs":
        return _SPACE
    if category in {"Cc", "Cf", "Cn", "Co", "Cs", "Mn"} or character == "\ufffd":
        return _NOTHING
    if character in _ASCII_SIGNS or category.startswith("P"):
        return _ALONE
    return _ALONE if any(first <= ord(character) <= last for first, last in _CHINESE) else _PART
