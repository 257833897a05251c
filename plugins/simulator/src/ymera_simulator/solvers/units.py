"""Conversion of units, exact."""

import re
from fractions import Fraction

from ymera_simulator.solvers.numerals import NUMBER, number, off_by_one, rounded, shown_as_asked
from ymera_simulator.solvers.question import Question, Solution

# kind → how much of the kind's base one unit is, and its names
_TABLE: dict[str, tuple[tuple[str, str], ...]] = {
    "length": (
        ("1", "metre metres meter meters m"),
        ("1000", "kilometre kilometres kilometer kilometers km kms"),
        ("1/100", "centimetre centimetres centimeter centimeters cm"),
        ("1/1000", "millimetre millimetres millimeter millimeters mm"),
        ("1609.344", "mile miles mi"),
        ("0.9144", "yard yards yd yds"),
        ("0.3048", "foot feet ft"),
        ("0.0254", "inch inches"),
        ("1852", "nautical-mile nautical-miles"),
    ),
    "mass": (
        ("1", "gram grams g"),
        ("1000", "kilogram kilograms kg kgs kilo kilos"),
        ("1/1000", "milligram milligrams mg"),
        ("1000000", "tonne tonnes metric-ton metric-tons"),
        ("453.59237", "pound pounds lb lbs"),
        ("28.349523125", "ounce ounces oz"),
        ("6350.29318", "stone stones"),
    ),
    "volume": (
        ("1", "litre litres liter liters l"),
        ("1/1000", "millilitre millilitres milliliter milliliters ml"),
        ("1/100", "centilitre centilitres centiliter centiliters cl"),
        ("1/10", "decilitre decilitres deciliter deciliters dl"),
        ("3.785411784", "gallon gallons gal"),
        ("0.946352946", "quart quarts"),
        ("0.473176473", "pint pints"),
        ("0.2365882365", "cup cups"),
        ("0.01478676478125", "tablespoon tablespoons"),
        ("0.00492892159375", "teaspoon teaspoons"),
    ),
    "time": (
        ("1", "second seconds sec secs s"),
        ("60", "minute minutes min mins"),
        ("3600", "hour hours hr hrs"),
        ("86400", "day days"),
        ("604800", "week weeks"),
        ("1209600", "fortnight fortnights"),
        ("1/1000", "millisecond milliseconds ms"),
    ),
    "years": (("1", "month months"), ("12", "year years"), ("120", "decade decades"), ("1200", "century centuries")),
    "data": (
        ("1", "byte bytes"),
        ("1/8", "bit bits"),
        ("1000", "kilobyte kilobytes kb"),
        ("1000000", "megabyte megabytes mb"),
        ("1000000000", "gigabyte gigabytes gb"),
        ("1000000000000", "terabyte terabytes tb"),
        ("1024", "kibibyte kibibytes kib"),
        ("1048576", "mebibyte mebibytes mib"),
        ("1073741824", "gibibyte gibibytes gib"),
    ),
    "area": (
        ("1", "square-metre square-metres square-meter square-meters m2"),
        ("10000", "hectare hectares ha"),
        ("4046.8564224", "acre acres"),
        ("1000000", "square-kilometre square-kilometres square-kilometer square-kilometers km2"),
        ("1/10000", "square-centimetre square-centimetres square-centimeter square-centimeters cm2"),
    ),
    "speed": (
        ("1", "m/s metres-per-second meters-per-second"),
        ("5/18", "km/h kph kilometres-per-hour kilometers-per-hour"),
        ("0.44704", "mph miles-per-hour"),
    ),
    "count": (
        ("1", "item items unit units piece pieces egg eggs sheet sheets"),
        ("12", "dozen dozens"),
        ("144", "gross"),
        ("20", "score"),
    ),
    "money": (
        ("1", "cent cents"),
        ("5", "nickel nickels"),
        ("10", "dime dimes"),
        ("25", "quarter quarters"),
        ("100", "dollar dollars"),
    ),
}
_UNITS = {
    name.replace("-", " "): (kind, Fraction(size))
    for kind, rows in _TABLE.items()
    for size, names in rows
    for name in names.split()
}
_DEGREES = r"(?:degrees? |deg |° ?|º ?)?(celsius|centigrade|fahrenheit|kelvin|[cfk])"
_NAMES = "|".join(sorted(map(re.escape, _UNITS), key=len, reverse=True))
_TEMPERATURE = re.compile(
    rf"({NUMBER}) ?{_DEGREES}\b.*?\b(?:to|in|into|as|is|degrees|°)\W+(?:\w+ ){{0,3}}?{_DEGREES}\b"
)
_TEMPERATURE_ASKED_FIRST = re.compile(rf"\b(?:in|to|many) {_DEGREES}\b.*?({NUMBER}) ?{_DEGREES}\b")
_GIVEN = re.compile(rf"({NUMBER}|\d+/\d+|\b(?:a|an|one|half a|half an)\b)[ -]?({_NAMES})\b")
_ASKED = re.compile(
    r"(?:how many|convert(?:ed)? (?:in)?to|number of|\bin|\bto|into|as|equals?|how long is .*? in|=)\s+(?:the "
    rf")?({_NAMES})\b"
)


