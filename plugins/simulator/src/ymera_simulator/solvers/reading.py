"""Questions about a passage in the prompt, answered with the passage's own words."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ymera_simulator.solvers.numerals import NUMBER, number, show
from ymera_simulator.solvers.passages import content_words, sentences_of, stem
from ymera_simulator.solvers.question import Question, Solution
from ymera_simulator.solvers.words import singular

_SHORTEST = 60
_KINDS = frozenset(
    {"year", "month", "day", "date", "time", "name", "town", "city", "place", "person", "countr", "full"}
)
"""What a question says about its answer, not about where it stands."""
_ASKS = re.compile(
    r"[^.!?\n:]*\b(?:who|whom|whose|what|when|where|which|how|why|in which|is it true|does|did|is|are|was|"
    r"were)\b[^.!?\n]*\?",
    re.IGNORECASE,
)
_NAME = re.compile(r"\b(?:(?:Dr|Mr|Mrs|Ms|Prof)\.? )?[A-Z][\w'-]+(?: (?:of |de |van |the )?[A-Z][\w'-]+)*")
_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_DATE = re.compile(
    rf"\b(?:\d{{1,2}} (?:{_MONTHS})(?: \d{{4}})?|(?:{_MONTHS}) \d{{1,2}}(?:, \d{{4}})?|(?:1\d|20)\d\d|"
    rf"(?:{_MONTHS})|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|\d{{1,2}}[:.]\d{{2}}(?: ?[ap]\.?m\.?)?)\b"
)
_COUNT = re.compile(
    r"(?<![\w.])[$€£]?\d[\d,]*(?:\.\d+)?%?(?![\w])|\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|"
    r"twelve|fifteen|twenty|thirty|forty|fifty)\b"
)
_PLACE = re.compile(
    r"\b(?:in|at|near|from|to|on|outside|inside|beside|behind|under) (?:the )?((?:[A-Z][\w'-]+(?: "
    r"[A-Z][\w'-]+)*)|(?:(?:old|new|small|north|south|east|west|main|upper|lower|\w+) )?\w+)"
)
_CLAUSE = re.compile(r"\b(?:because|since|in order to|so that|due to|to avoid|thanks to)\b (.+?)(?:[,.;]|$)")


_HELPING = frozenset({"is", "was", "are", "were", "did", "does", "do", "has", "have", "had", "can", "will", "would"})


@dataclass(frozen=True, slots=True)
class _Sentence:
    text: str
    words: frozenset[str]
    near: frozenset[str]
    """Words of the sentences before, to which pronouns may point."""


def solve_reading(question: Question) -> Solution | None:
    """Finds the sentence that the question is about and the part of it that the question wants."""
    found = _parted(question.text)
    if found is None:
        return None
    passage, asked = found
    sentences = _read(passage)
    if counted := _counted_mentions(passage, asked) or _difference(passage, asked):
        return counted
    wanted = set(content_words(asked)) - _KINDS
    scores = {each.text: _overlap(each, wanted, sentences) for each in sentences}
    ranked = sorted(scores, key=lambda text: -scores[text])
    if not wanted or len(ranked) < 2 or not scores[ranked[0]]:
        return None
    parts = [part for text in ranked if (part := _part(text, asked, wanted))]
    answer = parts[0] if parts and scores[ranked[0]] else ranked[0]
    slip = next((part for part in parts if part.lower() != answer.lower()), ranked[-1])
    return Solution(answer, slip)


def _parted(text: str) -> tuple[str, str] | None:
    """Returns passage and question; the question is the last one, the passage the longest block without it."""
    questions = _ASKS.findall(text)
    if not questions:
        return None
    asked = questions[-1].strip()
    rest = text.replace(asked, "\n\n")
    blocks = [
        re.sub(
            r"^\s*(?:passage|text|article|paragraph|report|notice|note|story|context|question)\s*:\s*",
            "",
            block,
            flags=re.IGNORECASE,
        )
        for block in re.split(r"\n\s*\n|(?<=:)\n", rest)
    ]
    passage = max(blocks, key=len)
    return (
        (passage.strip(' "\n'), re.sub(r"^\s*question\s*:\s*", "", asked, flags=re.IGNORECASE))
        if len(passage) >= _SHORTEST
        else None
    )


def _read(passage: str) -> list[_Sentence]:
    found: list[_Sentence] = []
    before: frozenset[str] = frozenset()
    for text in sentences_of(passage):
        words = frozenset(content_words(text))
        found.append(_Sentence(text, words, before))
        before = words | (
            before if re.match(r"(?:It|He|She|They|This|That|Its|His|Her|Their)\b", text) else frozenset()
        )
    return found


def _overlap(sentence: _Sentence, wanted: Iterable[str], sentences: Sequence[_Sentence]) -> float:
    """Adds up the question's words that the sentence has; those that few sentences have tell more."""
    refers_back = re.search(r"\b(?:it|he|she|they|its|his|her|their|this|these)\b", sentence.text.lower()) is not None
    near = 0.6 if refers_back else 0.2
    told = 0.0
    for word in wanted:
        rarity = 1 / max(1, sum(word in each.words for each in sentences))
        told += (0.3 + rarity) * (1.0 if word in sentence.words else near if word in sentence.near else 0.0)
    return told and told - 0.001 * len(sentence.words)


