"""What is looked at in a text: its words and pairs of them, groups of words, and its outward form.

Only the beginning and the end of a long text are read: that is where people say what they want.
"""

import re
from collections.abc import Iterator
from itertools import pairwise

from ymera_lexical.cues import GROUPS

HEAD, TAIL = 1_000, 500
"""How many characters are read at the beginning and at the end of a long text."""
REACH = 5
"""How many words may stand between two groups that are taken as a pair."""

_WORD = re.compile(r"[^\W\d_]+(?:['+#-][^\W\d_]+|\+\+|#)*")
_ASCII_WORD = re.compile(r"[a-z]+(?:['+#-][a-z]+|\+\+|#)*")
"""Finds the same in ASCII, three times as fast."""
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_ARITHMETIC = re.compile(r"\d\s?[-+*/×÷^=<>]\s?[\d(a-z]|[a-z)]\s?[=^]\s?[-\d(a-z]|\\(?:frac|sqrt|int|sum)|[√∑∫π≤≥²³]")
_MAY_BE_ARITHMETIC = re.compile(r"[\d=^\\√∑∫π≤≥²³]")
_CODE_SIGNS = (
    *("{", "}", ";\n", "();", "()", "==", "!=", "=>", "->", "</", "/>", "::", "[0]", "[i", " = ", "+=", "&&", "||"),
    *("#include", "def ", "import ", "self.", "return ", "var ", "const ", "void ", "public ", "print(", "SELECT "),
)
_MAY_BE_CODE = re.compile(r"[{}=<>\[&|:#]|\(\)|;\n")
_QUOTED = re.compile(r"[\"“«][^\"”»]{10,}[\"”»]|:\s*\n|:\s+[A-Z\"'“«].{25}")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")
_SENTENCE_ENDS = (".", "?", "!", "…", ":", ";", '"', "'", ")")


def _by_word() -> dict[str, tuple[str, ...]]:
    groups: dict[str, tuple[str, ...]] = {}
    for group, words in GROUPS.items():
        for word in set(words.split()):
            groups[word] = (*groups.get(word, ()), group)
    return groups


_GROUPS_OF = _by_word()
_CJK_CUES = re.compile("|".join(sorted(filter(_CJK.match, _GROUPS_OF), key=len, reverse=True)))
"""These scripts put no space between words, so the words of the groups are looked for within runs of them."""


def words_of(text: str) -> list[str]:
    """Returns the words that are read of a text, in lower case."""
    text = _read(text).lower()
    if text.isascii():
        return _ASCII_WORD.findall(text)
    return _WORD.findall(text.replace("’", "'")) + _CJK_CUES.findall(text)


def word_features(words: list[str]) -> list[str]:
    """Returns each word and each pair of neighbours once, and the first ones marked as such."""
    pairs = [f"{left} {right}" for left, right in pairwise(words)]
    start = [f"^{words[0]}", *(f"^{pair}" for pair in pairs[:1])] if words else []
    return list({*words, *pairs, *start})


def form_features(text: str, words: list[str]) -> list[str]:
    """Returns the groups that occur, which follows which, and the outward form."""
    return [*_group_features(words), *_shape_features(_read(text).strip(), len(words))]


def _read(text: str) -> str:
    return text if len(text) <= HEAD + TAIL else f"{text[:HEAD]}\n{text[-TAIL:]}"


def _group_features(words: list[str]) -> set[str]:
    counts: dict[str, int] = {}
    found: set[str] = set()
    last: tuple[str, ...] = ()
    last_at = -REACH - 2
    for at, word in enumerate(words):
        if word not in _GROUPS_OF:
            continue
        groups = _GROUPS_OF[word]
        for group in groups:
            counts[group] = counts.get(group, 0) + 1
            if at - last_at <= REACH:
                found.update([f"{before}>{group}" for before in last])
        last, last_at = groups, at
    for group, count in counts.items():
        found.update(_steps(group, count, len(words)))
    return found


def _steps(group: str, count: int, words: int) -> list[str]:
    """Returns marks for one or more, several, and many in proportion to the length."""
    steps = [f"#{group}"]
    if count > 1:
        steps.append(f"#{group}>1")
    if count > 3:
        steps.append(f"#{group}>3")
    if count * 12 > words:
        steps.append(f"#{group} dense")
    return steps


def _shape_features(text: str, words: int) -> Iterator[str]:
    yield f"~length {min(words.bit_length(), 9)}"
    if text.endswith("?"):
        yield "~asks"
    elif not text.endswith(_SENTENCE_ENDS):
        yield "~open end"
    if text[:1].islower():
        yield "~small start"
    if "```" in text:
        yield "~fence"
    if text.count("\n") > 2:
        yield "~lines"
    if _QUOTED.search(text):
        yield "~quotes"
    if not text.isascii() and _CJK.search(text):
        yield "~cjk"
    yield from _sign_features(text)


def _sign_features(text: str) -> Iterator[str]:
    if _MAY_BE_CODE.search(text) and (signs := sum(map(text.count, _CODE_SIGNS))):
        yield from (f"~code>{step}" for step in (0, 1, 3, 8) if signs > step)
    if not _MAY_BE_ARITHMETIC.search(text):
        return
    for name, pattern in (("number", _NUMBER), ("arithmetic", _ARITHMETIC)):
        count = len(pattern.findall(text))
        yield from (f"~{name}>{step}" for step in (0, 1, 3, 8) if count > step)
