"""Equations: linear ones in any number of unknowns, and quadratic ones in one."""

import re
from collections.abc import Sequence
from fractions import Fraction

from ymera_simulator.solvers.arithmetic import in_symbols
from ymera_simulator.solvers.numerals import off_by_one, show
from ymera_simulator.solvers.polynomials import Polynomial, parsed, root
from ymera_simulator.solvers.question import Question, Solution

_SIDE = r"(?:[-\d.,+*/^()\s]|(?<![a-z])[a-z](?![a-z]))+"
_EQUATION = re.compile(rf"({_SIDE})=({_SIDE})")
_THOUGHT_OF = (
    # "a number" that something is done to, and what comes out.
    (r"\btwice (?:a|the|this|my) (?:certain )?number\b", "2 * n"),
    (r"\b(?:3 times|triple|thrice) (?:a|the|this|my) (?:certain )?number\b", "3 * n"),
    (r"\b(?:a|the|this|my|some|certain) (?:certain |unknown )?number\b", "n"),
    (r"\b(?:is equal to|equals|gives|results in|the result is|you get|i get|makes|is)\b", "="),
    (r"\b(\d+) more than (\d*\s*\*?\s*n)", r"\2 + \1"),
    (r"\b(\d+) less than (\d*\s*\*?\s*n)", r"\2 - \1"),
)


def solve_equations(question: Question) -> Solution | None:
    """Solves the equations of a prompt for what is asked, or for all unknowns."""
    text = in_symbols(question.digits)
    equations = _equations(text) or _equations(_spoken(text))
    unknowns = sorted(set().union(*(equation.unknowns for equation in equations)))
    if not unknowns:
        return None
    if len(unknowns) == 1 and any(equation.degree == 2 for equation in equations):
        return _quadratic(equations[0], unknowns[0], question)
    values = linear(equations, unknowns)
    return _worded(values, question) if values else None


def _equations(text: str) -> list[Polynomial]:
    found: list[Polynomial] = []
    if "=" not in text:
        return found
    for left, right in _EQUATION.findall(text):
        try:
            found.append(parsed(left.strip(" .,\n")) - parsed(right.strip(" .,\n")))
        except (ValueError, ArithmeticError):
            continue
    return [equation for equation in found if equation.unknowns]


def _spoken(text: str) -> str:
    for pattern, symbols in _THOUGHT_OF:
        text = re.sub(pattern, symbols, text)
    return re.sub(r"\b(?:and|then|it|if|when|what|i|think|of|add|the)\b(?=.*=)", " ", text)


def linear(equations: Sequence[Polynomial], unknowns: Sequence[str]) -> dict[str, Fraction] | None:
    """Returns each unknown's value, or `None` where the equations are not linear or leave one open."""
    if any(equation.degree != 1 for equation in equations):
        return None
    rows = [[*(equation.factor(name) for name in unknowns), -equation.constant] for equation in equations]
    solved: list[list[Fraction]] = []
    for column in range(len(unknowns)):
        pivot = next((row for row in rows if row[column]), None)
        if pivot is None:
            return None
        rows.remove(pivot)
        pivot = [value / pivot[column] for value in pivot]
        rows = [_eliminated(row, pivot, column) for row in rows]
        solved = [*(_eliminated(row, pivot, column) for row in solved), pivot]
    return {name: row[-1] for name, row in zip(unknowns, solved, strict=True)}


def _eliminated(row: list[Fraction], pivot: list[Fraction], column: int) -> list[Fraction]:
    return [value - row[column] * other for value, other in zip(row, pivot, strict=True)]


def _worded(values: dict[str, Fraction], question: Question) -> Solution:
    asked = re.search(r"(?:value of|solve for|find|what is|what's)\s+([a-z])\b", question.lower)
    wanted = _wanted_expression(question, values)
    if wanted is not None:
        return Solution(show(wanted), show(off_by_one(wanted)))
    if asked and asked[1] in values:
        values = {asked[1]: values[asked[1]]}
    if len(values) == 1:
        name, value = next(iter(values.items()))
        return Solution(show(value), show(off_by_one(value)), f"{name} = {show(value)}")
    pairs = ", ".join(f"{name} = {show(value)}" for name, value in values.items())
    wrong = ", ".join(f"{name} = {show(off_by_one(value))}" for name, value in values.items())
    return Solution(pairs, wrong)


def _wanted_expression(question: Question, values: dict[str, Fraction]) -> Fraction | None:
    asked = re.search(
        r"(?:value of|what is|find|compute|calculate)\s+([-\d+*/()\sa-z^]*?[+*/-][-\d+*/()\sa-z^]*?)\s*[?.,]",
        question.lower,
    )
    if not asked:
        return None
    try:
        wanted = parsed(asked[1])
    except (ValueError, ArithmeticError):
        return None
    if wanted.degree != 1 or not wanted.unknowns <= values.keys():
        return None
    return wanted.constant + sum((wanted.factor(name) * values[name] for name in wanted.unknowns), Fraction(0))


def _quadratic(equation: Polynomial, name: str, question: Question) -> Solution | None:
    a, b, c = equation.factor(name, 2), equation.factor(name), equation.constant
    if equation.degree != 2 or not a:
        return None
    width = root(b * b - 4 * a * c)
    roots = sorted({(-b - width) / (2 * a), (-b + width) / (2 * a)})
    if re.search(r"\b(?:larger|largest|bigger|positive|greater)\b", question.lower):
        roots = roots[-1:]
    elif re.search(r"\b(?:smaller|smallest|negative|lesser)\b", question.lower):
        roots = roots[:1]
    answer = ", ".join(map(show, roots))
    wrong = ", ".join(show(off_by_one(value)) for value in roots)
    return Solution(answer, wrong, f"{name} = {' or '.join(map(show, roots))}")
