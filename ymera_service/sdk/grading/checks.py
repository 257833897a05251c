"""Graders: each creates a check for one form of answer. Checks accept any text and never raise."""

import json
import re
from collections.abc import Sequence

from ymera_service.sdk.grading.answers import Answer, Check, read
from ymera_service.sdk.grading.conclusions import conclusion, explicit, kept, parts, refuses
from ymera_service.sdk.grading.words import WORD, normal

_SENTENCE_END = re.compile(r"[.!?]+[\"')\]]*(?:\s+|$)")
_NOT_STATED = re.compile(
    r"(?:\b(?:not|no|never|cannot|nothing)\b|n't\b)[^.\n]{0,60}?\b(?:stat|sa[iy]|mention|specif|given|provid|inform|found|"
    r"listed|known|tell|appear|contain|includ|determin|record)",
    re.IGNORECASE,
)
_LABEL = re.compile(r"^[A-Za-z][\w' -]{0,30}:\s+")
_QUOTES = "\"' "


def exactly(expected: str, ignore_case: bool = True) -> Check:
    """The answer is this text, or ends with it; spaces, the last full stop and quotes around it are ignored."""
    right = _folded(expected, ignore_case)

    def check(answer: Answer) -> float:
        text = kept(answer.text)
        last = text.splitlines()[-1] if text.strip() else ""
        candidates = (text, explicit(text), last, _LABEL.sub("", last), last.rsplit(": ", 1)[-1])
        return float(any(_folded(each, ignore_case) == right for each in candidates))

    return check


def alone(*expected: str) -> Check:
    """The answer is one of these texts and nothing else, in the same case; quotes or a code fence may surround it."""
    right = {_folded(each, ignore_case=False) for each in expected}
    return lambda answer: float(_folded(answer.text, ignore_case=False) in right)


def _folded(text: str, ignore_case: bool) -> str:
    bare = " ".join(text.split()).strip(_QUOTES).rstrip(".!").strip(_QUOTES)
    return bare.casefold() if ignore_case else bare


def containing(*expected: str) -> Check:
    """All of these texts occur in the answer; case, spaces and markdown are ignored."""
    wanted = [_spaced(read(each).text or each) for each in expected]

    def check(answer: Answer) -> float:
        text = _spaced(answer.text)
        return float(all(each in text for each in wanted))

    return check


def _spaced(text: str) -> str:
    return " ".join(text.casefold().split())


def sequence(expected: Sequence[str], partial: bool = True) -> Check:
    """The items are in this order.

    Args:
        expected: The items in their order.
        partial: Whether an order with most items in their position has partial credit, at most a half.
    """
    right = [_item(item) for item in expected]

    def check(answer: Answer) -> float:
        text = kept(answer.text)
        found = _items(explicit(text) or text, len(right))
        if found == right:
            return 1.0
        if not partial or sorted(found) != sorted(right):
            return 0.0
        share = sum(one == other for one, other in zip(found, right, strict=True)) / len(right)
        return max(0.0, 2 * share - 1) / 2

    return check


def _items(text: str, count: int) -> list[str]:
    """Returns the items of a list with an item a line, or else of the last line that has several."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    bulleted = [re.sub(r"^(?:[-*•]|\d+[.)])\s+", "", line) for line in lines if re.match(r"[-*•]\s|\d+[.)]\s", line)]
    if len(bulleted) == count or len(lines) == count:
        return [_item(line) for line in (bulleted if len(bulleted) == count else lines)]
    found = [items for line in lines if len(items := _split(line)) > 1]
    return found[-1] if found else []


def _split(line: str) -> list[str]:
    line = re.sub(r"^[^\[\d:]*:\s+|^.*?\bis:?\s+(?=[-\[\d])", "", line).strip(" .[]()")
    pieces = re.split(r"\s*(?:,(?: and\b)?|;|→|->|<|>|≥|≤|\band\b)\s*", line)
    return [item for piece in (pieces if len(pieces) > 1 else line.split()) if (item := _item(piece))]


def _item(piece: str) -> str:
    bare = piece.strip(" \"'[]().").replace("−", "-")
    return bare.lower() if re.fullmatch(r"-?\d+(?:\.\d+)?", bare) else normal(bare)


def output(expected: str) -> Check:
    """The answer is the program's output, line by line, in a code fence, at the end or stated by the last sentence."""
    right = _lines(expected)

    def check(answer: Answer) -> float:
        text = kept(answer.text)
        fenced = [block for block in answer.blocks if block in text]
        candidates = [_lines(fenced[-1])] if fenced else [_lines(text), _lines(explicit(text))]
        candidates += [lines[-len(right) :] for lines in candidates[:1] if not fenced]
        return float(right in candidates or (not fenced and len(right) == 1 and _states(text, right[0])))

    return check


def _lines(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


def _states(text: str, wanted: str) -> bool:
    """Returns whether the answer ends by stating the output: `It prints 42.`"""
    bare = wanted.strip("\"' .").casefold()
    said = conclusion(text, "print output", lambda part: bare in part.casefold())
    ending = (parts(said.replace(": ", " is ")) or [""])[-1]
    return not refuses(text) and ending.strip("\"' .").casefold() == bare


def yes_or_no(expected: bool) -> Check:
    """The answer says yes or no, and not both."""

    def check(answer: Answer) -> float:
        text = kept(answer.text)
        said = re.findall(r"\b(yes|no)\b", (explicit(text) or text).lower())
        return float(set(said) == {"yes" if expected else "no"})

    return check


def json_object(expected: dict[str, object]) -> Check:
    """The answer is this JSON object; half of the credit if other text surrounds it."""

    def check(answer: Answer) -> float:
        text = answer.text
        start, end = text.find("{"), text.rfind("}")
        if start < 0 or end < start:
            return 0.0
        try:
            found = json.loads(text[start : end + 1])
        except (ValueError, RecursionError):
            return 0.0
        around = f"{text[:start]}{text[end + 1 :]}".strip()
        return (0.5 if around else 1.0) if around not in ("[]", "[ ]") and _same(found, expected) else 0.0

    return check


def _same(found: object, expected: dict[str, object]) -> bool:
    if not isinstance(found, dict) or found.keys() != expected.keys():
        return False
    return all(type(found[key]) is type(value) and found[key] == value for key, value in expected.items())


def words_about(count: int, topic: str) -> Check:
    """The answer has exactly this many words, among them the topic or another content word; no partial credit."""

    def check(answer: Answer) -> float:
        words = WORD.findall(answer.text)
        long_enough = any(len(each) > 2 for each in words)
        varied = len({each.lower() for each in words}) * 2 > count
        return float(len(words) == count and long_enough and varied and not refuses(answer.text))

    return check


def not_stated(answer: Answer) -> float:
    """The answer says that the text does not state it, and then gives no number."""
    found = list(_NOT_STATED.finditer(answer.text))
    return float(bool(found) and not re.search(r"\d", answer.text[found[-1].end() :]))


def sentences(text: str) -> list[str]:
    """Returns the sentences of a text."""
    return [part.strip() for part in _SENTENCE_END.split(text) if WORD.search(part)]
