"""Misspelled words put right: by the nearest word of a list of frequent ones."""

import re
from functools import lru_cache

from ymera_simulator.solvers.question import QUOTED, Question, Solution
from ymera_simulator.solvers.verbs import past, progressive, third_person
from ymera_simulator.solvers.vocabulary import FREQUENT, OFTEN_MISSPELLED
from ymera_simulator.solvers.words import plural

_COLON = re.compile(r":\s*\n?\s*([^\n:]+?)\s*(?:\n|$)")
_NAMED = re.compile(
    r"\b(?:word|spelling of|spell|spelled|correct)\s+([a-z]{4,})\b(?! (?:the|spelling|form|version|word|it))"
)
_CHOICES = re.compile(r"which (?:of (?:these|the following)|word|spelling|one)")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def solve_spelling(question: Question) -> Solution | None:
    """Corrects the quoted or named text, or tells which of several words is spelled right or wrong."""
    if not re.search(r"spel|typo|correct|mistake", QUOTED.sub(" ", question.lower)):
        return None
    quoted = question.quoted
    colon = _COLON.search(question.text)
    named = _NAMED.search(question.lower)
    subject = max(quoted, key=len) if quoted else colon[1] if colon else named[1] if named else ""
    if not subject:
        return None
    listed = quoted if len(quoted) > 2 else re.split(r",\s*(?:or |and )?|\s+or\s+", subject)
    if len(listed) > 1 and (
        _CHOICES.search(question.lower) or "misspelled" in question.lower or "misspelt" in question.lower
    ):
        return _chosen(question, [re.sub(r"[^A-Za-z]", "", word) for word in listed])
    if (
        re.search(r"which word|what word|the (?:one )?(?:misspelled|misspelt|wrong) word|find the", question.lower)
        and " " in subject
    ):
        return _found(question, subject)
    return _corrected(subject)


def _chosen(question: Question, words: list[str]) -> Solution | None:
    right = [word for word in words if is_known(word.lower())]
    wrong = [word for word in words if not is_known(word.lower())]
    if (
        re.search(
            r"correct word|correctly|spelled right|right(?:ly)? spelled|spelt correctly|correct spelling",
            question.lower,
        )
        and "incorrectly" not in question.lower
    ):
        return Solution(right[0], wrong[0]) if right and wrong else None
    if not (right and wrong):
        return None
    answer = corrected(wrong[0].lower()) if re.search(r"\bcorrect(?:ed|ly)?\b|write it", question.lower) else wrong[0]
    return Solution(answer, right[0])


def _found(question: Question, text: str) -> Solution | None:
    words = re.findall(r"[A-Za-z']+", text)
    wrong = next((word for word in words if not is_known(word.lower())), None)
    if wrong is None:
        return None
    gives_right = re.search(r"correct (?:spelling|form|version)|correctly|corrected|right spelling", question.lower)
    return Solution(corrected(wrong.lower()) if gives_right else wrong, next(word for word in words if word != wrong))


def _corrected(text: str) -> Solution | None:
    # A capital within a sentence is a name's: no list has them all.
    words = r"(?<![.!?]\s)(?<!^)\b[a-z]+\b|^[A-Za-z]+"
    changed = re.sub(words, lambda match: _like(match[0], corrected(match[0].lower())), text)
    return Solution(changed, text) if changed != text else Solution(text, f"{text}e")


def _like(word: str, right: str) -> str:
    return right[:1].upper() + right[1:] if word[:1].isupper() else right


def is_known(word: str) -> bool:
    """Tells whether a lower-case word, or what it is a form of, is in the list."""
    if word in FREQUENT or len(word) < 2:
        return True
    return any(form in FREQUENT and _makes(form, word) for form in _bases(word))


def _bases(word: str) -> set[str]:
    stems = {word.removesuffix(ending) for ending in ("s", "es", "ed", "d", "ing", "ly")} - {word}
    undoubled = {stem[:-1] for stem in stems if len(stem) > 2 and stem[-1] == stem[-2]}
    return stems | undoubled | {f"{stem}e" for stem in stems}


def _makes(base: str, word: str) -> bool:
    """Tells whether a word of the list has this form, double letters and all."""
    return word in {plural(base), third_person(base), past(base), progressive(base), f"{base}ly"}


@lru_cache(maxsize=512)
def corrected(word: str) -> str:
    """Returns the likeliest right spelling of a lower-case word; itself where it is known or nothing is near."""
    if is_known(word):
        return word
    near = _near(word)
    options = [option for option in near if is_known(option)] or [
        option for one in near for option in _near(one) if option in FREQUENT
    ]
    return min(set(options), key=lambda option: _unlikeliness(word, option), default=word)


def _unlikeliness(word: str, option: str) -> tuple[bool, bool, int, str]:
    return option not in OFTEN_MISSPELLED, option[0] != word[0], abs(len(option) - len(word)), option


def _near(word: str) -> set[str]:
    """Returns what one slip of the pen makes of a word."""
    cuts = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    dropped = {head + tail[1:] for head, tail in cuts if tail}
    swapped = {head + tail[1] + tail[0] + tail[2:] for head, tail in cuts if len(tail) > 1}
    changed = {head + letter + tail[1:] for head, tail in cuts if tail for letter in _LETTERS}
    added = {head + letter + tail for head, tail in cuts for letter in _LETTERS}
    return dropped | swapped | changed | added
