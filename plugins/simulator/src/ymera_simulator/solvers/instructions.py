"""Orders about the answer's form: so many words, this word again, in this shape."""

import json
import re
from collections.abc import Callable, Sequence

from ymera_simulator.solvers.numerals import digits_for_words
from ymera_simulator.solvers.question import Question, Solution
from ymera_simulator.wording import listed

_QUOTED = r"[\"'`]([^\"'`\n]+)[\"'`]"
_ENDS_THERE = re.compile(
    r"\W*(?:$|in (?:capital|upper|lower|all)|and (?:nothing|no)|nothing|backwards?|please|back|[A-Z])"
)
_WORDS_OF_A_TOPIC = listed(
    "quiet bright open steady simple clear early gentle warm common useful lasting careful patient honest"
)
_LISTS = {
    "fruit": "apple banana cherry grape mango orange peach pear plum lemon",
    "color": "red blue green yellow purple orange brown black white pink",
    "colour": "red blue green yellow purple orange brown black white pink",
    "animal": "dog cat horse lion tiger bear rabbit fox wolf deer",
    "vegetable": "carrot potato onion pepper spinach cabbage leek celery bean pea",
    "country": "France Japan Brazil Kenya Canada India Norway Chile Egypt Peru",
    "countrie": "France Japan Brazil Kenya Canada India Norway Chile Egypt Peru",
    "city": "Paris Tokyo Lima Nairobi Oslo Cairo Rome Delhi Seoul Quito",
    "citie": "Paris Tokyo Lima Nairobi Oslo Cairo Rome Delhi Seoul Quito",
    "planet": "Mercury Venus Earth Mars Jupiter Saturn Uranus Neptune",
    "bird": "robin eagle owl sparrow heron finch crow swan duck dove",
    "tree": "oak pine maple birch cedar elm ash willow beech fir",
    "sport": "football tennis rugby hockey cricket golf rowing boxing judo polo",
    "month": "January February March April May June July August September October",
    "instrument": "piano violin guitar flute drum cello harp trumpet oboe tuba",
    "flower": "rose tulip lily daisy orchid iris poppy violet peony aster",
}


def solve_instructions(question: Question) -> Solution | None:
    """Obeys the first order about the form that it knows."""
    text = digits_for_words(question.lower)
    for obey in (_repeated, _objects, _echoed, _listed, _counted_words, _sentences):
        if (found := obey(question, text)) is not None:
            return found
    return None


def _repeated(question: Question, text: str) -> Solution | None:
    order = re.search(
        rf"\b(?:repeat|write|say|output|print|type)\s+(?:the )?(?:word|phrase|letter|text)?\s*(?:{_QUOTED}|"
        r"(\w+))\s+(?:exactly )?(\d+) times|\b(?:repeat|write|say|output|print|type) (?:exactly )?(\d+) times "
        rf"the word {_QUOTED}",
        text,
    )
    if order is None:
        return None
    word, times = _cased(question, order[1] or order[2] or order[5]), int(order[3] or order[4])
    if not 0 < times <= 200:
        return None
    between = next(
        (
            mark
            for mark, name in (
                (", ", "comma"),
                ("-", "hyphen|dash"),
                ("; ", "semicolon"),
                ("\n", "new line|own line|separate line"),
            )
            if re.search(name, text)
        ),
        " ",
    )
    return Solution(between.join([word] * times), between.join([word] * (times + 1)))


def _cased(question: Question, word: str) -> str:
    at = question.lower.find(word)
    return question.text[at : at + len(word)] if at >= 0 else word


def _echoed(question: Question, text: str) -> Solution | None:
    order = re.search(
        r"\b(?:reply|respond|answer|say|write|output|return)\b[^.\"'`\n]{0,60}?\b(?:only|just|exactly|nothing but|"
        rf"with|word)\b[^.\"'`\n]{{0,60}}?{_QUOTED}",
        question.text,
        re.IGNORECASE,
    )
    bare = re.search(
        r"\b(?:reply|respond|answer|say|output) (?:with )?(?:only|just|exactly)?:? ?(?:with )?(?:the )?(?:single "
        r")?word:? ([A-Za-z]+)",
        question.text,
        re.IGNORECASE,
    )
    if "?" in question.text or not (order or bare):
        return None
    rest = question.text[order.end() :] if order else ""
    if not _ENDS_THERE.match(rest):
        return None
    said = order[1] if order else bare[1] if bare else ""
    if re.search(r"upper-?case|capital letters|all caps", text):
        return Solution(said.upper(), said.lower())
    if re.search(r"lower-?case", text):
        return Solution(said.lower(), said.upper())
    if re.search(r"backwards?|revers", text):
        return Solution(said[::-1], said)
    return Solution(said, f"Sure! {said}, as you wish")


