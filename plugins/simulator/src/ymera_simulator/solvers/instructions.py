"""Orders about the form of an answer: these words, so many times, so many words, this JSON."""

import json
import re

from ymera_simulator.solvers.question import Question, Solution
from ymera_simulator.wording import listed

_EXACTLY = re.compile(r"\b(?:respond|reply|answer|say) with (?:exactly|only|just|nothing but)(?: the words?)? [\"'`]")
_TIMES = re.compile(r"\b(?:exactly )?(\d{1,3}) times\b")
_WORDS = re.compile(r"\b(?:in|with|use|of) exactly (\d{1,2}) words\b")
_TOPIC = re.compile(r"\b(?:describe|explain|write about|define) ((?:[a-z]{1,20} ){1,3}?)(?:in|with) exactly\b")
_FIELD = re.compile(r'"([^"\n]{1,60})" set to (?:the number )?("[^"\n]{0,200}"|-?\d{1,15}|true|false|null)')
_FILLER = listed("is something people know well and often think about with care and quiet joy in many places")


def solve_instructions(question: Question) -> Solution | None:
    """Does what is said about the form, and nothing else."""
    text, low, quoted = question.text, question.lower, question.quoted
    if "json" in low and (fields := _FIELD.findall(text)):
        value = {name: json.loads(given) for name, given in fields}
        right = json.dumps(value, ensure_ascii=False)
        return Solution(right, json.dumps(dict([*value.items()][1:]), ensure_ascii=False))
    if _EXACTLY.search(low) and quoted:
        right = quoted[0].upper() if "capital letters" in low or "upper case" in low else quoted[0]
        return Solution(right, f"{right} {right.split()[-1]}")
    if (times := _TIMES.search(low)) and quoted and low.startswith(("write", "repeat", "say", "print")):
        return _repeated(low, quoted[0], int(times[1]))
    if found := _WORDS.search(low):
        topic = _TOPIC.search(low)
        return _in_words(topic[1] if topic else "it", int(found[1]))
    return None


def _repeated(low: str, word: str, times: int) -> Solution | None:
    if not 0 < times <= 100:
        return None
    between = ", " if "comma" in low else "-" if "hyphen" in low else "\n" if "line" in low else " "
    return Solution(between.join([word] * times), between.join([word] * (times + 1)))


def _in_words(topic: str, count: int) -> Solution | None:
    words = [*topic.split(), *_FILLER][:count]
    if len(words) < count or not count:
        return None
    sentence = " ".join(words).capitalize()
    return Solution(f"{sentence}.", f"{sentence} indeed.")
