"""Whole numbers and sequences."""

import math
import re
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise

from ymera_simulator.solvers.question import Question, Solution, number, yes_or_no

_LARGEST = 1_000_000
"""The largest number that is searched for primes and factors."""


_COMPUTED: Sequence[tuple[re.Pattern[str], Callable[[list[int]], int]]] = (
    (re.compile(r"greatest common|\bgcd\b|\bhcf\b"), lambda values: math.gcd(*values[:20])),
    (re.compile(r"(?:least|lowest) common|\blcm\b"), lambda values: math.lcm(*values[:20])),
    (re.compile(r"\bremainder\b"), lambda values: values[0] % values[1]),
    (re.compile(r"\bdigits of\b"), lambda values: sum(map(int, str(abs(values[0]))))),
    (re.compile(r"\bfactorial\b"), lambda values: math.factorial(values[0])),
)


def solve_integers(question: Question) -> Solution | None:
    """Common divisors and multiples, remainders, digits, factorials up to 100 and primes."""
    low, values = question.lower, [int(value) for value in question.numbers if value.denominator == 1]
    if not values or max(map(abs, values)) > 10**12 or ("factorial" in low and values[0] > 100):
        return None
    for cue, compute in _COMPUTED:
        if cue.search(low):
            return number(compute(values))
    return _primes(low, values) if "prime" in low and max(values) <= _LARGEST else None


def _primes(low: str, values: list[int]) -> Solution | None:
    if "greater than" in low or "next prime" in low:
        return number(next(each for each in range(values[0] + 1, values[0] + 1_000) if is_prime(each)))
    if "between" in low and len(values) > 1 and values[1] - values[0] <= 10_000:
        return number(sum(map(is_prime, range(values[0], values[1] + 1))))
    if low.startswith("is "):
        return yes_or_no(is_prime(values[0]))
    return None


def is_prime(value: int) -> bool:
    """Whether a number of at most seven digits is prime."""
    return value > 1 and all(value % factor for factor in range(2, math.isqrt(value) + 1))


def solve_sequence(question: Question) -> Solution | None:
    """Continues a sequence: constant or linear differences, `a·x + b`, or the sum of the last two terms."""
    low = question.lower
    if "next" not in low and "pattern" not in low and "continue" not in low:
        return None
    values = question.numbers[:20]
    if len(values) < 4:
        return None
    first = [b - a for a, b in pairwise(values)]
    second = {b - a for a, b in pairwise(first)}
    if len(second) == 1:
        return number(values[-1] + first[-1] + second.pop())
    if all(c == a + b for a, b, c in zip(values, values[1:], values[2:], strict=False)):
        return number(values[-1] + values[-2])
    return _affine(values, first)


def _affine(values: list[Fraction], steps: list[Fraction]) -> Solution | None:
    if not steps[0]:
        return None
    factor = steps[1] / steps[0]
    rest = values[1] - factor * values[0]
    if any(b != factor * a + rest for a, b in pairwise(values)):
        return None
    return number(factor * values[-1] + rest)
