"""Whole numbers: divisors, primes, remainders, digits."""

import math
import re
from collections.abc import Callable, Sequence

from ymera_simulator.solvers.numerals import ordinal
from ymera_simulator.solvers.question import Question, Solution

_LARGEST = 10**9
_WHOLE = re.compile(r"(?<![\w.])\d+(?:,\d{3})*(?![\w.]*\d)")

Compute = Callable[[Sequence[int], str], int | str | None]


def solve_integers(question: Question) -> Solution | None:
    """Answers the first kind of question whose words are there."""
    values = [int(found.replace(",", "")) for found in _WHOLE.findall(question.digits)]
    if not values or max(values) > _LARGEST:
        return None
    for pattern, compute in _KINDS:
        if re.search(pattern, question.lower):
            found = compute(values, question.lower)
            return None if found is None else _solution(found)
    return None


def _solution(found: int | str) -> Solution:
    if isinstance(found, int):
        return Solution(str(found), str(found + 1))
    if found in {"Yes", "No"}:
        return Solution(found, "No" if found == "Yes" else "Yes")
    factors = found.split(" × ")
    return Solution(found, " × ".join([*factors[:-1], str(int(factors[-1]) + 1)]))


def _factors(value: int) -> list[int]:
    found, divisor = [], 2
    while divisor * divisor <= value:
        while value % divisor == 0:
            found.append(divisor)
            value //= divisor
        divisor += 1
    return [*found, value] if value > 1 else found


def _is_prime(value: int) -> bool:
    return _factors(value) == [value]


def _divisors(value: int) -> list[int]:
    small = [divisor for divisor in range(1, math.isqrt(value) + 1) if value % divisor == 0]
    return small + [value // divisor for divisor in reversed(small) if divisor * divisor != value]


def _prime_question(values: Sequence[int], text: str) -> int | str | None:
    if re.search(r"\bis\b.*\bprime\b", text) and not re.search(
        r"how many|which|what is|what's|largest|smallest|next|\d(?:st|nd|rd|th)", text
    ):
        return "Yes" if _is_prime(values[0]) else "No"
    if re.search(r"how many", text):
        low, high = (min(values), max(values)) if len(values) > 1 else (2, values[0])
        stop = high if re.search(r"less than|below|smaller than|under", text) else high + 1
        return sum(map(_is_prime, range(low, min(stop, 10**5))))
    return _named_prime(values, text)


def _named_prime(values: Sequence[int], text: str) -> int | None:
    place = next((at for word in text.split() if (at := ordinal(word.strip(".,?"))) is not None), None)
    if re.search(
        (
            r"next prime|smallest prime (?:number )?(?:greater|larger|bigger|above|after|that is (?:greater|larger))|"
            r"first prime after"
        ),
        text,
    ):
        return next(value for value in range(values[-1] + 1, 2 * values[-1] + 3) if _is_prime(value))
    if re.search(r"largest prime (?:number )?(?:less|smaller|below|under|before)", text):
        return next(value for value in range(values[-1] - 1, 1, -1) if _is_prime(value))
    if place and 0 < place <= 2000:
        primes = (value for value in range(2, 20_000) if _is_prime(value))
        return [prime for _, prime in zip(range(place), primes, strict=False)][-1]
    return None


def _prime_factors(values: Sequence[int], text: str) -> int | str:
    factors = _factors(values[0])
    if re.search(r"largest|greatest|biggest", text):
        return factors[-1]
    if re.search(r"smallest|least", text):
        return factors[0]
    if "how many" in text:
        return len(set(factors)) if re.search(r"distinct|different|unique", text) else len(factors)
    if re.search(r"\bsum\b", text):
        return sum(set(factors)) if re.search(r"distinct|different|unique", text) else sum(factors)
    return " × ".join(map(str, factors))


def _divisor_question(values: Sequence[int], text: str) -> int | str | None:
    if re.search(r"\bsum\b|add", text):
        divisors = _divisors(values[0])
        return sum(divisors[:-1] if "proper" in text else divisors)
    return len(_divisors(values[0])) if re.search(r"how many|number of", text) else None


def _digit_question(values: Sequence[int], text: str) -> int | None:
    digits = [int(digit) for digit in str(values[0])]
    if "sum" in text or "add" in text:
        return sum(digits)
    if "product" in text:
        return math.prod(digits)
    return len(digits) if "how many" in text else None


def _remainder(values: Sequence[int], text: str) -> int | None:
    return values[0] % values[1] if len(values) == 2 and values[1] else None


def _divisible(values: Sequence[int], text: str) -> int | str | None:
    if "how many" in text and len(values) >= 2:
        return _count_divisible(values, text)
    return ("No" if values[0] % values[1] else "Yes") if len(values) == 2 and values[1] else None


def _count_divisible(values: Sequence[int], text: str) -> int | None:
    between = re.search(r"(?:between|from) (\d+) (?:and|to) (\d+)", text)
    divisor = re.search(r"(?:divisible by|multiples? of) (\d+)", text)
    if not between or not divisor:
        return None
    low, high = int(between[1]), int(between[2])
    return high // int(divisor[1]) - (low - 1) // int(divisor[1])


def _fibonacci(values: Sequence[int], text: str) -> int | None:
    place = next((at for word in text.split() if (at := ordinal(word.strip(".,?"))) is not None), None)
    if place is None or not 0 < place <= 1000 or re.search(r"\b(?:write|code|function|program)\b", text):
        return None
    one, other = (0, 1) if re.search(r"start\w* (?:with|from|at) 0", text) else (1, 1)
    for _ in range(place - 1):
        one, other = other, one + other
    return one


def _factorial(values: Sequence[int], text: str) -> int | None:
    if values[0] > 500 or re.search(r"\b(?:write|code|function|program)\b", text):
        return None
    return math.factorial(values[0])


_KINDS: tuple[tuple[str, Compute], ...] = (
    (r"\bgcd\b|\bhcf\b|greatest common|highest common|largest common", lambda values, _: math.gcd(*values[:4])),
    (r"\blcm\b|least common|lowest common|smallest common", lambda values, _: math.lcm(*values[:4])),
    (r"prime factor", _prime_factors),
    (r"\bprime", _prime_question),
    (r"remainder|\bmod\b|modulo", _remainder),
    (
        (
            r"how many (?:positive )?(?:divisors|factors)|(?:number|sum) of (?:all )?(?:the )?(?:its )?(?:positive |"
            r"proper )?(?:divisors|factors)"
        ),
        _divisor_question,
    ),
    (r"divisible|multiples? of", _divisible),
    (r"factorial|\d!", _factorial),
    (r"fibonacci", _fibonacci),
    (
        (
            r"(?:sum|product|number) of (?:the |its |all )*digits|how many digits|digits? (?:sum|of)|add (?:up )?the "
            r"digits"
        ),
        _digit_question,
    ),
    (r"is \d+ (?:an )?(?:even|odd)", lambda values, text: "Yes" if values[0] % 2 == ("odd" in text) else "No"),
)
