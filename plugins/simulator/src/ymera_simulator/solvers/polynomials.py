"""Exact arithmetic with unknowns: what school algebra is written in."""

import re
from collections.abc import Mapping
from fractions import Fraction

Monomial = tuple[tuple[str, int], ...]

_HIGHEST_POWER = 64
_LONGEST_NUMBER = 2_000


class Polynomial:
    """A sum of terms, each a coefficient by the powers of unknowns; a plain number has the empty term only."""

    def __init__(self, terms: Mapping[Monomial, Fraction]) -> None:
        self.terms = {monomial: factor for monomial, factor in terms.items() if factor}

    @classmethod
    def number(cls, value: Fraction | int) -> "Polynomial":
        """Returns a plain number."""
        return cls({(): Fraction(value)})

    @classmethod
    def unknown(cls, name: str) -> "Polynomial":
        """Returns an unknown."""
        return cls({((name, 1),): Fraction(1)})

    @property
    def constant(self) -> Fraction:
        """The term without unknowns."""
        return self.terms.get((), Fraction(0))

    @property
    def unknowns(self) -> set[str]:
        """The names of the unknowns."""
        return {name for monomial in self.terms for name, _ in monomial}

    @property
    def degree(self) -> int:
        """The highest sum of powers in a term."""
        return max((sum(power for _, power in monomial) for monomial in self.terms), default=0)

    def factor(self, name: str, power: int = 1) -> Fraction:
        """Returns the coefficient of an unknown's power."""
        return self.terms.get(((name, power),), Fraction(0))

    def value(self) -> Fraction:
        """Returns the number that it is; raises `ValueError` where unknowns are left."""
        if self.unknowns:
            raise ValueError("the expression has unknowns")
        return self.constant

    def __add__(self, other: "Polynomial") -> "Polynomial":
        terms = dict(self.terms)
        for monomial, factor in other.terms.items():
            terms[monomial] = terms.get(monomial, Fraction(0)) + factor
        return Polynomial(terms)

    def __neg__(self) -> "Polynomial":
        return Polynomial({monomial: -factor for monomial, factor in self.terms.items()})

    def __sub__(self, other: "Polynomial") -> "Polynomial":
        return self + -other

    def __mul__(self, other: "Polynomial") -> "Polynomial":
        terms: dict[Monomial, Fraction] = {}
        for one, factor in self.terms.items():
            for another, second in other.terms.items():
                monomial = _times(one, another)
                terms[monomial] = terms.get(monomial, Fraction(0)) + factor * second
        return Polynomial(terms)

    def __truediv__(self, other: "Polynomial") -> "Polynomial":
        divisor = other.value()
        return Polynomial({monomial: factor / divisor for monomial, factor in self.terms.items()})

    def __pow__(self, power: int) -> "Polynomial":
        if abs(power) > _HIGHEST_POWER or (self.unknowns and not 0 <= power <= 6):
            raise ValueError("the power is too high")
        if not self.unknowns:
            return Polynomial.number(self.constant**power)
        result = Polynomial.number(1)
        for _ in range(power):
            result = result * self
        return result


def _times(one: Monomial, another: Monomial) -> Monomial:
    powers = dict(one)
    for name, power in another:
        powers[name] = powers.get(name, 0) + power
    return tuple(sorted(powers.items()))


TOKEN = re.compile(r"\s*(\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+|\*\*|sqrt|[a-z](?![a-z])|[-+*/^()%])")


def parsed(text: str) -> Polynomial:
    """Reads an expression in symbols; `%` is a hundredth, `2x` and `2(x+1)` are products.

    Raises:
        ValueError: It is not an expression.
    """
    return _Reader(text).whole()


class _Reader:
    def __init__(self, text: str) -> None:
        self._tokens: list[str] = []
        at, text = 0, text.rstrip()
        while at < len(text):
            match = TOKEN.match(text, at)
            if match is None or len(match[1]) > _LONGEST_NUMBER:
                raise ValueError("not an expression")
            self._tokens.append(match[1])
            at = match.end()
        self._at = 0

    def whole(self) -> Polynomial:
        result = self._sum()
        if self._at < len(self._tokens):
            raise ValueError("not an expression")
        return result

    def _next(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self, *symbols: str) -> str:
        token = self._next()
        if token and token in symbols:
            self._at += 1
            return token
        return ""

    def _sum(self) -> Polynomial:
        result = self._product()
        while symbol := self._take("+", "-"):
            result = result + self._product() if symbol == "+" else result - self._product()
        return result

    def _product(self) -> Polynomial:
        result = self._signed()
        while True:
            if self._take("*"):
                result = result * self._signed()
            elif self._take("/"):
                result = result / self._signed()
            elif (symbol := self._next()) == "(" or symbol.isalpha():
                result = result * self._power()
            else:
                return result

    def _signed(self) -> Polynomial:
        if self._take("-"):
            return -self._signed()
        return self._signed() if self._take("+") else self._power()

    def _power(self) -> Polynomial:
        base = self._atom()
        while self._take("%"):
            base = base / Polynomial.number(100)
        if not self._take("^", "**"):
            return base
        exponent = self._signed().value()
        if exponent.denominator != 1:
            raise ValueError("not a whole power")
        return base ** int(exponent)

    def _atom(self) -> Polynomial:
        symbol = self._next()
        self._at += 1
        if symbol == "(":
            inner = self._sum()
            if not self._take(")"):
                raise ValueError("a parenthesis is not closed")
            return inner
        if symbol == "sqrt":
            return Polynomial.number(root(self._atom().value()))
        if symbol.isalpha():
            return Polynomial.unknown(symbol)
        if not symbol or not (symbol[0].isdigit() or symbol[0] == "."):
            raise ValueError("not an expression")
        return Polynomial.number(Fraction(symbol.replace(",", "")))


def root(value: Fraction) -> Fraction:
    """Returns the exact square root; raises `ValueError` where there is none."""
    if value < 0:
        raise ValueError("no square root")
    result = Fraction(_whole_root(value.numerator), _whole_root(value.denominator))
    if result * result != value:
        raise ValueError("no exact square root")
    return result


def _whole_root(value: int) -> int:
    guess = value
    while guess * guess > value:
        guess = (guess + value // guess) // 2
    return guess
