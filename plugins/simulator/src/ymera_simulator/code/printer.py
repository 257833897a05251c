"""Writes a program of the small language in a language with braces."""

import ast
import re
from collections.abc import Sequence

from ymera_simulator.code.languages import Language

_SYMBOLS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Mod: "%"}
_COMPARES = {ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}
_INDENT = "    "


def in_language(source: str, language: Language) -> str:
    """Returns the program's text in the language."""
    return _Printer(ast.parse(source), language).program()


class _Printer:
    def __init__(self, tree: ast.Module, language: Language) -> None:
        self._language = language
        self._functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
        self._main = [node for node in tree.body if not isinstance(node, ast.FunctionDef)]
        self._names: dict[str, str] = {}
        self._assigned: set[str] = set()
        self._uses_reverse = "reverse(" in ast.unparse(tree)

    def program(self) -> str:
        language = self._language
        level = 1 if language.members else 0
        functions = language.reverse if self._uses_reverse else ""
        for node in self._functions.values():
            functions += "\n".join(_indented(self._function(node), level)) + "\n\n"
        self._enter(self._main)
        main_level = level + (0 if language.name in {"JavaScript", "TypeScript"} else 1)
        main = "\n".join(_indented(self._block(self._main), main_level)) + "\n"
        text = language.frame.format(functions=functions, main=main)
        if language.name == "C" and self._uses_reverse is False:
            text = text.replace("#include <string.h>\n", "")
        if "bool" not in text.replace("<stdbool.h>", ""):
            text = text.replace("#include <stdbool.h>\n", "")
        return text.replace(_INDENT, "\t") if language.name == "Go" else text

    def _enter(self, body: Sequence[ast.stmt]) -> None:
        nodes = [node for each in body for node in ast.walk(each)]
        targets = [target for node in nodes if isinstance(node, ast.Assign) for target in node.targets]
        self._assigned = {part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)}
        self._names = {}
        for node in nodes:
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                self._names[node.target.id] = ast.unparse(node.annotation)

    def _function(self, node: ast.FunctionDef) -> list[str]:
        self._enter(node.body)
        self._names.update({each.arg: ast.unparse(each.annotation) for each in node.args.args if each.annotation})
        result = self._language.types[ast.unparse(node.returns) if node.returns else "None"]
        if self._language.name == "Rust" and result:
            result = f" -> {result}"
        head = self._language.function.format(
            name=self._spelled(node.name), parameters=", ".join(map(self._parameter, node.args.args)), result=result
        )
        return [f"{head.rstrip()} {{", *_indented(self._block(node.body), 1), "}"]

    def _parameter(self, node: ast.arg) -> str:
        kind = ast.unparse(node.annotation) if node.annotation else "int"
        written, wording = self._language.types[kind], self._language.parameter
        name = self._spelled(node.arg)
        if self._language.name == "Rust":
            changed = node.arg in self._assigned
            written = ("&mut [i64]" if changed else "&[i64]") if kind == "list[int]" else written
            name = f"mut {name}" if changed and kind != "list[int]" else name
        text = _tidy(wording.format(name=name, type=written))
        return f"{text}, int {name}_length" if self._language.name == "C" and kind == "list[int]" else text

    def _block(self, body: Sequence[ast.stmt]) -> list[str]:
        return [line for statement in body for line in self._statement(statement)]

    def _statement(self, node: ast.stmt) -> list[str]:  # noqa: PLR0911 - a case for each kind of statement
        end = self._language.end
        match node:
            case ast.AnnAssign():
                return self._declaration(node)
            case ast.Assign([target], value):
                return [f"{self._expression(target)} = {self._expression(value)}{end}"]
            case ast.Return(value):
                return [f"return {self._expression(value)}{end}" if value else f"return{end}"]
            case ast.Expr(ast.Call(ast.Name("print"), [value])):
                return [self._shown(value) + end]
            case ast.Expr(value):
                return [self._expression(value) + end]
            case ast.If():
                return self._if(node, "if")
            case ast.While(test, body):
                word = "for" if self._language.name == "Go" else "while"
                return self._braced(self._language.test.format(word=word, condition=self._expression(test)), body)
            case ast.For(ast.Name(name), ast.Call(_, bounds), body):
                return self._loop(name, bounds, body)
        raise ValueError("not in the small language")

    def _declaration(self, node: ast.AnnAssign) -> list[str]:
        assert isinstance(node.target, ast.Name)
        assert node.value is not None
        kind, name, value = ast.unparse(node.annotation), self._spelled(node.target.id), self._expression(node.value)
        if kind == "list[int]" and self._language.name == "C":
            return [f"int {name}[] = {value};", f"int {name}_length = sizeof {name} / sizeof {name}[0];"]
        written = self._language.types[kind]
        if self._language.name == "Rust":
            changed = node.target.id in self._assigned or self._is_changed_list(node.target.id)
            name = f"mut {name}" if changed else name
            written = f"[i64; {len(node.value.elts)}]" if isinstance(node.value, ast.List) else written
        return [_tidy(self._language.declare.format(type=written, name=name, value=value)) + self._language.end]

    def _is_changed_list(self, name: str) -> bool:
        calls = [node for each in self._main for node in ast.walk(each) if isinstance(node, ast.Call)]
        return any(ast.unparse(call.args[0]) == name and self._changes_list(call) for call in calls if call.args)

    def _changes_list(self, call: ast.Call) -> bool:
        function = self._functions.get(ast.unparse(call.func))
        return function is not None and any(
            isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store) for node in ast.walk(function)
        )

    def _if(self, node: ast.If, word: str) -> list[str]:
        lines = self._braced(self._language.test.format(word=word, condition=self._expression(node.test)), node.body)
        match node.orelse:
            case []:
                return lines
            case [ast.If() as following]:
                rest = self._if(following, "else if")
            case _:
                rest = self._braced("else", node.orelse)
        return [*lines[:-1], f"}} {rest[0]}", *rest[1:]]

    def _loop(self, name: str, bounds: Sequence[ast.expr], body: Sequence[ast.stmt]) -> list[str]:
        start, stop = ("0", bounds[0]) if len(bounds) == 1 else (self._expression(bounds[0]), bounds[1])
        used = any(isinstance(node, ast.Name) and node.id == name for each in body for node in ast.walk(each))
        spelled = name if used or self._language.name != "Rust" else f"_{name}"
        return self._braced(self._language.loop.format(name=spelled, start=start, stop=self._expression(stop)), body)

    def _braced(self, head: str, body: Sequence[ast.stmt]) -> list[str]:
        return [f"{head} {{", *_indented(self._block(body), 1), "}"]

    def _shown(self, node: ast.expr) -> str:
        value = self._expression(node)
        kind = self._kind(node)
        if self._language.formats and kind == "bool":
            value = f'{value} ? "true" : "false"'
        return self._language.show.format(value=value, format=self._language.formats.get(kind, ""))

    def _kind(self, node: ast.expr) -> str:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            function = self._functions.get(node.func.id)
            return ast.unparse(function.returns) if function and function.returns else "str"
        return "str" if isinstance(node, ast.Constant) and isinstance(node.value, str) else "int"

    def _expression(self, node: ast.expr) -> str:  # noqa: C901, PLR0911 - a case for each kind of expression
        match node:
            case ast.Constant(bool(value)):
                return str(value).lower()
            case ast.Constant(str(value)):
                return f'"{value}"'
            case ast.Constant(value):
                return str(value)
            case ast.Name(name):
                return self._spelled(name)
            case ast.UnaryOp(ast.USub(), operand):
                return f"-{self._expression(operand)}"
            case ast.BinOp():
                return self._binary(node)
            case ast.Compare(left, [symbol], [right]):
                return self._comparison(left, symbol, right)
            case ast.Subscript(box, place):
                return f"{self._expression(box)}[{self._index(place)}]"
            case ast.List(items):
                return self._language.list_of.format(items=", ".join(map(self._expression, items)))
            case ast.Call(ast.Name(name), arguments):
                return self._call(node, name, arguments)
        raise ValueError("not in the small language")

    def _index(self, node: ast.expr) -> str:
        text = self._expression(node)
        if self._language.name != "Rust" or text.isdigit():
            return text
        return f"{text} as usize" if text.isidentifier() else f"({text}) as usize"

    def _binary(self, node: ast.BinOp) -> str:
        left, right = self._operand(node.left, node.op), self._operand(node.right, node.op, right=True)
        if isinstance(node.op, ast.FloorDiv):
            return self._language.floor_divide.format(left=left, right=right)
        return f"{left} {_SYMBOLS[type(node.op)]} {right}"

    def _operand(self, node: ast.expr, above: ast.operator, right: bool = False) -> str:
        text = self._expression(node)
        if not isinstance(node, ast.BinOp):
            return text
        sums = (ast.Add, ast.Sub)
        looser = isinstance(node.op, sums) and not isinstance(above, sums)
        return f"({text})" if looser or (right and isinstance(above, ast.Sub | ast.FloorDiv | ast.Mod)) else text

    def _comparison(self, left: ast.expr, symbol: ast.cmpop, right: ast.expr) -> str:
        texts = [self._expression(left), self._expression(right)]
        if isinstance(symbol, ast.Eq) and any(self._is_text(side) for side in (left, right)):
            return self._language.texts_equal.format(left=texts[0], right=texts[1])
        sign = _COMPARES[type(symbol)]
        sign = sign.replace("==", "===").replace("!=", "!==") if self._language.equals == "===" else sign
        return f"{texts[0]} {sign} {texts[1]}"

    def _is_text(self, node: ast.expr) -> bool:
        return isinstance(node, ast.Name) and self._names.get(node.id) == "str"

    def _call(self, node: ast.Call, name: str, arguments: Sequence[ast.expr]) -> str:
        if name == "len":
            return self._language.length.format(value=self._expression(arguments[0]))
        if name == "reverse":
            return self._language.reversed_text.format(value=self._expression(arguments[0]))
        texts = [self._argument(node, argument) for argument in arguments]
        return f"{self._spelled(name)}({', '.join(texts)})"

    def _argument(self, call: ast.Call, node: ast.expr) -> str:
        text = self._expression(node)
        if not (isinstance(node, ast.Name) and self._names.get(node.id) == "list[int]"):
            return text
        if self._language.name == "C":
            return f"{text}, {text}_length"
        if self._language.name == "Rust":
            return f"&mut {text}" if self._changes_list(call) else f"&{text}"
        return text

    def _spelled(self, name: str) -> str:
        if not self._language.camel:
            return name
        return re.sub(r"_([a-z])", lambda match: match[1].upper(), name)


def _indented(lines: Sequence[str], level: int) -> list[str]:
    return [f"{_INDENT * level}{line}" if line else line for line in lines]


def _tidy(text: str) -> str:
    return text.replace("* ", "*").strip()
