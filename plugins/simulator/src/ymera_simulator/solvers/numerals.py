"""Numbers as people write them, exact."""

import re
from fractions import Fraction

from ymera_simulator.wording import listed

_UNITS = listed(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
)
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_SMALL = {word: value for value, word in enumerate(_UNITS)} | {
    word: 10 * value for value, word in enumerate(_TENS, start=2)
}
_SCALES = {"hundred": 100, "thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
_NAMES = "|".join(sorted([*_SMALL, *_SCALES], key=len, reverse=True))
_WRITTEN = re.compile(rf"\b(?:{_NAMES})(?:(?:[\s-]+|\s+and\s+)(?:{_NAMES}))*\b")
_ONE_ALONE = re.compile(r"\b(?:no|any|this|that|which|each|every|another|the) one\b|\bone (?:of|another|day|by)\b")
_ORDINALS = {
    "first": 1,
    "second": 2,
    "third": 3,
    "fourth": 4,
    "fifth": 5,
    "sixth": 6,
    "seventh": 7,
    "eighth": 8,
    "ninth": 9,
    "tenth": 10,
    "eleventh": 11,
    "twelfth": 12,
    "last": -1,
}

NUMBER = r"-?\d+(?:,\d{3})*(?:\.\d+)?"


def number(text: str) -> Fraction:
    """Returns the value of what `NUMBER` matches."""
    return Fraction(text.replace(",", ""))


def numbers(text: str) -> list[Fraction]:
    """Returns every number of a text, a minus sign counted only where it can't be a hyphen."""
    return [number(found) for found in re.findall(rf"(?<![\w.]){NUMBER}", text)]


def ordinal(word: str) -> int | None:
    """Returns 3 for `3rd` and `third`, -1 for `last`."""
    if match := re.fullmatch(r"(\d+)(?:st|nd|rd|th)", word):
        return int(match[1])
    return _ORDINALS.get(word)


def digits_for_words(text: str) -> str:
    """Writes `twenty-one` as `21` and `a dozen` as `12`, in lower-case text."""
    text = re.sub(r"\b(?:a|one) dozen\b", "12", text)
    text = re.sub(r"(\d{1,9}) dozen\b", lambda match: str(12 * int(match[1])), text)
    kept = {match.start() + match[0].index("one") for match in _ONE_ALONE.finditer(text)}
    text = _WRITTEN.sub(lambda match: match[0] if match.start() in kept else _digits(match[0]), text)
    return re.sub(r"(\d{1,9}) dozen\b", lambda match: str(12 * int(match[1])), text)


def _digits(phrase: str) -> str:
    words = re.findall(_NAMES, phrase)
    if words[0] in _SCALES:
        return phrase
    spoken_apart = all(word in _SMALL for word in words) and not _makes_one_number(words)
    return re.sub(_NAMES, lambda match: str(_SMALL[match[0]]), phrase) if spoken_apart else str(_value(words))


def _makes_one_number(words: list[str]) -> bool:
    return len(words) == 1 or (len(words) == 2 and _SMALL[words[0]] >= 20 and 0 < _SMALL[words[1]] < 10)


def _value(words: list[str]) -> int:
    total = current = 0
    for word in words:
        if word in _SMALL:
            current += _SMALL[word]
        elif word == "hundred":
            current *= 100
        else:
            total, current = total + current * _SCALES[word], 0
    return total + current


def show(value: Fraction) -> str:
    """Writes a value: as a whole number or decimal where that is exact and short, else as a fraction."""
    if value.denominator == 1:
        return str(value.numerator)
    scaled = value * 10**6
    if scaled.denominator == 1:
        return f"{float(value):.6f}".rstrip("0") if abs(value) < 10**9 else str(float(value))
    return f"{value.numerator}/{value.denominator}"


def rounded(value: Fraction, places: int) -> str:
    """Writes a value with so many decimal places, halves away from zero."""
    scaled = abs(value) * 10**places + Fraction(1, 2)
    whole = scaled.numerator // scaled.denominator
    sign = "-" if value < 0 and whole else ""
    if not places:
        return f"{sign}{whole}"
    head, tail = divmod(whole, 10**places)
    return f"{sign}{head}.{tail:0{places}d}"


_PLACES = re.compile(r"(\d+|two|one|three) decimal(?: place)?s?")
_PLACES_BY_WORD = {"one": 1, "two": 2, "three": 3}


def shown_as_asked(value: Fraction, text: str) -> str:
    """Writes a value as lower-case text asks: rounded to places or whole, else exactly."""
    if match := _PLACES.search(text):
        return rounded(value, _PLACES_BY_WORD.get(match[1]) or int(match[1]))
    if re.search(r"nearest (?:whole|integer)", text):
        return rounded(value, 0)
    if re.search(r"nearest (?:cent|hundredth)", text):
        return rounded(value, 2)
    if "nearest tenth" in text:
        return rounded(value, 1)
    if "fraction" in text:
        return f"{value.numerator}/{value.denominator}" if value.denominator > 1 else str(value.numerator)
    return show(value)


def off_by_one(value: Fraction) -> Fraction:
    """Returns a plausible wrong value."""
    return value + (1 if value.denominator == 1 else Fraction(1, 10))
