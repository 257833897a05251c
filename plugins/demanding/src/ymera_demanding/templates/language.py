"""Languages: invented ones to be learnt from examples, numbers and dates in several, and the letters of words."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ymera_demanding.task import Draft, Template, listing, numeric, textual
from ymera_demanding.templates.texts import obeying, words_of

_NOUNS = ("dog", "farmer", "river", "teacher", "bird", "child", "doctor", "horse")
_VERBS = ("sees", "hears", "follows", "helps", "finds")
_ADJECTIVES = ("old", "small", "black", "quiet")
_WORDS = (
    "harbour lantern orchard pepper velvet thunder window garden copper saddle meadow timber island whistle blanket "
    "captain diamond feather hammer journey kitchen machine pilgrim quarter rainbow shelter tractor village"
).split()


_Said = tuple[Sequence[str], str, Sequence[str], bool, bool, bool, bool]
"""Subject, verb and object; whether these are several, whether it is past, and whether it is denied."""


@dataclass(frozen=True, slots=True)
class _Tongue:
    """An invented language."""

    stems: Mapping[str, str]
    order: str
    plural: str
    object_: str
    past: str
    negative: str
    adjective_first: bool

    def noun(self, phrase: Sequence[str], many: bool, is_object: bool) -> str:
        *adjectives, noun = phrase
        stem = self.stems[noun] + (self.plural if many else "") + (self.object_ if is_object else "")
        said = [self.stems[each] + (self.plural if many else "") for each in adjectives]
        return " ".join([*said, stem] if self.adjective_first else [stem, *said])

    def sentence(self, subject: Sequence[str], verb: str, object_: Sequence[str], *marks: bool) -> str:
        many, several, past, negative = marks
        parts = {
            "S": self.noun(subject, many, is_object=False),
            "O": self.noun(object_, several, is_object=True),
            "V": (self.negative if negative else "") + self.stems[verb] + (self.past if past else ""),
        }
        return " ".join(parts[each] for each in self.order)


def _tongue(draw: random.Random) -> _Tongue:
    vowels, consonants = "aeiou", "bdfgklmnprstvz"
    made: set[str] = set()
    while len(made) < len(_NOUNS) + len(_VERBS) + len(_ADJECTIVES):
        made.add("".join(draw.choice(consonants) + draw.choice(vowels) for _ in range(2)) + draw.choice("klnrst"))
    stems = dict(zip((*_NOUNS, *_VERBS, *_ADJECTIVES), draw.sample(sorted(made), len(made)), strict=True))
    plural, object_, past = draw.sample(("a", "im", "o", "eth", "un", "ash"), 3)
    return _Tongue(
        stems,
        draw.choice(("SOV", "VSO", "OVS", "VOS")),
        plural,
        object_,
        past,
        draw.choice(("ne", "xi", "wa")),
        draw.random() < 0.5,
    )


def _english(subject: Sequence[str], verb: str, object_: Sequence[str], *marks: bool) -> str:
    many, several, past, negative = marks
    base = {"sees": "see", "hears": "hear", "follows": "follow", "helps": "help", "finds": "find"}[verb]
    gone = {"see": "saw", "hear": "heard", "follow": "followed", "help": "helped", "find": "found"}[base]
    does = "did not" if past else "do not" if many else "does not"
    said = f"{does} {base}" if negative else gone if past else base if many else verb
    return f"the {_noun(subject, many)} {said} the {_noun(object_, several)}"


def _noun(phrase: Sequence[str], many: bool) -> str:
    plural = {"child": "children"}.get(phrase[-1], f"{phrase[-1]}s") if many else phrase[-1]
    return " ".join([*phrase[:-1], plural])


def _marks(draw: random.Random) -> tuple[bool, bool, bool, bool]:
    return draw.random() < 0.5, draw.random() < 0.5, draw.random() < 0.5, draw.random() < 0.5


def _sentences(draw: random.Random, count: int, adjectives: bool) -> list[_Said]:
    made: list[_Said] = []
    nouns, verbs = list(_NOUNS) * 4, list(_VERBS) * 5
    for at in range(count):
        one, other = nouns[2 * at % 8], nouns[(2 * at + 1 + at // 4) % 8]
        if one == other:
            other = nouns[(2 * at + 3) % 8]
        phrase = [
            [each] if not adjectives or draw.random() < 0.4 else [draw.choice(_ADJECTIVES), each]
            for each in (one, other)
        ]
        made.append((phrase[0], verbs[at % 5], phrase[1], *_marks(draw)))
    return made


def _learnt(draw: random.Random, *, adjectives: bool, back: bool) -> Draft:
    tongue = _tongue(draw)
    known = _sentences(draw, 14, adjectives)
    words = {word for subject, verb, object_, *_ in known for word in (*subject, verb, *object_)}
    nouns = [each for each in _NOUNS if each in words]
    told = "\n".join(f"{tongue.sentence(*each)} = {_english(*each)}" for each in known)
    with_ = [each for each in _ADJECTIVES if each in words] if adjectives else []
    one, other = draw.sample(nouns, 2)
    asked: _Said = (
        [*draw.sample(with_, min(1, len(with_))), one],
        draw.choice(_VERBS),
        [other],
        *_marks(draw),
    )
    strange, english = tongue.sentence(*asked), _english(*asked)
    ask = (
        f"Translate into English, in the same style: {strange}" if back else f"Translate into that language: {english}"
    )
    return textual(
        f"Sentences of an invented language and what they mean:\n{told}\n\n{ask}.",
        english if back else strange,
        "translation",
    )


def conlang(draw: random.Random) -> Draft:
    """Into a language learnt from examples."""
    return _learnt(draw, adjectives=False, back=False)


def conlang_adjectives(draw: random.Random) -> Draft:
    """Into a language whose adjectives agree."""
    return _learnt(draw, adjectives=True, back=False)


def conlang_back(draw: random.Random) -> Draft:
    """Out of a language learnt from examples."""
    return _learnt(draw, adjectives=True, back=True)


def vigenere(draw: random.Random) -> Draft:
    """A cipher with a key."""
    word, key = draw.choice(_WORDS), draw.choice(("lemon", "bridge", "cat", "salt", "paper"))
    coded = "".join(chr((ord(a) - 97 + ord(key[at % len(key)]) - 97) % 26 + 97) for at, a in enumerate(word))
    ask = f'Decode the Vigenère cipher "{coded}" with the key "{key}" (a shifts by 0, b by 1, …).'
    return textual(ask, word, "word")


def keyed_alphabet(draw: random.Random) -> Draft:
    """A cipher whose alphabet begins with a word."""
    key, word = draw.choice(("zebra", "quick", "jumpy", "vixen")), draw.choice(_WORDS)
    alphabet = key + "".join(each for each in "abcdefghijklmnopqrstuvwxyz" if each not in key)
    coded = "".join(alphabet[ord(each) - 97] for each in word)
    ask = f'In a cipher the alphabet a–z is replaced, letter by letter, by "{key}" followed by all other letters in their usual order. What does "{coded}" mean?'
    return textual(ask, word, "word")


def shifted_words(draw: random.Random) -> Draft:
    """A sentence whose words are changed by several rules."""
    words = draw.sample(_WORDS, 6)
    vowels = "aeiou"

    def changed(at: int, word: str) -> str:
        if word[0] in vowels:
            return word[1:] + word[0] + "hu"
        if at % 2:
            return word[::-1].replace("r", "l")
        return word[-1] + word[1:-1] + word[0]

    ask = (
        'Change each word: if it begins with a vowel, move that letter to the end and append "hu". Otherwise, if it is the 2nd, 4th or 6th word, write it '
        "backwards and then replace every r by l. Otherwise exchange its first and last letter. Words: "
        + " ".join(words)
        + "."
    )
    return textual(ask, " ".join(changed(at, word) for at, word in enumerate(words)), "the six words")


def letters_across(draw: random.Random) -> Draft:
    """Letters at places of words."""
    words = draw.sample(_WORDS, 9)
    places = [draw.randint(1, 6) for _ in words]
    ask = f"Take letter {', '.join(map(str, places))} of these words in turn (the first number for the first word, and so on): {', '.join(words)}. Which text do they make?"
    return textual(ask, "".join(word[place - 1] for word, place in zip(words, places, strict=True)), "text")


def counts_of_letters(draw: random.Random) -> Draft:
    """Letters counted over many words, with a condition."""
    words, letter = draw.sample(_WORDS, 14), draw.choice("aeirt")
    total = sum(word.count(letter) for word in words if word[-1] not in "aeiou" and len(word) > 6)
    ask = f'How often does "{letter}" occur in those of these words that have more than six letters and do not end in a vowel: {", ".join(words)}?'
    return numeric(ask, total)


def last_letters(draw: random.Random) -> Draft:
    """Words sorted from behind."""
    words = draw.sample(_WORDS, 9)
    return listing(
        f"Sort these words by their last letter, of equal ones by the letter before it, and so on: {', '.join(words)}.",
        sorted(words, key=lambda each: each[::-1]),
    )


def other_alphabet(draw: random.Random) -> Draft:
    """Words sorted by another order of the letters."""
    words = draw.sample(_WORDS, 8)
    alphabet = draw.sample("abcdefghijklmnopqrstuvwxyz", 26)
    order = sorted(words, key=lambda each: [alphabet.index(letter) for letter in each])
    return listing(f"Sort these words by an alphabet whose order is {''.join(alphabet)}: {', '.join(words)}.", order)


def hidden_words(draw: random.Random) -> Draft:
    """Every nth letter of a text."""
    word, every = draw.choice(_WORDS), draw.randint(3, 4)
    text = "".join(letter + "".join(draw.choice("bcdfghklmnprstw") for _ in range(every - 1)) for letter in word)
    return textual(f'Which word do the letters 1, {1 + every}, {1 + 2 * every}, … of "{text}" make?', word, "word")


def growing(draw: random.Random) -> Draft:
    """A sentence whose words grow."""
    size = draw.choice((6, 7, 8))
    banned = draw.choice("uqz")
    words = ["a", "be", "the", "kind", "other", "letter", "another", "sentence"][:size]
    rules = {
        f"There is one line of exactly {size} words.": lambda rows: len(rows) == 1 and len(words_of(rows[0])) == size,
        "The first word has one letter, the second two, the third three, and so on.": lambda rows: (
            [len(each) for each in words_of(rows[0])] == list(range(1, size + 1))
        ),
        f'The letter "{banned}" does not occur.': lambda rows: banned not in rows[0].lower(),
        "There are no capital letters and no punctuation.": lambda rows: all(
            each.islower() or each == " " for each in rows[0]
        ),
        'The letter "t" occurs.': lambda rows: "t" in rows[0],
        "No word occurs twice.": lambda rows: len(set(words_of(rows[0]))) == len(words_of(rows[0])),
        'The word "in" does not occur.': lambda rows: "in" not in words_of(rows[0]),
    }
    return obeying(draw, "Write words in a row.", rules, [" ".join(words)])


def chained(draw: random.Random) -> Draft:
    """Words that begin as the ones before end."""
    start = draw.choice(("orange", "eleven", "table", "river"))
    chain = {
        "orange": ["orange", "eagle", "ear", "ring", "green"],
        "eleven": ["eleven", "night", "tall", "lamp", "paper"],
        "table": ["table", "ear", "rain", "noon", "nose"],
        "river": ["river", "rain", "nest", "tree", "east"],
    }[start]
    least, banned = 3, draw.choice("kxz")
    rules = {
        "There are five lines with one word each.": lambda rows: (
            len(rows) == 5 and all(len(words_of(each)) == 1 for each in rows)
        ),
        f'The first word is "{start}".': lambda rows: rows[0] == start,
        "Each word begins with the last letter of the word before.": lambda rows: all(
            a[-1] == b[0] for a, b in pairwise(rows)
        ),
        "No word occurs twice.": lambda rows: len(set(rows)) == len(rows),
        f"Every word has at least {least} letters.": lambda rows: all(len(each) >= least for each in rows),
        f'No word contains "{banned}".': lambda rows: not any(banned in each for each in rows),
        "There are no capital letters, digits or signs.": lambda rows: all(
            each.isalpha() and each.islower() for each in rows
        ),
    }
    return obeying(draw, "Write a chain of English words.", rules, chain)


TEMPLATES: Mapping[str, Template] = {
    each.__name__: each
    for each in (
        conlang, conlang_adjectives, conlang_back,
          vigenere, keyed_alphabet, shifted_words, letters_across, counts_of_letters,
        last_letters, other_alphabet, hidden_words, growing, chained,
    )
}  # fmt: skip
