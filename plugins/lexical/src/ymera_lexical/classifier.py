"""The classifier: a weighted sum over the features of a text, turned into probabilities."""

import json
from collections.abc import Mapping, Sequence
from importlib import resources
from itertools import chain
from math import exp, sqrt

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


class LexicalClassifier(Classifier):
    """Determines the category of a prompt from the words and the form of the user's latest messages."""

    name = "lexical"

    def __init__(self) -> None:
        document = json.loads(resources.files(__package__).joinpath("weights.json").read_text(encoding="utf-8"))
        self._categories: Sequence[str] = tuple(document["categories"])
        self._bias: Sequence[float] = [UNIT * value for value in document["bias"]]
        # An additional column counts the rows that were found.
        self._packing = Packing(len(self._categories) + 1)
        packed = {
            table: {name: self._packing.pack((*row, 1)) for name, row in document[table].items()}
            for table in ("words", "pairs", "forms")
        }
        self._vocabulary = Vocabulary(packed["words"], packed["pairs"])
        self._forms: Mapping[str, int] = packed["forms"]

    def read(self, prompt: Prompt) -> Reading:
        """Returns the probabilities of categories; for a prompt without text, those of any prompt."""
        scores = self._bias
        for text, share in zip(_latest_texts(prompt), (1.0, EARLIER), strict=False):
            scores = self._added(scores, text, share * UNIT)
        return Reading(dict(zip(self._categories, _probabilities(scores), strict=True)))

    def _added(self, scores: Sequence[float], text: str, share: float) -> list[float]:
        words = words_of(text)
        *of_words, found = self._packing.unpack(self._vocabulary.total(words))
        forms = chain(group_features(words), shape_features(text, len(words)))
        of_forms = self._packing.unpack(sum(filter(None, map(self._forms.get, forms))))
        # Divided by the root of the number of words, so that long texts do not get more certain by length alone.
        words_share = share / sqrt(found or 1)
        return [
            score + words_share * word + share * form
            for score, word, form in zip(scores, of_words, of_forms, strict=False)
        ]


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
    most = max(scores)
    likelihoods = [exp(score - most) for score in scores]
    total = sum(likelihoods)
    return [likelihood / total for likelihood in likelihoods]
