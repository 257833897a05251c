"""Questions about a table or a passage in the prompt."""

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
    query = " ".join(line.lower() for line in lines if not line.startswith("|"))
    return (_ranked(rows, query) or _figured(rows, query)) if len(rows) > 1 else None


def _ranked(rows: Mapping[str, Fraction], query: str) -> Solution | None:
    high = any(word in query for word in ("highest", "largest", "most "))
    if not high and not any(word in query for word in ("lowest", "smallest", "least ", "fewest")):
        return None
    names = sorted(rows, key=lambda name: rows[name], reverse=high)
    index = 1 if "second" in query else 0
    return Solution(names[index], names[index - 1])


def _figured(rows: Mapping[str, Fraction], query: str) -> Solution | None:
    named, limits = [value for name, value in rows.items() if name.lower() in query], numbers_of(query)
    if "how many rows" in query and limits:
        below = "less than" in query or "fewer than" in query
        return number(sum(value < limits[0] if below else value > limits[0] for value in rows.values()))
    if "difference" in query and len(named) == 2:
        return number(abs(named[0] - named[1]))
    if "total" in query or "sum" in query:
        return number(Fraction(sum(named or rows.values())))
    return number(named[0]) if len(named) == 1 else None


def solve_passage(question: Question) -> Solution | None:
    """Answers from the sentence of a passage that shares the most words with the question."""
    sentences = [each.strip() for line in question.text.splitlines() for each in _SENTENCE.split(line)]
    query = next((each for each in sentences if "?" in each), "")
    statements = [each for each in sentences if each.endswith((".", "!")) and len(each.split()) > 3]
    if not query or len(statements) < 3 or not any(cue in question.lower for cue in _CUES):
        return None
    low = query.lower()
    if "how many times" in low and question.quoted:
        return number(sum(words_of(each).count(question.quoted[0].lower()) for each in statements))
    ranked = _ranked_sentences(statements, low)
    return Solution(ranked[0], ranked[1]) if _stems(ranked[0]) & _stems(low) else None


def _ranked_sentences(statements: list[str], query: str) -> list[str]:
    """Returns the sentences, ranked by the words that they share with the query, rare words counting more."""
    frequent = Counter(stem for each in statements for stem in _stems(each))
    wanted = _stems(query)
    return sorted(statements, key=lambda each: -sum(1 / frequent[stem] for stem in _stems(each) & wanted))


def _stems(text: str) -> set[str]:
    return {_stem(word) for word in words_of(text) if word not in _COMMON}


def _stem(word: str) -> str:
    for ending in ("ing", "ed", "es", "s", "e", "n"):
        if len(word) > len(ending) + 2 and word.endswith(ending):
            return word.removesuffix(ending)
    return word
