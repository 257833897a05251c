"""Who has how many more than whom: each statement becomes an equation, the equations are solved."""

import re
from fractions import Fraction

from ymera_simulator.solvers.algebra import linear
from ymera_simulator.solvers.polynomials import Polynomial
from ymera_simulator.solvers.quantities import Story
from ymera_simulator.solvers.tally import Result
from ymera_simulator.wording import listed

_OWNER = r"(?:the |a |an )?([a-z]+(?: [a-z]+)?)"
_HAS = (
    r"(?:has|have|had|is|was|are|scored?|scores|weighs?|earns?|earned|owns?|collected|picked|read|made|sold|ran|saved|"
    r"baked|caught|costs?|planted)"
)
_NUMBER = r"\$?(\d[\d,.]*\d|\d)(?![\d.]|,\d)"
_COMPARED = r"(?:more|fewer|less|older|younger|taller|shorter|heavier|lighter|longer)"
_MULTIPLE = r"(twice|double|triple|half|\d+(?:\.\d+)? times)"
_EXTENT = r"(?: (?:as|the number of|the amount of|that of|more))?(?: (?:many|much|old|heavy|long|tall))?"
_DIFFERENCE = re.compile(rf"{_OWNER} {_HAS} {_NUMBER}[a-z ]*? ({_COMPARED})\b[a-z ]*? than {_OWNER}")
_RATIO = re.compile(rf"{_OWNER} {_HAS}(?: only)? {_MULTIPLE}{_EXTENT}[a-z ]*? (?:as|than) {_OWNER}")
_PLAIN = re.compile(rf"\b{_OWNER} {_HAS} {_NUMBER}(?! times)(?![a-z ]* {_COMPARED}\b)")
_TOGETHER = re.compile(
    r"(?:together|combined|in total|altogether|total|sum of (?:their|the) ages|both)[a-z ,']*? \$?(\d[\d,.]*\d|\d)|"
    r"\$?(\d[\d,.]*\d|\d)[a-z ]*? (?:together|altogether|in total|combined|between them)"
)
_FACTORS = {"twice": Fraction(2), "double": Fraction(2), "triple": Fraction(3), "half": Fraction(1, 2)}
_LESS = frozenset({"fewer", "less", "younger", "shorter", "lighter"})
_NOT_OWNERS = frozenset(listed("there he she it they together who if and that how many much in year years each total"))
_FORMS = re.compile(r"\b(?:has|have|had|does|do|did)$")


def compare(story: Story) -> Result | None:
    """Answers who has how many, from statements about two or more owners."""
    related = [*_differences(story.text), *_multiples(story.text)]
    if not related:
        return None
    equations = related + _amounts(story.text.replace(story.question, "") + " " + _condition(story.question))
    owners = sorted(set().union(*(equation.unknowns for equation in equations)))
    whole = _TOGETHER.search(story.text)
    if whole:
        amount = Fraction((whole[1] or whole[2]).replace(",", ""))
        equations.append(sum(map(Polynomial.unknown, owners), Polynomial.number(-amount)))
    values = linear(equations, owners)
    return None if values is None else _asked(story, values)


def _condition(question: str) -> str:
    return question if re.match(r"\W*(?:if|when)\b", question) else ""


def _owner(text: str) -> str:
    words = [
        word
        for word in text.split()
        if word not in {"and", "the", "a", "an", "if", "but", "while", "does", "do", "did"}
    ]
    return words[-1].removesuffix("'s") if words else ""


def _differences(text: str) -> list[Polynomial]:
    found = []
    for owner, amount, direction, other in _DIFFERENCE.findall(text):
        difference = Fraction(amount.replace(",", "")) * (-1 if direction in _LESS else 1)
        found.append(_minus(_owner(owner), Polynomial.unknown(_first(other)) + Polynomial.number(difference)))
    return found


def _multiples(text: str) -> list[Polynomial]:
    found = []
    for owner, multiple, other in _RATIO.findall(text):
        factor = _FACTORS.get(multiple) or Fraction(multiple.split()[0])
        found.append(_minus(_owner(owner), Polynomial.number(factor) * Polynomial.unknown(_first(other))))
    return found


def _amounts(text: str) -> list[Polynomial]:
    matches = _PLAIN.findall(text)
    known = {_owner(owner): Fraction(amount.replace(",", "")) for owner, amount in matches}
    return [_minus(owner, Polynomial.number(value)) for owner, value in known.items() if owner not in _NOT_OWNERS]


def _first(other: str) -> str:
    words = [word for word in other.split() if word not in {"the", "a", "an"}]
    return words[0].removesuffix("'s") if words else ""


def _minus(owner: str, value: Polynomial) -> Polynomial:
    return Polynomial.unknown(owner) - value


def _asked(story: Story, values: dict[str, Fraction]) -> Result | None:
    question = story.question
    named = [owner for owner in values if re.search(rf"\b{re.escape(owner)}\b", question)]
    unit = "$" if "$" in story.text else ""
    if re.search(r"\b(?:altogether|total|together|in all|combined|sum|both)\b", question):
        chosen = named if len(named) > 1 else list(values)
        return Result(sum((values[owner] for owner in chosen), Fraction(0)), unit)
    if re.search(r"\b(?:more|fewer|difference|older|younger)\b", question) and len(named) == 2:
        return Result(abs(values[named[0]] - values[named[1]]), unit)
    return Result(values[named[-1]], unit) if named else None
