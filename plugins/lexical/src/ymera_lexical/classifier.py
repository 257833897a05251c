"""The classifier: weighted sums over the features of a text, turned into probabilities and a complexity."""

import json
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from itertools import chain, repeat
from math import exp, sqrt
from operator import add, sub, truediv
from typing import Any

from ymera_lexical.groups import group_features
from ymera_lexical.packing import Packing
from ymera_lexical.reading import excerpt, words_of
from ymera_lexical.shape import shape_features
from ymera_lexical.vocabulary import Vocabulary
from ymera_service.sdk.classifiers import Classifier, Reading
from ymera_service.sdk.content import Role
from ymera_service.sdk.generation import Prompt

EARLIER = 0.35
"""The weight of the user's message before the last one, relative to the last one."""
UNIT = 0.01
"""Weights are stored in hundredths."""
NEAREST, SPREAD = 0.05, 0.9
"""Complexity c was learnt as the logit of `NEAREST + SPREAD × c`."""


class LexicalClassifier(Classifier):
    """Reads a prompt by the words and the form of the user's latest messages.

    The category is that of the last message and, less so, of the one before it; emotions and complexity are those of
    the last one.
    """

    name = "lexical"

    def __init__(self) -> None:
        categories, emotions, complexity = map(_document, ("categories", "emotions", "complexity"))
        self._categories: Sequence[str] = tuple(categories["labels"])
        self._emotions: Sequence[str] = tuple(emotions["labels"])
        self._category_bias, self._emotion_bias = _units(categories["bias"]), _units(emotions["bias"])
        (self._complexity_bias,) = _units(complexity["bias"])
        heads = (categories, emotions, complexity)
        # An additional column counts the rows that were found of the categories.
        width = len(self._categories) + len(self._emotions) + 2
        self._packing = Packing(width)
        packed = {
            table: {name: self._packing.pack(row) for name, row in _joined([head[table] for head in heads], heads)}
            for table in ("words", "pairs", "forms")
        }
        self._vocabulary = Vocabulary(packed["words"], packed["pairs"])
        self._forms: Mapping[str, int] = packed["forms"]

    def read(self, prompt: Prompt) -> Reading:
        """Returns the probabilities of categories and emotions, and the complexity.

        A prompt without text has the probabilities of the categories of any prompt, and nothing else.
        """
        texts = _latest_texts(prompt)
        if not texts:
            return Reading(dict(zip(self._categories, _probabilities(self._category_bias), strict=True)))
        scores, count = self._scores(texts[0]), len(self._categories)
        categories = [*map(add, self._category_bias, scores)]
        if len(texts) > 1:
            categories = [
                score + EARLIER * other for score, other in zip(categories, self._scores(texts[1]), strict=False)
            ]
        likely = 1 / (1 + exp(-self._complexity_bias - scores[-1]))
        return Reading(
            dict(zip(self._categories, _probabilities(categories), strict=True)),
            dict(zip(self._emotions, _probabilities([*map(add, self._emotion_bias, scores[count:])]), strict=True)),
            min(max((likely - NEAREST) / SPREAD, 0.0), 1.0),
        )

    def _scores(self, text: str) -> list[float]:
        """Returns the sums for categories, emotions and complexity."""
        words = words_of(text)
        of_words = self._packing.unpack(self._vocabulary.total(words))
        forms = chain(group_features(words), shape_features(text, len(words)))
        of_forms = self._packing.unpack(sum(filter(None, map(self._forms.get, forms))))
        # Divided by the root of the number of words, so that long texts do not get more certain by length alone.
        by_found, by_length = UNIT / sqrt(of_words[0] or 1), UNIT / sqrt(len(words) or 1)
        shares = chain(repeat(by_found, len(self._categories)), repeat(by_length))
        of_heads = zip(shares, of_words[1:], of_forms[1:], strict=False)
        return [share * word + UNIT * form for share, word, form in of_heads]


def _document(head: str) -> Mapping[str, Any]:
    text = resources.files(__package__).joinpath(f"{head}.json").read_text(encoding="utf-8")
    return json.loads(text)  # type: ignore[no-any-return]  # our own file


def _units(row: Sequence[int]) -> Sequence[float]:
    return [UNIT * value for value in row]


def _joined(
    tables: Sequence[Mapping[str, Sequence[int]]], heads: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[str, Sequence[int]]]:
    """Yields the features of all heads, each with its rows in all of them after whether the categories have one."""
    missing = [[0] * len(head["bias"]) for head in heads]
    for name in dict.fromkeys(chain.from_iterable(tables)):
        rows = (table.get(name, none) for table, none in zip(tables, missing, strict=True))
        yield name, [int(name in tables[0]), *chain.from_iterable(rows)]


def _latest_texts(prompt: Prompt) -> list[str]:
    """Returns the excerpts of the user's last message and of the one before it, if they have text."""
    texts: list[str] = []
    for message in reversed(prompt.messages):
        if message.role is Role.USER and (text := excerpt(message.text)):
            texts.append(text)
            if len(texts) == 2:
                break
    return texts


def _probabilities(scores: Sequence[float]) -> list[float]:
    likelihoods = [*map(exp, map(sub, scores, repeat(max(scores))))]
    return [*map(truediv, likelihoods, repeat(sum(likelihoods)))]
