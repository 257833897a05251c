"""Instructions about the form of an answer: given words, repetition, JSON of given fields."""

import json
import re

from ymera_simulator.solvers.question import Question, Solution

_EXACTLY = re.compile(r"\b(?:respond|reply|answer|say) with (?:exactly|only|just|nothing but)(?: the words?)? [\"'`]")
_TIMES = re.compile(r"\b(?:exactly )?(\d{1,3}) times\b")
_FIELD = re.compile(r'"([^"\n]{1,60})" set to (?:the number )?("[^"\n]{0,200}"|-?\d{1,15}|true|false|null)')


def solve_instructions(question: Question) -> Solution | None:
    """Follows instructions about the form of an answer."""
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
    return None


def _repeated(low: str, word: str, times: int) -> Solution | None:
    if not 0 < times <= 100:
        return None
    between = ", " if "comma" in low else "-" if "hyphen" in low else "\n" if "line" in low else " "
    return Solution(between.join([word] * times), between.join([word] * (times + 1)))
