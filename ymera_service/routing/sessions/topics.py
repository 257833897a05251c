"""Whether a turn of a conversation begins another topic, from the words of the user alone.

A turn goes on with the topic if it shares words or its class with the turns before, points back at them ("it", "your
answer", "what about …"), or gives what was asked for instead of asking. A turn that can be understood without any of
that begins another. How alike turns are in what they mean counts as well, where a classifier gives vectors of that. A
logistic regression weighs these signs; `tests/bench/topics.py` fits it and reports how well it does on kinds of
conversations that it has not seen. The signs are English: in other languages only words and classes
are compared, and a topic is seldom taken for another one.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from math import exp, log1p, sqrt
from operator import mul
from zlib import crc32

import orjson
from pydantic import TypeAdapter

from ymera_service.routing.prompts.vectors import check, likeness, packed

CHANGED = 0.55
"""From how likely a change on a turn is taken for one: in conversations of kinds that were not seen by the fit, 93 % of
the turns that go on with the topic are below it, and 71 % of the changes above; with vectors, 97 % and 88 %."""
EARLIER = 3
"""Turns that are compared with a new one, at most."""
MOST_WORDS = 24
"""Content words kept of a turn,"""
BUCKETS = 1 << 16
"""each as one of this many hashes: enough to distinguish the words of a conversation, while each stands for several."""
HEAD, TAIL = 400, 200
"""Characters at the beginning and at the end of a long message that are read,"""
OPENING, OPENING_WORDS = 400, 40
"""and the characters and words at its beginning in which signs are looked for."""
WORDS_DECAY, CLASS_DECAY, MEANING_DECAY = 0.7, 0.5, 0.5
"""What a turn counts beside the one after it."""
COMPARED = "all-minilm-l6-v2"
"""The version that a classifier has to have for its vectors to count: how alike those of one topic are differs from
encoder to encoder, and the weights were fitted to this one."""
TINY = 1e-6
"""The square of a length below which vectors cancel each other out."""
DIGITS_KEPT = 3
"""Of a probability."""
SHORT = 4
"""Content words of a request that leaves open what it is about."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What is kept of a user's message, without its text.

    Attributes:
        words: Hashes of its content words, each word once.
        probabilities: Category → probability.
        length: Of the message, in words.
        pointing: How many of its first words point at something said before.
        asks: It asks for something.
        mentions: It names the conversation itself, such as "your answer".
        continues: It begins like a continuation.
        opens: It begins like a request that can be understood alone.
        vector: What it means, as `vectors` keeps it; empty if no classifier says so.
        vector_of: Names the classifier of the vector and its version; those of different ones have nothing in common.
    """

    words: tuple[int, ...]
    probabilities: Mapping[str, float]
    length: int
    pointing: int
    asks: bool
    mentions: bool
    continues: bool
    opens: bool
    vector: str = ""
    vector_of: str = ""

    @classmethod
    def of(
        cls, text: str, probabilities: Mapping[str, float], vector: Sequence[float] = (), vector_of: str = ""
    ) -> "Turn":
        """Returns what is kept of a message that belongs to these categories, and means what the vector says."""
        opening = text[:OPENING]
        words = _WORD.findall((text if len(text) <= HEAD + TAIL else f"{text[:HEAD]} {text[-TAIL:]}").lower())
        content = dict.fromkeys(
            _stem(word) for word in words if len(word) > 2 and word not in _COMMON and not word.isdigit()
        )
        return cls(
            words=tuple([crc32(word.encode("utf-8", "replace")) % BUCKETS for word in list(content)[:MOST_WORDS]]),
            probabilities=probabilities,
            length=len(words),
            pointing=sum(word in _POINTING for word in words[:OPENING_WORDS]),
            asks=_ASKS.search(opening) is not None,
            mentions=_MENTIONS.search(opening) is not None,
            continues=_CONTINUES.match(opening) is not None,
            opens=_OPENS.match(opening) is not None,
        ).meaning(vector, vector_of)

    def meaning(self, vector: Sequence[float], vector_of: str) -> "Turn":
        """Returns it with what it means; an empty vector says nothing."""
        return replace(self, vector=packed(vector), vector_of=vector_of) if vector else self


def to_json(turn: Turn) -> bytes:
    """Returns the stored form of a turn, of at most about 1 KB and 4 bytes for 3 figures of the vector."""
    shares = {category: round(share, DIGITS_KEPT) for category, share in turn.probabilities.items()}
    return orjson.dumps(replace(turn, probabilities=shares))


def from_json(data: bytes) -> Turn:
    """Reads the stored form.

    Raises:
        ValueError: The data is not a stored turn.
    """
    turn = _turns().validate_json(data)
    check(turn.vector)
    return turn


@cache
def _turns() -> TypeAdapter[Turn]:
    return TypeAdapter(Turn)


def change(turn: Turn, earlier: Sequence[Turn]) -> float:
    """Returns how likely a turn begins another topic than the earlier ones, of which the latest comes last."""
    if not earlier:
        return 1.0
    found = [*signs(turn, earlier), *(alike := meanings(turn, earlier))]
    intercept, weights = (_MEANING_INTERCEPT, _MEANING_WEIGHTS) if alike else (_INTERCEPT, _WEIGHTS)
    total = intercept + sum(weight * sign for weight, sign in zip(weights.values(), found, strict=True))
    return round(1 / (1 + exp(-total)), DIGITS_KEPT)


def signs(turn: Turn, earlier: Sequence[Turn]) -> Sequence[float]:
    """Returns the signs of a change of topic in the order of the weights; there has to be an earlier turn."""
    previous = earlier[-1]
    shared = _shared(turn, earlier)
    return (
        min(sum(shared), 4.0),
        max(shared, default=0.0),
        _likeness(turn, earlier),
        turn.pointing / sqrt(max(min(turn.length, OPENING_WORDS), 1)),
        float(turn.pointing > 0),
        float(turn.mentions),
        float(turn.continues),
        float(turn.opens),
        float(previous.asks and not turn.asks),
        float(not previous.asks and not turn.asks),
        min(log1p(turn.length), 6.0),
        float(previous.asks and len(previous.words) <= SHORT),
    )


def meanings(turn: Turn, earlier: Sequence[Turn]) -> Sequence[float]:
    """Returns how alike the meaning of a turn is to that of the latest one, of the most alike and of all, from -1 to 1.

    Empty unless there are vectors of one classifier of the turn and of the latest, which have to be those `COMPARED`.
    """
    if turn.vector_of.partition("/")[2] != COMPARED or earlier[-1].vector_of != turn.vector_of:
        return ()
    vectors = [one.vector for one in reversed(earlier) if one.vector_of == turn.vector_of]
    found = likeness([turn.vector, *vectors])
    if not found:
        return ()
    (_, *alike), *others = found
    shares = [MEANING_DECAY**age for age in range(len(others))]
    # The square of the length of the weighted sum of what was said before, each at the length 1.
    square = sum(share * sum(map(mul, shares, row[1:])) for share, row in zip(shares, others, strict=True))
    return alike[0], max(alike), sum(map(mul, shares, alike)) / sqrt(square) if square > TINY else 0.0


def _shared(turn: Turn, earlier: Sequence[Turn]) -> Sequence[float]:
    """Returns for each word that was said before how much it counts, the less the longer ago that was."""
    words, counts = set(turn.words), dict[int, float]()
    for age, one in enumerate(reversed(earlier)):
        for word in words.intersection(one.words):
            counts.setdefault(word, WORDS_DECAY**age)
    return list(counts.values())


def _likeness(turn: Turn, earlier: Sequence[Turn]) -> float:
    """Returns how alike the classes are, from 0 to 1: the Bhattacharyya coefficient of their probabilities."""
    weights = [CLASS_DECAY**age for age in reversed(range(len(earlier)))]
    usual = {
        name: sum(weight * one.probabilities.get(name, 0.0) for weight, one in zip(weights, earlier, strict=True))
        for name in turn.probabilities
    }
    return sum(sqrt(share * usual[name] / sum(weights)) for name, share in turn.probabilities.items())


def _stem(word: str) -> str:
    word = word.removesuffix("'s")
    if len(word) > 6:
        return word[:6]
    return word[:-1] if len(word) > 3 and word.endswith("s") else word


_INTERCEPT = -0.15
_WEIGHTS = {
    "words shared": -1.16,
    "latest word shared": -1.72,
    "likeness of classes": -3.61,
    "share of pointing words": -2.35,
    "any pointing word": -0.85,
    "mentions the conversation": -1.11,
    "begins like a continuation": -3.18,
    "begins like a request": 1.35,
    "answers a request": -2.09,
    "tells more": -2.62,
    "length": 1.56,
    "the request before was open": -0.68,
}
_MEANING_INTERCEPT = 1.16
_MEANING_WEIGHTS = {
    "words shared": -0.52,
    "latest word shared": -0.07,
    "likeness of classes": -0.99,
    "share of pointing words": -2.48,
    "any pointing word": -1.09,
    "mentions the conversation": -1.46,
    "begins like a continuation": -2.77,
    "begins like a request": 1.63,
    "answers a request": -1.82,
    "tells more": -2.59,
    "length": 1.12,
    "the request before was open": -0.49,
    "likeness of meaning to the latest": -5.89,
    "likeness of meaning to the most alike": -4.46,
    "likeness of meaning to all": -5.97,
}
"""Fitted by `tests/bench/topics.py`; the second intercept is a little lower than fitted, to keep more."""

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_COMMON_WORDS = """
a about again all also am an and another any are as at be been being best better between both but by can can't
    could described did different difference do does doing don't done down each every example examples explain few for
    from get give good had has have having he help her him his how i i'd i'm i've if in information into is it it's its
    just know let's like make many may me mean means might more most must my need no nor not of off on one only or other
    our out over own please question answer said same say see shall she should so some something specific such tell than
    that that's the their them then there these they thing things think this those to too two under up us use used using
    very want was way ways we were what what's when where which who whom whose why will with would you you're
    your"""
_COMMON = frozenset(_COMMON_WORDS.split())
_POINTING_WORDS = """
it its it's this that that's these those they them their he him his she her hers one ones there such same above
    previous previously earlier former latter again instead also too else another other others further rest both either
    more mentioned said"""
_POINTING = frozenset(_POINTING_WORDS.split())
_ASKS = re.compile(
    r"""\?
    |^(?:please\ |can\ you\ |could\ you\ |now,?\ )*(?:tell|explain|describe|give|help|convert|translate|summari[sz]e
        |provide|compare|write|find|calculate|suggest|create|recommend|analy[sz]e|generate|list|show|make|solve|rewrite
        |name|identify|classify)\b
    |\bI\ (?:need|want|would\ like|am\ looking|have\ a)\b
    |\bI['’]?[md]\ (?:looking|interested|like)\b""",
    re.IGNORECASE | re.VERBOSE,
)
_MENTIONS = re.compile(
    r"""\b(?:
    you(?:['’]ve|\ have)?\ (?:just\ |already\ |also\ )?(?:mention|said|wrote|gave|list|provide|describ|suggest|talk|told
        |made|explain)\w*
    |your\ (?:\w+\ )?(?:answer|response|explanation|reply|list|summary|last|solution|code|suggestion|message|advice
        |point)s?
    |(?:the|this|that|these|those)\ (?:\w+\ )?(?:answer|response|explanation|information|list|text|passage|above
        |previous|former
        |latter|result|point|idea|concept|version|detail|example|method|approach)s?
    |(?:what|how)\ (?:about|if)
    |(?:my|these|those)\ (?:preference|ingredient|goal|condition|need|constraint|requirement|situation|budget)s?
    |what\ (?:we|i)(?:['’]ve|\ have)?
    |so\ far|rephrase|reword|re-?write|restate|shorten|condense|compress|restructure|reformat|elaborate|try\ again
    |go\ on|continue|based\ on\ (?:this|that|these|those|my|what|your|the)|instead|alternative|another
    )\b""",
    re.IGNORECASE | re.VERBOSE,
)
_CONTINUES = re.compile(
    r"""(?:and|but|so|now|then|ok|okay|great|thanks|thank\ you|yes|no|yeah|sure|also|well|alright|right|lastly
    |finally|next|nice|sounds|that|it|these|those|they|what\ about|how\ about|what\ if|which|actually|my|since|because
    |about|regarding|given|in\ that|in\ this|you|your|referring|among|maybe|or|hmm|i\ see|wait|interesting|after
    |instead)\b""",
    re.IGNORECASE | re.VERBOSE,
)
_OPENS = re.compile(
    r"""(?:(?:hi|hello|hey|please|ok|okay|now|great|thanks)[,.!\ ]+)*(?:(?:can|could|would)\ you\ (?:please\ )?)?
    (?:tell\ me|explain|describe|give\ me|help\ me|show\ me|recommend|suggest
    |what(?:['’]s|\ is|\ are|\ was|\ were|\ causes|\ makes|\ does)
    |who(?:['’]s|\ is|\ was|\ were|\ are|\ invented)|how\ (?:do|does|did|is|are|can|many|much)
    |why\ (?:is|are|do|does|did)|is\ it|is\ there|are\ there|(?:do|does)\b
    |i(?:['’]m|\ am)\ (?:interested|looking|planning|trying|new)|i\ (?:need|want|have|would\ like)
    |if\ |there\ (?:is|are)|in\ an?\ )""",
    re.IGNORECASE | re.VERBOSE,
)
