"""Runs small Python programs from a prompt: no imports, no files, no attributes but listed methods, bounded work."""

import ast
from collections.abc import Mapping
from typing import Any

from ymera_simulator.code.expressions import Expressions
from ymera_simulator.code.machine import Break, Continue, Function, Return, Scope, Unsupported, checked, kind_of

__all__ = ["Interpreter", "Unsupported"]

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


class Interpreter(Expressions):
    """Runs one program; `output` is what it printed."""

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

    def _block(self, body: list[ast.stmt], scope: Scope) -> None:
        for statement in body:
            self.count()
            run = getattr(self, f"_run_{kind_of(statement)}", None)
            if run is None:
                raise Unsupported(f"no {type(statement).__name__} here")
            run(statement, scope)

    def _run_expr(self, node: ast.Expr, scope: Scope) -> None:
        self._eval(node.value, scope)

    def _run_pass(self, node: ast.Pass, scope: Scope) -> None:
        pass

    def _run_break(self, node: ast.Break, scope: Scope) -> None:
        raise Break

    def _run_continue(self, node: ast.Continue, scope: Scope) -> None:
        raise Continue

    def _run_return(self, node: ast.Return, scope: Scope) -> None:
        raise Return(self._eval(node.value, scope) if node.value else None)

    def _run_function_def(self, node: ast.FunctionDef, scope: Scope) -> None:
        if node.decorator_list:
            raise Unsupported("no decorators here")
        scope[node.name] = Function(node, scope, [self._eval(each, scope) for each in node.args.defaults])

    def _run_assign(self, node: ast.Assign, scope: Scope) -> None:
        value = self._eval(node.value, scope)
        for target in node.targets:
            self._assign(target, value, scope)

    def _run_ann_assign(self, node: ast.AnnAssign, scope: Scope) -> None:
        if node.value is not None:
            self._assign(node.target, self._eval(node.value, scope), scope)

    def _run_aug_assign(self, node: ast.AugAssign, scope: Scope) -> None:
        before = self._eval(node.target, scope)
        value = self._eval(node.value, scope)
        if isinstance(before, list) and isinstance(node.op, ast.Add):
            before.extend(self.iterate(value))
            checked(before)
        else:
            self._assign(node.target, self._operate(node.op, before, value), scope)

    def _run_global(self, node: ast.Global, scope: Scope) -> None:
        scope.elsewhere.update(dict.fromkeys(node.names, self._globals))

    def _run_nonlocal(self, node: ast.Nonlocal, scope: Scope) -> None:
        for name in node.names:
            outer = scope.outer
            while outer is not None and name not in outer:
                outer = outer.outer
            if outer is None:
                raise Unsupported("no such name outside")
            scope.elsewhere[name] = outer

    def _run_if(self, node: ast.If, scope: Scope) -> None:
        self._block(node.body if self._eval(node.test, scope) else node.orelse, scope)

    def _run_while(self, node: ast.While, scope: Scope) -> None:
        while self._eval(node.test, scope):
            self.count()
            if self._body(node.body, scope):
                return
        self._block(node.orelse, scope)

    def _run_for(self, node: ast.For, scope: Scope) -> None:
        for value in self.iterate(self._eval(node.iter, scope)):
            self._assign(node.target, value, scope)
            if self._body(node.body, scope):
                return
        self._block(node.orelse, scope)

    def _body(self, body: list[ast.stmt], scope: Scope) -> bool:
        """Runs a loop's body once and tells whether it broke off."""
        try:
            self._block(body, scope)
        except Continue:
            return False
        except Break:
            return True
        return False

    def _run_assert(self, node: ast.Assert, scope: Scope) -> None:
        if not self._eval(node.test, scope):
            raise AssertionError

    def _run_raise(self, node: ast.Raise, scope: Scope) -> None:
        named = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        if not isinstance(named, ast.Name) or named.id not in _ERRORS:
            raise Unsupported("an unknown error")
        raise _ERRORS[named.id](*(self._eval(each, scope) for each in getattr(node.exc, "args", ())))

    def _run_try(self, node: ast.Try, scope: Scope) -> None:
        try:
            self._block(node.body, scope)
        except Unsupported:
            raise
        except tuple(_ERRORS.values()) as error:
            if isinstance(error, Break | Continue | Return):
                raise
            self._handle(node, error, scope)
        else:
            self._block(node.orelse, scope)
        finally:
            self._block(node.finalbody, scope)

    def _handle(self, node: ast.Try, error: Exception, scope: Scope) -> None:
        for handler in node.handlers:
            kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
            names = [kind.id if isinstance(kind, ast.Name) else "" for kind in kinds]
            if handler.type is None or any(isinstance(error, _ERRORS.get(name, Break)) for name in names):
                if handler.name:
                    scope[handler.name] = str(error)
                return self._block(handler.body, scope)
        raise error

    def _run_delete(self, node: ast.Delete, scope: Scope) -> None:
        for target in node.targets:
            if not isinstance(target, ast.Subscript):
                raise Unsupported("only items are deleted here")
            del self._eval(target.value, scope)[self._place(target.slice, scope)]

    def _assign(self, target: ast.expr, value: Any, scope: Scope) -> None:
        match target:
            case ast.Name(name):
                scope.elsewhere.get(name, scope)[name] = value
            case ast.Subscript(box, place):
                self._eval(box, scope)[self._place(place, scope)] = value
            case ast.Tuple(parts) | ast.List(parts):
                self._unpack(parts, list(self.iterate(value)), scope)
            case _:
                raise Unsupported("an assignment to something strange")

    def _unpack(self, parts: list[ast.expr], values: list[Any], scope: Scope) -> None:
        star = next((at for at, part in enumerate(parts) if isinstance(part, ast.Starred)), None)
        if star is not None:
            after = len(parts) - star - 1
            middle = values[star : len(values) - after]
            values = [*values[:star], middle, *values[len(values) - after :]]
        if len(parts) != len(values):
            raise ValueError("the number of values does not fit")
        for part, value in zip(parts, values, strict=True):
            self._assign(part.value if isinstance(part, ast.Starred) else part, value, scope)
