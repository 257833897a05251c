"""Features of the form of a text: length, ending, code signs, arithmetic, numbers, quoted or pasted text."""

import re
from collections.abc import Sequence
from itertools import chain

from ymera_lexical.reading import is_cjk, numerals_of, signs_of

_SENTENCE_ENDS = (".", "?", "!", "…", ":", ";", '"', "'", ")")
_MAY_BE_GIVEN = re.compile(r"[\"“«:]")
_QUOTED = re.compile(r"[\"“«][^\"”»]{10,}([\"”»]|\Z)")
"""Group 1 is empty if the quotation is not closed; without that branch each opening sign is searched to the end."""
_INTRODUCED = re.compile(r":(?:\s*\n|\s++[A-Z\"'“«].{25})")
_MAY_BE_CODE = re.compile(r"[{}=<>\[&|:#]")
_CODE_WORDS = ("def ", "import ", "self.", "return ", "var ", "const ", "void ", "public ", "SELECT ")
_CODE_SIGNS = {
    "{": ("{",),
    "}": ("}",),
    "(": ("();", "()", "print("),
    "=": ("==", "!=", "=>", " = ", "+="),
    ">": ("->", "/>"),
    "<": ("</",),
    ":": ("::",),
    "[": ("[0]", "[i"),
    "&": ("&&",),
    "|": ("||",),
    ";": (";\n",),
    "#": ("#include",),
}
"""By the character that they all contain."""
_DIGIT = re.compile(r"\d")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_OPERATOR = re.compile(r"[-+*/×÷^=<>\\√∑∫π≤≥²³]")
_ARITHMETIC = re.compile(
    r"""
    [-+*/×÷^=<>\\√∑∫π≤≥²³]  # comes first because it is rare; the operand before it is checked by looking back
    (?: (?<=[√∑∫π≤≥²³])
      | (?: (?<=\\) (?:frac|sqrt|int|sum)
          | (?: (?<=\d[-+*/×÷^=<>]) | (?<=\d\s[-+*/×÷^=<>]) ) \s? [\d(a-z]
          | (?: (?<=[a-z)][=^]) | (?<=[a-z)]\s[=^]) ) \s? [-\d(a-z]
        )
        (?: \s? [-+*/×÷^=<>] )?  # an operand belongs to one operator only: "1+2+3" counts once
    )
    """,
    re.VERBOSE,
)

_STEPS = (0, 1, 3, 8)
_LENGTHS = [f"~length {bits}" for bits in range(10)]


def _more_than(name: str) -> Sequence[Sequence[str]]:
    """Returns the features of each count, up to the one from which they no longer change."""
    return [[f"~{name}>{step}" for step in _STEPS if count > step] for count in range(_STEPS[-1] + 2)]


_CODE, _NUMBERS, _CALCULATIONS = map(_more_than, ("code", "number", "arithmetic"))


def shape_features(text: str, words: int) -> list[str]:
    """Returns features of the form of an excerpt with this number of words."""
    found = [_LENGTHS[min(words.bit_length(), 9)]]
    if text.endswith("?"):
        found.append("~asks")
    elif not text.endswith(_SENTENCE_ENDS):
        found.append("~open end")
    if text[:1].islower():
        found.append("~small start")
    if "```" in text:
        found.append("~fence")
    if text.count("\n") > 2:
        found.append("~lines")
    if signs := signs_of(text):
        found += _sign_features(text, signs)
    return found


def _sign_features(text: str, signs: str) -> list[str]:
    found = ["~cjk"] if is_cjk(signs) else []
    if _MAY_BE_GIVEN.search(signs) and _has_given(text):
        found.append("~quotes")
    if _MAY_BE_CODE.search(signs) or "()" in text or ";\n" in text:
        found += _up_to_most(_CODE, _code_signs(text, signs))
    if _DIGIT.search(signs):
        found += _up_to_most(_NUMBERS, len(_NUMBER.findall(numerals_of(text))))
    if _OPERATOR.search(signs):
        found += _up_to_most(_CALCULATIONS, len(_ARITHMETIC.findall(text)))
    return found


def _up_to_most(steps: Sequence[Sequence[str]], count: int) -> Sequence[str]:
    return steps[count] if count < len(steps) else steps[-1]


def _has_given(text: str) -> bool:
    quoted = _QUOTED.search(text)
    return bool(quoted and quoted[1]) or _INTRODUCED.search(text) is not None


def _code_signs(text: str, signs: str) -> int:
    likely = chain.from_iterable(map(_CODE_SIGNS.__getitem__, filter(signs.__contains__, _CODE_SIGNS)))
    return sum(map(text.count, filter(text.__contains__, chain(_CODE_WORDS, likely))))
