"""Questions about a table or a passage in the prompt, and summaries of it."""

import re
from collections import Counter
from collections.abc import Mapping
from fractions import Fraction

from ymera_simulator.solvers.question import Question, Solution, number, numbers_of, words_of
from ymera_simulator.wording import listed

_COMMON = frozenset(
    listed(
        "a about after an and any are as at be by did do does for from had has have how in into is it its many much of "
        "on or question that the their there this to was were what when where which who whom whose why will with you "
        "text passage year only use read answer according"
    )
)
_CUES = ("passage", "text", "read", "according", "paragraph", "article", "\n\n")
_SENTENCE = re.compile(r"(?<=[.!?])[ \n]{1,9}")


def solve_table(question: Question) -> Solution | None:
    """Finds, adds, subtracts and counts the numbers of a table of two columns."""
    lines = question.text.splitlines()
    cells = [[cell.strip() for cell in line.strip("| ").split("|")] for line in lines if line.startswith("|")]
    rows = {row[0]: numbers_of(row[1])[0] for row in cells if len(row) == 2 and numbers_of(row[1])}
    asked = " ".join(line.lower() for line in lines if not line.startswith("|"))
    return (_ranked(rows, asked) or _figured(rows, asked)) if len(rows) > 1 else None


def _ranked(rows: Mapping[str, Fraction], asked: str) -> Solution | None:
    high = any(word in asked for word in ("highest", "largest", "most "))
    if not high and not any(word in asked for word in ("lowest", "smallest", "least ", "fewest")):
        return None
    names = sorted(rows, key=lambda name: rows[name], reverse=high)
    place = 1 if "second" in asked else 0
    return Solution(names[place], names[place - 1])


def _figured(rows: Mapping[str, Fraction], asked: str) -> Solution | None:
    named, limits = [value for name, value in rows.items() if name.lower() in asked], numbers_of(asked)
    if "how many rows" in asked and limits:
        below = "less than" in asked or "fewer than" in asked
        return number(sum(value < limits[0] if below else value > limits[0] for value in rows.values()))
    if "difference" in asked and len(named) == 2:
        return number(abs(named[0] - named[1]))
    if "total" in asked or "sum" in asked:
        return number(Fraction(sum(named or rows.values())))
    return number(named[0]) if len(named) == 1 else None


def solve_passage(question: Question) -> Solution | None:
    """Answers from the sentence of a passage that shares the most words with the question."""
    sentences = [each.strip() for line in question.text.splitlines() for each in _SENTENCE.split(line)]
    asked = next((each for each in sentences if "?" in each), "")
    told = [each for each in sentences if each.endswith((".", "!")) and len(each.split()) > 3]
    if not asked or len(told) < 3 or not any(cue in question.lower for cue in _CUES):
        return None
    low = asked.lower()
    if "how many times" in low and question.quoted:
        return number(sum(words_of(each).count(question.quoted[0].lower()) for each in told))
    ranked = _ranked_sentences(told, low)
    return Solution(ranked[0], ranked[1]) if _stems(ranked[0]) & _stems(low) else None


def _ranked_sentences(told: list[str], asked: str) -> list[str]:
    """The sentences, those first that share words with the question which few sentences have."""
    frequent = Counter(stem for each in told for stem in _stems(each))
    wanted = _stems(asked)
    return sorted(told, key=lambda each: -sum(1 / frequent[stem] for stem in _stems(each) & wanted))


def _stems(text: str) -> set[str]:
    return {_stem(word) for word in words_of(text) if word not in _COMMON}


def _stem(word: str) -> str:
    for ending in ("ing", "ed", "es", "s", "e", "n"):
        if len(word) > len(ending) + 2 and word.endswith(ending):
            return word.removesuffix(ending)
    return word


def solve_summary(question: Question) -> Solution | None:
    """Repeats the first sentence of a text."""
    if not question.lower.startswith(("summar", "please summar", "tl;dr", "give a summary", "give me a summary")):
        return None
    sentences = _SENTENCE.split(" ".join(question.text.partition(":")[2].split()))
    return Solution(sentences[0], sentences[-1]) if len(sentences) > 1 else None
