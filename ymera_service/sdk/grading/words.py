"""Checks of answers that are a word, a name or one of several choices."""

import re
from collections.abc import Collection, Mapping

from ymera_service.sdk.grading.answers import Answer, Check
from ymera_service.sdk.grading.conclusions import conclusion, parts

WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_SYMBOL = re.compile(r"[^\w\s.,;:!?'\"’()-]")
_QUOTED = re.compile(r"[\"']([a-z]{2,20})[\"']")
_MOST_WORDS = 12
"""The number of words that the statement of an open word may have."""


def normal(text: str) -> str:
    """Returns a text in lower case, its words single-spaced, without punctuation."""
    return " ".join(WORD.findall(text.replace("’", "'").lower()))


def choice(expected: str, others: Collection[str], forms: Mapping[str, str] | None = None) -> Check:
    """The answer is this one of several choices, and claims no other. Choices may be a part of others.

    Args:
        expected: The right choice.
        others: The wrong choices; the right one may be among them.
        forms: Choice → another word that means it, such as `joyful` for `joy`.
    """
    longest_first = sorted({expected, *others}, key=len, reverse=True)
    some = re.compile("|".join(f"({_named(each, (forms or {}).get(each))})" for each in longest_first))
    right, symbols = normal(expected), _SYMBOL.findall(expected)

    def check(answer: Answer) -> float:
        if right and normal(answer.text) == right and _SYMBOL.findall(answer.text) == symbols:
            return 1.0
        claimed = {match.lastindex for match in some.finditer(_stated(answer, some))}
        return float(claimed == {longest_first.index(expected) + 1})

    return check


def word(expected: str) -> Check:
    """The answer is this word; words that begin like it, or like a word quoted in the question, are wrong answers."""
    right = normal(expected)

    def check(answer: Answer) -> float:
        if normal(answer.text) == right:
            return 1.0
        quoted = _QUOTED.findall(answer.question)
        starts = "|".join(re.escape(each[:3]) for each in {right, *quoted})
        rivals = re.compile(rf"(?<![\w-])(?:(?i:(?:{starts})[\w-]*)|[A-Z]{{3,}})(?![\w-])")
        stated = _stated(answer, rivals)
        claimed = {each.lower() for each in rivals.findall(stated)} - (set(quoted) - {right})
        return float(claimed == {right} and len(stated.split()) <= _MOST_WORDS)

    return check


def _named(name: str, form: str | None) -> str:
    """Returns a pattern for a choice; a single capital letter is distinguished from the article."""
    names = "|".join(re.escape(each) for each in (name, form) if each)
    case = "" if len(name) == 1 and name.isupper() else "i"
    return rf"(?<![\w-])(?<!\bafter )(?<!\bbefore )(?{case}:{names})(?![\w+#-])"


def _stated(answer: Answer, some: re.Pattern[str]) -> str:
    """Returns the last part of the conclusion that names a candidate."""

    def holds(text: str) -> bool:
        return some.search(text) is not None

    said = conclusion(answer.text, answer.question, holds)
    return next((part for part in reversed(parts(said)) if holds(part)), "")
