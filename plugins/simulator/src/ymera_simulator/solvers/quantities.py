"""A story's quantities: how much of what, by whom, per what, gained or lost, and what is asked."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from ymera_simulator.solvers.numerals import number
from ymera_simulator.solvers.words import singular
from ymera_simulator.wording import listed

MONEY = "$"
PERCENT = "%"
EACH = "each"
"""The unit of `$2 each`: whatever is counted nearby."""

LOSSES = (
    "gave|give|gives|giving|given|lost|lose|loses|ate|eat|eats|eaten|sold|sell|sells|spent|spend|spends|used|use|uses|"
    "broke|break|breaks|broken|donated|donates|donate|removed|removes|flew|fly|fell|died|die|melted|threw|throws|paid|"
    "pay|pays|dropped|drops|leaked|leaks|withdrew|withdraws|took out|takes out|get off|gets off|got off|leave|leaves|"
    "drank|drinks|drink|shared|rotten|cracked|damaged|missing|poured|pours|lent|lends|misplaced|burned|popped|"
    "escaped|cut off|cuts off|consumed|consumes|read|reads|drove off|drained|drains|wilted|absent|stolen|borrowed"
)
BUYING = "buy|buys|bought|purchase|purchases|purchased|buying|order|orders|ordered"
_BUYING = re.compile(rf"\b(?:{BUYING})\b")
_LOSING = re.compile(rf"\b(?:{LOSSES})\b")
_SELLING = re.compile(r"\b(?:sell|sells|sold|selling)\b")
_GAINING = re.compile(
    r"\b(?:get|gets|got|receive|receives|received|find|finds|found|earn|earns|earned|collect|collects|collected|"
    r"add|adds|added|"
    r"pick|picks|picked|bake|bakes|baked|won|wins|win|make|makes|made|arrive|arrives|arrived|join|joins|joined|"
    r"board|boards|"
    rf"get on|gets on|got on|save|saves|saved|deposit|deposits|deposited|returned|has|have|had|there|{BUYING})\b"
)

_QUANTITY = re.compile(
    r"(?P<money>[$£€]\s?)?(?<![\w.])(?P<value>\d+(?:,\d{3})*(?:\.\d+)?(?:/\d+)?)(?P<percent>\s?%|\s?percent|"
    r"\s?per cent)?"
)
_STOP = frozenset(
    listed(
        "of in on at to for from with and or but per each every a an the is are was were be been has have had do "
        "does did that which who whose more fewer less left than as if then when how what will can could it he she "
        "they his her their its into by out up away off among between equally total altogether after before while "
        "so because during this these those there cost costs hold holds contain contains weigh weighs not all some "
        "one another other until"
    )
)
_MOST_NUMBERS = 40
_SENTENCE = re.compile(r"(?<=[.!?;])\s+(?=\S)")
_ASKS = re.compile(
    r"\b(?:how (?:many|much|far|long|old|fast|tall|heavy)|what(?:'s| is| was| are| do| does| did| will| would|"
    r" percent| fraction)|find|calculate|determine|work out)\b"
)
_WORD = re.compile(r"[a-z]+(?:-[a-z]+)*")
_ADJACENT_RATE = re.compile(
    r"^\W*(?:/|an?\s|per\s|each\s|every\s|for (?:each|every|an?|one)\s|to the\s|in an?\s)\s*([a-z]+)"
)
_RATE_AFTER = re.compile(r"\b(?:per|each|every|in (?:each|every|one|a)|for (?:each|every))\s+([a-z]+)")
_EACH_ALONE = re.compile(
    r"\b(?:each|apiece|every one)\b(?!\s+[a-z])|\beach (?=(?:and|for|in|on|to|with|from|if|how|of)\b)"
)
_RATE_BEFORE = re.compile(
    r"\b(?:each|every|one|per|a single)\s+((?:[a-z]+\s+){0,2}?[a-z]+)\s+(?:\w+s|\w+ed|can|is|was|will|has|had|"
    r"cost|must)\b[^,;]*$"
)
_THING_COSTS = re.compile(
    r"\b(?:an?|one)\s+((?:[a-z]+\s+){0,2}?[a-z]+)\s+(?:costs?|holds?|contains?|weighs?|has|is priced at|sells "
    r"for|is sold for|is)\W*(?:\w+\s+)?$"
)
_EACH_DOES = re.compile(
    r"\beach (?:of them )?(?:ha(?:s|ve|d)|gets?|got|eats?|ate|takes?|took|buys?|pays?|paid|brings?|brought)\b[^.;]*$"
)
_PRICE_OF = re.compile(r"\b(?:price|cost) of (?:an?|one|each) ((?:[a-z]+\s+){0,2}?[a-z]+) (?:is|was)\W*$")
_PLURAL_COST = re.compile(
    r"(?:^|[.,;]\s*|\band |\bif |\bthe |\bwhere )([a-z]+s) (?:cost|are|sell for|are sold for|are sold at|are "
    r"priced at)\W*$"
)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number of a story: `per` makes it a rate, `sign` is -1 where it is lost."""

    value: Fraction
    unit: str
    words: frozenset[str] = frozenset()
    per: str = ""
    sign: int = 1
    asked: bool = False
    """It stands in the question itself."""
    pays: bool = False
    """The clause is about buying: items come, money goes."""


@dataclass(frozen=True, slots=True)
class Story:
    """A word problem: its whole text, its question, its quantities in order."""

    text: str
    question: str
    quantities: tuple[Quantity, ...]