def solve_units(question: Question) -> Solution | None:
    """Converts the quantity that the prompt gives into the unit that it asks for."""
    text = re.sub(r"\binch(?:es)? in\b", "inches in", question.digits)
    if (found := _temperature(text)) is not None:
        return found
    if len(re.findall(r"[.?!]\s", text)) > 4 or not re.search(
        r"\b(?:convert|how many|express|in|equals?|equivalent|change|what is|to)\b", text
    ):
        return None
    given = [(match.start(), match) for match in _GIVEN.finditer(text)]
    asked = [match for match in _ASKED.finditer(text) if all(match.start(1) != start for start, _ in given)]
    for target in asked:
        kind, size = _UNITS[target[1]]
        amounts = [match for _, match in given if _UNITS[match[2]][0] == kind and match[2] != target[1]]
        if amounts and len(amounts) == len(given):
            return _converted(amounts, size, text)
    return None


def _converted(amounts: list[re.Match[str]], size: Fraction, text: str) -> Solution:
    value = sum((_amount(match[1]) * _UNITS[match[2]][1] for match in amounts), Fraction(0)) / size
    answer, slip = (
        _shown(value, text),
        _shown(off_by_one(value) if value.denominator == 1 else value * Fraction(11, 10), text),
    )
    return Solution(answer, slip)


def _amount(text: str) -> Fraction:
    if text.startswith("half"):
        return Fraction(1, 2)
    if text in {"a", "an", "one"}:
        return Fraction(1)
    return Fraction(text) if "/" in text else number(text)


def _shown(value: Fraction, text: str) -> str:
    exact = shown_as_asked(value, text)
    return rounded(value, 4).rstrip("0").rstrip(".") if "/" in exact and "fraction" not in text else exact


def _temperature(text: str) -> Solution | None:
    if match := _TEMPERATURE.search(text):
        amount, source, target = match[1], match[2], match[3]
    elif match := _TEMPERATURE_ASKED_FIRST.search(text):
        target, amount, source = match[1], match[2], match[3]
    else:
        return None
    value = _from_celsius(_to_celsius(number(amount), source[0]), target[0])
    slip = value - 32 if target[0] == "f" else value + 10
    return Solution(_shown(value, text), _shown(slip, text)) if source[0] != target[0] else None


def _to_celsius(value: Fraction, scale: str) -> Fraction:
    if scale == "f":
        return (value - 32) * 5 / 9
    return value - Fraction("273.15") if scale == "k" else value


def _from_celsius(value: Fraction, scale: str) -> Fraction:
    if scale == "f":
        return value * 9 / 5 + 32
    return value + Fraction("273.15") if scale == "k" else value
