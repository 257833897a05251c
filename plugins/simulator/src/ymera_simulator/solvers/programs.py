"""Writes well-known programs on request."""

import ast
import re
from collections.abc import Callable

from ymera_simulator.code.catalogue import program_for
from ymera_simulator.code.languages import BRACES
from ymera_simulator.code.printer import in_language
from ymera_simulator.code.shell import in_bash
from ymera_simulator.solvers.question import Question, Solution

_WANTED = re.compile(
    r"\b(?:write|create|implement|give|show|generate|make|code|need|can you|how (?:do|can|to|would))\b"
)
_THING = re.compile(
    r"\b(?:program|function|code|script|method|algorithm|implementation|hello,? ?world|fizz ?-?buzz|class|"
    r"snippet|loop|python|javascript|java|rust|golang|bash)\b"
)
_IN_LANGUAGE = re.compile(r"\bin (?:go|c|typescript|ts|js|node)\b")
_OTHER_LANGUAGES = re.compile(
    r"\b(?:haskell|ruby|perl|php|swift|kotlin|scala|lisp|elixir|erlang|cobol|fortran|pascal|sql|matlab|html|css|"
    r"assembly|prolog|julia|lua|r)\b|c\+\+|c#|f#"
)
_SHELL = re.compile(r"\b(?:bash|shell|sh)\b")


def solve_programs(question: Question) -> Solution | None:
    """Writes the program that is asked for in the language that is named, in Python where none is."""
    text = question.lower
    if (
        not (_WANTED.search(text) and (_THING.search(text) or _IN_LANGUAGE.search(text)))
        or len(text) > 600
        or _OTHER_LANGUAGES.search(text)
    ):
        return None
    program = program_for(text)
    if program is None:
        return None
    fence, write = _writer(text)
    source = program.source.strip() + "\n"
    return Solution(_fenced(fence, write(source)), _fenced(fence, write(_off_by_one(source))))


def _writer(text: str) -> tuple[str, Callable[[str], str]]:
    if _SHELL.search(text):
        return "bash", in_bash
    language = next((language for language in BRACES if re.search(language.asked_by, text)), None)
    if language is None or re.search(r"\bpython\b", text):
        return "python", _in_python
    return language.fence, lambda source: in_language(source, language)


def _in_python(source: str) -> str:
    return re.sub(r"\breverse\((\w+|\"[^\"]*\")\)", r"\1[::-1]", source).replace("\n\n", "\n\n\n")


def _fenced(fence: str, code: str) -> str:
    return f"```{fence}\n{code}```"


class _Slip(ast.NodeTransformer):
    def __init__(self) -> None:
        self.done = False

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        if self.done:
            return node
        self.done = True
        if isinstance(node.value, str):
            return ast.Constant(node.value[1:])
        return ast.Constant(not node.value if isinstance(node.value, bool) else node.value + 1)  # type: ignore[operator]  # the small language has numbers, texts and truths


def _off_by_one(source: str) -> str:
    """Returns the program with its first constant wrong."""
    tree = ast.parse(source)
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    slip = _Slip()
    for node in functions or tree.body:
        slip.visit(node)
    return ast.unparse(tree) + "\n"
