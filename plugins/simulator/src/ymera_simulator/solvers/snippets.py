"""What a small Python program prints or returns: it is run."""

import ast
import re
import textwrap

from ymera_simulator.code.interpreter import Interpreter, Unsupported
from ymera_simulator.solvers.question import Question, Solution

_FENCED = re.compile(r"```(?:python|py|python3)?[ \t]*\n(.*?)```", re.DOTALL | re.IGNORECASE)
_INLINE = re.compile(r"`([^`\n]+)`")
_CALL = re.compile(
    r"(?:does|do|will|is|would|of|call(?:ing)?|returned by|evaluate)\s+`?([a-z_]\w*\(.*?\))`?\s*(?:return|print|"
    r"give|evaluate|output|produce|yield|\?|$|equal)",
    re.IGNORECASE,
)
_VALUE_OF = re.compile(
    r"(?:value of|what is|contents? of)\s+`?([a-z_]\w*)`?\s+(?:after|at the end|when|once|now|contain)", re.IGNORECASE
)
_MOST_LINES = 40
_ASKS = re.compile(
    r"\b(?:print|prints|printed|output|outputs|return|returns|returned|result|display|displays|value|evaluate|"
    r"evaluates|produce)\b",
    re.IGNORECASE,
)


def solve_snippet(question: Question) -> Solution | None:
    """Runs the program in the prompt and tells its output, or the value that is asked for."""
    if not _ASKS.search(question.text):
        return None
    source = _source(question.text)
    if source is None:
        return None
    interpreter = Interpreter()
    try:
        answer = _result(interpreter, source, question.text)
    except (Unsupported, SyntaxError, RecursionError):
        return None
    except (ValueError, TypeError, LookupError, ArithmeticError, NameError, AssertionError) as error:
        answer = type(error).__name__
    return Solution(answer, _slip(answer)) if answer else None


def _source(text: str) -> str | None:
    if fenced := _FENCED.search(text):
        return textwrap.dedent(fenced[1])
    return _unfenced(text) or next((code for code in _INLINE.findall(text) if _is_code(code)), None)


def _unfenced(text: str) -> str | None:
    """Takes the longest run of whole lines that is Python with a call or an assignment in it."""
    lines = text.splitlines()
    if len(lines) > _MOST_LINES:
        return None
    for length in range(len(lines), 0, -1):
        for start in range(len(lines) - length + 1):
            source = textwrap.dedent("\n".join(lines[start : start + length]))
            if _is_code(source):
                return source
    return None


def _is_code(source: str) -> bool:
    if not re.search(r"[(=\[]", source):
        return False
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return False
    return any(isinstance(node, ast.Call | ast.Assign | ast.BinOp | ast.Subscript) for node in ast.walk(tree))


def _result(interpreter: Interpreter, source: str, text: str) -> str:
    around = text.replace(source.strip(), " ")
    asked = _CALL.search(around) or _VALUE_OF.search(around)
    tree = ast.parse(source).body
    if len(tree) == 1 and isinstance(tree[0], ast.Expr) and not re.search(r"\bprint\(", source):
        return repr(interpreter.value(source))
    interpreter.run(source)
    if interpreter.output and not (asked and _VALUE_OF.search(around)):
        return interpreter.output
    if asked and not asked[1].startswith("print"):
        return repr(interpreter.value(asked[1]))
    return interpreter.output


def _slip(answer: str) -> str:
    """Returns an output as somebody reads it who is off by one."""
    found = list(re.finditer(r"\d+", answer))
    if found:
        last = found[-1]
        return f"{answer[: last.start()]}{int(last[0]) + 1}{answer[last.end() :]}"
    swapped = {"True": "False", "False": "True", "None": "0"}
    return swapped.get(answer) or (answer[:-1] if len(answer) > 1 else answer + answer)
