"""Words taken by their letters: counted, turned round, read down."""

import re
from collections.abc import Callable

from ymera_simulator.solvers.question import Question, Solution

_VOWELS = frozenset("aeiou")
_NAMED = re.compile(
    r"\b(?:word|words|string|phrase|sentence|term|text|name)s?:?\s+([A-Za-z][\w-]*)(?=\s*(?:[?.,!]|$|\band\b|"
    r"\bbackwards?\b|\bin\b|\bhas\b|\bhave\b|\bcontain))"
)
_AFTER_COLON = re.compile(r":\s*\n?\s*([^\n]+?)\s*(?:\n|$)")
_SINGLE_LETTER = re.compile(
    (
        r"(?:letters?|character|consonant|vowel)\s+[\"'`]?([a-z])[\"'`]?(?![a-z])|[\"'`]([a-z])[\"'`](?:'?s)?|"
        r"\b([a-z])'s\b|\b([b-hj-z])s?\s+(?:are|is|appear|occur)"
    ),
    re.IGNORECASE,
)
_ENDS = re.compile(r"(?:start|begin|end)\w* with (?:the )?(?:letters? )?[\"'`]?([a-z]+)\b", re.IGNORECASE)


def solve_letters(question: Question) -> Solution | None:
    """Does to the quoted or named words what is asked."""
    text = question.lower
    if "," in text and re.search(r"\b(?:sort|arrange|rank|put|alphabetically)\b", text):
        return None
    if re.search(r"acrostic|initial letters?|first letters?|acronym|initials|last letters?", text):
        return _read_down(question)
    if re.search(r"how many|count|number of", text):
        return _counted(question)
    subject = _subject(question)
    if not subject:
        return None
    kinds: tuple[tuple[str, Callable[[], Solution | None]], ...] = (
        (r"palindrome", lambda: _yes(_letters(subject) == _letters(subject)[::-1])),
        (r"anagram", lambda: _anagram(question)),
        (
            (
                r"(?:revers\w+|flip) the (?:order of (?:the )?)?words|words? in reverse(?: order)?|reverse(?:d)? "
                r"word order|word order"
            ),
            lambda: _words_turned(subject),
        ),
        (
            r"\brevers|backwards?|from (?:right to left|back to front)",
            lambda: Solution(subject[::-1], _slipped(subject[::-1])),
        ),
        (r"upper-?case|capital letters|all caps", lambda: Solution(subject.upper(), subject.title())),
        (r"lower-?case", lambda: Solution(subject.lower(), subject.title())),
        (
            r"remove (?:all )?(?:the )?vowels|without (?:its |the |any )?vowels",
            lambda: _filtered(subject, lambda letter: letter.lower() not in _VOWELS),
        ),
        (r"remove (?:all )?(?:the )?spaces", lambda: _filtered(subject, lambda letter: letter != " ")),
        (r"alphabetical", lambda: _letters_sorted(subject)),
        (r"longest word", lambda: _word_by_length(subject, longest=True)),
        (r"shortest word", lambda: _word_by_length(subject, longest=False)),
        (
            r"(?:\d+(?:st|nd|rd|th)|first|second|third|fourth|fifth|sixth|last|middle) (?:letter|word|character)",
            lambda: _nth(subject, text),
        ),
    )
    return next((found for pattern, solve in kinds if re.search(pattern, text) and (found := solve())), None)


def _subject(question: Question) -> str:
    long = [each for each in question.quoted if len(each) > 1]
    if long:
        return max(long, key=len)
    if named := _NAMED.search(question.text):
        return named[1]
    if after := _AFTER_COLON.search(question.text):
        return after[1].rstrip(".")
    loose = re.search(
        r"(?:reverse|spell|of|in|is)\s+([A-Za-z]{3,})(?:\s+(?:backwards?|a palindrome))?\s*[?.]?$", question.text
    )
    return loose[1] if loose else ""


def _letters(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum())


def _yes(right: bool) -> Solution:
    return Solution("Yes", "No") if right else Solution("No", "Yes")


def _slipped(text: str) -> str:
    for at in range(len(text) - 1):
        if text[at] != text[at + 1]:
            return f"{text[:at]}{text[at + 1]}{text[at]}{text[at + 2 :]}"
    return text + text[:1]


def _count(value: int) -> Solution:
    return Solution(str(value), str(value + 1))