def _counted_mentions(passage: str, asked: str) -> Solution | None:
    word = re.search(
        r"how (?:many times|often) (?:does|do|is|are) (?:the )?(?:word |name )?[\"'`]?([\w'-]+)[\"'`]? (?:appear|"
        r"occur|mentioned|used|come)",
        asked,
        re.IGNORECASE,
    )
    if word:
        count = len(re.findall(rf"\b{re.escape(word[1])}\b", passage, re.IGNORECASE))
        return Solution(str(count), str(count + 1))
    if re.search(r"how many sentences", asked, re.IGNORECASE):
        count = len(sentences_of(passage))
        return Solution(str(count), str(count + 1))
    return None


def _difference(passage: str, asked: str) -> Solution | None:
    noun = re.search(r"how many (?:more|fewer) ([a-z]+)\b.*\bthan\b", asked.lower())
    counts = (
        [number(found) for found in re.findall(rf"({NUMBER}) (?:[a-z]+ )?{re.escape(singular(noun[1]))}", passage)]
        if noun
        else []
    )
    if len(counts) < 2:
        return None
    difference = max(counts) - min(counts)
    return Solution(show(difference), show(max(counts)))


def _part(sentence: str, asked: str, wanted: set[str]) -> str:
    low = asked.lower()
    if re.search(
        r"\bwho(?:m|se)?\b|\bwhich (?:\w+ )?(?:person|man|woman|scientist|artist|engineer|author|architect|explorer)",
        low,
    ):
        return _who(sentence, asked, wanted)
    if re.search(r"\bwhen\b|what (?:year|date|month|day|time)|which (?:year|month|day)|in what year|at what time", low):
        return _when(sentence, low)
    if re.search(
        r"\bhow (?:many|much|tall|long|high|deep|old|far|wide|heavy|fast|large|big)\b|what (?:percentage|number|"
        r"is the (?:population|height|length|price|cost))",
        low,
    ):
        return _how_many(sentence, low)
    if re.search(
        r"\bwhere\b|come from|which (?:city|town|country|village|place|street|room|building)|in what (?:city|"
        r"town|country)",
        low,
    ):
        return _where(sentence, wanted)
    if "why" in low.split() and (clause := _CLAUSE.search(sentence)):
        return clause[1]
    return _thing(sentence, low, wanted)


def _who(sentence: str, asked: str, wanted: set[str]) -> str:
    names = [name for name in _names(sentence) if not set(content_words(name)) & wanted]
    doers = [name for name in names if f"by {name}" in sentence]
    people = [name for name in names if not re.search(rf"\b(?:of|in|at|to|from|near) {re.escape(name)}", sentence)]
    return _nearest(doers or people or names, sentence, asked)


def _names(sentence: str) -> list[str]:
    first = sentence.split(maxsplit=1)[0] if sentence.split() else ""
    common = {
        "The",
        "A",
        "An",
        "It",
        "In",
        "On",
        "At",
        "Its",
        "He",
        "She",
        "They",
        "This",
        "His",
        "Her",
        "Their",
        "After",
        "Before",
        "During",
        "When",
        "Most",
        "Every",
        "Each",
        "All",
        "For",
        "From",
        "To",
        "Until",
        "By",
    }
    found = [match for match in _NAME.findall(sentence) if not re.fullmatch(_MONTHS, match)]
    trimmed = [
        name.split(" ", 1)[-1] if name.split()[0] == first and first in common and " " in name else name
        for name in found
    ]
    return [name for name in trimmed if name not in common]