def _objects(question: Question, text: str) -> Solution | None:
    if "json" not in text or re.search(r"\b(?:function|program|code|script)\b", text):
        return None
    pairs = re.findall(
        r"[\"'`]?(\w+)[\"'`]?\s+(?:set to|equal to|with (?:the )?value|as|=|is|being|:)\s+(?:the )?(?:number |"
        r"string |value |text )?"
        r"([\"'`]?)(-?[\w.]+?)\2(?=[\s,.]|$)",
        question.text,
    )
    fields = {
        name: value if quote else _json_value(value)
        for name, quote, value in pairs
        if name.lower() not in {"json", "it", "object", "answer"}
    }
    if not fields:
        return None
    wrong = dict(list(fields.items())[:-1]) or {"value": None}
    return Solution(json.dumps(fields, ensure_ascii=False), json.dumps(wrong, ensure_ascii=False))


def _json_value(text: str) -> object:
    if re.fullmatch(r"-?\d+", text):
        return int(text)
    if re.fullmatch(r"-?\d+\.\d+", text):
        return float(text)
    return {"true": True, "false": False, "null": None}.get(text.lower(), text.rstrip("."))


def _listed(question: Question, text: str) -> Solution | None:
    order = re.search(r"\b(?:list|name|write|give(?: me)?)\s+(?:exactly\s+)?(\d+)\s+(?:\w+\s+)?([a-z]+?)s?\b", text)
    if order is None or order[2] not in _LISTS:
        return None
    names, count = _LISTS[order[2]].split(), int(order[1])
    if not 0 < count < len(names):
        return None
    start = re.search(r"(?:start|begin)\w* with (?:the letter )?[\"'`]?([a-z])\b", text)
    names = [name for name in names if not start or name.lower().startswith(start[1])]
    chosen = sorted(names[:count], key=str.lower) if "alphabet" in text else names[:count]
    separator = _separator(text)
    return Solution(separator(chosen), separator(names[: count + 1])) if len(chosen) == count else None


def _separator(text: str) -> Callable[[Sequence[str]], str]:
    if re.search(r"number(?:ed)? (?:list|lines)|numbered", text):
        return lambda names: "\n".join(f"{at}. {name}" for at, name in enumerate(names, start=1))
    if re.search(r"bullet", text):
        return lambda names: "\n".join(f"- {name}" for name in names)
    if re.search(r"\bline\b|lines", text):
        return "\n".join
    return "; ".join if "semicolon" in text else ", ".join


def _counted_words(question: Question, text: str) -> Solution | None:
    order = re.search(r"\b(?:exactly|in|using|with|of|only) (?:exactly )?(\d+)[ -]words?\b", text)
    if order is None or not 0 < int(order[1]) <= 60 or re.search(r"passage|paragraph|summar", text):
        return None
    count, topic = int(order[1]), _topic(question)
    said = _phrase(topic, count)
    return Solution(said, _phrase(topic, count + 1))


def _phrase(topic: str, count: int) -> str:
    words = (
        topic.split()[-1:] if count == 1 else [topic.rsplit(maxsplit=1)[-1].title(), "is" if count > 2 else "matters"]
    )
    words += [_WORDS_OF_A_TOPIC[at % len(_WORDS_OF_A_TOPIC)] for at in range(count)]
    return " ".join(words[:count])


def _topic(question: Question) -> str:
    found = re.search(
        r"\b(?:about|describe|describing|on|of|is|are|define|for)\s+(?:the |a |an |why |how |your "
        r")?([A-Za-z]+)(?=\W*(?:$|[?.,]|\b(?:in|using|with|like)\b))",
        question.text,
    )
    return found[1] if found and found[1].lower() not in {"exactly", "in", "it", "words"} else "life"


def _sentences(question: Question, text: str) -> Solution | None:
    order = re.search(r"\b(?:exactly|in) (\d+) (?:short )?sentences?\b", text)
    if order is None or not 0 < int(order[1]) <= 12 or re.search(r"passage|paragraph|summar|feel", text):
        return None
    topic, count = _topic(question), int(order[1])
    lines = [f"{topic.title()} is {_WORDS_OF_A_TOPIC[at]} in its own way." for at in range(count + 1)]
    return Solution(" ".join(lines[:count]), " ".join(lines))
