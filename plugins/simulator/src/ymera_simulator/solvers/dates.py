"""Weekdays, dates and units."""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from fractions import Fraction

from ymera_simulator.solvers.question import Question, Solution, number
from ymera_simulator.wording import listed

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = listed("january february march april may june july august september october november december")
_MONTH = "|".join(_MONTHS)
_DATE = re.compile(rf"(\d{{4}})-(\d\d)-(\d\d)|(\d{{1,2}}) ({_MONTH}) (\d{{4}})|({_MONTH}) (\d{{1,2}}),? (\d{{4}})")
_TODAY = re.compile(rf"today is (?:a )?({'|'.join(_DAYS).lower()})")
_SHIFT = re.compile(r"(\d{1,6}) (day|week)s? (after|before|from|ago|later|earlier)|\bin (\d{1,6}) (day|week)s")


def solve_date(question: Question) -> Solution | None:
    """Weekdays and dates some days away, days between two dates."""
    low = question.lower
    days = _shift(low)
    if (today := _TODAY.search(low)) and days is not None:
        return _weekday(_DAYS.index(today[1].capitalize()) + days)
    found = [_date(each) for each in _DATE.finditer(low)]
    if len(found) == 2 and "how many days" in low:
        return number(abs((found[1] - found[0]).days))
    if len(found) != 1:
        return None
    if days is not None:
        moved = found[0] + timedelta(days)
        return Solution(moved.isoformat(), (moved + timedelta(1)).isoformat())
    return _weekday(found[0].weekday()) if "weekday" in low or "day of the week" in low else None


def _date(found: re.Match[str]) -> date:
    if found[1]:
        return date(int(found[1]), int(found[2]), int(found[3]))
    if found[4]:
        return date(int(found[6]), _MONTHS.index(found[5]) + 1, int(found[4]))
    return date(int(found[9]), _MONTHS.index(found[7]) + 1, int(found[8]))


def _shift(low: str) -> int | None:
    found = _SHIFT.search(low)
    if found is None:
        return None
    count = int(found[1] or found[4]) * (7 if (found[2] or found[5]) == "week" else 1)
    return -count if found[3] in {"before", "ago", "earlier"} else count


def _weekday(day: int) -> Solution:
    return Solution(_DAYS[day % 7], _DAYS[(day + 1) % 7])


def _units(*rows: tuple[str, str, str]) -> Mapping[str, tuple[str, Fraction]]:
    return {name: (kind, Fraction(size)) for names, kind, size in rows for name in names.split()}


_UNITS = _units(
    ("mm millimetre millimeter", "length", "0.001"), ("cm centimetre centimeter", "length", "0.01"),
    ("m metre meter", "length", "1"), ("km kilometre kilometer", "length", "1000"), ("yard", "length", "0.9144"),
    ("inch inches inche", "length", "0.0254"), ("foot feet ft", "length", "0.3048"), ("mile", "length", "1609.344"),
    ("mg milligram", "mass", "0.001"), ("g gram", "mass", "1"), ("kg kilogram", "mass", "1000"),
    ("ounce oz", "mass", "28.349523125"), ("pound lb", "mass", "453.59237"), ("tonne", "mass", "1000000"),
    ("second", "time", "1"), ("minute", "time", "60"), ("hour", "time", "3600"), ("day", "time", "86400"),
    ("week", "time", "604800"), ("ml millilitre milliliter", "volume", "0.001"), ("l litre liter", "volume", "1"),
    ("byte", "data", "1"), ("kilobyte", "data", "1e3"), ("megabyte", "data", "1e6"), ("gigabyte", "data", "1e9"),
)  # fmt: skip
_INTO = re.compile(
    r"(-?\d{1,12}(?:\.\d{1,9})?) ?(?:°|degrees )?([a-z]{1,20}) (?:in|to|into|as) (?:°|degrees )?([a-z]{1,20})"
)
_IN = re.compile(r"how many ([a-z]{1,20}) (?:are )?(?:there )?(?:in|make) (-?\d{1,12}(?:\.\d{1,9})?) ([a-z]{1,20})")


def solve_units(question: Question) -> Solution | None:
    """Converts between units of one kind, and temperatures."""
    low = question.lower
    if found := _INTO.search(low):
        return _converted(Fraction(found[1]), found[2], found[3])
    if found := _IN.search(low):
        return _converted(Fraction(found[2]), found[3], found[1])
    return None


def _converted(value: Fraction, source: str, target: str) -> Solution | None:
    if (source[0] + target[0]) == "cf" and target in {"f", "fahrenheit"}:
        return number(value * 9 / 5 + 32)
    if (source[0] + target[0]) == "fc" and target in {"c", "celsius"}:
        return number((value - 32) * 5 / 9)
    known, wanted = _unit(source), _unit(target)
    return number(value * known[1] / wanted[1]) if known and wanted and known[0] == wanted[0] else None


def _unit(name: str) -> tuple[str, Fraction] | None:
    return _UNITS.get(name) or _UNITS.get(name.removesuffix("s"))
