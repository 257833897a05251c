"""Graders: each creates a check for one form of answer. Checks accept any text and never raise."""

import json
import re
from collections.abc import Collection, Sequence
from fractions import Fraction

from ymera_basics.answers import final, last_number
from ymera_basics.task import Check
from ymera_basics.wording import listed

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_SENTENCE_END = re.compile(r"[.!?]+[\"')\]]*(?:\s+|$)")


def number(expected: Fraction | int, within: Fraction | int = 0) -> Check:
    """The final number is the expected one, within the question's tolerance."""

    def check(text: str) -> float:
        found = last_number(text)
        return float(found is not None and abs(found - expected) <= within)

    return check


def word(expected: str, others: Collection[str] = ()) -> Check:
    """The answer is this word or phrase. It must not claim one of `others`, the wrong choices, too."""
    right = normal(expected)

    def check(text: str) -> float:
        answer = normal(_short_final(text))
        if answer == right:
            return 1.0
        if not _holds(answer, right):
            return 0.0
        claimed = [other for other in others if normal(other) != right and _holds(answer, normal(other))]
        if not claimed:
            return float(bool(others) or len(answer.split()) <= len(right.split()) + 12)
        return float(_concludes(text, right, [normal(other) for other in claimed]))

    return check


def exactly(expected: str, ignore_case: bool = True) -> Check:
    """The answer is this text; spaces, the last full stop and quotes around it are ignored."""

    def folded(text: str) -> str:
        bare = " ".join(text.split()).strip("\"' ")
        return bare.casefold() if ignore_case else bare

    right = folded(expected)
    stopped = right.rstrip(".!")

    def check(text: str) -> float:
        lines = [line for line in final(text).splitlines() if line.strip()]
        candidates = [
            final(text),
            *(lines[-1:]),
            *(line.split(":", 1)[1] for line in lines[-1:] if ":" in line and ":" not in right),
        ]
        return float(any(folded(each).rstrip(".!") == stopped for each in candidates))

    return check


def sequence(expected: Sequence[str]) -> Check:
    """The items are in this order; partial credit if most are in their position, none if half or fewer are."""
    right = [_signed(item) for item in expected]

    def check(text: str) -> float:
        found = _items(final(text), right)
        if found == right:
            return 1.0
        if len(found) != len(right):
            return 0.0
        share = sum(one == other for one, other in zip(found, right, strict=True)) / len(right)
        return max(0.0, 2 * share - 1) / 2 if sorted(found) == sorted(right) else 0.0

    return check


def output(expected: str) -> Check:
    """The answer is the program's output, line by line, and nothing else."""
    right = [line.rstrip() for line in expected.strip().splitlines()]

    def check(text: str) -> float:
        lines = [re.sub(r"\s+", " ", line).strip() for line in final(text).strip().splitlines() if line.strip()]
        wanted = [re.sub(r"\s+", " ", line).strip() for line in right]
        tail = lines[-len(wanted) :]
        if tail == wanted:
            return 1.0
        return float(len(wanted) == 1 and bool(lines) and _says(lines[-1], wanted[0]))

    return check


def yes_or_no(expected: bool) -> Check:
    """The answer begins or ends with yes or no, and not with both."""

    def check(text: str) -> float:
        said = re.findall(r"\b(yes|no)\b", final(text).lower())
        return float(bool(said) and len(set(said)) == 1 and said[0] == ("yes" if expected else "no"))

    return check


def clock(hour: int, minute: int) -> Check:
    """The last time of day in the text is the expected one; 12-hour times need a.m. or p.m."""

    def check(text: str) -> float:
        found = re.findall(r"\b(\d{1,2})[:.h](\d{2})\b\s*([ap])?\.?m?", final(text).lower())
        if not found:
            return 0.0
        named, minutes, half = found[-1]
        hours = int(named) % 12 + (12 if half == "p" else 0) if half else int(named)
        return float((hours, int(minutes)) == (hour, minute))

    return check


def date(year: int, month: int, day: int) -> Check:
    """The last date in the text, in ISO form or with the month's name, is the expected one."""
    names = listed("january february march april may june july august september october november december")

    def check(text: str) -> float:
        low = final(text).lower()
        iso = [tuple(map(int, found)) for found in re.findall(r"\b(\d{4})-(\d{1,2})-(\d{1,2})\b", low)]
        if iso:
            return float(iso[-1] == (year, month, day))
        month_name = names[month - 1]
        ordinal = rf"{day}(?:st|nd|rd|th)?"
        spelled = rf"\b(?:{ordinal}(?: of)? {month_name}|{month_name} {ordinal})\b,? {year}\b"
        dates = re.findall(rf"(?:{'|'.join(names)})[a-z]*\.? \d", low)
        return float(re.search(spelled, low) is not None and len(dates) <= 2)

    return check