def read_story(text: str) -> Story | None:
    """Reads lower-case text whose numbers are digits; `None` where there is no question or no number."""
    if len(re.findall(r"\d+", text)) > _MOST_NUMBERS:
        return None
    sentences = [
        sentence.strip() for line in text.splitlines() for sentence in _SENTENCE.split(line) if sentence.strip()
    ]
    asking = [at for at, sentence in enumerate(sentences) if _ASKS.search(sentence)]
    if not asking:
        return None
    told = [at for at, sentence in enumerate(sentences) if not _is_form(sentence)]
    at = next((each for each in reversed(asking) if "?" in sentences[each]), asking[-1])
    quantities = [found for each in told if each <= at for found in _quantities(sentences[each], each == at)]
    return Story(" ".join(sentences[: at + 1]), sentences[at], tuple(quantities)) if quantities else None


def _is_form(sentence: str) -> bool:
    return (
        re.match(r"(?:answer|reply|give|write|round|end|finish|respond|show|express|put|state) ", sentence) is not None
        and "how " not in sentence
    )


def _quantities(sentence: str, asked: bool) -> list[Quantity]:
    matches = list(_QUANTITY.finditer(sentence))
    borders = [0, *(match.end() for match in matches)]
    ends = [*(match.start() for match in matches[1:]), len(sentence)]
    found = []
    for match, start, end in zip(matches, borders, ends, strict=False):
        before, after = sentence[start : match.start()], sentence[match.end() : end]
        found.append(_quantity(match, before, after, sentence, asked))
    return found


def _told_part(sentence: str) -> str:
    return re.sub(r"\bhow (?:many|much).*?(?=\bif\b|\bwhen\b|\?|$)", "", sentence)


def _quantity(match: re.Match[str], before: str, after: str, sentence: str, asked: bool) -> Quantity:
    so_far, told = sentence[: match.start()], _told_part(sentence)
    chunk = _noun_chunk(after)
    unit = (
        MONEY
        if match["money"] or re.match(r"\s*dollars?\b|\s*euros?\b", after)
        else PERCENT
        if match["percent"]
        else _head(chunk)
    )
    per = _per(before, after, chunk, so_far)
    value = _value(match["value"])
    if re.match(r"\s*cents?\b", after):
        unit, value = MONEY, value / 100
    verb_part = (
        before
        if _verbs_in(before)
        else so_far
        if _verbs_in(so_far)
        else f"{so_far} {after}"
        if _verbs_in(after)
        else told
    )
    pays = _last(_BUYING, verb_part) >= 0
    return Quantity(value, unit, frozenset(map(singular, chunk)), per, _sign(verb_part, unit, after), asked, pays)


def _value(text: str) -> Fraction:
    return Fraction(text.replace(",", "")) if "/" in text else number(text)


def _noun_chunk(after: str) -> list[str]:
    chunk: list[str] = []
    for word in _WORD.findall(re.split(r"[.,;:?!()\d$/]", after.lstrip("- "), maxsplit=1)[0]):
        if word in {"more", "fewer", "additional", "extra", "other", "new"} and not chunk:
            continue
        if word in _STOP or len(chunk) == 3:
            break
        chunk.append(word)
    return chunk


def _head(chunk: Sequence[str]) -> str:
    plural = next((word for word in chunk if word.endswith("s") and not word.endswith("ss")), None)
    return singular(plural or (chunk[0] if chunk else ""))


def _per(before: str, after: str, chunk: Sequence[str], so_far: str) -> str:
    rest = after
    for word in chunk:
        rest = rest[rest.find(word) + len(word) :]
    adjacent = _ADJACENT_RATE.match(rest)
    if adjacent and adjacent[1] not in _STOP:
        return singular(adjacent[1])
    clause = re.split(r"[.;?!]|, (?:and|but|then)", rest, maxsplit=1)[0]
    if _EACH_ALONE.search(clause):
        return EACH
    if found := _RATE_AFTER.search(clause):
        return EACH if found[1] in _STOP else singular(found[1])
    for pattern, text in ((_RATE_BEFORE, before), (_PRICE_OF, so_far), (_THING_COSTS, before), (_PLURAL_COST, so_far)):
        found = pattern.search(text)
        if found and (noun := found[1].split()[-1]) not in _STOP:
            return singular(noun)
    return EACH if _EACH_DOES.search(before) else ""


def _verbs_in(text: str) -> bool:
    return _LOSING.search(text) is not None or _GAINING.search(text) is not None


def _sign(clause: str, unit: str, after: str) -> int:
    if unit == MONEY:
        if _last(_SELLING, clause) >= 0 and not re.search(r"\bsold for\b|\bsells for\b", clause):
            return 1
        losing = max(_last(_LOSING, clause), _last(_BUYING, clause))
        gaining = max((_last(pattern, clause) for pattern in (_GAINING_MONEY,)), default=-1)
        return -1 if losing > gaining else 1
    if re.match(
        r"[^.,;]*\b(?:are|is|were|was|fly|flew|fall|fell|get|got|break|broke|have been) (?:\w+ )?(?:away|off|out|"
        r"broken|rotten|sold|lost|eaten|removed|damaged|cracked|missing|used|given away|absent|taken|stolen|"
        r"checked out|borrowed)\b",
        after,
    ):
        return -1
    return -1 if _last(_LOSING, clause) > _last(_GAINING, clause) else 1


_GAINING_MONEY = re.compile(
    r"\b(?:has|have|had|earn|earns|earned|receive|receives|received|get|gets|got|save|saves|saved|start|starts|"
    r"started|deposit|deposits|deposited|found|finds|gave her|gave him|gives her|gives him)\b"
)


def _last(pattern: re.Pattern[str], text: str) -> int:
    return max((match.start() for match in pattern.finditer(text)), default=-1)
