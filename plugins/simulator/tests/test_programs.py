"""Programs that are written on request run, and print the same in every language."""

import shutil
import subprocess
from pathlib import Path

import pytest
from ymera_simulator.solvers import solve
from ymera_simulator.solvers.programs import programs

REQUESTS = {
    "hello world": "hello world",
    "fizzbuzz": "FizzBuzz",
    "factorial": "a factorial function",
    "fibonacci": "fibonacci numbers",
    "reverse string": "a function that reverses a string",
    "palindrome": "a palindrome check",
    "prime": "a function that checks whether a number is prime",
    "sum of a list": "a function for the sum of a list",
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
OFTEN = {"python", "javascript", "bash", "c"}
"""Languages that start fast; of the others hello world alone is run."""


def output(language: str, code: str, folder: Path) -> str:
    name, command = RUN[language]
    if shutil.which(command.split()[0]) is None or (language == "rust" and not rust_works()):
        pytest.skip(f"{language} is not installed")
    (folder / name).write_text(code)
    done = subprocess.run(command, cwd=folder, shell=True, check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, f"{done.stderr}\n{code}"
    return "".join(each for each in done.stdout.lower() if each.isalnum())


def rust_works() -> bool:
    """Whether there is a compiler, and not only rustup's promise of one."""
    return subprocess.run(["rustc", "--version"], check=False, capture_output=True).returncode == 0


def written(request: str) -> tuple[str, str]:
    solved = solve(request)
    assert solved is not None
    assert solved.solver == "program"
    assert solved.solution.slip != solved.solution.answer
    language, _, code = solved.solution.answer.removeprefix("```").removesuffix("```").partition("\n")
    return language, code


@pytest.mark.parametrize(("name", "language"), programs())
def test_a_program_prints_the_same_in_every_language(name: str, language: str, tmp_path: Path) -> None:
    found, code = written(f"Write {REQUESTS[name]} in {language}")
    assert found == language
    assert code == programs()[name, language]
    if language in OFTEN or name == "hello world":
        assert output(language, code, tmp_path) == output("python", programs()[name, "python"], tmp_path)


def test_hello_world_is_what_it_should_be() -> None:
    assert written("Write hello world in Python") == ("python", 'print("Hello, World!")\n')
    assert written("write a hello world program")[0] == "python"


@pytest.mark.parametrize(
    "request_",
    ["Write hello world in Haskell", "Write fizzbuzz in C++", "Write a web server in Go", "Write a poem about primes"],
)
def test_what_it_can_not_write_it_leaves(request_: str) -> None:
    assert solve(request_) is None
