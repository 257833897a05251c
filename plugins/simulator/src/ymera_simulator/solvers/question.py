"""The question that solvers read, and the solution that they return."""

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

LONGEST = 4_000
"""The characters of a prompt that are read. With the patterns' bounds, this limits the work of every solver."""

_NUMBER = re.compile(r"(?<![\w.])-?(?:\d{1,3}(?:,\d{3}){1,4}|\d{1,15})(?:\.\d{1,10})?")
_QUOTED = re.compile(r'"([^"\n]{1,400})"|`([^`\n]{1,400})`|(?<!\w)\'([^\'\n]{1,400})\'(?!\w)')
_CODE_WANTED = re.compile(
    r"\b(?:write|create|implement|generate|show|give)\b.{0,80}\b(?:function|program|code|script|class|method)\b"
)


class Question:
    """The beginning of a prompt's text in the forms that solvers need.

    Every repetition in the solvers' patterns is bounded, so that no text takes long to match.
    """

    def __init__(self, text: str) -> None:
        self.text = text[:LONGEST].replace("’", "'").replace("“", '"').replace("”", '"').strip()

    @cached_property
    def lower(self) -> str:
        """The text in lower case."""
        return self.text.lower()

    @cached_property
    def quoted(self) -> list[str]:
        """The texts in quotes or backticks, in order."""
        return [next(filter(None, groups)) for groups in _QUOTED.findall(self.text)]

    @cached_property
    def numbers(self) -> list[Fraction]:
        """The numbers of the text, in order."""
        return numbers_of(self.text)

    @cached_property
    def wants_code(self) -> bool:
        """Whether the text requests a program; numbers and lists in it are then not a question."""
        return _CODE_WANTED.search(self.lower[:400]) is not None


@dataclass(frozen=True, slots=True)
class Solution:
    """The right answer, and a plausible wrong one, the slip."""

    answer: str
    slip: str


def numbers_of(text: str) -> list[Fraction]:
    """Returns the numbers that are written with digits in a text, in order."""
    return [Fraction(found.replace(",", "")) for found in _NUMBER.findall(text)]


def written(value: Fraction | int) -> str:
    """Returns a number as it is written: whole, or with up to ten digits."""
    value = Fraction(value)
    return str(value.numerator) if value.denominator == 1 else f"{float(value):.10g}"


def number(value: Fraction | int, unit: str = "") -> Solution:
    """Returns a solution that is a number; its slip is too high by one."""
    return Solution(written(value) + unit, written(value + 1) + unit)


def sequence(items: list[str]) -> Solution:
    """Returns a solution that is a list; its slip has two items swapped."""
    return Solution(", ".join(items), ", ".join([*items[1:2], *items[:1], *items[2:]]))


def yes_or_no(right: bool) -> Solution:
    """Returns a solution that is yes or no; its slip is the other."""
    return Solution("Yes", "No") if right else Solution("No", "Yes")


def words_of(text: str) -> list[str]:
    """Returns the words of a text in lower case, without punctuation."""
    spaced = "".join(each if each.isalnum() or each in "'-" else " " for each in text.lower())
    return spaced.split()
