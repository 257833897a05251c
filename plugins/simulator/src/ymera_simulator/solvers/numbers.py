"""Whole numbers, sequences, areas and simple proportions."""

import math
import re
from fractions import Fraction
from itertools import pairwise

from ymera_simulator.solvers.question import NUMBER, Question, Solution, number, numbers_of, yes_or_no

_LARGEST = 1_000_000
"""Numbers above are not searched for primes and factors."""
_SIDES = re.compile(r"(\d{1,9}) ?(?:c?m|km|feet|metres|meters)? (?:by|long and|×|x) (\d{1,9})")
_DISCOUNT = re.compile(r"\$(\d{1,9})\b[^%]{0,80}?\b(\d{1,2})% (?:off|less)|\$(\d{1,9})\b[^%]{0,80}? by (\d{1,2})%")
_SHARE = re.compile(r"\bof (\d{1,9}) \w{1,20}, (\d{1,2})%")
_GROWTH = re.compile(r"\b(\d{1,9}) [a-z]{1,20} (?:grew|rose|increased) by (\d{1,3})%")
_EACH = re.compile(r"(\d{1,6}) [a-z]{1,20} at \$(\d{1,6}(?:\.\d\d)?) each")
_HAS = re.compile(r"\bhas \$(\d{1,9})")


def solve_integers(question: Question) -> Solution | None:
    """Common divisors and multiples, primes, digits and factorials."""
    low, values = question.lower, [int(value) for value in question.numbers if value.denominator == 1]
    if not values or max(map(abs, values)) > 10**12:
        return None
    if "greatest common" in low or re.search(r"\b(?:gcd|hcf)\b", low):
        return number(math.gcd(*values[:20]))
    if "least common multiple" in low or "lowest common multiple" in low or re.search(r"\blcm\b", low):
        return number(math.lcm(*values[:20]))
    if "digits of" in low:
        return number(sum(map(int, str(abs(values[0])))))
    if "factorial" in low and 0 <= values[0] <= 100:
        return number(math.factorial(values[0]))
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
    """Continues a sequence: differences that stay or grow evenly, `a·x + b`, or the sum of the last two."""
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


def solve_measures(question: Question) -> Solution | None:
    """Rectangles, speeds, discounts, purchases and `if 2 cost 18, what do 13 cost`."""
    low = question.lower
    if sides := _SIDES.search(low):
        a, b = int(sides[1]), int(sides[2])
        return number(a * b) if "area" in low else number(2 * (a + b)) if "perimeter" in low else None
    if found := _DISCOUNT.search(low):
        price, percent = (int(each) for each in found.groups() if each)
        return number(Fraction(price * (100 - percent), 100))
    if found := _GROWTH.search(low):
        return number(Fraction(int(found[1]) * (100 + int(found[2])), 100))
    if found := _SHARE.search(low):
        percent = 100 - int(found[2]) if " not " in low else int(found[2])
        return number(Fraction(int(found[1]) * percent, 100))
    return _purchase(low) or _speed(low) or _proportion(low)


def _purchase(low: str) -> Solution | None:
    spent = sum(int(count) * Fraction(price) for count, price in _EACH.findall(low))
    if not spent:
        return None
    purse = _HAS.search(low)
    return number(int(purse[1]) - spent if purse and "left" in low else spent)


def _speed(low: str) -> Solution | None:
    values = numbers_of(low)
    if len(values) != 2 or "km" not in low or not any(word in low for word in ("speed", "how many", "how far")):
        return None
    first, other = values
    if "speed" in low and "per hour for" not in low:
        return number(first / other)
    if "how many hours" in low or "how long" in low:
        return number(first / other)
    return number(first * other) if "per hour for" in low else None


def _proportion(low: str) -> Solution | None:
    told, _, asked = low.partition(". how m")
    known, wanted = numbers_of(told), numbers_of(asked)
    if len(known) != 2 or len(wanted) != 1 or "more" in told:
        return None
    asks_first = _after(asked, wanted[0]).split()[:1] == _after(told, known[0]).split()[:1]
    one, other = known if asks_first else known[::-1]
    return number(other / one * wanted[0])


def _after(text: str, value: Fraction) -> str:
    place = next(found.end() for found in NUMBER.finditer(text) if Fraction(found[0].replace(",", "")) == value)
    return text[place:].strip(" .?,")
