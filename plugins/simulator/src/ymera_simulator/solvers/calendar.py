"""Dates and days of the week."""

import re
from datetime import date, timedelta

from ymera_simulator.solvers.question import Question, Solution
from ymera_simulator.wording import listed

_DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
_MONTHS = listed("january february march april may june july august september october november december")
_MONTH = "|".join([*_MONTHS, *(f"{month[:3]}\\.?" for month in _MONTHS)])
_DATE = re.compile(
    rf"(?P<y>\d{{4}})-(?P<m>\d\d?)-(?P<d>\d\d?)"
    rf"|(?P<d2>\d\d?)(?:st|nd|rd|th)? (?:of )?(?P<m2>{_MONTH}),? (?P<y2>\d{{4}})"
    rf"|(?P<m3>{_MONTH}) (?P<d3>\d\d?)(?:st|nd|rd|th)?,? (?P<y3>\d{{4}})"
)
_SPAN = re.compile(r"(\d+|a|an) (day|week|month|year|fortnight)s?")
_BACK = re.compile(r"\b(?:before|ago|earlier|prior|subtract|preceding|was it)\b")


def solve_calendar(question: Question) -> Solution | None:
    """Answers from the dates, or else the days of the week, that the prompt names."""
    text = question.digits
    dates = [_date(match) for match in _DATE.finditer(text)]
    for answer in (
        (_leap_year, _days_in_month) if not dates else (_between, _weekday_of, _shifted, _leap_year, _day_of_year)
    ):
        if (found := answer(text, dates)) is not None:
            return found
    return _weekday_shifted(text)


def _date(match: re.Match[str]) -> date:
    year, month, day = (
        next(value for value in match.group(*names) if value)
        for names in (("y", "y2", "y3"), ("m", "m2", "m3"), ("d", "d2", "d3"))
    )
    return date(int(year), int(month) if month.isdigit() else _month(month), int(day))


def _month(name: str) -> int:
    return next(number for number, month in enumerate(_MONTHS, start=1) if month.startswith(name[:3]))


def _shown(day: date, text: str) -> str:
    if re.search(r"yyyy-mm-dd|iso|\d{4}-\d\d-\d\d", text):
        return day.isoformat()
    return f"{day.day} {_MONTHS[day.month - 1].title()} {day.year}"


def _number(value: int) -> Solution:
    return Solution(str(value), str(value + 1))


def _day_name(index: int) -> Solution:
    return Solution(_DAYS[index % 7].title(), _DAYS[(index + 1) % 7].title())


def _between(text: str, dates: list[date]) -> Solution | None:
    if len(dates) != 2:
        return None
    days = abs((dates[1] - dates[0]).days)
    if re.search(r"how many (?:full |complete |whole )?weeks", text):
        return _number(days // 7)
    if re.search(r"how many (?:full |complete |whole )?years|how old", text):
        first, last = sorted(dates)
        return _number(last.year - first.year - ((last.month, last.day) < (first.month, first.day)))
    if re.search(r"\b(?:earlier|first|before)\b", text) and "how many" not in text and "days" not in text:
        return Solution(_shown(min(dates), text), _shown(max(dates), text))
    counts_both = re.search(r"inclusive|including both|both (?:days|dates|ends)", text)
    return _number(days + bool(counts_both)) if "day" in text else None


def _weekday_of(text: str, dates: list[date]) -> Solution | None:
    if not re.search(r"day of the week|weekday|what day (?:is|was|will|does|did)|which day", text) or _SPAN.search(
        _DATE.sub(" ", text)
    ):
        return None
    named = next((index for index, day in enumerate(_DAYS) if day in text), None)
    return _day_name(dates[0].weekday()) if named is None or len(dates) == 1 else None


def _shifted(text: str, dates: list[date]) -> Solution | None:
    spans = _SPAN.findall(_DATE.sub(" ", text))
    if not spans:
        return None
    back = -1 if _BACK.search(text) else 1
    day = dates[0]
    for amount, unit in spans:
        day = _moved(day, back * (1 if amount in {"a", "an"} else int(amount)), unit)
    if re.search(r"day of the week|weekday", text):
        return _day_name(day.weekday())
    return Solution(_shown(day, text), _shown(day + timedelta(days=1), text))


def _moved(day: date, amount: int, unit: str) -> date:
    if unit in {"day", "week", "fortnight"}:
        return day + timedelta(days=amount * {"day": 1, "week": 7, "fortnight": 14}[unit])
    months = day.year * 12 + day.month - 1 + amount * (12 if unit == "year" else 1)
    year, month = divmod(months, 12)
    return date(year, month + 1, min(day.day, _length(year, month + 1)))


def _length(year: int, month: int) -> int:
    following = date(year + month // 12, month % 12 + 1, 1)
    return (following - timedelta(days=1)).day


def _leap_year(text: str, dates: list[date]) -> Solution | None:
    year = re.search(r"\b(\d{4})\b", text)
    if "leap" not in text or year is None:
        return None
    leaps = _length(int(year[1]), 2) == 29
    return Solution(*("Yes", "No") if leaps else ("No", "Yes"))


def _days_in_month(text: str, dates: list[date]) -> Solution | None:
    asked = re.search(rf"how many days (?:are|were|does|did|will)?.*?\b({_MONTH})\b(?: of)?,?(?: \(?(\d{{4}}))?", text)
    if asked is None:
        return None
    return _number(_length(int(asked[2] or 2023), _month(asked[1])))


def _day_of_year(text: str, dates: list[date]) -> Solution | None:
    if not re.search(r"day of the year|which day number", text):
        return None
    return _number(dates[0].timetuple().tm_yday)


_RELATIVE = {"the day after tomorrow": 2, "day before yesterday": -2, "tomorrow": 1, "yesterday": -1}


def _weekday_shifted(text: str) -> Solution | None:
    """Answers `If today is Tuesday, which day is it in 10 days?`; today may be given by another day."""
    named = [(match.start(), match[0]) for match in re.finditer("|".join(_DAYS), text)]
    if len(named) != 1:
        return None
    at, name = named[0]
    index = _DAYS.index(name) - _stated_offset(text[max(0, at - 40) : at])
    rest = text[:at] + " " + text[at + len(name) :]
    spans = _SPAN.findall(rest)
    asked = re.search(r"(?:what|which)(?: day| weekday)?.*", text)
    if spans:
        days = sum(
            (1 if amount in {"a", "an"} else int(amount)) * {"day": 1, "week": 7}.get(unit, 0) for amount, unit in spans
        )
        return _day_name(index - days if re.search(r"\b(?:before|ago|earlier|prior)\b", rest) else index + days)
    offset = next((days for words, days in _RELATIVE.items() if asked and words in asked[0]), None)
    return None if offset is None else _day_name(index + offset)


def _stated_offset(before: str) -> int:
    return next(
        (days for words, days in _RELATIVE.items() if re.search(rf"{words} (?:is|was|will be) (?:a )?$", before)), 0
    )
