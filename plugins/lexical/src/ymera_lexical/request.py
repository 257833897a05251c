"""Where in a long text the request stands, and what is read of the text for that.

Pasted texts surround a request: documents, mails, logs, code, conversations. Its paragraphs, or the lines and sentences
of long paragraphs, are compared by how they begin, whether they ask, whom they address and what they look like. Few are
looked at closely: all are first ranked by how they begin and whether they ask.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from heapq import nlargest
from math import exp, log
from operator import itemgetter, mul
from typing import NamedTuple

from ymera_lexical.reading import excerpt

LONG = 600
"""Characters of a text, and of a paragraph, that are not taken apart."""
MOST_SEARCHED = 32_000
"""Characters that are searched at the beginning and at the end of a text, each."""
MOST_COMPARED, MOST_WORDS = 12, 40
"""Paragraphs that are looked at closely, and words that are read of each."""
LONGEST, MOST_FOUND = 500, 2
"""Characters that are read of a request, and paragraphs that are read of those that may be one."""
AROUND_WORDS, LEAST_AROUND, MOST_AROUND = 2.0, 0.1, 0.5
"""What is around a request counts as so many of its words, within these bounds: a short request says little."""

_OPENINGS: Mapping[str, str] = {
    "imperative": """
        write create generate make build develop compose draft implement design code produce construct give tell
        correct fix improve polish edit rewrite rephrase translate proofread paraphrase simplify shorten revise
        reword convert change modify replace restate condense summarize summarise summary analyze analyse evaluate
        assess discuss compare contrast critique review investigate explore interpret outline explain describe define
        clarify list find calculate compute solve prove show suggest recommend identify classify extract name
        provide answer use complete add remove refactor debug determine plan imagine pretend prepare include alter
        act rank let let's given suppose consider choose select pick sort count check say tl;dr turn put design
        escribe crea traduce corrige resume explica dame calcula écris crée traduis corrige résume explique donne
        schreibe schreib erstelle übersetze korrigiere erkläre gib fasse berechne scrivi crea traduci correggi
        spiega dammi escreva crie traduza corrija explique напиши создай переведи исправь объясни реши составь
    """,
    "asks": """
        what what's who whose whom where when which why how whats hows wie was wer wo wann warum welche welcher qué
        cómo cuál quién dónde por comment pourquoi quel quelle combien come cosa perché quale como qual что как
        почему где is are was were do does did can could would will should am has have may might if
    """,
    "self": "i i'm i've i'd im my we we're our ich mein je mon ma yo mi io mio eu meu я мне мой",
    "polite": "please pls kindly hi hello hey ok okay now so also thanks help bitte hola bonjour ciao",
}
_OPENING = {word: opening for opening, words in _OPENINGS.items() for word in words.split()}
_NOUNS = frozenset(
    [
        "code",
        "design",
        "act",
        "plan",
        "name",
        "answer",
        "count",
        "check",
        "say",
        "use",
        "turn",
        "put",
        "rank",
        "list",
        "let",
    ]
)
_IMPERATIVES = frozenset(_OPENINGS["imperative"].split()) - _NOUNS
_POLITE = frozenset({"please", "pls"})
_YOU = frozenset(["you", "your", "you're"])
_ME = frozenset(["me", "i", "my", "i'm", "i've"])
_POINTS = frozenset(["above", "below", "following", "text", "attached", "above.", "below.", "below:", "following:"])
_BESIDE = " \t\r\n.,;:!?\"'“”«»()[]*#>-_"
_SIGNS = rb"{}=;<>|[]()/_\\"
_MARKS = ("> ", "|", "[", "<", "{", "}", "#", "//", "/*", "* ", "- ", ">>>", "@", '"')
_UTF_8 = ("utf-8", "surrogatepass")

WEIGHTS: Mapping[str, float] = {
    "begins with an imperative": 1.11,
    "begins like a question": -0.54,
    "begins with the user": -0.06,
    "begins politely": -0.19,
    "has an imperative soon": 1.28,
    "ends asking": 1.94,
    "says please": -0.40,
    "addresses someone": -0.34,
    "mentions the user": -0.89,
    "points at a text": 0.23,
    "comes first": 0.87,
    "comes last": 1.79,
    "comes first and asks": 2.43,
    "comes last and asks": 1.39,
    "is a paragraph": 1.87,
    "length": 0.75,
    "share of signs": -1.23,
    "begins with a mark": -0.84,
    "is indented": -0.72,
    "begins with a name": -1.22,
    "lines": -0.48,
    "begins with a capital": 0.42,
    "parts that begin alike": -0.69,
    "share that begins alike": 0.18,
}
"""Fitted by `training/finding.py`."""
_WEIGHTS = tuple(WEIGHTS.values())
_RANKS = {"imperative": 3.0, "polite": 1.0, "self": 1.0, "asks": 0.5}
_ASKS, _ALONE = 2.0, 2.5
"""What openings, a question mark and being a paragraph count for in the first ranking."""


class Portion(NamedTuple):
    """A part of a text, and how much it counts; the shares of all portions add up to 1."""

    share: float
    text: str


def portions_of(text: str) -> Sequence[Portion]:
    """Returns what is read of a text: all of a short one; of a long one the likely requests, and its ends."""
    text = text.strip()
    if len(text) <= LONG:
        return (Portion(1.0, text),) if text else ()
    requests = _likeliest(compared(text))
    total = sum(share for share, _ in requests)
    words = sum(share * len(request.split()) for share, request in requests) / total
    around = min(max(AROUND_WORDS / words, LEAST_AROUND), MOST_AROUND)
    found = [Portion((1 - around) * share / total, request) for share, request in requests]
    return [*found, Portion(around, excerpt(text))]


def _likeliest(paragraphs: Sequence[tuple[str, Sequence[float]]]) -> Sequence[tuple[float, str]]:
    """Returns the paragraphs that are most likely a request, each with how likely that is beside the first one."""
    scored = [(sum(map(mul, _WEIGHTS, signs)), paragraph) for paragraph, signs in paragraphs]
    best = nlargest(MOST_FOUND, scored, key=itemgetter(0))
    return [(exp(score - best[0][0]), paragraph.strip()[:LONGEST]) for score, paragraph in best]


def compared(text: str) -> Sequence[tuple[str, Sequence[float]]]:
    """Returns the paragraphs of a text that may be a request, each with its signs in the order of the weights."""
    if len(text) > 2 * MOST_SEARCHED:
        text = f"{text[:MOST_SEARCHED]}\n\n{text[-MOST_SEARCHED:]}"
    parts = [*_parts(text)]
    last = len(parts) - 1
    # Whatever is looked at of every part has to be cheap: a text may have thousands.
    firsts = [part.lstrip()[:24].lower().split(None, 1)[0].strip(_BESIDE) for part, _ in parts]
    begin = [first if first in _OPENING else _beginning(part) for first, (part, _) in zip(firsts, parts, strict=True)]
    alike = Counter(begin)
    common = {beginning: log(count) for beginning, count in alike.items()}
    ranks = [
        _RANKS_OF.get(how, 0.0) + _ASKS * ("?" in part) + _ALONE * (alone and part[0].isalpha()) - common[how]
        for how, (part, alone) in zip(begin, parts, strict=True)
    ]
    best = nlargest(MOST_COMPARED, range(len(parts)), key=ranks.__getitem__)
    return [
        (parts[at][0], (*_signs(*parts[at], at == 0, at == last), common[begin[at]], alike[begin[at]] / len(parts)))
        for at in sorted({0, last, *best})
    ]


def _beginning(part: str) -> str:
    """Returns what parts that are made alike begin with: a space or another sign, a digit, a capital or a letter."""
    return "1" if part[0].isdigit() else "A" if part[0].isupper() else "a" if part[0].isalpha() else part[0]


_RANKS_OF = {word: _RANKS[opening] for word, opening in _OPENING.items()}


def _parts(text: str) -> Iterator[tuple[str, bool]]:
    """Yields the paragraphs of a text, and whether they are whole: long ones by line, long lines by sentence."""
    for paragraph in filter(str.strip, text.split("\n\n")):
        if len(paragraph) <= LONG:
            yield paragraph, True
            continue
        for line in filter(str.strip, paragraph.split("\n")):
            if len(line) <= LONG:
                yield line, False
            else:
                for sentence in filter(str.strip, line.replace("? ", "?\n").replace(". ", ".\n").split("\n")):
                    yield sentence, False


def _signs(part: str, alone: bool, first: bool, last: bool) -> Sequence[float]:
    """Returns the signs of a request that a part has."""
    lower = part.lower().strip()
    words = lower.split(None, MOST_WORDS)
    opening = _OPENING.get(words[0].strip(_BESIDE), "")
    ends_asking, colon, raw = lower.endswith("?"), lower.find(":", 1, 30), lower.encode(*_UTF_8)
    asks = bool(opening) or "?" in lower
    return (
        opening == "imperative",
        opening == "asks",
        opening == "self",
        opening == "polite",
        not _IMPERATIVES.isdisjoint(words[1:6]),
        ends_asking,
        not _POLITE.isdisjoint(words),
        not _YOU.isdisjoint(words),
        not _ME.isdisjoint(words),
        not _POINTS.isdisjoint(words),
        first,
        last,
        first and asks,
        last and asks,
        alone,
        min(log(len(lower)), 7) - 4,
        min((1 - len(raw.translate(None, _SIGNS)) / len(raw)) * 10, 2.0),
        lower.startswith(_MARKS) or lower[0].isdigit(),
        part[0] in " \t",
        colon > 0 and not opening and lower.count(" ", 0, colon) < 3,
        min(lower.count("\n"), 5),
        part[0].isupper(),
    )
