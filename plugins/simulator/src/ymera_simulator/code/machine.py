"""What runs programs: names, calls, and the limits of work and size.

A program can't reach anything of this process: it gets plain values only, every name is looked up in its
own scopes, and each step, loop and result is counted against a limit.
"""

import ast
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from ymera_simulator.code.builtins import offered

MOST_STEPS = 10_000
LONGEST = 10_000
"""Items of a list, characters of a text, bits of a number."""
DEEPEST = 40
_ITERABLE: tuple[type[Iterable[Any]], ...] = (
    str,
    list,
    tuple,
    dict,
    set,
    range,
    type({}.keys()),
    type({}.values()),
    type({}.items()),
)


class Unsupported(ValueError):
    """The program uses something that is not understood here, or takes too long."""


class Break(Exception):
    """A loop is left."""


class Continue(Exception):
    """A loop goes on with its next turn."""


class Return(Exception):
    """A function is left with a value."""

    def __init__(self, value: Any) -> None:
        self.value = value


class Scope(dict[str, Any]):
    """Names of a function's call; what is not there is looked up outside."""

    def __init__(self, outer: "Scope | None" = None) -> None:
        super().__init__()
        self.outer = outer
        self.elsewhere: dict[str, Scope] = {}

    def lookup(self, name: str) -> Any:
        """Returns what a name stands for; raises `NameError`."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope:
                return scope[name]
            scope = scope.outer
        raise NameError(f"name '{name}' is not defined")


class Function:
    """A function of the program."""

    def __init__(self, node: ast.FunctionDef | ast.Lambda, scope: Scope, defaults: list[Any]) -> None:
        self.node, self.scope, self.defaults = node, scope, defaults


class Machine(ABC):
    """Calls functions and counts; how statements and expressions go is said by its children."""

    def __init__(self) -> None:
        self._written: list[str] = []
        self._globals = Scope()
        self._globals.update(offered(self))
        self._steps = 0
        self._depth = 0

    @property
    def output(self) -> str:
        """Everything printed, without the last line's end."""
        return "".join(self._written).removesuffix("\n")

    def write(self, *values: Any, sep: str = " ", end: str = "\n") -> None:
        """Is the program's `print`."""
        self._written.append(checked(sep.join(map(text_of, values)) + end))
        if sum(map(len, self._written[-200:])) > LONGEST:
            raise Unsupported("it prints too much")

    def call(self, function: Any, arguments: list[Any], named: Mapping[str, Any] | None = None) -> Any:
        """Calls a function of the program or one of the builtins."""
        if isinstance(function, Function):
            return self._call_own(function, arguments, dict(named or {}))
        if not getattr(function, "offered", False):
            raise TypeError("it can't be called")
        self.charge(*arguments)
        return checked(function(*arguments, **(named or {})))

    def iterate(self, values: Any) -> Iterable[Any]:
        """Yields the items, each a step."""
        if not isinstance(values, _ITERABLE):
            raise TypeError("it can't be iterated")
        for value in list(values):
            self.count()
            yield value

    def count(self, steps: int = 1) -> None:
        """Counts steps of work; raises `Unsupported` where it gets too much."""
        self._steps += steps
        if self._steps > MOST_STEPS:
            raise Unsupported("it takes too long")

    def charge(self, *values: Any) -> None:
        """Counts what reading the values whole takes; lists within lists share, so that may be a lot."""
        for value in values:
            if isinstance(value, list | tuple | set | dict):
                self.count(1 + len(value))
                self.charge(*(value.items() if isinstance(value, dict) else value))
            elif isinstance(value, str | range):
                self.count(len(value) // 20)

    def _call_own(self, function: Function, arguments: list[Any], named: dict[str, Any]) -> Any:
        scope = Scope(function.scope)
        self._bind(function, arguments, named, scope)
        self._depth += 1
        if self._depth > DEEPEST:
            raise Unsupported("it calls too deep")
        try:
            if isinstance(function.node, ast.Lambda):
                return self._eval(function.node.body, scope)
            self._block(function.node.body, scope)
        except Return as returned:
            return returned.value
        finally:
            self._depth -= 1
        return None

    def _bind(self, function: Function, arguments: list[Any], named: dict[str, Any], scope: Scope) -> None:
        spec = function.node.args
        names = [argument.arg for argument in spec.args]
        if spec.kwarg or spec.kwonlyargs or (len(arguments) > len(names) and not spec.vararg):
            raise TypeError("the arguments do not fit")
        scope.update(zip(names[len(names) - len(function.defaults) :], function.defaults, strict=True))
        scope.update(zip(names, arguments, strict=False))
        scope.update(named)
        if spec.vararg:
            scope[spec.vararg.arg] = tuple(arguments[len(names) :])
        if any(name not in scope for name in names):
            raise TypeError("an argument is missing")

    @abstractmethod
    def _block(self, body: list[ast.stmt], scope: Scope) -> None: ...

    @abstractmethod
    def _eval(self, node: ast.expr, scope: Scope) -> Any: ...

    @abstractmethod
    def _assign(self, target: ast.expr, value: Any, scope: Scope) -> None: ...


@cache
def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def kind_of(node: ast.AST) -> str:
    """Returns a node's kind as methods are named for it: `bin_op` for `BinOp`."""
    return _snake(type(node).__name__)


def length_of(value: Any) -> int:
    """Returns the characters that joining a value with others takes."""
    if isinstance(value, list | tuple | set):
        return sum(1 + (len(each) if isinstance(each, str) else 1) for each in value)
    return len(value) if hasattr(value, "__len__") else 1


def text_of(value: Any) -> str:
    """Returns a value's text."""
    if isinstance(value, Function):
        raise Unsupported("a function has no text")
    return checked(str(value))  # type: ignore[no-any-return]  # it gives back what it gets


def check_size(symbol: ast.operator, left: Any, right: Any) -> None:
    """Refuses what would be huge before it is made."""
    if isinstance(symbol, ast.Pow) and isinstance(left, int) and isinstance(right, int):
        too_big = abs(left) > 1 and right * max(left.bit_length(), 1) > LONGEST
    elif isinstance(symbol, ast.LShift):
        too_big = right > LONGEST
    elif isinstance(symbol, ast.Mult) and not (isinstance(left, int | float) and isinstance(right, int | float)):
        sizes = [len(each) if hasattr(each, "__len__") else each for each in (left, right)]
        too_big = sizes[0] * sizes[1] > LONGEST
    else:
        too_big = isinstance(symbol, ast.Mod) and isinstance(left, str) and re.search(r"\d{3}|\*", left) is not None
    if too_big:
        raise Unsupported("a very large value")


def checked(value: Any) -> Any:
    """Returns the value, where it is not too large."""
    size = value.bit_length() if isinstance(value, int) else len(value) if hasattr(value, "__len__") else 0
    if size > LONGEST:
        raise Unsupported("a very large value")
    return value
