"""Questions about a table or a passage in the prompt, and summaries of it."""

import re
from collections import Counter
from dataclasses import dataclass
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
_YEAR = re.compile(r"\b[12]\d{3}\b")
_NAME = re.compile(r"\b[A-Z][a-z]{1,20}(?: [A-Z][a-z]{1,20}){0,3}")
_ORDINALS = {"second": 1, "third": 2}
_SENTENCES = re.compile(r"\b(one|two|three|four|[1-4]) sentences?\b")
_COUNTS = {"one": 1, "two": 2, "three": 3, "four": 4}


@dataclass(frozen=True, slots=True)
class _Table:
    """Rows of a name and a number, and what is asked about them in lower case."""

    rows: dict[str, Fraction]
    asked: str

    @property
    def named(self) -> list[Fraction]:
        """The numbers of the rows that are asked about."""
        return [value for name, value in self.rows.items() if name.lower() in self.asked]


def solve_table(question: Question) -> Solution | None:
    """Finds, adds, subtracts and counts the numbers of a table of two columns."""
    lines = question.text.splitlines()
    cells = [[cell.strip() for cell in line.strip("| ").split("|")] for line in lines if line.startswith("|")]
    rows = {row[0]: numbers_of(row[1])[0] for row in cells if len(row) == 2 and numbers_of(row[1])}
    if len(rows) < 2:
        return None
    table = _Table(rows, " ".join(line.lower() for line in lines if not line.startswith("|")))
    return _ranked(table) or _figured(table)


def _ranked(table: _Table) -> Solution | None:
    high = any(word in table.asked for word in ("highest", "largest", "most "))
    if not high and not any(word in table.asked for word in ("lowest", "smallest", "least ", "fewest")):
        return None
    names = sorted(table.rows, key=lambda name: table.rows[name], reverse=high)
    place = next((nth for word, nth in _ORDINALS.items() if word in table.asked), 0)
    return Solution(names[place], names[place - 1])


def _figured(table: _Table) -> Solution | None:
    asked, named = table.asked, table.named
    limits = numbers_of(asked)
    if "how many rows" in asked and limits:
        below = "less than" in asked or "fewer than" in asked or "under" in asked
        return number(sum(value < limits[0] if below else value > limits[0] for value in table.rows.values()))
    if "difference" in asked and len(named) == 2:
        return number(abs(named[0] - named[1]))
    if "total" in asked or "sum" in asked:
        return number(Fraction(sum(named or table.rows.values())))
    if "average" in asked or "mean" in asked:
        return number(Fraction(sum(table.rows.values()), len(table.rows)))
    return number(named[0]) if len(named) == 1 else None


def solve_passage(question: Question) -> Solution | None:
    """Answers from the sentence of a passage that shares the most words with the question."""
    sentences = [each.strip() for line in question.text.splitlines() for each in _SENTENCE.split(line)]
    asked = next((each for each in sentences if "?" in each), "")
    told = [each for each in sentences if "?" not in each and len(each.split()) > 3]
    if not asked or len(told) < 3 or not any(cue in question.lower for cue in _CUES):
        return None
    low = asked.lower()
    if "how many times" in low and question.quoted:
        return number(sum(words_of(each).count(question.quoted[0].lower()) for each in told))
    if "how many more" in low or "difference" in low:
        figures = [numbers_of(each)[-1] for each in told if numbers_of(each)]
        return number(abs(figures[0] - figures[1])) if len(figures) == 2 else None
    return _extracted(low, _ranked_sentences(told, low), _stems(low))


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


def _extracted(low: str, ranked: list[str], wanted: set[str]) -> Solution | None:
    if not _stems(ranked[0]) & wanted:
        return None
    found = [one for sentence in ranked[:3] for one in _candidates(low, sentence, wanted) if one]
    others = [one for one in found if one != found[0]]
    return Solution(found[0], others[0] if others else "It does not say.") if found else None


def _candidates(low: str, sentence: str, wanted: set[str]) -> list[str]:
    if " known for" in low:
        return [sentence.partition(" known for ")[2].split(",")[0].removeprefix("its ").strip(". ")]
    if "how " in low:
        return _figures(sentence, wanted)
    if "year" in low or "when" in low:
        return _YEAR.findall(sentence)
    names = [each for each in _NAME.findall(sentence) if each not in {"It", "The"} and not _stems(each) <= wanted]
    names.reverse()
    return sorted(names, key=lambda name: f"by {name}" not in sentence)


def _figures(sentence: str, wanted: set[str]) -> list[str]:
    """The numbers of a sentence, those first that stand before a word of the question."""
    words = sentence.rstrip(".").split()
    found = [(word.strip(",."), words[at + 1 : at + 3]) for at, word in enumerate(words) if word[0].isdigit()]
    return [figure for figure, after in sorted(found, key=lambda each: -len(_stems(" ".join(each[1])) & wanted))]


def solve_summary(question: Question) -> Solution | None:
    """Repeats the first sentences of a text, as many as are asked for."""
    low = question.lower
    if not low.startswith(("summar", "please summar", "tl;dr", "give a summary", "give me a summary")):
        return None
    order, _, text = question.text.partition(":")
    sentences = _SENTENCE.split(" ".join(text.split()))
    if len(sentences) < 2:
        return None
    asked = _SENTENCES.search(order.lower())
    count = _COUNTS.get(asked[1]) or int(asked[1]) if asked else 1
    return Solution(" ".join(sentences[:count]), sentences[-1])
