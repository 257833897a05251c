"""Expressions, percentages and equations, computed exactly."""

import ast
import math
import operator
import re
from collections.abc import Callable, Mapping
from fractions import Fraction

from ymera_simulator.solvers.question import Question, Solution, number

LONGEST_NUMBER = 1_024
"""Bits of a number's numerator and denominator; larger results are refused before they are computed."""

_EXPRESSION = r"[-+*/()%.\d ]{1,200}"
_ASKED = re.compile(
    r"(?:what(?:'s| is)|calculate|compute|evaluate|work out|simplify|how much is|find|solve)"
    rf"(?: the (?:value|result) of)?:? {{1,3}}({_EXPRESSION})(?:=? ?\?|[.!=]|$|\n)"
)
_ALONE = re.compile(rf"({_EXPRESSION})=? ?\??")
_WORDS = (("×", "*"), ("÷", "/"), ("−", "-"), ("^", "**"), (" plus ", " + "), (" minus ", " - "))
_MORE_WORDS = ((" times ", " * "), (" multiplied by ", " * "), (" divided by ", " / "), (" squared", "**2"))
_PERCENT_OF = re.compile(r"(\d{1,9}(?:\.\d{1,9})?) ?(?:%|percent) of ")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_ROOT = re.compile(r"square root of (\d{1,15})\b")
_EQUATION = re.compile(r"([-+*/().\dxy ]{1,80})=([-+*/().\dxy ]{1,80})")
_IMPLIED = re.compile(r"([\dxy)]) ?(?=[xy(])")
_BINARY: Mapping[type[ast.operator], Callable[[Fraction, Fraction], Fraction]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Mod: operator.mod,
    ast.FloorDiv: lambda left, right: Fraction(left // right),
}


def solve_expression(question: Question) -> Solution | None:
    """Computes the expression in a question, or one that is the whole text."""
    text = _in_signs(question.lower)
    if root := _ROOT.search(text):
        return number(Fraction(math.sqrt(int(root[1]))))
    found = _ASKED.search(text) or _ALONE.fullmatch(text)
    expression = found[1].strip(" .=") if found else ""
    if not any(sign in expression for sign in "+-*/%") or not any(map(str.isdigit, expression)):
        return None
    return number(value_of(expression))


def solve_equation(question: Question) -> Solution | None:
    """Solves an equation of the first degree in one unknown, from the values of its sides at two points."""
    found = _EQUATION.search(_in_signs(question.lower))
    if found is None or len({"x", "y"} & set(found[0])) != 1:
        return None
    left, right = (_IMPLIED.sub(r"\1*", side.strip(" .")) for side in found.groups())

    def difference(unknown: int) -> Fraction:
        values = {"x": Fraction(unknown), "y": Fraction(unknown)}
        return value_of(left, values) - value_of(right, values)

    start, slope = difference(0), difference(1) - difference(0)
    if any(difference(x) != slope * x + start for x in (-1, 2, 3)):
        return None
    return number(-start / slope)


def value_of(expression: str, unknowns: Mapping[str, Fraction] | None = None) -> Fraction:
    """Returns the value of an expression of numbers, brackets, `+ - * / // % **` and the unknowns.

    Raises:
        ValueError: It holds anything else, or a number grows too large.
        SyntaxError: It is not an expression.
        ZeroDivisionError: It divides by zero.
    """
    return _value(ast.parse(expression.strip(), mode="eval").body, unknowns or {})


def _value(node: ast.expr, unknowns: Mapping[str, Fraction]) -> Fraction:
    match node:
        case ast.Constant(int() | float() as value):
            return _bounded(Fraction(str(value)))
        case ast.Name(name) if name in unknowns:
            return unknowns[name]
        case ast.UnaryOp(ast.USub(), operand):
            return -_value(operand, unknowns)
        case ast.UnaryOp(ast.UAdd(), operand):
            return _value(operand, unknowns)
        case ast.BinOp(left, ast.Pow(), right):
            return _power(_value(left, unknowns), _value(right, unknowns))
        case ast.BinOp(left, sign, right) if type(sign) in _BINARY:
            return _bounded(_BINARY[type(sign)](_value(left, unknowns), _value(right, unknowns)))
    raise ValueError("not arithmetic")


def _power(base: Fraction, exponent: Fraction) -> Fraction:
    if exponent.denominator != 1 or abs(exponent) * _bits(base) > LONGEST_NUMBER:
        raise ValueError("not computed")
    return Fraction(base ** int(exponent))


def _bounded(value: Fraction) -> Fraction:
    if _bits(value) > LONGEST_NUMBER:
        raise ValueError("too large")
    return value


def _bits(value: Fraction) -> int:
    return max(value.numerator.bit_length(), value.denominator.bit_length())


def _in_signs(text: str) -> str:
    for word, sign in (*_WORDS, *_MORE_WORDS):
        text = text.replace(word, sign)
    text = _THOUSANDS.sub("", text)
    return _PERCENT_OF.sub(r"\1/100*", text)