def _counted(question: Question) -> Solution | None:
    text, subject = question.lower, _subject(question)
    if not subject:
        return None
    words = re.findall(r"[\w'-]+", subject.lower())
    if ends := _ENDS.search(question.text):
        at_start = re.search(r"(?:start|begin)", ends[0].lower()) is not None
        fits = str.startswith if at_start else str.endswith
        return _count(sum(fits(word, ends[1].lower()) for word in words))
    single = next(
        (letter for letter in _SINGLE_LETTER.findall(text.replace(subject.lower(), " ") if len(subject) > 3 else text)),
        None,
    )
    if single and (letter := next(filter(None, single))):
        return _count(subject.lower().count(letter))
    return _counted_kind(text, subject, words)


def _counted_kind(text: str, subject: str, words: list[str]) -> Solution | None:
    letters = _letters(subject)
    more = re.search(r"(?:more|longer) than (\d+) (?:letters|characters)", text)
    kinds = (
        ("vowel", sum(letter in _VOWELS for letter in letters)),
        ("consonant", sum(letter.isalpha() and letter not in _VOWELS for letter in letters)),
        (
            r"(?:more|longer) than \d+ (?:letters|characters)",
            sum(len(word) > int(more[1]) for word in words) if more else 0,
        ),
        (r"(?:different|distinct|unique) letters", len(set(letters))),
        ("letter", len(letters)),
        ("character", len(subject)),
        (r"words(?! (?:occur|appear))", len(words)),
    )
    return next((_count(value) for pattern, value in kinds if re.search(pattern, text)), None)


def _read_down(question: Question) -> Solution | None:
    last = re.search(r"last letters?", question.lower) is not None
    lines = [line for line in question.text.splitlines()[1:] if line.strip() and not line.strip().endswith((":", "?"))]
    poem = [
        line for line in lines if not re.match(r"(?:answer|reply|write|give|what|which|read)\b", line.strip().lower())
    ]
    units = poem if len(poem) >= 3 else re.findall(r"[A-Za-z][\w'-]*", _subject(question))
    picked = [re.sub(r"[^A-Za-z]", "", unit) for unit in units]
    spelled = "".join(word[-1 if last else 0] for word in picked if word)
    if len(spelled) < 2:
        return None
    shown = spelled.upper()
    return Solution(shown, _slipped(shown))


def _anagram(question: Question) -> Solution | None:
    pair = question.quoted or re.findall(r"\b(\w+) and (\w+)\b|\b(\w+) an anagram of (\w+)", question.text)
    words = [word for word in (pair[0] if pair and isinstance(pair[0], tuple) else pair) if word]
    return _yes(sorted(_letters(words[0])) == sorted(_letters(words[1]))) if len(words) == 2 else None


def _words_turned(subject: str) -> Solution:
    words = subject.split()
    return Solution(" ".join(words[::-1]), " ".join([*words[1:], words[0]]))


def _filtered(subject: str, keep: Callable[[str], bool]) -> Solution:
    kept = "".join(filter(keep, subject))
    return Solution(kept, _slipped(kept))


def _letters_sorted(subject: str) -> Solution | None:
    if " " in subject or "," in subject:
        return None
    ordered = "".join(sorted(subject.lower()))
    return Solution(ordered, _slipped(ordered))


def _word_by_length(subject: str, longest: bool) -> Solution | None:
    words = re.findall(r"[\w'-]+", subject)
    if len(words) < 2:
        return None
    found = (max if longest else min)(words, key=len)
    return Solution(found, next((word for word in words if word.lower() != found.lower()), found[::-1]))


_PLACES = {"first": 0, "second": 1, "third": 2, "fourth": 3, "fifth": 4, "sixth": 5, "last": -1}


def _nth(subject: str, text: str) -> Solution | None:
    asked = re.search(
        r"(?:(\d+)(?:st|nd|rd|th)|(first|second|third|fourth|fifth|sixth|last|middle)) (letter|word|character)", text
    )
    if asked is None:
        return None
    units = subject.split() if asked[3] == "word" else list(subject)
    at = len(units) // 2 if asked[2] == "middle" else int(asked[1]) - 1 if asked[1] else _PLACES[asked[2]]
    found = units[at].strip(".,!?")
    return Solution(found, next((unit for unit in units if unit != found), found + found))
