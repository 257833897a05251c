"""How expressions are evaluated."""

import ast
import operator
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ymera_simulator.code.machine import (
    LONGEST,
    Function,
    Machine,
    Scope,
    Unsupported,
    check_size,
    checked,
    kind_of,
    length_of,
    text_of,
)
from ymera_simulator.wording import listed

_BINARY: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
}
_UNARY: Mapping[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Not: operator.not_,
    ast.Invert: operator.invert,
}
_COMPARE: Mapping[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.In: lambda item, box: item in box,
    ast.NotIn: lambda item, box: item not in box,
}
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
    set: frozenset(
        listed(
            "add discard remove union intersection difference symmetric_difference issubset issuperset pop copy update "
            "clear"
        )
    ),
    int: frozenset({"bit_length", "bit_count"}),
    float: frozenset({"is_integer"}),
}
_PLAIN_FIELDS = re.compile(r"(?:[^{}]|\{\{|\}\}|\{\d*(?::[^{}\d]*\d{0,2}(?:\.\d{1,2})?[^{}\d]*)?\})*")
_CHEAP = frozenset(["append", "pop", "add", "get", "setdefault", "discard", "items", "keys", "values", "clear"])
_GROWING = frozenset({"join", "replace", "center", "ljust", "rjust", "zfill"})


