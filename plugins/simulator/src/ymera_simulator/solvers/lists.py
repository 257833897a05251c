"""Lists: statistics, sorting and extremes."""

import re
from fractions import Fraction
from statistics import median

from ymera_simulator.solvers.question import Question, Solution, number, numbers_of, sequence, written

_PARTS = re.compile(r"[:\n?]|\. |\b(?:sort|order|arrange|rank|reverse)\b|\b(?:alphabetically|in )\b", re.IGNORECASE)
_NTH = {"second": 1, "third": 2, "fourth": 3}
_HIGH, _LOW = ("largest", "biggest", "highest", "greatest", "maximum"), ("smallest", "lowest", "least", "minimum")
_SORTS = ("sort", "arrange", "rank", "put ", "order")
_DOWN = ("descending", "largest to smallest", "highest to lowest", "decreasing", "reverse alphabetical")


def solve_statistics(question: Question) -> Solution | None:
    """Mean, median, sum and range of a list of numbers."""
    low, values = question.lower, numbers_in(question)
    if len(values) < 2:
        return None
    if "median" in low:
        return number(Fraction(median(values)))
    if "mean" in low or "average" in low:
        return number(Fraction(sum(values), len(values)))
    if "range of" in low:
        return number(max(values) - min(values))
    return number(Fraction(sum(values))) if re.search(r"\b(?:sum|total) of\b", low) else None


def solve_list(question: Question) -> Solution | None:
    """Sorts a list, or finds its largest or second smallest."""
    items, low = items_in(question), question.lower
    if len(items) < 2:
        return None
    if found := _extreme(low, question):
        return found
    return _ordered(items, low) if any(word in low for word in _SORTS) else None


def _ordered(items: list[str], low: str) -> Solution:
    down = any(word in low for word in _DOWN)
    if all(_is_number(item) for item in items):
        return sequence(sorted(items, key=lambda item: Fraction(item.replace(",", "")), reverse=down))
    return sequence(sorted(items, key=str.lower, reverse=down))


def _extreme(low: str, question: Question) -> Solution | None:
    high = any(word in low for word in _HIGH)
    if high == any(word in low for word in _LOW):
        return None
    values = sorted(numbers_in(question), reverse=high)
    place = next((nth for word, nth in _NTH.items() if word in low), 0)
    if len(values) <= place + 1:
        return None
    return Solution(written(values[place]), written(values[place + 1]))


def items_in(question: Question) -> list[str]:
    """Returns the items of the longest list with commas; empty if there is no list."""
    part = max(_PARTS.split(question.text), key=lambda each: each.count(","))
    items = [item.strip(" .!?\"'").removeprefix("and ") for item in part.replace(" and ", ", ").split(",")]
    if "," not in part:
        return []
    if all(map(_is_number, items[1:])):
        items[0] = items[0].rpartition(" ")[2]
    return [item for item in items if item]


def numbers_in(question: Question) -> list[Fraction]:
    """Returns the numbers of the list; empty if it contains anything else."""
    items = items_in(question)
    return [value for item in items for value in numbers_of(item)] if all(map(_is_number, items)) else []


def _is_number(item: str) -> bool:
    return item.lstrip("-").replace(".", "", 1).isdecimal() and len(item) <= 15
