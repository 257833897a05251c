"""What a system prompt says of the task, and how much that counts beside the user's message."""

import re
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b

MOST_KEPT = 512
"""System prompts whose readings are kept; those that came last."""
LONGEST = 4_000
"""Characters that are read at the beginning and at the end of a system prompt, each."""
SHARE, SHORT, LEAST_SURE, WIDEST = 3.0, 36, 0.3, 5.0
"""How much a system prompt counts beside an empty message, the characters of a message beside which it counts a quarter
of that, the probability of its likeliest category from which on it counts, and the widest span of its scores. Chosen by
the prompts in `training/systems.py`."""
MATERIAL = 0.5
"""How much a message counts that is only to be worked on."""
WORKS_ON = ("language", "research")
"""The categories of work on given texts."""
_ROLE = re.compile(r"\b(?:you(?:'re| are)?|act as|your (?:task|job|role) is to|(?:the )?user(?:'s)?)\b", re.IGNORECASE)
_EVERYTHING = re.compile(
    r"\b(?:everything|whatever|(?:each|every|all|any) (?:\w+ )?(?:message|text|sentence|document|line|input|word)s?"
    r"|the user's (?:\w+ )?(?:message|text|input|words)|(?:do not|don't|never) answer (?:it|them|questions)"
    r"|alles|jede nachricht|todo lo que|tout ce que|tutto (?:ciò|quello) che|всё, что)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class SystemReading:
    """What is made of a system prompt.

    Attributes:
        scores: Of the categories.
        strength: How much they count beside an empty message: 0 if it does not say what the task is.
        material: What the user says is to be worked on and not to be answered, whatever it is.
    """

    scores: Sequence[float]
    strength: float
    material: bool

    def share(self, characters: int) -> float:
        """Returns how much it counts beside a message of so many characters: the less the longer that is."""
        return self.strength * (1.0 if self.material else (SHORT / (characters + SHORT)) ** 2)


class Systems:
    """Reads system prompts, each once as long as it is among the latest ones. Of each a digest is kept, and no text."""

    def __init__(self, read: Callable[[str], tuple[Sequence[float], str, float]]) -> None:
        """Takes what reads a text: it returns the scores of categories, the likeliest one and its probability."""
        self._read = read
        self._known: OrderedDict[bytes, SystemReading] = OrderedDict()

    def __call__(self, text: str) -> SystemReading:
        """Returns what is made of a system prompt."""
        if len(text) > 2 * LONGEST:
            text = f"{text[:LONGEST]}\n{text[-LONGEST:]}"
        digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        found = self._known.get(digest)
        if found is None:
            found = self._known[digest] = self._made(text)
            if len(self._known) > MOST_KEPT:
                self._known.popitem(last=False)
        else:
            self._known.move_to_end(digest)
        return found

    def _made(self, text: str) -> SystemReading:
        scores, likeliest, sure = self._read(task_of(text))
        span = max(scores) - min(scores)
        strength = min(1.0, WIDEST / span if span else 1.0) * SHARE * max(sure - LEAST_SURE, 0.0) / (1 - LEAST_SURE)
        return SystemReading(scores, strength, likeliest in WORKS_ON and _EVERYTHING.search(text) is not None)


def task_of(text: str) -> str:
    """Returns a system prompt without what it calls the model and its user, as requests for role play begin so."""
    return _ROLE.sub(" ", text).strip()
