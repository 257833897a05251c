"""Summaries made of the text's own most telling sentences."""

import re
from collections import Counter

from ymera_simulator.solvers.numerals import digits_for_words
from ymera_simulator.solvers.passages import content_words, sentences_of
from ymera_simulator.solvers.question import Question, Solution

_ORDER = re.compile(r"\b(?:summari[sz]e|summary|condense|shorten|sum up|tl;?dr)\b", re.IGNORECASE)
_SHORTEST = 80


def solve_summary(question: Question) -> Solution | None:
    """Picks as many sentences as are asked for, one where that is open, in the order of the text."""
    if not _ORDER.search(question.text):
        return None
    sentences = [each for each in sentences_of(_passage(question.text)) if not _ORDER.search(each)]
    if len(sentences) < 2:
        return None
    asked = re.search(r"(\d+) (?:short )?sentences?", digits_for_words(question.lower))
    count = min(int(asked[1]) if asked else 1, len(sentences))
    frequent = Counter(word for sentence in sentences for word in content_words(sentence))
    ranked = sorted(range(len(sentences)), key=lambda at: -_weight(sentences[at], frequent, at))
    chosen = [sentences[at] for at in sorted(ranked[:count])]
    off_topic = sentences[ranked[-1]]
    return Solution(" ".join(chosen), off_topic)


def _passage(text: str) -> str:
    blocks = [block for block in re.split(r"\n\s*\n", text) if len(block) >= _SHORTEST]
    return max(blocks, key=len, default=text.split(":", 1)[-1])


def _weight(sentence: str, frequent: Counter[str], at: int) -> float:
    words = content_words(sentence)
    # What comes first in a text tends to say what it is about.
    return sum(frequent[word] for word in words) / (len(words) + 3) + (0.5 if at == 0 else 0.0)
