"""Grammar: plurals, tenses, articles, degrees, and sentences turned about."""

import re
from collections.abc import Callable

from ymera_simulator.solvers.question import Question, Solution
from ymera_simulator.solvers.sentences import active_to_passive, asked, negated, sentence_past
from ymera_simulator.solvers.verbs import base, participle, past, third_person
from ymera_simulator.solvers.words import plural, singular

_NAMED = re.compile(
    r"\b(?:of|for|word|noun|verb|adjective|before|pluralise|pluralize|with)\s+(?:the )?(?:word |noun |verb |"
    r"adjective |irregular verb )?(?:to )?([a-z][a-z-]*)(?=\s*(?:[?.,:!]|$))"
)
_COLON = re.compile(r":\s*\n?\s*([A-Z][^\n]*[.?!]|[a-z]+)\s*(?:\n|$)")
_SENTENCE = re.compile(r"(?:^|\n)\s*([A-Z][^\n.?!]*[.!])\s*(?:\n|$)")
_IRREGULAR_DEGREES = {
    "good": ("better", "best"),
    "bad": ("worse", "worst"),
    "far": ("farther", "farthest"),
    "little": ("less", "least"),
    "many": ("more", "most"),
    "much": ("more", "most"),
}


_LONGEST = 400
"""Characters: a form is asked for in a sentence or two, longer prompts want something else."""


def solve_grammar(question: Question) -> Solution | None:
    """Finds the word or sentence in the prompt and the form that is asked for."""
    subject = _subject(question)
    if not subject or len(question.text) > _LONGEST:
        return None
    for pattern, form in _FORMS:
        if re.search(pattern, question.lower):
            return form(subject)
    return None


def _subject(question: Question) -> str:
    if question.quoted:
        return max(question.quoted, key=len)
    found = _COLON.search(question.text) or _NAMED.search(question.lower) or _SENTENCE.search(question.text)
    return str(found[1]) if found else ""


def _is_sentence(text: str) -> bool:
    return len(text.split()) > 2


def _plural(subject: str) -> Solution | None:
    if " " in subject:
        return None
    right = plural(subject.lower())
    careless = f"{subject.lower()}s"
    return Solution(right, careless if careless != right else f"{subject.lower()}es")


def _singular(subject: str) -> Solution | None:
    return Solution(singular(subject.lower()), subject.lower()) if " " not in subject else None


def _past(subject: str) -> Solution | None:
    if _is_sentence(subject):
        turned = sentence_past(subject)
        return Solution(turned, subject) if turned else None
    verb = base(subject.lower().removeprefix("to "))
    return _verb_form(past(verb), verb)


def _participle(subject: str) -> Solution | None:
    verb = base(subject.lower().removeprefix("to "))
    return None if _is_sentence(subject) else _verb_form(participle(verb), verb)


def _verb_form(right: str, verb: str) -> Solution:
    careless = f"{verb}d" if verb.endswith("e") else f"{verb}ed"
    return Solution(right, careless if careless != right else f"{verb}t")


def _present(subject: str) -> Solution | None:
    verb = subject.lower().removeprefix("to ")
    return None if " " in verb else Solution(third_person(base(verb)), verb)


def _article(subject: str) -> Solution:
    word = re.sub(r"^(?:_+|\.\.\.|a/an)\s*", "", subject.lower()).split()[0]
    sounds_vowel = word[0] in "aeiou" and not re.match(
        r"(?:uni(?!n|m)|use|usu|eu|one|once|ut(?:i|e)|ub|ur(?:an|i))", word
    )
    vowel = (
        sounds_vowel
        or re.match(r"(?:hour|honest|honou?r|heir|herb$)", word)
        or re.fullmatch(r"[fhlmnrsx](?:[^aeiou]\w*)?", word)
    )
    return Solution("an", "a") if vowel else Solution("a", "an")


def _degree(place: int) -> Callable[[str], Solution | None]:
    def form(subject: str) -> Solution | None:
        word = subject.lower()
        if " " in word:
            return None
        careless = f"{('more', 'most')[place]} {word}"
        right = _compared(word, place)
        return Solution(right, careless if careless != right else f"{word}{('er', 'est')[place]}")

    return form


def _compared(word: str, place: int) -> str:
    if word in _IRREGULAR_DEGREES:
        return _IRREGULAR_DEGREES[word][place]
    ending = ("er", "est")[place]
    if word.endswith("y") and len(re.findall(r"[aeiouy]+", word)) <= 2:
        return f"{word[:-1]}i{ending}"
    if len(re.findall(r"[aeiou]+", word.removesuffix("e"))) > 1 and not re.search(r"(?:ow|le|er)$", word):
        return f"{('more', 'most')[place]} {word}"
    if word.endswith("e"):
        return f"{word}{ending[1:]}"
    return f"{word}{word[-1]}{ending}" if re.fullmatch(r"[^aeiou]*[aeiou][bdgmnpt]", word) else f"{word}{ending}"


def _turned(turn: Callable[[str], str | None]) -> Callable[[str], Solution | None]:
    def form(subject: str) -> Solution | None:
        turned = turn(subject)
        return (turned and Solution(turned, subject)) or None

    return form


_FORMS: tuple[tuple[str, Callable[[str], Solution | None]], ...] = (
    (r"\bpassive\b", _turned(active_to_passive)),
    (
        r"\b(?:into|as|to) (?:a )?(?:yes/no |yes-no |yes[- ]or[- ]no )?question|question form|interrogative",
        _turned(asked),
    ),
    (r"\bnegative\b|\bnegat(?:e|ion)\b", _turned(negated)),
    (r"past participle", _participle),
    (r"past tense|simple past|(?:into|in|to) the past|past form|past simple|past of", _past),
    (r"third[- ]person", _present),
    (r"singular\b(?!.*\bplural\b)|plural .*\bto singular", _singular),
    (r"\bplural|pluralise|pluralize|more than one", _plural),
    (r"\ba or an\b|\"a\" or \"an\"|'a' or 'an'|\ba/an\b|indefinite article", _article),
    (r"\bcomparative\b", _degree(0)),
    (r"\bsuperlative\b", _degree(1)),
)
