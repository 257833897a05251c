"""Runs small Python programs from a prompt: no imports, no files, no attributes but listed methods, bounded work.

A program can't reach anything of this process: it gets plain values only, every name is looked up in its
own scopes, and each step, loop and result is counted against a limit.
"""

import ast
import operator
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ymera_simulator.wording import listed

MOST_STEPS = 10_000
LONGEST = 10_000
"""Items of a list, characters of a text, bits of a number."""
DEEPEST = 40


class Unsupported(ValueError):
    """The program uses something that is not understood here, or takes too long."""


class _Break(Exception):
    pass


class _Continue(Exception):
    pass


class _Return(Exception):
    def __init__(self, value: Any) -> None:
        self.value = value


class _Scope(dict[str, Any]):
    """Names of a function's call; what is not there is looked up outside."""

    def __init__(self, outer: "_Scope | None" = None) -> None:
        super().__init__()
        self.outer = outer
        self.elsewhere: dict[str, _Scope] = {}

    def lookup(self, name: str) -> Any:
        scope: _Scope | None = self
        while scope is not None:
            if name in scope:
                return scope[name]
            scope = scope.outer
        raise NameError(f"name '{name}' is not defined")


class _Function:
    def __init__(self, node: ast.FunctionDef | ast.Lambda, scope: _Scope, defaults: list[Any]) -> None:
        self.node, self.scope, self.defaults = node, scope, defaults


_BINARY: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod, ast.Pow: operator.pow, ast.LShift: operator.lshift,
    ast.RShift: operator.rshift, ast.BitAnd: operator.and_, ast.BitOr: operator.or_, ast.BitXor: operator.xor,
}  # fmt: skip
_UNARY: Mapping[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.USub: operator.neg, ast.UAdd: operator.pos, ast.Not: operator.not_, ast.Invert: operator.invert,
}  # fmt: skip
_COMPARE: Mapping[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt,
    ast.GtE: operator.ge, ast.Is: operator.is_, ast.IsNot: operator.is_not,
    ast.In: lambda item, box: item in box, ast.NotIn: lambda item, box: item not in box,
}  # fmt: skip
_METHODS: Mapping[type, frozenset[str]] = {
    str: frozenset(
        listed(
            "upper lower title capitalize swapcase strip lstrip rstrip split rsplit join replace find rfind index "
            "count startswith endswith isdigit isalpha isalnum isupper islower isspace splitlines removeprefix "
            "removesuffix partition rpartition zfill ljust rjust center casefold"
        )
    ),
    list: frozenset(listed("append extend insert pop remove index count sort reverse copy clear")),
    tuple: frozenset(["index", "count"]),
    dict: frozenset(["get", "items", "keys", "values", "pop", "setdefault", "update", "copy", "clear", "popitem"]),
    set: frozenset(listed(
        "add discard remove union intersection difference symmetric_difference issubset issuperset pop copy update "
        "clear"
    )),
    int: frozenset({"bit_length", "bit_count"}),
    float: frozenset({"is_integer"}),
}  # fmt: skip
_ERRORS: Mapping[str, type[Exception]] = {
    error.__name__: error
    for error in (
        Exception,
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        ZeroDivisionError,
        NameError,
        LookupError,
        ArithmeticError,
        AssertionError,
    )
}
_PLAIN_FIELDS = re.compile(r"(?:[^{}]|\{\{|\}\}|\{\d*(?::[^{}\d]*\d{0,2}(?:\.\d{1,2})?[^{}\d]*)?\})*")
_CHEAP = frozenset(["append", "pop", "add", "get", "setdefault", "discard", "items", "keys", "values", "clear"])
_GROWING = frozenset({"join", "replace", "center", "ljust", "rjust", "zfill"})