class Expressions(Machine):
    """Evaluates expressions: a method for each kind of node, named for it."""

    def _eval(self, node: ast.expr, scope: Scope) -> Any:
        self.count()
        evaluate = getattr(self, f"_eval_{kind_of(node)}", None)
        if evaluate is None:
            raise Unsupported(f"no {type(node).__name__} here")
        return evaluate(node, scope)

    def _eval_constant(self, node: ast.Constant, scope: Scope) -> Any:
        return node.value

    def _eval_name(self, node: ast.Name, scope: Scope) -> Any:
        return scope.lookup(node.id)

    def _eval_bin_op(self, node: ast.BinOp, scope: Scope) -> Any:
        return self._operate(node.op, self._eval(node.left, scope), self._eval(node.right, scope))

    def _operate(self, symbol: ast.operator, left: Any, right: Any) -> Any:
        if type(symbol) not in _BINARY or isinstance(left, Function) or isinstance(right, Function):
            raise Unsupported("an unknown operator")
        check_size(symbol, left, right)
        self.charge(left, right)
        return checked(_BINARY[type(symbol)](left, right))

    def _eval_unary_op(self, node: ast.UnaryOp, scope: Scope) -> Any:
        return _UNARY[type(node.op)](self._eval(node.operand, scope))

    def _eval_bool_op(self, node: ast.BoolOp, scope: Scope) -> Any:
        value = None
        for each in node.values:
            value = self._eval(each, scope)
            if bool(value) is isinstance(node.op, ast.Or):
                return value
        return value

    def _eval_compare(self, node: ast.Compare, scope: Scope) -> Any:
        left = self._eval(node.left, scope)
        for symbol, each in zip(node.ops, node.comparators, strict=True):
            right = self._eval(each, scope)
            self.charge(left, right)
            if not _COMPARE[type(symbol)](left, right):
                return False
            left = right
        return True

    def _eval_if_exp(self, node: ast.IfExp, scope: Scope) -> Any:
        return self._eval(node.body if self._eval(node.test, scope) else node.orelse, scope)

    def _eval_lambda(self, node: ast.Lambda, scope: Scope) -> Any:
        return Function(node, scope, [self._eval(each, scope) for each in node.args.defaults])

    def _eval_list(self, node: ast.List, scope: Scope) -> Any:
        return self._items(node.elts, scope)

    def _eval_tuple(self, node: ast.Tuple, scope: Scope) -> Any:
        return tuple(self._items(node.elts, scope))

    def _eval_set(self, node: ast.Set, scope: Scope) -> Any:
        items = self._items(node.elts, scope)
        self.charge(items)
        return set(items)

    def _eval_dict(self, node: ast.Dict, scope: Scope) -> Any:
        made: dict[Any, Any] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                made.update(self._eval(value, scope))
            else:
                made[self._place(key, scope)] = self._eval(value, scope)
        return made

    def _items(self, nodes: Iterable[ast.expr], scope: Scope) -> list[Any]:
        values: list[Any] = []
        for node in nodes:
            if isinstance(node, ast.Starred):
                values.extend(self.iterate(self._eval(node.value, scope)))
            else:
                values.append(self._eval(node, scope))
        return values

    def _eval_subscript(self, node: ast.Subscript, scope: Scope) -> Any:
        return self._eval(node.value, scope)[self._place(node.slice, scope)]

    def _place(self, node: ast.expr, scope: Scope) -> Any:
        place = self._eval(node, scope)
        self.charge(place)
        return place

    def _eval_slice(self, node: ast.Slice, scope: Scope) -> Any:
        return slice(
            *(None if part is None else self._eval(part, scope) for part in (node.lower, node.upper, node.step))
        )

    def _eval_joined_str(self, node: ast.JoinedStr, scope: Scope) -> Any:
        return checked("".join(str(self._eval(part, scope)) for part in node.values))

    def _eval_formatted_value(self, node: ast.FormattedValue, scope: Scope) -> Any:
        value = self._eval(node.value, scope)
        self.charge(value)
        spec = self._eval(node.format_spec, scope) if node.format_spec else ""
        if re.search(r"\d{3}", spec):
            raise Unsupported("a very wide format")
        return (
            format(repr(value) if node.conversion == ord("r") else value, spec)
            if spec
            else _shown(value, node.conversion)
        )

    def _eval_list_comp(self, node: ast.ListComp, scope: Scope) -> Any:
        return self._comprehended(node.generators, lambda inner: self._eval(node.elt, inner), scope)

    _eval_generator_exp = _eval_list_comp

    def _eval_set_comp(self, node: ast.SetComp, scope: Scope) -> Any:
        return set(self._comprehended(node.generators, lambda inner: self._place(node.elt, inner), scope))

    def _eval_dict_comp(self, node: ast.DictComp, scope: Scope) -> Any:
        def pair(inner: Scope) -> tuple[Any, Any]:
            return self._place(node.key, inner), self._eval(node.value, inner)

        return dict(self._comprehended(node.generators, pair, scope))

    def _comprehended(self, loops: list[ast.comprehension], item: Callable[[Scope], Any], scope: Scope) -> list[Any]:
        if not loops:
            return [item(scope)]
        inner, found = Scope(scope), []
        for value in self.iterate(self._eval(loops[0].iter, scope)):
            self._assign(loops[0].target, value, inner)
            if all(self._eval(test, inner) for test in loops[0].ifs):
                found += self._comprehended(loops[1:], item, inner)
        return found

    def _eval_call(self, node: ast.Call, scope: Scope) -> Any:
        arguments = self._items(node.args, scope)
        named = {each.arg: self._eval(each.value, scope) for each in node.keywords if each.arg}
        if isinstance(node.func, ast.Attribute):
            return self._method(self._eval(node.func.value, scope), node.func.attr, arguments, named)
        return self.call(self._eval(node.func, scope), arguments, named)

    def _method(self, subject: Any, name: str, arguments: list[Any], named: dict[str, Any]) -> Any:
        if isinstance(subject, str) and name == "format" and _PLAIN_FIELDS.fullmatch(subject):
            return checked(
                subject.format(*map(text_of, arguments)) if ":" not in subject else subject.format(*arguments)
            )
        if name not in _METHODS.get(type(subject), ()):
            raise Unsupported(f"no method {name} here")
        if any(isinstance(each, int) and abs(each) > LONGEST for each in arguments) and isinstance(subject, str):
            raise Unsupported("a very long text")
        if name in _GROWING and sum(map(length_of, arguments)) * max(1, len(subject)) > 10 * LONGEST:
            raise Unsupported("a very long text")
        self.charge(*arguments, *(() if name in _CHEAP else (subject,)))
        if isinstance(key := named.get("key"), Function):
            named["key"] = lambda value: self.call(key, [value])
        if any(isinstance(each, Function) for each in arguments):
            raise Unsupported("a function as an argument")
        result = checked(getattr(subject, name)(*arguments, **named))
        checked(subject)
        return result


def _shown(value: Any, conversion: int) -> str:
    return repr(value) if conversion == ord("r") else text_of(value)
