"""Writes a program of the small language for Bash, where numbers and texts are all it has."""

import ast
from collections.abc import Sequence


def in_bash(source: str) -> str:
    """Returns the program's text.

    Raises:
        ValueError: It has lists, which a shell is no place for.
    """
    if "list[" in source:
        raise ValueError("lists are no shell's business")
    lines = _block(ast.parse(source).body, 0)
    return "\n".join(["#!/usr/bin/env bash", *lines]) + "\n"


def _block(body: Sequence[ast.stmt], level: int) -> list[str]:
    return [f"{'    ' * level}{line}" if line else "" for node in body for line in _statement(node)]


def _inner(body: Sequence[ast.stmt]) -> list[str]:
    return _block(body, 1)


def _statement(node: ast.stmt) -> list[str]:  # noqa: PLR0911 - a case for each kind of statement
    match node:
        case ast.FunctionDef(name, arguments, body):
            parameters = [f"    local {each.arg}=${at}" for at, each in enumerate(arguments.args, start=1)]
            return [f"{name}() {{", *parameters, *_inner(body), "}", ""]
        case ast.AnnAssign(ast.Name(name), _, value) if value is not None:
            return [f"local {name}={_word(value)}"]
        case ast.Assign([target], value):
            return [f"{ast.unparse(target)}={_word(value)}"]
        case ast.Return(value) if value is not None:
            return _returned(value)
        case ast.Expr(ast.Call(ast.Name("print"), [value])):
            return [f"echo {_shown(value)}"]
        case ast.Expr(ast.Call(ast.Name(name), arguments)):
            return [" ".join([name, *map(_word, arguments)])]
        case ast.If():
            return [*_if(node, "if"), "fi"]
        case ast.While(test, body):
            return [f"while {_test(test)}; do", *_inner(body), "done"]
        case ast.For(ast.Name(name), ast.Call(_, bounds), body):
            start = "0" if len(bounds) == 1 else ast.unparse(bounds[0])
            return [f"for (( {name} = {start}; {name} < {_sum(bounds[-1])}; {name}++ )); do", *_inner(body), "done"]
    raise ValueError("not in the small language")


def _if(node: ast.If, word: str) -> list[str]:
    lines = [f"{word} {_test(node.test)}; then", *_inner(node.body)]
    match node.orelse:
        case []:
            return lines
        case [ast.If() as following]:
            return [*lines, *_if(following, "elif")]
        case _:
            return [*lines, "else", *_inner(node.orelse)]


def _test(node: ast.expr) -> str:
    match node:
        case ast.Call(ast.Name(name), arguments):
            return f"[[ $({' '.join([name, *map(_word, arguments)])}) == true ]]"
        case ast.Compare(left, [ast.Eq()], [ast.Call(ast.Name("reverse"), _) as right]):
            return f"[[ {_shown(left)} == {_shown(right)} ]]"
    return f"(( {_sum(node)} ))"


def _returned(node: ast.expr) -> list[str]:
    if isinstance(node, ast.Compare):
        return [f"if {_test(node)}; then", "    echo true", "else", "    echo false", "fi"]
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        return [f"echo {str(node.value).lower()}", "return"]
    return [f"echo {_word(node)}", "return"]


def _shown(node: ast.expr) -> str:
    match node:
        case ast.Constant(str(text)):
            return f"'{text}'"
        case ast.Call(ast.Name("reverse"), [text]):
            return f'"$(rev <<< {_shown(text)})"'
        case ast.Call(ast.Name(name), arguments):
            return f'"$({" ".join([name, *map(_word, arguments)])})"'
    return f'"{_word(node)}"'


def _word(node: ast.expr) -> str:
    match node:
        case ast.Constant(str(text)):
            return f"'{text}'"
        case ast.Constant(value):
            return str(value)
        case ast.Name(name):
            return f"${name}"
    return f"$(( {_sum(node)} ))"


def _sum(node: ast.expr) -> str:
    """Writes arithmetic, with calls replaced by what they print."""
    calls = [each for each in ast.walk(node) if isinstance(each, ast.Call) and isinstance(each.func, ast.Name)]
    text = ast.unparse(node).replace("//", "/")
    for call in calls:
        words = " ".join([ast.unparse(call.func), *map(_word, call.args)])
        text = text.replace(ast.unparse(call), f"$({words})")
    return text
