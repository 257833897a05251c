"""Programs that are written on request run, and print the same in every language."""

import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest
from ymera_simulator.code.catalogue import PROGRAMS, Program, program_for
from ymera_simulator.code.languages import BRACES, Language
from ymera_simulator.code.printer import in_language
from ymera_simulator.code.shell import in_bash
from ymera_simulator.solvers import solve

REQUESTS = {
    "hello world": "hello world",
    "FizzBuzz": "fizzbuzz",
    "factorial": "a factorial function",
    "Fibonacci numbers": "fibonacci numbers",
    "greatest common divisor": "a gcd function",
    "prime test": "a function that checks whether a number is prime",
    "sorted list": "a function to sort a list",
    "reversed string": "code to reverse a string",
    "palindrome test": "a palindrome check",
    "sum of a list": "a function for the sum of a list of numbers",
    "binary search": "binary search",
    "largest of a list": "a function that finds the maximum of a list",
}
RUN = {
    "python": ("main.py", "python3 main.py"),
    "javascript": ("main.js", "node main.js"),
    "c": ("main.c", "gcc -Wall -Werror -o main main.c && ./main"),
    "go": ("main.go", "go run main.go"),
    "java": ("Main.java", "java Main.java"),
    "rust": ("main.rs", "rustc -o main main.rs && ./main"),
    "bash": ("main.sh", "bash main.sh"),
}
COMPILED_SLOWLY = {"hello world", "FizzBuzz", "sorted list", "palindrome test", "binary search"}


@cache
def rust_works() -> bool:
    """Whether there is a compiler, and not only rustup's promise of one."""
    return subprocess.run(["rustc", "--version"], check=False, capture_output=True).returncode == 0


def output(fence: str, code: str, folder: Path) -> list[str]:
    name, command = RUN[fence]
    tools = [word for word in command.split() if word in {"python3", "node", "gcc", "go", "java", "rustc", "bash"}]
    if not all(map(shutil.which, tools)) or ("rustc" in tools and not rust_works()):
        pytest.skip(f"{tools} is not installed")
    (folder / name).write_text(code)
    done = subprocess.run(command, cwd=folder, shell=True, check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, f"{done.stderr}\n{code}"
    return done.stdout.splitlines()


def written(request: str) -> tuple[str, str]:
    solved = solve(request)
    assert solved is not None
    fence, _, code = solved.solution.answer.removeprefix("```").removesuffix("```").partition("\n")
    return fence, code


def expected(program: Program, folder: Path) -> list[str]:
    fence, code = written(f"Write {REQUESTS[program.name]} in Python")
    assert fence == "python"
    return [line.replace("True", "true") for line in output(fence, code, folder)]


@pytest.mark.parametrize("program", [each for each in PROGRAMS if each.name in REQUESTS], ids=lambda each: each.name)
@pytest.mark.parametrize("language", ["JavaScript", "C", "Bash", "Go", "Java", "Rust"])
def test_a_program_prints_the_same_in_every_language(program: Program, language: str, tmp_path: Path) -> None:
    if language in {"Go", "Java", "Rust"} and program.name not in COMPILED_SLOWLY:
        pytest.skip("compiled too slowly to try them all")
    if language == "Bash" and "list[" in program.source:
        assert solve(f"Write {REQUESTS[program.name]} in Bash") is None
        return
    fence, code = written(f"Write {REQUESTS[program.name]} in {language}")
    assert output(fence, code, tmp_path) == expected(program, tmp_path)


@pytest.mark.parametrize("language", BRACES, ids=lambda each: each.name)
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda each: each.name)
def test_every_program_is_said_in_every_language(program: Program, language: Language) -> None:
    assert in_language(program.source, language).strip()


@pytest.mark.parametrize(
    "program", [each for each in PROGRAMS if "list[" not in each.source], ids=lambda each: each.name
)
def test_every_program_without_lists_runs_in_bash(program: Program, tmp_path: Path) -> None:
    assert output("bash", in_bash(program.source), tmp_path)


def test_hello_world_is_what_it_should_be() -> None:
    assert written("Write hello world in Python") == ("python", 'print("Hello, World!")\n')


def test_requests_are_told_apart() -> None:
    found = {name: program_for(f"write {request} in python") for name, request in REQUESTS.items()}
    assert {name: each and each.name for name, each in found.items()} == {name: name for name in REQUESTS}


@pytest.mark.parametrize("request_", ["Write hello world in Haskell", "Write a web server in Go", "Write a poem"])
def test_what_it_can_not_write_it_leaves(request_: str) -> None:
    solved = solve(request_)
    assert solved is None or solved.solver != "programs"
