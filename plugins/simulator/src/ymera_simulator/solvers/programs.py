"""Well-known programs in several languages, and what a short Python program prints."""

import re
from functools import cache
from importlib.resources import files

from ymera_simulator.solvers.question import Question, Solution

_LANGUAGES = {
    "python": "python", "javascript": "javascript", "js": "javascript", "node": "javascript", "go": "go",
    "golang": "go", "java": "java", "c": "c", "rust": "rust", "bash": "bash", "shell": "bash",
}  # fmt: skip
_CUES = {
    "hello world": ("hello world", "hello, world"),
    "fizzbuzz": ("fizzbuzz", "fizz buzz"),
    "factorial": ("factorial",),
    "fibonacci": ("fibonacci",),
    "reverse string": ("reverse a string", "reverses a string", "reverse the string", "string reversal"),
    "palindrome": ("palindrome",),
    "prime": ("is prime", "prime number", "prime test", "primality"),
    "sum of a list": ("sum of a list", "sums a list", "sum a list", "sum of an array", "add up a list"),
}
"""Program → the phrases that request it."""
_SLIPS = (
    ("Hello, World!", "Helo, World!"),
    (".reverse()", ""),
    ("[::-1]", "[::1]"),
    ("15", "12"),
    ("% 2", "% 3"),
    ("1", "0"),
    ("0", "1"),
    ("==", "!="),
)
_ORDER = re.compile(r"\b(?:write|create|implement|show|give|generate|make|code)\b|^hello,? world in \w")
_IN_LANGUAGE = re.compile(r"\b(?:in|using) ([a-z]{1,12}(?:\+\+|#)?)(?![\w+#])|\b(python|bash|go|rust|java) \w")
_FENCED = re.compile(r"```(?:python|py)?\n([^`]{1,3000})```")
_PRINTS = re.compile(r"\b(?:print|prints|printed|output|outputs|display|displays|return|returns|evaluate)\b")

PRINTED = 4_000
"""Bytes that a program may print; more is refused."""


def solve_program(question: Question) -> Solution | None:
    """Returns a program of `programs.md`, in Python if no language is named."""
    low = question.lower[:400]
    name = next((each for each, cues in _CUES.items() if any(cue in low for cue in cues)), None)
    if name is None or not _ORDER.search(low):
        return None
    found = [one or other for one, other in _IN_LANGUAGE.findall(low)]
    known = [_LANGUAGES[each] for each in found if each in _LANGUAGES]
    if found and not known and found[-1] not in {"a", "an", "the", "one"}:
        return None
    language = known[0] if known else "python"
    code = programs().get((name, language))
    if code is None:
        return None
    slip = next(code.replace(right, wrong, 1) for right, wrong in _SLIPS if right in code)
    return Solution(_fenced(language, code), _fenced(language, slip))


def _fenced(language: str, code: str) -> str:
    return f"```{language}\n{code}```"


@cache
def programs() -> dict[tuple[str, str], str]:
    """Returns the programs of `programs.md` by name and language."""
    text = files("ymera_simulator").joinpath("solvers/programs.md").read_text("utf-8")
    found: dict[tuple[str, str], str] = {}
    for section in text.split("\n## ")[1:]:
        name, _, rest = section.partition("\n")
        for block in rest.split("\n```")[1::2]:
            language, _, code = block.partition("\n")
            found[name, language] = f"{code}\n"
    return found


def solve_printed(question: Question) -> Solution | None:
    """Runs a Python program and returns its output."""
    code = _FENCED.search(question.text)
    request = question.text.replace(code[0], " ") if code else ""
    if code is None or not _PRINTS.search(request.lower()):
        return None
    printed = _printed(code[1])
    return Solution(printed, _misread(printed)) if printed else None


def _printed(code: str) -> str:
    """Runs a program in a process of Monty, a sandboxed Python, within limits of time, memory and output."""
    from pydantic_monty import CollectString, Monty, MontyError, ResourceLimits  # noqa: PLC0415  # slow to import

    limits = ResourceLimits(
        max_feed_duration_secs=0.5, max_memory=32 << 20, max_recursion_depth=200, max_total_sleep_secs=0
    )
    output = CollectString(PRINTED)
    try:
        with Monty(max_processes=1, request_timeout=1) as pool, pool.checkout(limits=limits) as session:
            session.feed_run(code, print_callback=output)
    except MontyError:
        return ""
    return output.output.strip()


def _misread(printed: str) -> str:
    digit = re.search(r"\d(?!\d)", printed)
    if digit is None:
        return printed.swapcase()
    return printed[: digit.start()] + str((int(digit[0]) + 1) % 10) + printed[digit.end() :]
