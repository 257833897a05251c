"""Programs that models wrote are run where they can do nothing but compute."""

import time

import pytest
from ymera_demanding.programs import Program
from ymera_demanding.sandbox import LONGEST, SECONDS, NotRunnable, run
from ymera_demanding.suite import DemandingSuite, draft

from ymera_service.sdk.benchmarks import BenchmarkTask
from ymera_service.sdk.content import user
from ymera_service.sdk.generation import Prompt

DOUBLE = Program("?", "double", [((1,), 2), ((4,), 8), (([1, 2],), [1, 2, 1, 2])], "")


@pytest.mark.parametrize(
    ("written", "passed"),
    [
        ("```python\ndef double(x):\n    return 2 * x\n```", 3),
        ("Here it is:\n```python\ndef double(x):\n    return x * 2\n```\nIt doubles.\n```\nprint(double(3))\n```", 3),
        ("def double(x):\n    return 2 * x", 3),
        (
            "```\ndef double(x):\n    return x\n```\nBetter:\n```\ndef double(x: int) -> int:\n    return x + x\n```",
            3,
        ),
        ("```python\nprint('result 2')\ndef double(x):\n    return 2 * x\n```", 3),
        ("```python\ndef double(x):\n    return (x, x)[0] * 2 if x != 4 else 9\n```", 2),
        ("```python\ndef double(x):\n    return 2 ** x\n```", 1),
        ("```python\ndef double(x):\n    return 2 * x\n", 0),
        ("```python\ndef triple(x):\n    return 2 * x\n```", 0),
        ("```python\ndef double(x)\n    return 2 * x\n```", 0),
        ("I would multiply it by two.", 0),
    ],
)
def test_a_function_is_run_against_tests(written: str, passed: int) -> None:
    grade = DOUBLE.grade(written)
    assert grade.score == float(passed == 3)
    assert sum(each.passed for each in grade.findings) == passed


def test_tuples_and_lists_are_alike_and_other_types_are_not() -> None:
    pair = Program("?", "pair", [((1,), [1, (2, 3)])], "")
    assert pair.grade("```\ndef pair(x):\n    return (x, [2, 3])\n```").score == 1
    assert pair.grade("```\ndef pair(x):\n    return '[1, [2, 3]]'\n```").score == 0
    assert pair.grade("```\ndef pair(x):\n    return [True, [2, 3]]\n```").score == 0


@pytest.mark.parametrize(
    "code",
    [
        "open('/etc/passwd').read()",
        "import os\nprint(os.environ)",
        "import subprocess\nsubprocess.run(['ls'])",
        "import socket\nsocket.create_connection(('127.0.0.1', 1))",
        "__import__('os').system('ls')",
        "(1).__class__.__bases__[0].__subclasses__()",
        "from pathlib import Path\nprint(Path('/etc/hostname').read_text())",
    ],
)
def test_nothing_outside_can_be_reached(code: str) -> None:
    try:
        printed, problem = run(f"x = {code}\nprint(x)" if "\n" not in code else code)
    except NotRunnable:
        return
    assert problem, printed


@pytest.mark.parametrize(
    "code",
    [
        "while True:\n    pass",
        "x = [0] * 10 ** 10",
        "def f():\n    return f()\nf()",
        "x = 'a' * 10 ** 11",
        "9 ** 9 ** 9",
    ],
)
def test_what_takes_too_much_is_ended(code: str) -> None:
    began = time.monotonic()
    assert run(code)[1]
    assert time.monotonic() - began < 5 * SECONDS


def test_long_output_and_long_programs_are_bounded() -> None:
    assert len(run("for i in range(10 ** 6):\n    print('x' * 100)")[0]) < 300_000
    assert run("x = 1\n" * LONGEST)[1].startswith("the program has")


@pytest.mark.parametrize(
    "code", ["def f():\n    yield 1\nprint(list(f()))", "import heapq", "a = [1]\ndel a[0]", "'a'.maketrans('a', 'b')"]
)
async def test_what_the_sandbox_does_not_know_is_not_graded(code: str) -> None:
    with pytest.raises(NotRunnable):
        run(code)
    task = draft("coding/runs/1/1")
    assert isinstance(task, Program)
    written = f"```python\n{code}\n{task.sample.removeprefix('```python').removesuffix('```')}\n```"
    with pytest.raises(NotRunnable):
        await DemandingSuite().grade(BenchmarkTask("coding/runs/1/1", "coding", Prompt((user("?"),))), written)


def test_a_method_that_python_does_not_have_is_a_fault_of_the_program() -> None:
    assert "AttributeError" in run("'a'.reversed()")[1]
