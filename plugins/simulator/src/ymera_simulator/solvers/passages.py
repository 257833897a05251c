"""Running text cut into sentences and the words that carry meaning."""

import re

from ymera_simulator.solvers.words import singular
from ymera_simulator.wording import listed

_COMMON = frozenset(
    listed(
        "a about after all also am an and any are as at be because been before being between both but by can could "
        "did do does doing during each few for from further had has have having he her here hers him his how i if "
        "in into is it its itself just me more most my no nor not of off on once only or other our out over own "
        "same she should so some such than that the their them then there these they this those through to too "
        "under until up very was we were what when where which while who whom whose why will with would you your "
        "according passage text answer only give question following read name word words number tell based"
    )
)
_ABBREVIATED = re.compile(r"\b(Dr|Mr|Mrs|Ms|Prof|St|No|vs|etc|approx|Inc|Ltd|e\.g|i\.e)\.")
_END = re.compile(r"(?<=[.!?])[\"”']?\s+(?=[A-Z\"“'\d])")
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?|\d[\d,.]*")


def sentences_of(text: str) -> list[str]:
    """Returns the sentences of running text."""
    joined = _ABBREVIATED.sub(r"\1․", " ".join(text.split()))
    return [sentence.replace("․", ".").strip() for sentence in _END.split(joined) if sentence.strip()]


def content_words(text: str) -> list[str]:
    """Returns the words that carry meaning, lower-case and reduced to a stem."""
    return [stem(word) for word in _WORD.findall(text.lower()) if word not in _COMMON]


def stem(word: str) -> str:
    """Returns what forms of a word have in common, roughly."""
    word = singular(word.removesuffix("'s"))
    if len(word) > 5:
        word = re.sub(r"(?:ing|ed|ly|er|ion)$", "", word)
    return word[:-1] if len(word) > 3 and word.endswith("e") else word
