"""Checks of answers that are a number, a time of day or a date."""

import datetime
import re
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from itertools import pairwise

from ymera_service.sdk.grading.answers import Answer, Check
from ymera_service.sdk.grading.conclusions import conclusion, parts
from ymera_service.sdk.grading.numbers import Number, in_minutes, numbers
from ymera_service.sdk.grading.wording import listed

_Candidates = Callable[[str], Sequence[Number]]
_BETWEEN = re.compile(r"(?:[\s,;&]|\band\b|\bor\b)*")
_BOUND = re.compile(
    r"\b(?:after|before|over|under|above|below|at least|at most|up to|nearly|almost)\s+[$€£]?\d[\d.,]*", re.IGNORECASE
)
_OPEN = re.compile(r"\b(?:or|between|either|approximately|roughly)\b|±")
_OPERATION = re.compile(
    r"\$?\d[\d.,]{0,12}(?:[^\S\n]?[a-z]{1,12})?(?:[^\S\n]*[+×*÷][^\S\n]*\$?\d[\d.,]*)+", re.IGNORECASE
)
_CLOCK = re.compile(r"\b(\d{1,2})[:.h](\d{2})\b\s*(?:([ap])\.?m\b)?", re.IGNORECASE)
_MONTHS = listed("january february march april may june july august september october november december")
_MONTH = "|".join(f"{name[:3]}(?:{name[3:]})?" if len(name) > 3 else name for name in _MONTHS)
_ISO = re.compile(r"\b(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})\b")
_NUMERIC = re.compile(r"\b(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})\b")
_DAY_FIRST = re.compile(rf"\b(\d{{1,2}})(?:st|nd|rd|th)?\.?(?: of)? ({_MONTH})\.?,? (\d{{4}})\b", re.IGNORECASE)
_MONTH_FIRST = re.compile(rf"\b({_MONTH})\.? (\d{{1,2}})(?:st|nd|rd|th)?,? (\d{{4}})\b", re.IGNORECASE)


def number(expected: Fraction | int, within: Fraction | int = 0, least: int | None = None) -> Check:
    """The number that the answer concludes with is the expected one.

    Args:
        expected: The right number.
        within: How far from it the answer may be.
        least: Numbers below this one are not considered, such as counts beside a year.
    """

    def check(answer: Answer) -> float:
        text = answer.text
        if re.search(r"\bminutes\b", answer.question) and not re.search(r"\bhours\b", answer.question):
            text = in_minutes(text)
        found = concluded(text, answer.question, Fraction(expected), least)
        return float(any(abs(value - expected) <= within for value in found))

    return check


def concluded(text: str, question: str, expected: Fraction | None = None, least: int | None = None) -> set[Fraction]:
    """Returns what the concluding number may mean, usually one value; nothing if the answer is left open.

    A number of the question is considered only if no other is stated, unless the question contains the expected one.
    """
    given = {value for each in numbers(question) for value in each.values}
    given = set() if expected in given else given
    return _stated(text, question, _candidates(given, least)) or _stated(text, question, _candidates(set(), least))


def _stated(text: str, question: str, candidates: _Candidates) -> set[Fraction]:
    said = conclusion(text, question, lambda part: bool(candidates(part)))
    stated = next((part for part in reversed(parts(said)) if candidates(part)), "")
    return _chosen(stated, candidates(stated)) if stated else set()


def _candidates(given: set[Fraction], least: int | None) -> _Candidates:
    def considered(values: Iterable[Fraction]) -> bool:
        return all(value not in given and (least is None or value >= least) for value in values)

    return lambda text: tuple(each for each in numbers(_exact(text)) if considered(each.values))


def _exact(text: str) -> str:
    """Returns a text with blanks for bounds, such as `after 1900`, and for what isn't worked out, such as `3 × 4`."""
    return _BOUND.sub(_blank, _OPERATION.sub(_blank, text))


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])


def _chosen(stated: str, found: Sequence[Number]) -> set[Fraction]:
    """Returns the number that begins the statement, otherwise the last one.

    Nothing of alternatives, and of a list only a last number that is its single candidate: a sequence continued.
    """
    every = numbers(stated)
    if _is_list(stated, every):
        return set(every[-1].values) if found == every[-1:] else set()
    if len({each.values for each in found}) > 1 and _OPEN.search(stated):
        return set()
    begins = len(stated[: found[0].start].split()) < 4
    return set(found[0 if begins else -1].values)


def _is_list(stated: str, found: Sequence[Number]) -> bool:
    gaps = [stated[one.end : other.start] for one, other in pairwise(found)]
    return len(found) > 2 and all(_BETWEEN.fullmatch(gap) for gap in gaps)


def clock(hour: int, minute: int) -> Check:
    """The time of day that the answer concludes with is the expected one; 12-hour times need a.m. or p.m."""

    def check(answer: Answer) -> float:
        said = conclusion(answer.text, answer.question, lambda text: _CLOCK.search(text) is not None)
        stated = next((found for part in reversed(parts(said)) if (found := _CLOCK.findall(part))), [])
        times = [_time(*each) for each in stated]
        hedged = len(set(times)) > 1 and _OPEN.search(said) is not None
        return float(times[-1:] == [(hour, minute)] and not hedged)

    return check


def _time(hour: str, minute: str, half: str) -> tuple[int, int]:
    hours = int(hour) % 12 + 12 * (half.lower() == "p") if half else int(hour)
    return hours, int(minute)


def date(year: int, month: int, day: int) -> Check:
    """The date that the answer concludes with is the expected one, in ISO form, in digits or with the month's name."""
    expected = (year, month, day)

    def check(answer: Answer) -> float:
        given = {each for dates in _dates(answer.question) for each in dates} - {expected}

        def stated(text: str) -> list[set[tuple[int, int, int]]]:
            return [each for each in _dates(text) if not each <= given]

        said = conclusion(answer.text, answer.question, lambda text: bool(stated(text)))
        found = next((dates for part in reversed(parts(said)) if (dates := stated(part))), [])
        return float(bool(found) and all(expected in each for each in found))

    return check


def _dates(text: str) -> list[set[tuple[int, int, int]]]:
    """Returns the dates of a text; `03/04/2025` may mean two."""
    found = [{(int(y), int(m), int(d))} for y, m, d in _ISO.findall(text)]
    found += [{(int(y), int(m), int(d)), (int(y), int(d), int(m))} for d, m, y in _NUMERIC.findall(text)]
    found += [{(int(y), _month(m), int(d))} for d, m, y in _DAY_FIRST.findall(text)]
    found += [{(int(y), _month(m), int(d))} for m, d, y in _MONTH_FIRST.findall(text)]
    return [real for each in found if (real := {date for date in each if _exists(date)})]


def _month(name: str) -> int:
    return next(at for at, month in enumerate(_MONTHS, 1) if name.lower()[:3] == month[:3])


def _exists(date: tuple[int, int, int]) -> bool:
    try:
        datetime.date(*date)
    except ValueError:
        return False
    return True
