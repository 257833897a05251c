"""Names and numbers of a prompt, to fill the fields of a schema with."""

import re
from collections.abc import Sequence
from fractions import Fraction

from ymera_simulator.solvers.question import Question, numbers_of
from ymera_simulator.wording import listed

_NAME = re.compile(r"(?<=[a-z,] )[A-Z][\w-]{1,30}(?: [A-Z][\w-]{1,30}){0,3}")
_COUNTS = {word: at for at, word in enumerate(listed("zero one two three four five six seven eight nine ten"))}


class Facts:
    """Returns names and numbers of a prompt in turn. If there is an answer, its text and number are used instead."""

    def __init__(self, text: str, answer: str | None = None) -> None:
        question = Question(text)
        self._words = frozenset(re.findall(r"\w{1,60}", question.lower))
        self._texts: Sequence[str] = [answer] if answer else [*question.quoted, *_NAME.findall(question.text)]
        found = numbers_of(answer or question.text)
        self._numbers = found or [Fraction(_COUNTS[word]) for word in question.lower.split() if word in _COUNTS]
        self._fallback = question.text[:60] or "simulated"
        self._given = [0, 0]

    def text(self) -> str:
        """Returns the next name, or the beginning of the prompt if it contains none."""
        self._given[0] += 1
        return self._texts[(self._given[0] - 1) % len(self._texts)] if self._texts else self._fallback

    def number(self) -> Fraction:
        """Returns the next number, or 1 if the prompt contains none."""
        self._given[1] += 1
        return self._numbers[(self._given[1] - 1) % len(self._numbers)] if self._numbers else Fraction(1)

    def names(self, option: object) -> bool:
        """Whether an option occurs in the prompt as a word."""
        return isinstance(option, str) and option.lower() in self._words
