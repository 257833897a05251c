"""Number sequences: the rule is found, then continued."""

import re
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise

from ymera_simulator.solvers.numerals import NUMBER, number, off_by_one, show
from ymera_simulator.solvers.question import Question, Solution

Terms = Sequence[Fraction]
Rule = Callable[[Terms], Fraction | None]

_GAP = r"_+|\?|…|\.\.\."
_RUN = re.compile(rf"(?:{NUMBER}|{_GAP})(?:\s*,\s*(?:and\s+)?(?:{NUMBER}|{_GAP}))+")


def solve_sequence(question: Question) -> Solution | None:
    """Gives the next term, or the one that is left out."""
    if "next" not in question.words and not question.words & {"sequence", "series", "missing", "pattern", "continue"}:
        return None
    run = max((match[0] for match in _RUN.finditer(question.text)), key=len, default="")
    items = [item.strip().removeprefix("and ").strip() for item in run.split(",")] if ", " in run else run.split(",")
    if len(items) < 3:
        return None
    gaps = [at for at, item in enumerate(items[:-1]) if not re.fullmatch(NUMBER, item)]
    if len(gaps) == 1:
        return _filled(items, gaps[0])
    terms = [number(item) for item in items if re.fullmatch(NUMBER, item)]
    value = next_term(terms)
    return _solution(value)


def next_term(terms: Terms) -> Fraction | None:
    """Returns the term that the simplest rule found gives."""
    for rule in (_constant_step, _constant_factor, _sum_of_two, _affine, _second_step, _interleaved, _primes):
        value = rule(terms)
        if value is not None:
            return value
    return None


def _filled(items: list[str], gap: int) -> Solution | None:
    known = [(at, number(item)) for at, item in enumerate(items) if re.fullmatch(NUMBER, item)]
    (first, start), (last, end) = known[0], known[-1]
    step = (end - start) / (last - first)
    if all(value == start + step * (at - first) for at, value in known):
        return _solution(start + step * (gap - first))
    before, after = [value for at, value in known if at < gap], [value for at, value in known if at > gap]
    if len(before) >= 3:
        return _solution(next_term(before))
    if len(after) >= 3:
        return _solution(next_term(after[::-1]))
    ratio = next((b / a for (i, a), (j, b) in pairwise(known) if j == i + 1 and a), None)
    return None if ratio is None or not before else _solution(before[-1] * ratio)


def _solution(value: Fraction | None) -> Solution | None:
    return None if value is None else Solution(show(value), show(off_by_one(value)))


def _steps(terms: Terms) -> list[Fraction]:
    return [after - before for before, after in pairwise(terms)]


def _constant_step(terms: Terms) -> Fraction | None:
    steps = _steps(terms)
    return terms[-1] + steps[0] if len(set(steps)) == 1 else None


def _constant_factor(terms: Terms) -> Fraction | None:
    if 0 in terms:
        return None
    factors = {after / before for before, after in pairwise(terms)}
    return terms[-1] * factors.pop() if len(factors) == 1 else None


def _sum_of_two(terms: Terms) -> Fraction | None:
    fits = len(terms) > 3 and all(a + b == c for a, b, c in zip(terms, terms[1:], terms[2:], strict=False))
    return terms[-2] + terms[-1] if fits else None


def _affine(terms: Terms) -> Fraction | None:
    steps = _steps(terms)
    if len(terms) < 4 or not steps[0]:
        return None
    factor = steps[1] / steps[0]
    offset = terms[1] - factor * terms[0]
    fits = all(factor * before + offset == after for before, after in pairwise(terms))
    return factor * terms[-1] + offset if fits else None


def _second_step(terms: Terms) -> Fraction | None:
    levels = [list(terms)]
    while len(levels[-1]) > 2 and len(levels) < 4:
        levels.append(_steps(levels[-1]))
        if len(set(levels[-1])) == 1:
            return sum((level[-1] for level in levels), Fraction(0))
    return None


def _interleaved(terms: Terms) -> Fraction | None:
    if len(terms) < 6:
        return _alternating_steps(terms)
    own, other = terms[len(terms) % 2 :: 2], terms[1 - len(terms) % 2 :: 2]
    value = _constant_step(own) if _constant_step(own) is not None else _constant_factor(own)
    regular = _constant_step(other) is not None or _constant_factor(other) is not None
    return value if regular and value is not None else _alternating_steps(terms)


def _alternating_steps(terms: Terms) -> Fraction | None:
    steps = _steps(terms)
    fits = len(steps) >= 4 and all(one == other for one, other in zip(steps, steps[2:], strict=False))
    return terms[-1] + steps[len(steps) % 2] if fits else None


def _primes(terms: Terms) -> Fraction | None:
    value = int(terms[0])
    for term in terms:
        if term != value or not _is_prime(value):
            return None
        value += 1
        while not _is_prime(value):
            value += 1
    return Fraction(value)


def _is_prime(value: int) -> bool:
    return 1 < value < 10**6 and all(value % divisor for divisor in range(2, int(value**0.5) + 1))