class Interpreter:
    """Runs one program; `output` is what it printed."""

    def __init__(self) -> None:
        self._written: list[str] = []
        self._globals = _Scope()
        self._globals.update(_builtins(self))
        self._steps = 0
        self._depth = 0

    @property
    def output(self) -> str:
        """Everything printed, without the last line's end."""
        return "".join(self._written).removesuffix("\n")

    def run(self, source: str) -> None:
        """Runs statements. The program's own errors come out as they are.

        Raises:
            Unsupported: It is not understood, or takes too long.
            SyntaxError: It is not Python.
        """
        self._block(ast.parse(source).body, self._globals)

    def value(self, source: str) -> Any:
        """Returns an expression's value, with what `run` defined."""
        return self._eval(ast.parse(source.strip(), mode="eval").body, self._globals)

    def write(self, *values: Any, sep: str = " ", end: str = "\n") -> None:
        """Is the program's `print`."""
        self._written.append(_checked(sep.join(map(_text, values)) + end))
        if sum(map(len, self._written[-200:])) > LONGEST:
            raise Unsupported("it prints too much")

    def call(self, function: Any, arguments: list[Any], named: Mapping[str, Any] | None = None) -> Any:
        """Calls a function of the program or one of the builtins."""
        if isinstance(function, _Function):
            return self._call_own(function, arguments, dict(named or {}))
        if not getattr(function, "offered", False):
            raise TypeError("it can't be called")
        self._charge(*arguments)
        return _checked(function(*arguments, **(named or {})))

    def iterate(self, values: Any) -> Iterable[Any]:
        """Yields the items, each a step."""
        if not isinstance(values, str | list | tuple | dict | set | range | _VIEWS):
            raise TypeError("it can't be iterated")
        for value in list(values):
            self._count()
            yield value

    def _count(self, steps: int = 1) -> None:
        self._steps += steps
        if self._steps > MOST_STEPS:
            raise Unsupported("it takes too long")

    def _charge(self, *values: Any) -> None:
        """Counts what reading the values whole takes; lists within lists share, so that may be a lot."""
        for value in values:
            if isinstance(value, list | tuple | set | dict):
                self._count(1 + len(value))
                self._charge(*(value.items() if isinstance(value, dict) else value))
            elif isinstance(value, str | range):
                self._count(len(value) // 20)

    def _call_own(self, function: _Function, arguments: list[Any], named: dict[str, Any]) -> Any:
        scope = _Scope(function.scope)
        self._bind(function, arguments, named, scope)
        self._depth += 1
        if self._depth > DEEPEST:
            raise Unsupported("it calls too deep")
        try:
            if isinstance(function.node, ast.Lambda):
                return self._eval(function.node.body, scope)
            self._block(function.node.body, scope)
        except _Return as returned:
            return returned.value
        finally:
            self._depth -= 1
        return None

    def _bind(self, function: _Function, arguments: list[Any], named: dict[str, Any], scope: _Scope) -> None:
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

    def _block(self, body: list[ast.stmt], scope: _Scope) -> None:
        for statement in body:
            self._count()
            run = getattr(self, f"_run_{type(statement).__name__}", None)
            if run is None:
                raise Unsupported(f"no {type(statement).__name__} here")
            run(statement, scope)

    def _run_Expr(self, node: ast.Expr, scope: _Scope) -> None:  # noqa: N802 - named for the node
        self._eval(node.value, scope)

    def _run_Pass(self, node: ast.Pass, scope: _Scope) -> None:  # noqa: N802
        pass

    def _run_Break(self, node: ast.Break, scope: _Scope) -> None:  # noqa: N802
        raise _Break

    def _run_Continue(self, node: ast.Continue, scope: _Scope) -> None:  # noqa: N802
        raise _Continue

    def _run_Return(self, node: ast.Return, scope: _Scope) -> None:  # noqa: N802
        raise _Return(self._eval(node.value, scope) if node.value else None)

    def _run_FunctionDef(self, node: ast.FunctionDef, scope: _Scope) -> None:  # noqa: N802
        if node.decorator_list:
            raise Unsupported("no decorators here")
        scope[node.name] = _Function(node, scope, [self._eval(each, scope) for each in node.args.defaults])

    def _run_Assign(self, node: ast.Assign, scope: _Scope) -> None:  # noqa: N802
        value = self._eval(node.value, scope)
        for target in node.targets:
            self._assign(target, value, scope)

    def _run_AnnAssign(self, node: ast.AnnAssign, scope: _Scope) -> None:  # noqa: N802
        if node.value is not None:
            self._assign(node.target, self._eval(node.value, scope), scope)

    def _run_AugAssign(self, node: ast.AugAssign, scope: _Scope) -> None:  # noqa: N802
        before = self._eval(node.target, scope)
        value = self._eval(node.value, scope)
        if isinstance(before, list) and isinstance(node.op, ast.Add):
            before.extend(self.iterate(value))
            _checked(before)
        else:
            self._assign(node.target, self._operate(node.op, before, value), scope)

    def _run_Global(self, node: ast.Global, scope: _Scope) -> None:  # noqa: N802
        scope.elsewhere.update(dict.fromkeys(node.names, self._globals))

    def _run_Nonlocal(self, node: ast.Nonlocal, scope: _Scope) -> None:  # noqa: N802
        for name in node.names:
            outer = scope.outer
            while outer is not None and name not in outer:
                outer = outer.outer
            if outer is None:
                raise Unsupported("no such name outside")
            scope.elsewhere[name] = outer

    def _run_If(self, node: ast.If, scope: _Scope) -> None:  # noqa: N802
        self._block(node.body if self._eval(node.test, scope) else node.orelse, scope)

    def _run_While(self, node: ast.While, scope: _Scope) -> None:  # noqa: N802
        while self._eval(node.test, scope):
            self._count()
            if self._body(node.body, scope):
                return
        self._block(node.orelse, scope)

    def _run_For(self, node: ast.For, scope: _Scope) -> None:  # noqa: N802
        for value in self.iterate(self._eval(node.iter, scope)):
            self._assign(node.target, value, scope)
            if self._body(node.body, scope):
                return
        self._block(node.orelse, scope)

    def _body(self, body: list[ast.stmt], scope: _Scope) -> bool:
        """Runs a loop's body once and tells whether it broke off."""
        try:
            self._block(body, scope)
        except _Continue:
            return False
        except _Break:
            return True
        return False

    def _run_Assert(self, node: ast.Assert, scope: _Scope) -> None:  # noqa: N802
        if not self._eval(node.test, scope):
            raise AssertionError

    def _run_Raise(self, node: ast.Raise, scope: _Scope) -> None:  # noqa: N802
        named = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        if not isinstance(named, ast.Name) or named.id not in _ERRORS:
            raise Unsupported("an unknown error")
        raise _ERRORS[named.id](*(self._eval(each, scope) for each in getattr(node.exc, "args", ())))

    def _run_Try(self, node: ast.Try, scope: _Scope) -> None:  # noqa: N802
        try:
            self._block(node.body, scope)
        except Unsupported:
            raise
        except tuple(_ERRORS.values()) as error:
            if isinstance(error, _Break | _Continue | _Return):
                raise
            self._handle(node, error, scope)
        else:
            self._block(node.orelse, scope)
        finally:
            self._block(node.finalbody, scope)

    def _handle(self, node: ast.Try, error: Exception, scope: _Scope) -> None:
        for handler in node.handlers:
            kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
            names = [kind.id if isinstance(kind, ast.Name) else "" for kind in kinds]
            if handler.type is None or any(isinstance(error, _ERRORS.get(name, _Break)) for name in names):
                if handler.name:
                    scope[handler.name] = str(error)
                return self._block(handler.body, scope)
        raise error

    def _run_Delete(self, node: ast.Delete, scope: _Scope) -> None:  # noqa: N802
        for target in node.targets:
            if not isinstance(target, ast.Subscript):
                raise Unsupported("only items are deleted here")
            del self._eval(target.value, scope)[self._place(target.slice, scope)]

    def _assign(self, target: ast.expr, value: Any, scope: _Scope) -> None:
        match target:
            case ast.Name(name):
                scope.elsewhere.get(name, scope)[name] = value
            case ast.Subscript(box, place):
                self._eval(box, scope)[self._place(place, scope)] = value
            case ast.Tuple(parts) | ast.List(parts):
                self._unpack(parts, list(self.iterate(value)), scope)
            case _:
                raise Unsupported("an assignment to something strange")

    def _unpack(self, parts: list[ast.expr], values: list[Any], scope: _Scope) -> None:
        star = next((at for at, part in enumerate(parts) if isinstance(part, ast.Starred)), None)
        if star is not None:
            after = len(parts) - star - 1
            middle = values[star : len(values) - after]
            values = [*values[:star], middle, *values[len(values) - after :]]
        if len(parts) != len(values):
            raise ValueError("the number of values does not fit")
        for part, value in zip(parts, values, strict=True):
            self._assign(part.value if isinstance(part, ast.Starred) else part, value, scope)

    def _eval(self, node: ast.expr, scope: _Scope) -> Any:
        self._count()
        evaluate = getattr(self, f"_eval_{type(node).__name__}", None)
        if evaluate is None:
            raise Unsupported(f"no {type(node).__name__} here")
        return evaluate(node, scope)

    def _eval_Constant(self, node: ast.Constant, scope: _Scope) -> Any:  # noqa: N802
        return node.value

    def _eval_Name(self, node: ast.Name, scope: _Scope) -> Any:  # noqa: N802
        return scope.lookup(node.id)

    def _eval_BinOp(self, node: ast.BinOp, scope: _Scope) -> Any:  # noqa: N802
        return self._operate(node.op, self._eval(node.left, scope), self._eval(node.right, scope))

    def _operate(self, symbol: ast.operator, left: Any, right: Any) -> Any:
        if type(symbol) not in _BINARY or isinstance(left, _Function) or isinstance(right, _Function):
            raise Unsupported("an unknown operator")
        _check_size(symbol, left, right)
        self._charge(left, right)
        return _checked(_BINARY[type(symbol)](left, right))

    def _eval_UnaryOp(self, node: ast.UnaryOp, scope: _Scope) -> Any:  # noqa: N802
        return _UNARY[type(node.op)](self._eval(node.operand, scope))

    def _eval_BoolOp(self, node: ast.BoolOp, scope: _Scope) -> Any:  # noqa: N802
        value = None
        for each in node.values:
            value = self._eval(each, scope)
            if bool(value) is isinstance(node.op, ast.Or):
                return value
        return value

    def _eval_Compare(self, node: ast.Compare, scope: _Scope) -> Any:  # noqa: N802
        left = self._eval(node.left, scope)
        for symbol, each in zip(node.ops, node.comparators, strict=True):
            right = self._eval(each, scope)
            self._charge(left, right)
            if not _COMPARE[type(symbol)](left, right):
                return False
            left = right
        return True

    def _eval_IfExp(self, node: ast.IfExp, scope: _Scope) -> Any:  # noqa: N802
        return self._eval(node.body if self._eval(node.test, scope) else node.orelse, scope)

    def _eval_Lambda(self, node: ast.Lambda, scope: _Scope) -> Any:  # noqa: N802
        return _Function(node, scope, [self._eval(each, scope) for each in node.args.defaults])

    def _eval_List(self, node: ast.List, scope: _Scope) -> Any:  # noqa: N802
        return self._items(node.elts, scope)

    def _eval_Tuple(self, node: ast.Tuple, scope: _Scope) -> Any:  # noqa: N802
        return tuple(self._items(node.elts, scope))

    def _eval_Set(self, node: ast.Set, scope: _Scope) -> Any:  # noqa: N802
        items = self._items(node.elts, scope)
        self._charge(items)
        return set(items)

    def _eval_Dict(self, node: ast.Dict, scope: _Scope) -> Any:  # noqa: N802
        made: dict[Any, Any] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                made.update(self._eval(value, scope))
            else:
                made[self._place(key, scope)] = self._eval(value, scope)
        return made

    def _items(self, nodes: Iterable[ast.expr], scope: _Scope) -> list[Any]:
        values: list[Any] = []
        for node in nodes:
            if isinstance(node, ast.Starred):
                values.extend(self.iterate(self._eval(node.value, scope)))
            else:
                values.append(self._eval(node, scope))
        return values

    def _eval_Subscript(self, node: ast.Subscript, scope: _Scope) -> Any:  # noqa: N802
        return self._eval(node.value, scope)[self._place(node.slice, scope)]

    def _place(self, node: ast.expr, scope: _Scope) -> Any:
        place = self._eval(node, scope)
        self._charge(place)
        return place

    def _eval_Slice(self, node: ast.Slice, scope: _Scope) -> Any:  # noqa: N802
        return slice(
            *(None if part is None else self._eval(part, scope) for part in (node.lower, node.upper, node.step))
        )

    def _eval_JoinedStr(self, node: ast.JoinedStr, scope: _Scope) -> Any:  # noqa: N802
        return _checked("".join(str(self._eval(part, scope)) for part in node.values))

    def _eval_FormattedValue(self, node: ast.FormattedValue, scope: _Scope) -> Any:  # noqa: N802
        value = self._eval(node.value, scope)
        self._charge(value)
        spec = self._eval(node.format_spec, scope) if node.format_spec else ""
        if re.search(r"\d{3}", spec):
            raise Unsupported("a very wide format")
        return (
            format(repr(value) if node.conversion == ord("r") else value, spec)
            if spec
            else _shown(value, node.conversion)
        )

    def _eval_ListComp(self, node: ast.ListComp, scope: _Scope) -> Any:  # noqa: N802
        return self._comprehended(node.generators, lambda inner: self._eval(node.elt, inner), scope)

    _eval_GeneratorExp = _eval_ListComp

    def _eval_SetComp(self, node: ast.SetComp, scope: _Scope) -> Any:  # noqa: N802
        return set(self._comprehended(node.generators, lambda inner: self._place(node.elt, inner), scope))

    def _eval_DictComp(self, node: ast.DictComp, scope: _Scope) -> Any:  # noqa: N802
        pair = lambda inner: (self._place(node.key, inner), self._eval(node.value, inner))  # noqa: E731 - one use
        return dict(self._comprehended(node.generators, pair, scope))

    def _comprehended(self, loops: list[ast.comprehension], item: Callable[[_Scope], Any], scope: _Scope) -> list[Any]:
        if not loops:
            return [item(scope)]
        inner, found = _Scope(scope), []
        for value in self.iterate(self._eval(loops[0].iter, scope)):
            self._assign(loops[0].target, value, inner)
            if all(self._eval(test, inner) for test in loops[0].ifs):
                found += self._comprehended(loops[1:], item, inner)
        return found

    def _eval_Call(self, node: ast.Call, scope: _Scope) -> Any:  # noqa: N802
        arguments = self._items(node.args, scope)
        named = {each.arg: self._eval(each.value, scope) for each in node.keywords if each.arg}
        if isinstance(node.func, ast.Attribute):
            return self._method(self._eval(node.func.value, scope), node.func.attr, arguments, named)
        return self.call(self._eval(node.func, scope), arguments, named)

    def _method(self, subject: Any, name: str, arguments: list[Any], named: dict[str, Any]) -> Any:
        if isinstance(subject, str) and name == "format" and _PLAIN_FIELDS.fullmatch(subject):
            return _checked(
                subject.format(*map(_text, arguments)) if ":" not in subject else subject.format(*arguments)
            )
        if name not in _METHODS.get(type(subject), ()):
            raise Unsupported(f"no method {name} here")
        if any(isinstance(each, int) and abs(each) > LONGEST for each in arguments) and isinstance(subject, str):
            raise Unsupported("a very long text")
        if name in _GROWING and sum(map(_length, arguments)) * max(1, len(subject)) > 10 * LONGEST:
            raise Unsupported("a very long text")
        self._charge(*arguments, *(() if name in _CHEAP else (subject,)))
        if isinstance(key := named.get("key"), _Function):
            named["key"] = lambda value: self.call(key, [value])
        if any(isinstance(each, _Function) for each in arguments):
            raise Unsupported("a function as an argument")
        result = _checked(getattr(subject, name)(*arguments, **named))
        _checked(subject)
        return result


_VIEWS = type({}.keys()) | type({}.values()) | type({}.items())


def _length(value: Any) -> int:
    if isinstance(value, list | tuple | set):
        return sum(1 + (len(each) if isinstance(each, str) else 1) for each in value)
    return len(value) if hasattr(value, "__len__") else 1


def _text(value: Any) -> str:
    if isinstance(value, _Function):
        raise Unsupported("a function has no text")
    return _checked(str(value))  # type: ignore[no-any-return]  # it gives back what it gets


def _shown(value: Any, conversion: int) -> str:
    return repr(value) if conversion == ord("r") else _text(value)


def _check_size(symbol: ast.operator, left: Any, right: Any) -> None:
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


def _checked(value: Any) -> Any:
    size = value.bit_length() if isinstance(value, int) else len(value) if hasattr(value, "__len__") else 0
    if size > LONGEST:
        raise Unsupported("a very large value")
    return value


def _builtins(own: Interpreter) -> dict[str, Callable[..., Any]]:
    from ymera_simulator.code.builtins import offered  # noqa: PLC0415 - the two know each other

    return offered(own)
