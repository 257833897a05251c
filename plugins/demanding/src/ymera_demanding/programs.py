"""Tasks to write a function, which is run against tests."""

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ymera_demanding.sandbox import run
from ymera_service.sdk.benchmarks import Finding, Grade
from ymera_service.sdk.generation import Tool
from ymera_service.sdk.grading.answers import read

TESTS = 24
"""How many tests a function has to pass."""
_MARK = "\x02result "
_SHOWN = 160
"""Characters of a call and of a result that a finding shows."""
_HARNESS = """
def _plain(value):
    return [_plain(each) for each in value] if isinstance(value, (list, tuple)) else value
"""
_ASK = """Write a Python function with this signature:

    def {signature}:

{spec}

{examples}
It is run in a sandbox with a part of Python: without `del`, `yield`, input and output; of the standard library you may
import only math, re, itertools, functools, bisect and collections. Give the whole function in one code block."""


@dataclass(frozen=True, slots=True)
class Program:
    """A function to write. Like `Draft`, it has a question, a right answer, and grades what a model wrote.

    Attributes:
        name: The function's.
        tests: Arguments and the result that they have to give.
    """

    question: str
    name: str
    tests: Sequence[tuple[Sequence[Any], Any]]
    sample: str
    tools: Sequence[Tool] = ()

    def grade(self, written: str) -> Grade:
        """Returns 1 if the function passes every test, otherwise 0, with a finding for each test.

        Raises:
            NotRunnable: The sandbox can't run the program.
        """
        code = self._code(written)
        if not code:
            return Grade(0.0, [Finding("code", passed=False, detail=f"no code block has a function {self.name}")])
        calls = "\n".join(f"print({_MARK!r} + repr(_plain({_call(self.name, given)})))" for given, _ in self.tests)
        printed, problem = run(f"{code}\n{_HARNESS}\n{calls}\n")
        results = [line.removeprefix(_MARK) for line in printed.splitlines() if line.startswith(_MARK)]
        results += [problem] * (len(self.tests) - len(results))
        findings = [
            _finding(self.name, given, right, result)
            for (given, right), result in zip(self.tests, results, strict=False)
        ]
        return Grade(float(all(each.passed for each in findings)), findings)

    def _code(self, written: str) -> str:
        """Returns the last block that defines the function, or the whole text if it is nothing but code."""
        answer = read(written)
        define = re.compile(rf"^(?:async )?def {self.name}\s*\(", re.MULTILINE)
        blocks = [block for block in answer.blocks if define.search(block)]
        text = written.strip().removeprefix("[simulated] ")
        return blocks[-1] if blocks else text if define.match(text) else ""


def _call(name: str, given: Sequence[Any]) -> str:
    return f"{name}({', '.join(map(repr, given))})"


def _finding(name: str, given: Sequence[Any], right: Any, result: str) -> Finding:
    passed = result == repr(_plain(right))
    detail = "" if passed else f"returns {repr(_plain(right))[:_SHOWN]}, here: {result[:_SHOWN]}"
    return Finding(_call(name, given)[:_SHOWN], passed, detail)


def _plain(value: Any) -> Any:
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value


def program(
    draw: random.Random,
    signature: str,
    spec: str,
    source: str,
    given: Callable[[], Sequence[Any]],
) -> Program:
    """Returns the task to write a function.

    Args:
        draw: Draws the example.
        signature: The function's name and parameters.
        spec: What it has to do.
        source: A right one, which is also what the results are computed with.
        given: Draws the arguments of a test.
    """
    name = signature.partition("(")[0]
    space: dict[str, Any] = {}
    exec(source, space)  # noqa: S102 - from this package
    function = space[name]
    cases = [tuple(given()) for _ in range(TESTS)]
    made = [(case, function(*_copied(case))) for case in cases]
    made.sort(key=lambda each: len(repr(each)))
    shown = made[draw.randrange(len(made) // 2)]
    examples = f"Example: {_call(name, shown[0])} returns {_plain(shown[1])!r}.\n"
    question = _ASK.format(signature=signature, spec=spec.strip(), examples=examples)
    return Program(question, name, made, f"```python\n{source.strip()}\n```")


def _copied(case: Sequence[Any]) -> Sequence[Any]:
    return [_plain(each) if isinstance(each, list) else dict(each) if isinstance(each, dict) else each for each in case]
