"""Plain sentences turned into questions, denials, the past and the passive."""

import re

from ymera_simulator.solvers.verbs import base, base_of_past, participle, past
from ymera_simulator.wording import listed

_AUXILIARIES = frozenset(
    listed("is are was were am can could will would shall should may might must has have had do does did")
)
_PRONOUNS = frozenset(["he", "she", "it", "they", "we", "i", "you", "this", "that"])
_DETERMINERS = frozenset(
    listed(
        "the a an my your his her our their this that these those every each some two three four five six ten many "
        "several most all no"
    )
)
_OBJECT_FORMS = {"he": "him", "she": "her", "i": "me", "we": "us", "they": "them"}
_BE = {"is": "was", "are": "were", "am": "was"}
_ADVERBS = frozenset(listed("often always usually never sometimes rarely quickly slowly carefully"))
_PREPOSITION = re.compile(
    r"\b(?:in|on|at|for|to|with|every|after|before|during|yesterday|today|by|from|near|under|over|into|last|"
    r"this morning|tomorrow)\b"
)


def asked(sentence: str) -> str | None:
    """Returns the yes-or-no question: `She can swim.` → `Can she swim?`"""
    parts = _parts(sentence)
    if parts is None:
        return None
    subject, verb, rest = parts
    start = _lowered(subject)
    if _is_auxiliary(verb, rest):
        return _sentence(f"{verb} {start} {rest}", "?")
    helper, plain = _with_do(verb)
    return _sentence(f"{helper} {start} {plain} {rest}", "?")


def negated(sentence: str) -> str | None:
    """Returns the denial: `She swims.` → `She does not swim.`"""
    parts = _parts(sentence)
    if parts is None:
        return None
    subject, verb, rest = parts
    if _is_auxiliary(verb, rest):
        return _sentence(f"{subject} {verb} not {rest}", ".")
    helper, plain = _with_do(verb)
    return _sentence(f"{subject} {helper} not {plain} {rest}", ".")


def sentence_past(sentence: str) -> str | None:
    """Returns the sentence in the simple past."""
    parts = _parts(sentence)
    if parts is None:
        return None
    subject, verb, rest = parts
    if verb in {"can", "will", "may"}:
        return _sentence(f"{subject} {({'can': 'could', 'will': 'would', 'may': 'might'})[verb]} {rest}", ".")
    return _sentence(f"{subject} {_BE.get(verb) or past(base(verb))} {rest}", ".")


def active_to_passive(sentence: str) -> str | None:
    """Returns the passive: `The cat chased the mouse.` → `The mouse was chased by the cat.`"""
    parts = _parts(sentence)
    if parts is None:
        return None
    subject, verb, rest = parts
    what, when = _object_and_rest(rest)
    if not what:
        return None
    many = (
        re.search(r"(?<!s)s$|^(?:children|people|men|women|mice|they|we|them)$", what.split()[-1].lower()) is not None
        or " and " in what
    )
    agent = _OBJECT_FORMS.get(subject.lower(), _lowered(subject))
    if verb == "will":
        first, _, left = what.partition(" ")
        return _sentence(f"{left} will be {participle(first)} by {agent} {when}", ".")
    present = _is_present(verb)
    be = ("are" if many else "is") if present else ("were" if many else "was")
    return _sentence(f"{what} {be} {participle(base(verb) if present else base_of_past(verb))} by {agent} {when}", ".")


def _parts(sentence: str) -> tuple[str, str, str] | None:
    """Cuts a sentence into subject, verb and the rest."""
    words = sentence.strip().rstrip(".!?").split()
    if len(words) < 2:
        return None
    at = next((at for at, word in enumerate(words) if at and word.lower() in _AUXILIARIES), None)
    if at is None:
        at = _verb_place(words)
    adverb = at < len(words) - 1 and words[at].lower() in _ADVERBS
    verb = at + 1 if adverb else at
    rest = [*([words[at]] if adverb else []), *words[verb + 1 :]]
    return " ".join(words[:at]), words[verb], " ".join(rest)


def _verb_place(words: list[str]) -> int:
    if words[0].lower() in _PRONOUNS:
        return 1
    start = 1 if words[0].lower() not in _DETERMINERS else 2
    while start < len(words) - 1 and (words[start - 1].lower() == "and" or words[start].lower() == "and"):
        start += 1
    candidates = range(start, min(start + 3, len(words)))
    return next((at for at in candidates if _looks_like_verb(words[at].lower(), words[at - 1].lower())), start)


def _looks_like_verb(word: str, before: str) -> bool:
    known_past = base_of_past(word) != word
    plural_subject = before.endswith("s") or before in {"children", "people", "men", "women", "mice"}
    return (
        known_past
        or (word.endswith("s") and not word.endswith("ss") and not plural_subject)
        or (plural_subject and not word.endswith("s"))
    )


def _is_auxiliary(verb: str, rest: str) -> bool:
    if verb in {"has", "have", "had"}:
        first = rest.split(maxsplit=1)[0] if rest else ""
        return base_of_past(first) != first
    return verb in _AUXILIARIES - {"do", "does", "did"}


def _is_present(verb: str) -> bool:
    plain = base(verb)
    return verb != plain or (base_of_past(verb) == verb and past(plain) != verb)


def _with_do(verb: str) -> tuple[str, str]:
    if not _is_present(verb):
        return "did", base_of_past(verb)
    return ("does", base(verb)) if base(verb) != verb else ("do", verb)


def _object_and_rest(rest: str) -> tuple[str, str]:
    border = _PREPOSITION.search(rest)
    return (rest, "") if border is None else (rest[: border.start()].strip(), rest[border.start() :])


def _lowered(subject: str) -> str:
    first = subject.split(maxsplit=1)[0]
    return subject[0].lower() + subject[1:] if first.lower() in _DETERMINERS | _PRONOUNS - {"i"} else subject


def _sentence(text: str, end: str) -> str:
    text = " ".join(text.split())
    return f"{text[:1].upper()}{text[1:]}{end}"