def _fresh(options: Iterable[str], wanted: set[str]) -> str:
    return next((option for option in options if not set(content_words(option)) & wanted), "")


def _when(sentence: str, asked: str) -> str:
    found = _DATE.findall(sentence)
    if "year" in asked:
        found = [match[0] for each in found if (match := re.search(r"\b(?:1\d|20)\d\d\b", each))]
    elif "month" in asked:
        found = [match[0] for each in found if (match := re.search(_MONTHS, each))]
    elif "time" in asked:
        found = [each for each in found if re.search(r"[:.]", each)] or found
    return str(_nearest(found, sentence, asked))


def _how_many(sentence: str, asked: str) -> str:
    options = [match[0] for match in _COUNT.finditer(sentence) if not _is_year(match[0], sentence, match.start())]
    noun = re.search(r"how (?:many|much) (?:\w+ )??([a-z]+)\b", asked)
    counted = noun and re.search(rf"({_COUNT.pattern})(?: [a-z]+)?? {re.escape(singular(noun[1]))}", sentence)
    return counted[1] if counted else _nearest(options, sentence, asked)


def _is_year(text: str, sentence: str, at: int) -> bool:
    return (
        re.fullmatch(r"(?:1[5-9]|20)\d\d", text) is not None
        and re.search(r"\b(?:in|since|until|by|from|of|year|between|and)\s$", sentence[:at]) is not None
    )


def _nearest(options: list[str], sentence: str, asked: str) -> str:
    """Picks the option that stands nearest to the question's words."""
    wanted = set(content_words(asked))
    places = [match.start() for match in re.finditer(r"[A-Za-z]+", sentence) if stem(match[0].lower()) in wanted]
    if not options or not places:
        return options[0] if options else ""

    def distance(option: str) -> int:
        start, end = sentence.find(option), sentence.find(option) + len(option)
        # A noun follows its number, so what comes after counts as nearer.
        return sum(sorted(2 * (start - place) if place < start else place - end for place in places)[:2])

    return min(options, key=distance)


def _where(sentence: str, wanted: set[str]) -> str:
    places = [match[1] for match in _PLACE.finditer(sentence)]
    names = [place for place in places if place[:1].isupper() and not re.fullmatch(_MONTHS, place)]
    return (
        _fresh(names, wanted)
        or _fresh((place for place in places if not place[:1].isdigit()), wanted)
        or _fresh(_names(sentence), wanted)
    )


def _thing(sentence: str, asked: str, wanted: set[str]) -> str:
    """Returns the longest stretch of the sentence that the question does not hold already."""
    kind = re.search(r"\b(?:what|which) (?:kind of |type of )?(\w+)", asked)
    if kind and kind[1] in _HELPING:
        kind = None
    if kind and (after := re.search(rf"\b{re.escape(kind[1])} (?:of )?((?:[A-Z][\w'-]+ ?)+)", sentence)):
        return after[1].strip()
    if (
        kind
        and (named := re.search(rf"\b((?:\w+ )?\w+)[- ]{re.escape(kind[1])}\b", sentence))
        and not set(content_words(named[1])) & wanted
    ):
        return named[1].split()[-1] if named[1].split()[0].lower() in {"the", "a", "an", "its", "in"} else named[1]
    pieces = re.split(
        r"[,.;:()]|\b(?:and|but|which|that|who|is|was|are|were|by|with|for|because|of|to|in|from|on|at|called|"
        r"named|as)\b",
        sentence,
    )
    fresh = [piece.strip() for piece in pieces if content_words(piece) and not set(content_words(piece)) & wanted]
    names = [name for name in _names(sentence) if not set(content_words(name)) & wanted]
    if re.search(r"\bname|\bcalled|\bnamed\b", asked) and names:
        return names[0]
    rest = _after_wanted(sentence, fresh, wanted)
    return re.sub(r"^(?:the|a|an|its|his|her|their) ", "", rest)


def _after_wanted(sentence: str, fresh: list[str], wanted: set[str]) -> str:
    last = max(
        (match.end() for match in re.finditer(r"[A-Za-z]+", sentence) if stem(match[0].lower()) in wanted), default=0
    )
    behind = [piece for piece in fresh if sentence.find(piece) >= last]
    return (behind or fresh or [""])[0]
