"""Finds which fields of the contract's messages the code in `api` reads and writes, without running it.

Reading is followed by types: what a parameter's annotation says, and what fields, loops and assignments make of it. Our
code writes messages as dictionaries of fields; one writes the messages that have all of its keys.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import ModuleType

from google.protobuf.descriptor import Descriptor, FieldDescriptor

SMALL = 4
"""Fields from which on a message is not small."""
Types = frozenset[Descriptor]
NOTHING: Types = frozenset()


def reachable(tops: Iterable[Descriptor]) -> list[Descriptor]:
    """Returns messages and those in their fields, of this contract only, each once."""
    found: dict[str, Descriptor] = {}
    waiting = list(tops)
    while waiting:
        message = waiting.pop()
        if message.full_name in found or not message.full_name.startswith("ymera."):
            continue
        found[message.full_name] = message
        waiting += [inner for field in message.fields if (inner := _inner(field)) is not None]
    return [message for message in found.values() if not message.GetOptions().map_entry]


def _inner(field: FieldDescriptor) -> Descriptor | None:
    """Returns the message that a field holds; of a map, that of its values."""
    message = field.message_type
    if message is not None and message.GetOptions().map_entry:
        value: Descriptor | None = message.fields_by_name["value"].message_type
        return value
    return message


class Reader(ast.NodeVisitor):
    """Follows the messages through one module; `read` holds the fields that it reads, as `ymera.v1.Prompt.tools`."""

    def __init__(self, tree: ast.Module, modules: Mapping[str, ModuleType]) -> None:
        self.read: set[str] = set()
        self._aliases = dict(_aliases(tree, modules))
        self._constants = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
        self._types: dict[str, Types] = {}
        self.visit(tree)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:  # ast's name
        """Reads a function with the types of its parameters."""
        outer, self._types = self._types, dict(self._types)
        for parameter in (*node.args.args, *node.args.kwonlyargs):
            if parameter.annotation is not None:
                self._types[parameter.arg] = self._annotated(parameter.annotation)
        for statement in node.body:
            self._bind(statement)
        for statement in node.body:
            self.visit(statement)
        self._types = outer

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815  # ast's name

    def visit_Attribute(self, node: ast.Attribute) -> None:
        """Notes a field that is read."""
        self._note(self._infer(node.value), node.attr)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        """Notes fields that are named by a text."""
        match node:
            case ast.Call(func=ast.Attribute(value=owner, attr="HasField"), args=[ast.Constant(value=str(name))]):
                self._note(self._infer(owner), name)
            case ast.Call(func=ast.Name(id="getattr"), args=[owner, ast.Constant(value=str(name))]):
                self._note(self._infer(owner), name)
            case (
                ast.Call(func=ast.Name(id="getattr"), args=[owner, *_])
                | ast.Call(func=ast.Attribute(value=owner, attr="ListFields" | "SerializeToString"))
            ):
                # By a name that is computed: of those that the module has as texts.
                for message in self._infer(owner):
                    for field in message.fields:
                        if field.name in self._constants:
                            self._note(frozenset({message}), field.name)
        named = [str(each.value) for each in node.args if isinstance(each, ast.Constant)]
        for argument in node.args:
            for each in named:  # a helper reads the field of that name
                self._note(self._infer(argument), each)
        self.generic_visit(node)

    def _note(self, owners: Types, name: str) -> None:
        self.read |= {f"{owner.full_name}.{name}" for owner in owners if name in owner.fields_by_name}

    def _bind(self, statement: ast.stmt) -> None:
        """Learns the types of the names that a statement assigns, loops included."""
        for node in ast.walk(statement):
            match node:
                case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation):
                    self._types[name] = self._annotated(annotation) or self._types.get(name, NOTHING)
                case ast.Assign(targets=[target], value=value):
                    self._assign(target, value)
                case ast.For(target=target, iter=items) | ast.comprehension(target=target, iter=items):
                    self._assign(target, items)

    def _assign(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            for one, other in zip(target.elts, value.elts, strict=True):
                self._assign(one, other)
        elif isinstance(target, ast.Tuple):
            for one in target.elts:  # of `enumerate`, `zip` and `items`: whichever of them it is
                self._assign(one, value)
        elif isinstance(target, ast.Name) and (types := self._infer(value)):
            self._types[target.id] = self._types.get(target.id, NOTHING) | types

    def _infer(self, node: ast.expr) -> Types:
        """Returns which messages an expression may be, or hold."""
        match node:
            case ast.Name(id=name):
                return self._types.get(name, NOTHING)
            case ast.Attribute(value=owner, attr=name):
                fields = [one.fields_by_name[name] for one in self._infer(owner) if name in one.fields_by_name]
                return frozenset(inner for field in fields if (inner := _inner(field)) is not None)
        return NOTHING.union(*map(self._infer, _parts(node)))

    def _annotated(self, annotation: ast.expr) -> Types:
        found: set[Descriptor] = set()
        for node in ast.walk(annotation):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                module = self._aliases.get(node.value.id)
                if module is not None and node.attr in module.DESCRIPTOR.message_types_by_name:
                    found.add(module.DESCRIPTOR.message_types_by_name[node.attr])
        return frozenset(found)


def _parts(node: ast.expr) -> list[ast.expr]:
    """Returns the expressions of which one holds what a whole one does."""
    match node:
        case ast.Call(func=ast.Attribute(value=owner), args=arguments):
            return [owner, *arguments]
        case ast.Call(args=arguments):
            return arguments
        case ast.Subscript(value=owner):
            return [owner]
        case ast.IfExp(body=one, orelse=other):
            return [one, other]
        case ast.ListComp(elt=element) | ast.GeneratorExp(elt=element):
            return [element]
    return []


def _aliases(tree: ast.Module, modules: Mapping[str, ModuleType]) -> Iterator[tuple[str, ModuleType]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "ymera.v1":
            yield from ((each.asname or each.name, modules[each.name]) for each in node.names)


def fields_read(folder: Path, modules: Mapping[str, ModuleType]) -> set[str]:
    """Returns the fields that the code in a folder reads."""
    trees = [ast.parse(path.read_text()) for path in sorted(folder.rglob("*.py"))]
    return set[str]().union(*(Reader(tree, modules).read for tree in trees))


class Written:
    """What the code in a folder writes: whole dictionaries of fields, and names of single fields that join others."""

    def __init__(self, folder: Path) -> None:
        self._whole: list[frozenset[str]] = []
        self._parts: set[str] = set()
        for path in sorted(folder.rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                self._take(node)

    def has(self, message: Descriptor, name: str) -> bool:
        """Returns whether a field is written.

        One key alone would fit many messages, so that it counts only if it joins others, or in a small message.
        """
        fields, small = frozenset(message.fields_by_name), len(message.fields) < SMALL
        whole = any(name in keys and keys <= fields and (small or len(keys) > 1) for keys in self._whole)
        return whole or name in self._parts or f"{message.name}.{name}" in self._parts

    def _take(self, node: ast.AST) -> None:
        match node:
            case ast.Dict(keys=keys, values=values):
                names = frozenset(str(key.value) for key in keys if isinstance(key, ast.Constant))
                self._whole.append(names)
                self._parts |= names if None in keys else set()
                self._parts |= {str(each.value) for each in values if isinstance(each, ast.Constant)}
            case (
                ast.AnnAssign(annotation=ast.Name(id="Fields"), value=ast.Dict(keys=keys))
                | ast.BinOp(op=ast.BitOr(), right=ast.Dict(keys=keys))
            ):
                self._parts |= {str(key.value) for key in keys if isinstance(key, ast.Constant)}
            case ast.Call(func=ast.Attribute(value=ast.Attribute(attr=name), attr="add" | "append" | "extend")):
                self._parts.add(name)
            case ast.Call(func=ast.Attribute(attr=message), keywords=[_, *_] as keywords):
                self._parts |= {f"{message}.{keyword.arg}" for keyword in keywords}
            case (
                ast.Call(args=[ast.Constant(value=str(name)), *_])
                | ast.Tuple(elts=[ast.Constant(value=str(name)), ast.Name()])
            ):
                self._parts.add(name)  # a field beside what it holds, or what converts that