def json_object(expected: dict[str, object]) -> Check:
    """The answer is this JSON object; half of the credit if other text surrounds it."""

    def check(text: str) -> float:
        start, end = text.find("{"), text.rfind("}")
        if start < 0 or end < start:
            return 0.0
        try:
            found = json.loads(text[start : end + 1])
        except (ValueError, RecursionError):
            return 0.0
        alone = not text[:start].strip() and not text[end + 1 :].strip()
        return (1.0 if alone else 0.5) if _same(found, expected) else 0.0

    return check


def _same(found: object, expected: dict[str, object]) -> bool:
    if not isinstance(found, dict) or found.keys() != expected.keys():
        return False
    return all(type(found[key]) is type(value) and found[key] == value for key, value in expected.items())


def words_about(count: int, topic: str) -> Check:
    """The answer has exactly this many words, among them the topic or another content word; no partial credit."""

    def check(text: str) -> float:
        words = _WORD.findall(text)
        long_enough = any(len(each) > 2 for each in words)
        return float(len(words) == count and long_enough and len({each.lower() for each in words}) * 2 > count)

    return check


def repeated(unit: str, times: int, separator: str) -> Check:
    """The answer is this word, repeated this many times, with this separator."""
    return exactly(separator.join([unit] * times), ignore_case=False)


def lines_starting(letters: str) -> Check:
    """The first letters of the lines spell the word; each line has more than one word."""

    def check(text: str) -> float:
        lines = [re.sub(r"^\W+", "", line) for line in text.splitlines() if line.strip()]
        return float(
            "".join(line[:1] for line in lines).lower() == letters.lower()
            and all(len(line.split()) > 1 for line in lines)
        )

    return check


def sentences(text: str) -> list[str]:
    """Returns the sentences of a text."""
    return [part.strip() for part in _SENTENCE_END.split(text) if _WORD.search(part)]


def normal(text: str) -> str:
    """Returns a text in lower case, its words single-spaced, without punctuation."""
    return " ".join(_WORD.findall(text.replace("’", "'").lower()))


def _short_final(text: str) -> str:
    part = final(text)
    lines = [line for line in part.splitlines() if line.strip()]
    return part if part is text and len(lines) < 2 else (lines[0] if part is not text else lines[-1]) if lines else ""


def _holds(text: str, phrase: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(phrase)}(?![\w-])", text) is not None


def _concludes(text: str, right: str, others: Sequence[str]) -> bool:
    """Returns whether the last clause claims the right one of several that are named, and denies the others."""
    clause = normal(re.split(r"[.;:\n]|\b(?:so|therefore|thus|hence|but)\b", final(text).strip().rstrip("."))[-1])
    if not _holds(clause, right):
        return False
    return all(
        not _holds(clause, other)
        or re.search(
            rf"\b(?:not|than|over|rather than|instead of|before|after|and not) (?:the )?{re.escape(other)}", clause
        )
        for other in others
    )


def _items(text: str, right: Sequence[str]) -> list[str]:
    lines = [re.sub(r"^\s*(?:[-*•]|\d+[.)])\s+", "", line) for line in text.splitlines() if line.strip()]
    if len(lines) >= len(right):
        return [_signed(line) for line in lines[-len(right) :]]
    last = lines[-1] if lines else ""
    last = last.split(":", 1)[1] if ":" in last else last
    parts = re.split(r"\s*(?:,|;|→|->|<|>|\band\b)\s*", last.strip(" .[]()"))
    if len(parts) == 1:
        parts = last.split()
    return [item for item in (_signed(part) for part in parts) if item]


def _signed(part: str) -> str:
    bare = part.strip(" \"'[]().")
    return bare.lower() if re.fullmatch(r"-?\d+(?:\.\d+)?", bare) else normal(bare)


def _says(line: str, wanted: str) -> bool:
    """Returns whether a sentence ends with the output: `It prints 42.`"""
    found = re.search(r"(?:prints?|outputs?|output is|displays?|returns?|answer is|result is|is|:|=)\s+(.+)$", line)
    return found is not None and found[1].strip("\"' .").casefold() == wanted.strip("\"' .").casefold()
