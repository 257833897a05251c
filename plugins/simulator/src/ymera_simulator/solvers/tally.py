"""Reckoning with a story's quantities: rates are multiplied out, what is alike is added up or shared."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from ymera_simulator.solvers.quantities import EACH, MONEY, PERCENT, Quantity, Story
from ymera_simulator.solvers.words import singular


@dataclass(frozen=True, slots=True)
class Result:
    """A value and what it counts."""

    value: Fraction
    unit: str = ""


_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800}
_TIMES = frozenset({*_SECONDS, "month", "year", "hr", "h", "min"})
_SHORT = {"hr": "hour", "h": "hour", "min": "minute", "kilometer": "km", "kilometre": "km", "kph": "km", "mph": "mile"}
_LENGTHS = frozenset({"km", "mile", "meter", "metre", "m", "foot", "cm", "centimeter", "yard", "inch", "lap"})
_WORKERS = frozenset(
    {
        "worker",
        "people",
        "person",
        "machine",
        "man",
        "tap",
        "pump",
        "painter",
        "pipe",
        "builder",
        "printer",
        "farmer",
        "robot",
    }
)
_SIGNED = re.compile(
    r"\b(?:can|left|remain|remains|remaining|now|still|change|back|end up|in the end|after|unsold|uneaten|unused|"
    r"does \w+ have|do \w+ have|are there)\b"
)
_UNSIGNED = re.compile(
    r"\b(?:spend|spent|pay|paid|cost|sold|sell|altogether|in all|eaten|eat|used|lost|give away|given)\b"
)
_SHARING = re.compile(r"\b(?:each|every|per|apiece)\b")
_LEFT = re.compile(r"\b(?:left|remain|remains|remaining|now|still)\b")
_NEEDED = re.compile(r"\b(?:needed|need|needs|required|minimum|must|necessary)\b")


def reckon(story: Story) -> Result | None:
    """Returns what the story asks for, where the quantities give it."""
    quantities = [_plain_units(quantity) for quantity in story.quantities]
    if any(quantity.unit == PERCENT for quantity in quantities):
        return None
    asked = _asked_unit(story, quantities)
    for way in (_speed, _proportion, _how_many_groups, _tallied):
        found = way(story, quantities, asked)
        if found is not None:
            return found
    return None


def _plain_units(quantity: Quantity) -> Quantity:
    unit, per = _SHORT.get(quantity.unit, quantity.unit), _SHORT.get(quantity.per, quantity.per)
    if quantity.unit in {"kph", "mph"}:
        per = "hour"
    return replace(quantity, unit=unit, per="" if per == unit else per)


def _asked_unit(story: Story, quantities: Sequence[Quantity]) -> str:
    question = story.question
    units = [unit for quantity in quantities for unit in (quantity.unit, quantity.per) if unit]
    if found := re.search(r"how many (?:more |other |full |whole |complete |extra )?((?:[a-z-]+ ?){1,4})", question):
        words = [_SHORT.get(singular(word), singular(word)) for word in found[1].split()]
        if MONEY in units and words[0] in {"dollar", "euro", "cent"}:
            return MONEY
        return next((word for word in words if word in units), words[0])
    if re.search(r"how far|distance|how long is the (?:road|route|trip) in (?:km|miles)", question):
        return next((unit for unit in units if unit in _LENGTHS), "km")
    if re.search(r"how long|how much time|how much longer", question):
        return next((unit for unit in units if unit in _TIMES), "hour")
    if MONEY in units and re.search(r"how much|cost|price|total|money|change|earn|pay|spend|bill", question):
        return MONEY
    named = [unit for unit in units if unit and re.search(rf"\b{re.escape(unit)}", question)]
    return named[0] if named else (units[0] if units else "")


def _speed(story: Story, quantities: Sequence[Quantity], asked: str) -> Result | None:
    if not re.search(
        r"\b(?:speed|how fast|rate|unit price|per (?:hour|minute|second|day|week|unit|item)|price per|each "
        r"(?:hour|day))\b",
        story.question,
    ):
        return None
    plain = [quantity for quantity in quantities if not quantity.per]
    times = sum((quantity.value for quantity in plain if quantity.unit in _TIMES), Fraction(0))
    things = [quantity for quantity in plain if quantity.unit not in _TIMES]
    if not times or len(things) != 1 or len(plain) != len(quantities):
        return None
    return Result(things[0].value / times, things[0].unit)


def _proportion(story: Story, quantities: Sequence[Quantity], asked: str) -> Result | None:
    """Reasons: so many of these go with so many of those; how many go with these others?"""
    if len(quantities) != 3 or any(quantity.per for quantity in quantities) or _LEFT.search(story.question):
        return None
    wished = [quantity for quantity in quantities if quantity.asked]
    known = [quantity for quantity in quantities if not quantity.asked] if len(wished) == 1 else list(quantities[:2])
    if len(wished) != 1:
        wished = [quantities[2]]
    same = [quantity for quantity in known if quantity.unit == wished[0].unit]
    other = [quantity for quantity in known if quantity.unit != wished[0].unit]
    if len(same) != 1 or len(other) != 1 or not same[0].value or (asked and other[0].unit != asked):
        return None
    ratio = wished[0].value / same[0].value
    inverse = same[0].unit in _WORKERS and other[0].unit in _TIMES
    return Result(other[0].value / ratio if inverse else other[0].value * ratio, other[0].unit)


def _how_many_groups(story: Story, quantities: Sequence[Quantity], asked: str) -> Result | None:
    """Divides a whole by a rate: boxes needed, hours taken, what is left over."""
    rates = [
        quantity
        for quantity in quantities
        if quantity.per and (quantity.per == asked or re.search(r"left over|leftover|remainder", story.question))
    ]
    if not rates:
        return None
    rate = rates[-1]
    rest = [
        quantity for quantity in quantities if quantity is not rate and quantity.unit == rate.unit and not quantity.per
    ]
    whole = sum((quantity.sign * quantity.value if len(rest) > 1 else quantity.value for quantity in rest), Fraction(0))
    if whole <= 0 or not rate.value or any(quantity.unit == rate.per and not quantity.per for quantity in quantities):
        return None
    if re.search(r"left over|leftover|remainder", story.question):
        return Result(whole % rate.value, rate.unit)
    groups = whole / rate.value
    if rate.per in _TIMES or rate.unit == MONEY:
        return Result(groups if rate.per in _TIMES else Fraction(groups.numerator // groups.denominator), rate.per)
    if _NEEDED.search(story.question):
        return Result(Fraction(-(-groups.numerator // groups.denominator)), rate.per)
    return Result(groups if groups.denominator == 1 else Fraction(groups.numerator // groups.denominator), rate.per)


def _tallied(story: Story, quantities: Sequence[Quantity], asked: str) -> Result | None:
    totals = _multiplied(list(quantities))
    alike = [quantity for quantity in totals if _counts(quantity, asked)]
    others = [quantity for quantity in totals if quantity not in alike and not quantity.per]
    if not alike:
        # "How many animals?" of cows and sheep: everything counted goes.
        alike, others = (
            [quantity for quantity in totals if not quantity.per and quantity.unit not in {MONEY, *_TIMES}],
            [],
        )
    if not alike:
        return None
    total = _sum(story, alike)
    sharing = _SHARING.search(story.question) or re.search(r"\b(?:equally|evenly|shared?|split|divided?)\b", story.text)
    if sharing and len(others) == 1 and others[0].value and len(quantities) > 1:
        used = len(totals) != len(quantities)
        if not used or _SHARING.search(story.question):
            return _shared(story, total, others[0], asked)
    return Result(total, asked)


def _shared(story: Story, total: Fraction, among: Quantity, asked: str) -> Result:
    whole = abs(total)
    if re.search(r"left over|leftover|remainder|remain", story.question):
        return Result(whole % among.value, asked)
    return Result(whole / among.value, asked)


def _counts(quantity: Quantity, asked: str) -> bool:
    return not quantity.per and (quantity.unit == asked or asked in quantity.words or not quantity.unit)


def _sum(story: Story, alike: Sequence[Quantity]) -> Fraction:
    question = story.question
    if (
        re.search(
            r"how many more|how much more|how many fewer|how much less|difference|how much longer|how much "
            r"(?:taller|heavier)|how many additional",
            question,
        )
        and len(alike) == 2
    ):
        return abs(alike[0].value - alike[1].value)
    negative = [quantity for quantity in alike if quantity.sign < 0]
    if not _SIGNED.search(question) and (_UNSIGNED.search(question) or len(negative) == len(alike)):
        chosen = (
            negative
            if negative
            and len(negative) < len(alike)
            and re.search(r"spend|spent|pay|paid|sold|eat|lost|used|given|give", question)
            else alike
        )
        return sum((quantity.value for quantity in chosen), Fraction(0))
    return sum((quantity.sign * quantity.value for quantity in alike), Fraction(0))


def _multiplied(quantities: list[Quantity]) -> list[Quantity]:
    """Replaces each rate that has its count by their product, until nothing is left to multiply."""
    counts_used: set[int] = set()
    for _ in range(len(quantities)):
        step = next(
            ((rate, counts) for rate in quantities if rate.per and (counts := _counts_for(rate, quantities))), None
        )
        if step is None:
            break
        rate, counts = step
        amount = sum((_in_unit(count, rate.per) for count in counts), Fraction(0))
        counts_used.update(id(count) for count in counts)
        sign = -1 if rate.unit == MONEY and (rate.pays or any(count.pays for count in counts)) else rate.sign
        product = replace(rate, value=rate.value * amount, per="", sign=sign)
        quantities = [product if quantity is rate else quantity for quantity in quantities]
    return [quantity for quantity in quantities if id(quantity) not in counts_used]


def _counts_for(rate: Quantity, quantities: Sequence[Quantity]) -> list[Quantity]:
    plain = [quantity for quantity in quantities if not quantity.per and quantity.unit not in {"", rate.unit}]
    if rate.per == EACH:
        return _nearest(rate, quantities, [quantity for quantity in plain if quantity.unit != MONEY])
    named = [quantity for quantity in plain if rate.per == quantity.unit or rate.per in quantity.words]
    in_time = [quantity for quantity in plain if rate.per in _SECONDS and quantity.unit in _SECONDS]
    return named or in_time


def _nearest(rate: Quantity, quantities: Sequence[Quantity], plain: Iterable[Quantity]) -> list[Quantity]:
    at = {id(quantity): place for place, quantity in enumerate(quantities)}
    here = at[id(rate)]
    # A price stands behind what it is for: "3 pens at $2 each".
    return sorted(plain, key=lambda quantity: (abs(at[id(quantity)] - here), at[id(quantity)] > here))[:1]


def _in_unit(count: Quantity, unit: str) -> Fraction:
    if count.unit == unit or count.unit not in _SECONDS or unit not in _SECONDS:
        return count.value
    return count.value * _SECONDS[count.unit] / _SECONDS[unit]
