"""Finds the part of an answer that states its conclusion.

A text is reduced in steps: what was taken back and what only follows the answer is dropped, then a sentence is chosen,
then a clause of it, and of the clause what it affirms.
"""

import re
from collections.abc import Callable, Sequence

from ymera_service.sdk.grading.wording import listed

Holds = Callable[[str], bool]
"""Whether a text names anything that could be an answer: a number, a choice, a date."""

_SAID = r"(?:is|was|are|be|reads|would be|should be|becomes)\b"
_MARKER = re.compile(
    rf"\b(?:answer|result|solution|output|conclusion)\b(?:[^\S\n]+{_SAID}[^\S\n]*[:=]?|[^\S\n]*[:=]|[^\S\n]*\n)",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<!\.[a-zA-Z]\.)(?<=[.!?])[\"')\]]*\s+|\n+")
_TAKEN_BACK = re.compile(
    r"(?:^|(?<=[\n.!?,;…(—–-])|(?<=[\n.!?,;…(—–-]\s))(?:hmm|hm|no|oh|but|oops)?[,\s]{0,2}(?:wait|actually|correction|"
    r"scratch that|oops|on second thoughts?|let me re-?(?:check|count|do|think|consider)|i made a mistake|"
    r"no(?=, \S+\.?$))\b",
    re.IGNORECASE | re.MULTILINE,
)
_REMARK = re.compile(
    r"(?:^|\n)\W{0,4}(?:(?:double[- ])?check(?:ing)?\b|verif\w+|proof\b|note\b|explanation\b|let me know|hope\b|i hope|"
    r"would you like|feel free|if you (?:need|want|have|would|'d)|do you want|remember\b|"
    r"(?:here's|this is) (?:why|because)\b)",
    re.IGNORECASE,
)
_REFUSED = re.compile(
    r"\bi(?:'m| am)? (?:really )?(?:can't|cannot|can not|could not|couldn't|won't|do not know|don't know|not sure|"
    r"unsure|unable|not able|have no idea|lost track)\b|\bas an ai\b|\b(?:does not|doesn't|do not|don't) "
    r"(?:have|say|mention|state|specify|exist)\b|\bno idea\b|\b(?:can't|cannot) be (?:determined|answered)\b",
    re.IGNORECASE,
)
_CLAUSE = re.compile(
    r"\s*(?:;|:(?=\s)|—|–(?=\s)|,?\s\bbut\b|,\s+(?:while|whereas)\b|,\s+and\s+(?=\S+\s+\S+\s+\S)|"
    r"\s+and\s+(?=(?:has|have|had|was|were|is|are|\w+ed)\b)|"
    r"(?:,|\band)?\s*(?<!\w)(?P<so>so|therefore|thus|hence|meaning|which means|giving|leaving)\b"
    r"(?! (?:that|long|much|many|far)\b))"
    r"[,:]?\s*",
    re.IGNORECASE,
)
_INTRODUCED = re.compile(
    r"^(?:while|although|though|since|because|as|if|when|given|out of|of|unlike|assuming|after|for|from|with|between)"
    r"\b[^,]*,\s*",
    re.IGNORECASE,
)
_TAIL = re.compile(
    r",?\s\b(?:because|since|as|although|though|even though|followed by|out of|except|given|when|if|whether|until|"
    r"after|before|compared|which|where|whose|with|from|for|i\.e|e\.g|plus)\b.*$|"
    r"\s*≈.*$",
    re.IGNORECASE | re.DOTALL,
)
_DENIED = re.compile(
    r"(?:\b(?:not|no|never|without|neither|nor|rather than|instead of|than|anything but|unlike|hardly|wrong|whether)\b|"
    r"n't\b)(?:(?!\s(?:but|only|just|rather|so|thus|therefore|it|this|that|is|are|was|equals?)\b)[^:;=])*",
    re.IGNORECASE,
)
_COPULA = re.compile(
    r"\s(?:is|are|was|were|be|equals?|becomes?|gives?|makes?|means?|yields?|prints?|outputs?|returns?|called)\b\s*|"
    r"'s\s|\s*(?:=|→|->|=>)\s*",
    re.IGNORECASE,
)
_PARENTHESES = re.compile(r"\s?\([^()]*\)")
_JOINING = re.compile(
    r"\b(?:the|a|an|is|are|was|were|be|been|has|have|had|will|would|can|it|of|in|to|that|this|and|or|by|from|for|as|so|most|"
    r"my|i|you|he|she|they|there|es|ist|est|el|la|le|der|die|das)\b",
    re.IGNORECASE,
)
_COMMON = frozenset(
    listed(
        "the and for with that this these which what who how many much does did was were are has have answer only give "
        "just reply from into its not you your one word number single line end than more out will there their they"
    )
)


