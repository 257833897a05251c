"""The classifier: weighted sums over the features of a text, turned into probabilities and a complexity."""

import json
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from itertools import chain, repeat, takewhile
from math import exp, sqrt
from operator import add, mul, sub, truediv
from typing import Any

from ymera_lexical.groups import group_features
from ymera_lexical.packing import Packing
from ymera_lexical.reading import words_of
from ymera_lexical.request import Portion, portions_of
from ymera_lexical.shape import shape_features
from ymera_lexical.small_talk import is_small_talk
from ymera_lexical.system import MATERIAL, SystemReading, Systems
from ymera_lexical.vocabulary import Vocabulary
from ymera_service.sdk.classifiers import Classifier, Reading
from ymera_service.sdk.content import Role
from ymera_service.sdk.generation import Prompt

EARLIER = 0.35
"""The weight of the user's message before the last one, relative to the last one."""
UNIT = 0.01
"""Weights are stored in hundredths."""
EMPATHY = "empathy"
SIMPLEST = 0.05
"""The least complexity of what is not small talk."""
NEAREST, SPREAD = 0.05, 0.9
"""Complexity c was learnt as the logit of `NEAREST + SPREAD × c`."""


class LexicalClassifier(Classifier):
    """Reads a prompt by the words and the form of the user's latest messages.

    The category is that of the last message and, less so, of the one before it and of the system prompt; emotions and
    complexity are those of the last one.
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
        self._systems = Systems(self._system_scores)

    def read(self, prompt: Prompt) -> Reading:
        """Returns the probabilities of categories and emotions, and the complexity.

        A prompt without text of the user has the probabilities of the categories of any prompt with its system prompt,
        and nothing else.
        """
        system = self._systems(text) if (text := _system_text(prompt)) else None
        texts = _latest_texts(prompt)
        if not texts:
            return Reading(self._category_probabilities((), system))
        scores = self._scores_of(texts[0])
        earlier = self._scores_of(texts[1]) if len(texts) > 1 else ()
        categories = self._category_probabilities(scores, system, earlier, sum(len(text) for _, text in texts[0]))
        likely = 1 / (1 + exp(-self._complexity_bias - scores[-1]))
        complexity = min(max((likely - NEAREST) / SPREAD, SIMPLEST), 1.0)
        if all(map(_is_small_talk, texts)) and not (system and _needs_care(system, categories)):
            complexity = 0.0
        felt = _probabilities([*map(add, self._emotion_bias, scores[len(self._categories) :])])
        return Reading(categories, dict(zip(self._emotions, felt, strict=True)), complexity)

    def _category_probabilities(
        self,
        scores: Sequence[float],
        system: SystemReading | None = None,
        earlier: Sequence[float] = (),
        characters: int = 0,
    ) -> dict[str, float]:
        """Returns the probabilities of categories by the scores of the last message, and by what is beside it."""
        found = self._category_bias
        own = MATERIAL if system is not None and system.material else 1.0
        beside = (
            (own, scores),
            (EARLIER * own, earlier),
            *(((system.share(characters), system.scores),) if system else ()),
        )
        for share, each in beside:
            if each:
                found = [total + share * score for total, score in zip(found, each, strict=False)]
        return dict(zip(self._categories, _probabilities(found), strict=True))

    def _system_scores(self, text: str) -> tuple[Sequence[float], str, float]:
        """Returns what a system prompt is taken for: see `Systems`."""
        scores = self._scores_of(portions_of(text) or (Portion(1.0, ""),))[: len(self._categories)]
        probabilities = self._category_probabilities(scores)
        likeliest = max(probabilities, key=probabilities.__getitem__)
        return scores, likeliest, probabilities[likeliest]

    def _scores_of(self, portions: Sequence[Portion]) -> Sequence[float]:
        """Returns the means of the scores of portions, weighted by their shares."""
        if len(portions) == 1:
            return self._scores(portions[0].text)
        scores = [map(mul, self._scores(text), repeat(share)) for share, text in portions]
        return [*map(sum, zip(*scores, strict=True))]

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


def _system_text(prompt: Prompt) -> str:
    """Returns the texts of the system messages before all others."""
    leading = takewhile(lambda message: message.role is Role.SYSTEM, prompt.messages)
    return "\n".join([message.text for message in leading])


def _latest_texts(prompt: Prompt) -> list[Sequence[Portion]]:
    """Returns what is read of the user's last message and of the one before it, if they have text."""
    texts: list[Sequence[Portion]] = []
    for message in reversed(prompt.messages):
        if message.role is Role.USER and (portions := portions_of(message.text)):
            texts.append(portions)
            if len(texts) == 2:
                break
    return texts


def _needs_care(system: SystemReading, categories: Mapping[str, float]) -> bool:
    """Returns whether even small talk is work for its system prompt: to be translated, or with somebody in distress."""
    return system.material or max(categories, key=categories.__getitem__) == EMPATHY


def _is_small_talk(portions: Sequence[Portion]) -> bool:
    return len(portions) == 1 and is_small_talk(portions[0].text)


def _probabilities(scores: Sequence[float]) -> list[float]:
    likelihoods = [*map(exp, map(sub, scores, repeat(max(scores))))]
    return [*map(truediv, likelihoods, repeat(sum(likelihoods)))]
