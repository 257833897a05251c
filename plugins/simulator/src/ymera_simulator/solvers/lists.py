"""Lists in a prompt: put in order, counted, measured."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from fractions import Fraction

from ymera_simulator.solvers.numerals import NUMBER, number, off_by_one, ordinal, show, shown_as_asked
from ymera_simulator.solvers.question import Question, Solution

_ITEM = r"[\"'`]?(?:-?[\w$€£%.'°/#-]+(?: [\w'.-]+){0,2}?)[\"'`]?"
_LIST = re.compile(
    rf"\[[^\[\]]+\]|(?:{_ITEM}\s*[,;]\s*(?:and |or )?)+{_ITEM}(?: (?:and|or) {_ITEM}(?=[.?!:]|$))?|{NUMBER}(?: "
    rf"(?:and )?{NUMBER}){{2,}}",
    re.MULTILINE,
)
_BULLETS = re.compile(r"(?:^\s*(?:[-*•]|\d+[.)])\s+.+\n?){2,}", re.MULTILINE)
_DOWN = re.compile(
    r"descending|largest to smallest|highest to lowest|biggest to smallest|largest first|biggest first|highest "
    r"first|longest (?:to|first)|reverse alphabetical|z to a|decreasing|oldest (?:to|first)|from largest|from "
    r"the largest|from highest|from biggest"
)
_ORDERING = re.compile(
    r"\b(?:sort|order|arrange|rank|alphabetical|alphabetically|ascending|descending|alphabetize|alphabetise)\b|"
    r"\bput\b.*\b(?:from|in|into)\b|(?:smallest|largest|lowest|highest) to (?:largest|smallest|highest|lowest)"
)


def solve_lists(question: Question) -> Solution | None:
    """Finds the list and does with it what the words ask."""
    items = items_of(question.text)
    if len(items) < 2:
        return None
    values = [number(item.strip("$€£%")) for item in items if re.fullmatch(rf"[$€£]?{NUMBER}%?", item)]
    numeric = len(values) == len(items)
    if not numeric and (len(items) < 3 or not _is_list_of_words(question.text, items)):
        return None
    if _ORDERING.search(question.lower) and not re.search(
        r"\b(?:comes|is|are) (?:first|last|\w+) (?:when|if|in alphabet)|which .* (?:first|last)\b", question.lower
    ):
        return _ordered(question.lower, items, values if numeric else None)
    if re.search(r"\brevers", question.lower):
        return _joined(items[::-1], items)
    if not numeric:
        return _among_words(question.lower, items)
    return _picked(question.lower, values, _PLACES)


def solve_statistics(question: Question) -> Solution | None:
    """Finds a list of numbers and works out what describes it: mean, median, range, sum."""
    items = items_of(question.text)
    if len(items) < 2 or not all(re.fullmatch(rf"[$€£]?{NUMBER}%?", item) for item in items):
        return None
    return _picked(question.lower, [number(item.strip("$€£%")) for item in items], _MEASURES)


def _is_list_of_words(text: str, items: Sequence[str]) -> bool:
    return re.search(r"[:\[\"'`]|\bthese\b|\bfollowing\b", text) is not None and all(
        len(item.split()) <= 2 for item in items
    )


def items_of(text: str) -> list[str]:
    """Returns the longest list of a text, its items bare."""
    if bullets := _BULLETS.search(text):
        return [re.sub(r"^\s*(?:[-*•]|\d+[.)])\s+", "", line).strip() for line in bullets[0].strip().splitlines()]
    found = [match[0] for match in _LIST.finditer(text)]
    longest = max(found, key=lambda each: len(re.split(r"[,;]", each)), default="")
    parts = re.split(r"\s*[,;]\s*(?:(?:and|or) )?|\s+(?:and|or)\s+", longest.strip("[]"))
    if len(parts) == 1:
        parts = re.findall(NUMBER, longest)
    return _bare(parts)


def _bare(parts: Sequence[str]) -> list[str]:
    items = [part.strip().strip("\"'`.?!") for part in parts]
    if items and " " in items[0] and sum(" " in item for item in items) == 1:
        # The words that lead to the list stick to its first item.
        items[0] = items[0].split()[-1]
    return [item for item in items if item]


def _joined(items: Sequence[str], slip: Sequence[str]) -> Solution:
    right, wrong = ", ".join(items), ", ".join(slip)
    if wrong == right:
        wrong = ", ".join([*items[1:], items[0]])
    return Solution(right, wrong)


def _ordered(text: str, items: list[str], values: list[Fraction] | None) -> Solution:
    down = _DOWN.search(text) is not None
    if values is not None:
        order = [item for _, item in sorted(zip(values, items, strict=True), key=lambda pair: pair[0], reverse=down)]
    elif re.search(r"\blength|shortest|longest", text):
        order = sorted(items, key=len, reverse=down)
    else:
        order = sorted(items, key=str.lower, reverse=down)
    swapped = [*order[:-2], order[-1], order[-2]]
    return _joined(order, swapped)


def _among_words(text: str, items: list[str]) -> Solution | None:
    if re.search(r"how many|count", text) and not re.search(r"letter|vowel|character|start|end|begin|contain", text):
        distinct = re.search(r"distinct|different|unique", text)
        count = len({item.lower() for item in items}) if distinct else len(items)
        return Solution(str(count), str(count + 1))
    keys: tuple[tuple[str, Callable[[], str]], ...] = (
        (r"\blongest\b", lambda: max(items, key=len)),
        (r"\bshortest\b", lambda: min(items, key=len)),
        (
            r"(?:first|before).*(?:alphabet|dictionary)|(?:alphabet|dictionary).*first",
            lambda: min(items, key=str.lower),
        ),
        (r"last.*(?:alphabet|dictionary)|(?:alphabet|dictionary).*last", lambda: max(items, key=str.lower)),
        (r"most (?:often|frequent|common)", lambda: Counter(items).most_common(1)[0][0]),
    )
    found = next((choose() for pattern, choose in keys if re.search(pattern, text)), None)
    if found is None:
        return None
    return Solution(found, next((item for item in items if item != found), found[::-1]))


Pick = Callable[[str, Sequence[Fraction]], Fraction]


def _picked(text: str, values: Sequence[Fraction], kinds: Sequence[tuple[str, Pick]]) -> Solution | None:
    value = next((pick(text, values) for pattern, pick in kinds if re.search(pattern, text)), None)
    return None if value is None else Solution(shown_as_asked(value, text), show(off_by_one(value)))


def _placed(text: str, ordered: Sequence[Fraction]) -> Fraction:
    place = next((at for word in re.findall(r"\w+", text) if (at := ordinal(word)) is not None), 1)
    return ordered[place - 1 if place > 0 else 0]


def _median(text: str, values: Sequence[Fraction]) -> Fraction:
    ordered, middle = sorted(values), len(values) // 2
    return (ordered[middle] + ordered[~middle]) / 2


def _product(values: Sequence[Fraction]) -> Fraction:
    result = Fraction(1)
    for value in values:
        result *= value
    return result


def _how_many(text: str, values: Sequence[Fraction]) -> Fraction:
    if above := re.search(rf"(?:greater|more|larger|bigger|higher) than ({NUMBER})|(?:above|over) ({NUMBER})", text):
        return Fraction(sum(value > number(above[1] or above[2]) for value in values))
    if below := re.search(rf"(?:less|smaller|fewer|lower) than ({NUMBER})|(?:below|under) ({NUMBER})", text):
        return Fraction(sum(value < number(below[1] or below[2]) for value in values))
    return Fraction(len(values))


_LARGEST = "largest|biggest|highest|maximum|greatest|max|heaviest|tallest|longest|oldest|latest"
_SMALLEST = "smallest|lowest|minimum|least|min|lightest|shortest|youngest|earliest"
_MEASURES: tuple[tuple[str, Pick], ...] = (
    (r"\b(?:mean|average)\b", lambda _, values: sum(values, Fraction(0)) / len(values)),
    (r"\bmedian\b", _median),
    (r"\bmode\b", lambda _, values: Counter(values).most_common(1)[0][0]),
    (rf"\brange\b|difference between the (?:{_LARGEST})", lambda _, values: max(values) - min(values)),
    (r"\b(?:sum|total|add)\b", lambda _, values: sum(values, Fraction(0))),
    (r"\b(?:product|multiply)\b", lambda _, values: _product(values)),
)
_PLACES: tuple[tuple[str, Pick], ...] = (
    (rf"\b(?:{_LARGEST})\b", lambda text, values: _placed(text, sorted(values, reverse=True))),
    (rf"\b(?:{_SMALLEST})\b", lambda text, values: _placed(text, sorted(values))),
    (r"most (?:often|frequent|common)", lambda _, values: Counter(values).most_common(1)[0][0]),
    (r"how many.*\beven\b", lambda _, values: Fraction(sum(value % 2 == 0 for value in values))),
    (r"how many.*\bodd\b", lambda _, values: Fraction(sum(value % 2 == 1 for value in values))),
    (r"how many.*(?:distinct|different|unique)", lambda _, values: Fraction(len(set(values)))),
    (r"how many (?:of (?:these|the|them) )?(?:numbers|values|are|items)", _how_many),
)