def explicit(text: str) -> str:
    """Returns what follows the last `Answer:`, up to the end of its paragraph; nothing if there is none."""
    found = [match for match in _MARKER.finditer(text) if text[match.end() :].strip()]
    return text[found[-1].end() :].strip().split("\n\n", 1)[0] if found else ""


def kept(text: str, holds: Holds = bool) -> str:
    """Returns the text after the last thing taken back, without the remarks that follow an answer."""
    taken_back = list(_TAKEN_BACK.finditer(text))
    after = text[taken_back[-1].end() :].lstrip(" ,.:—-") if taken_back else ""
    text = after if after and holds(after) else text
    remark = _REMARK.search(text)
    return text[: remark.start()] if remark and holds(text[: remark.start()].strip()) else text


def refuses(text: str) -> bool:
    """Returns whether the writer states that no answer exists, and gives none."""
    refusals = list(_REFUSED.finditer(text))
    return bool(refusals) and not _MARKER.search(text[refusals[-1].end() :])


def conclusion(text: str, question: str, holds: Holds) -> str:
    """Returns the words that state the answer, without what they deny; nothing if no answer is stated."""
    said = kept(text, holds)
    if refuses(said):
        return ""
    asked = [word for word in _asked(question) if not holds(word)]
    found = [each for each in _sentences(explicit(said)) if _affirms(each, holds)]
    sentence = found[0] if found else _concluding(_sentences(said), asked, holds)
    return "" if _is_salad(sentence) else _affirmed(_main_clause(sentence, asked, holds), holds)


def parts(clause: str) -> list[str]:
    """Returns what stands between the verbs and signs that equate: `3 × 4 = 12` has two parts."""
    return [part for part in _COPULA.split(f" {clause}") if part.strip()]


def _affirms(text: str, holds: Holds) -> bool:
    return holds(_DENIED.sub(" ", text))


def _is_salad(sentence: str) -> bool:
    """Returns whether a text is words in a row: six or more without punctuation or any word that joins them."""
    words = re.findall(r"[^\W\d_]+", sentence)
    return len(words) > 5 and not _JOINING.search(sentence) and not re.search(r"[^\w\s]", sentence.rstrip(".!"))


def _sentences(text: str) -> list[str]:
    return [part.strip() for part in _SENTENCE.split(text) if part.strip() and not part.rstrip("\"') ").endswith("?")]


def _concluding(sentences: Sequence[str], asked: Sequence[str], holds: Holds) -> str:
    """Returns the last sentence with an answer, or the first if it speaks of what was asked and the last doesn't."""
    found = [each for each in sentences if _affirms(each, holds)]
    if not found:
        return ""
    first, last = found[0], found[-1]
    concludes = "=" in last or _shared(last, asked) or len(last.split()) < 4 or _CLAUSE.match(last)
    return last if concludes or _shared(first, asked) < 2 else first


def _main_clause(sentence: str, asked: Sequence[str], holds: Holds) -> str:
    """Returns the clause that says most of what was asked, the last of equals; of those after `so` if any."""
    bounds = list(_CLAUSE.finditer(sentence))
    starts, ends = [0, *(each.end() for each in bounds)], [*(each.start() for each in bounds), len(sentence)]
    so = next((bound.end() for bound in bounds if bound["so"]), len(sentence))
    ranked = [
        (start >= so, _shared(sentence[start:end], asked), start, end)
        for start, end in zip(starts, ends, strict=True)
        if _affirms(sentence[start:end], holds)
    ]
    _, _, start, end = max(ranked, default=(False, 0, 0, 0))
    return sentence[start:end]


def _affirmed(clause: str, holds: Holds) -> str:
    clause = _DENIED.sub(" ", clause)
    for pattern in (_PARENTHESES, _INTRODUCED, _TAIL):
        shorter = pattern.sub("", clause)
        clause = shorter if holds(shorter) else clause
    return clause.strip()


def _asked(question: str) -> list[str]:
    """Returns the content words of the sentence that asks."""
    question = re.sub(r'"[^"]*"', "", question)
    asking = [each for each in _SENTENCE.split(question) if each.rstrip().endswith("?")] or [question[:200]]
    return [word for word in re.findall(r"[a-z]{3,}", asking[-1].lower()) if word not in _COMMON]


def _shared(text: str, asked: Sequence[str]) -> int:
    """Returns how many of the words asked occur in a text, in any form: `pays` is `pay`, `founder` is `founded`."""
    words = re.findall(r"[a-z]{3,}", text.lower())
    starts = {word[:4] for word in words} | {word[:3] for word in words if len(word) < 6}
    return sum(word[:4] in starts for word in set(asked))
