"""Reads the numbers of a text as people write them: digits of several countries, fractions, words."""

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from ymera_service.sdk.grading.wording import listed

_SPACES = " '\u202f\u00a0"
_DIGITS = re.compile(
    rf"(?<![\w.,/^])(?<!\d:)(?P<sign>[-+−]?)[$€£]?[^\S\n]?(?P<inner>[-+−]?)"
    rf"(?:(?P<whole>\d{{1,9}})[^\S\n]+(?=\d{{1,9}}/\d))?"
    rf"(?P<digits>\d{{1,3}}(?:[{_SPACES}]\d{{3}})+(?:[.,]\d+)?(?!\d)|\d+(?:[.,]\d+)*|\.\d+)"
    rf"(?:[^\S\n]*/[^\S\n]*(?P<below>\d+(?:\.\d+)?))?(?:[eE](?P<exponent>[+-]?\d{{1,3}}))?"
    rf"(?:[^\S\n]+(?P<scale>hundred|thousand|million)\b)?(?!\d|:\d|(?:st|nd|rd|th)\b)"
)
_LONGEST = 400
"""Characters of a number; a longer one is taken for none."""
_SCALES = {"hundred": 100, "thousand": 1_000, "million": 1_000_000}
_UNITS = dict(
    zip(
        listed(
            "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
            "seventeen eighteen nineteen"
        ),
        range(20),
        strict=True,
    )
) | {"none": 0, "once": 1, "twice": 2}
_TENS = dict(zip(listed("twenty thirty forty fifty sixty seventy eighty ninety"), range(20, 100, 10), strict=True))
_WORD = "|".join([*_UNITS, *_TENS, *_SCALES])
_WORDS = re.compile(
    rf"\b(?:(?P<minus>minus|negative)\s+)?(?P<words>(?:{_WORD})(?:(?:\s+and)?[\s-]+(?:{_WORD}))*)"
    rf"(?P<half>\s+and\s+a\s+half)?\b",
    re.IGNORECASE,
)
_DURATION = re.compile(
    r"\b(\d{1,3}(?:\.\d+)?)\s*(?:h|hrs?|hours?)\b(?:,?\s*(?:and\s+)?(\d{1,3})\s*(?:m|mins?|minutes?)\b)?", re.IGNORECASE
)
_MINUS = re.compile(r"\b(?:minus|negative)\s+(?=\d)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Number:
    """A number of a text.

    Attributes:
        values: What it may mean: `44.000` is 44 in one country and 44 thousand in another.
        start: The index of its first character.
        end: The index after its last character.
    """

    values: frozenset[Fraction]
    start: int
    end: int


@lru_cache(maxsize=32)  # the same clauses are read again at each step towards the conclusion
def numbers(text: str) -> tuple[Number, ...]:
    """Returns the numbers in digits; or those in words if it has no digits."""
    signed = _MINUS.sub(lambda match: "-".rjust(len(match[0])), text)
    found = tuple(each for match in _DIGITS.finditer(signed) if (each := _in_digits(match)) is not None)
    return found or tuple(_in_words(match) for match in _WORDS.finditer(text))


def _in_digits(match: re.Match[str]) -> Number | None:
    if len(match[0]) > _LONGEST:  # Python converts no text of more than 4,300 digits
        return None
    below = Fraction(match["below"] or 1)
    if not below:
        return None
    scale = Fraction(10) ** int(match["exponent"] or 0) * _SCALES.get(match["scale"] or "", 1)
    sign = -1 if {"-", "−"} & {match["sign"], match["inner"]} else 1
    read = ((Fraction(each) / below + int(match["whole"] or 0)) * scale * sign for each in _readings(match["digits"]))
    return Number(frozenset(read), match.start(), match.end())


def _readings(digits: str) -> list[str]:
    """Returns what digits with commas and points may mean, in the notation of Python."""
    bare = re.sub(rf"[{_SPACES}]", "", digits)
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", bare):
        return [bare.replace(",", "")]
    if re.fullmatch(r"[1-9]\d{0,2}\.\d{3}", bare):
        return [bare, bare.replace(".", "")]
    if re.fullmatch(r"\d{1,3}(?:\.\d{3})+(?:,\d+)?", bare):
        return [bare.replace(".", "").replace(",", ".")] if bare[0] != "0" else [bare]
    if re.fullmatch(r"\d+,\d+", bare):
        return [bare.replace(",", ".")]
    return [bare] if bare.count(".") < 2 and "," not in bare else []


def _in_words(match: re.Match[str]) -> Number:
    total, part = 0, 0
    for word in re.findall(r"[a-z]+", match["words"].lower()):
        if word == "hundred":
            part = (part or 1) * 100
        elif word in _SCALES:
            total, part = total + (part or 1) * _SCALES[word], 0
        elif word != "and":
            part += _UNITS.get(word, 0) + _TENS.get(word, 0)
    value = Fraction(total + part) + (Fraction(1, 2) if match["half"] else 0)
    return Number(frozenset({-value if match["minus"] else value}), match.start(), match.end())


def in_minutes(text: str) -> str:
    """Returns a text with its durations in hours, or hours and minutes, written in minutes."""
    return _DURATION.sub(lambda match: f"{float(Fraction(match[1]) * 60 + int(match[2] or 0)):g} minutes", text)
