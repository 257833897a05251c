"""Words and letters: plurals, past tenses, counting and reversing."""

import re

from ymera_simulator.solvers.question import Question, Solution, number, words_of

_PLURALS = {
    "child": "children", "person": "people", "man": "men", "woman": "women", "foot": "feet", "tooth": "teeth",
    "goose": "geese", "mouse": "mice", "ox": "oxen", "sheep": "sheep", "fish": "fish", "deer": "deer",
    "analysis": "analyses", "crisis": "crises", "thesis": "theses", "basis": "bases", "cactus": "cacti",
    "knife": "knives", "wife": "wives", "life": "lives", "leaf": "leaves", "wolf": "wolves", "half": "halves",
    "shelf": "shelves", "thief": "thieves", "loaf": "loaves", "calf": "calves", "hero": "heroes",
    "potato": "potatoes", "tomato": "tomatoes", "echo": "echoes", "criterion": "criteria",
    "phenomenon": "phenomena",
}  # fmt: skip
_PASTS = {
    "be": "was", "begin": "began", "break": "broke", "bring": "brought", "build": "built", "buy": "bought",
    "catch": "caught", "choose": "chose", "come": "came", "do": "did", "draw": "drew", "drink": "drank",
    "drive": "drove", "eat": "ate", "fall": "fell", "feel": "felt", "fight": "fought", "find": "found", "fly": "flew",
    "forget": "forgot", "get": "got", "give": "gave", "go": "went", "grow": "grew", "have": "had", "hear": "heard",
    "hide": "hid", "hold": "held", "keep": "kept", "know": "knew", "leave": "left", "lose": "lost", "make": "made",
    "meet": "met", "pay": "paid", "put": "put", "read": "read", "ride": "rode", "run": "ran", "say": "said",
    "see": "saw", "sell": "sold", "send": "sent", "sing": "sang", "sit": "sat", "sleep": "slept", "speak": "spoke",
    "spend": "spent", "stand": "stood", "swim": "swam", "take": "took", "teach": "taught", "tell": "told",
    "think": "thought", "throw": "threw", "wear": "wore", "win": "won", "write": "wrote",
}  # fmt: skip
_VOWELS = frozenset("aeiou")
_OF = re.compile(
    r"(?:plural|noun|verb|past|tense)(?: tense| form)?(?: of)?(?: the)?(?: (?:noun|verb|word))? ([a-z]{2,30})"
)
_LETTER = re.compile(r"letter [\"'`]?([a-z])\b")


def solve_words(question: Question) -> Solution | None:
    """Plurals and simple pasts."""
    low = question.lower
    quoted, found = question.quoted, _OF.search(low)
    word = quoted[0].lower() if quoted else found[1] if found else ""
    if not word.isalpha():
        return None
    if "plural" in low:
        return _unlike(plural(word), f"{word}s", f"{word}es")
    if "past" in low and "participle" not in low:
        return _unlike(past(word), f"{word}ed", f"{word}d")
    return None


def _unlike(right: str, *slips: str) -> Solution:
    return Solution(right, next(slip for slip in slips if slip != right))


def plural(noun: str) -> str:
    """Returns the plural of a noun, by rule unless it is one of the well-known exceptions."""
    if irregular := _PLURALS.get(noun):
        return irregular
    if noun.endswith("y") and noun[-2:-1] not in _VOWELS:
        return f"{noun[:-1]}ies"
    return f"{noun}es" if noun.endswith(("s", "x", "z", "ch", "sh")) else f"{noun}s"


def past(verb: str) -> str:
    """Returns the simple past of a verb, by rule unless it is one of the well-known exceptions."""
    if irregular := _PASTS.get(verb):
        return irregular
    if verb.endswith("e"):
        return f"{verb}d"
    if verb.endswith("y") and verb[-2:-1] not in _VOWELS:
        return f"{verb[:-1]}ied"
    short = len(verb) in {3, 4} and verb[-2] in _VOWELS and verb[-3] not in _VOWELS and verb[-1] not in "wxyaeiou"
    return f"{verb}{verb[-1]}ed" if short else f"{verb}ed"


def solve_letters(question: Question) -> Solution | None:
    """Counts letters and words, reverses text."""
    low = question.lower
    texts = [each for each in question.quoted if len(each) > 1]
    if not texts:
        return None
    text = texts[0]
    if "how many" in low:
        return _counted(low, text.lower())
    return _turned(low, text)


def _counted(low: str, text: str) -> Solution | None:
    if letter := _LETTER.search(low):
        return number(text.count(letter[1]))
    if "vowel" in low:
        return number(sum(each in _VOWELS for each in text))
    if "words" in low:
        return number(len(words_of(text)))
    return number(sum(map(str.isalnum, text))) if "letters" in low or "characters" in low else None


def _turned(low: str, text: str) -> Solution | None:
    if "reverse" not in low and "backwards" not in low:
        return None
    if "words" in low:
        words = text.split()[::-1]
        return Solution(" ".join(words), " ".join(words[::-1]))
    return Solution(text[::-1], text[:0:-1])
