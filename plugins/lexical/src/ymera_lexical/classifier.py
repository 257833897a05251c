"""The classifier: a weighted sum over what was found in a text, made into probabilities."""

import json
from collections.abc import Mapping, Sequence
from importlib import resources
from math import exp, sqrt

from ymera_lexical.features import form_features, word_features, words_of
from ymera_service.sdk.content import Role
from ymera_service.sdk.generation import Prompt

Row = Sequence[float]

EARLIER = 0.35
"""How much the user's message before the last one counts against the last."""


class LexicalClassifier:
    """Tells the category of a prompt from the words and the form of the user's latest messages."""

    name = "lexical"

    def __init__(self) -> None:
        document = json.loads(resources.files(__package__).joinpath("weights.json").read_text(encoding="utf-8"))
        self._categories: Sequence[str] = tuple(document["categories"])
        self._bias: Row = _units(document["bias"])
        self._words: Mapping[str, Row] = {word: _units(row) for word, row in document["words"].items()}
        self._forms: Mapping[str, Row] = {form: _units(row) for form, row in document["forms"].items()}

    def classify(self, prompt: Prompt) -> Mapping[str, float]:
        """Returns category → probability; a prompt without text has the probabilities of any prompt."""
        texts = _latest_texts(prompt)
        scores = list(self._bias)
        for text, share in zip(texts, (1.0, EARLIER), strict=False):
            for index, score in enumerate(self._scores(text)):
                scores[index] += share * score
        return dict(zip(self._categories, _probabilities(scores), strict=True))

    def _scores(self, text: str) -> list[float]:
        words = words_of(text)
        rows = [row for row in map(self._words.get, word_features(words)) if row is not None]
        forms = [row for row in map(self._forms.get, form_features(text, words)) if row is not None]
        # Many words must not count for more than few: their sum grows with the root of their number.
        share = 1 / sqrt(len(rows)) if rows else 0.0
        return [
            share * of_words + of_forms
            for of_words, of_forms in zip(_summed(rows, self._bias), _summed(forms, self._bias), strict=True)
        ]


def _latest_texts(prompt: Prompt) -> list[str]:
    """Returns the user's last message and the one before it, as far as they have text."""
    texts: list[str] = []
    for message in reversed(prompt.messages):
        if message.role is Role.USER and (text := message.text.strip()):
            texts.append(text)
            if len(texts) == 2:
                break
    return texts


def _units(hundredths: Sequence[int]) -> Row:
    return tuple(value / 100 for value in hundredths)


def _summed(rows: Sequence[Row], shape: Row) -> Sequence[float]:
    return [sum(column) for column in zip(*rows, strict=True)] if rows else [0.0] * len(shape)


def _probabilities(scores: Sequence[float]) -> list[float]:
    most = max(scores)
    likelihoods = [exp(score - most) for score in scores]
    total = sum(likelihoods)
    return [likelihood / total for likelihood in likelihoods]
