"""Rules for texts that a model writes: each is one check, so that a finding names what is broken."""

import random
import re
from collections.abc import Callable, Sequence

from ymera_demanding.task import Draft
from ymera_service.sdk.grading.answers import Answer, Check

NAMES = ("Anna", "Ben", "Cleo", "Dan", "Eva", "Finn", "Gina", "Hugo")
"""Names of people."""
Holds = Callable[[Sequence[str]], bool]
"""Lines → whether the rule holds."""


def rows_of(answer: Answer) -> list[str]:
    """Returns the lines of an answer that are not empty."""
    return [line.strip() for line in answer.text.splitlines() if line.strip()]


def told_in(sentences: Sequence[str]) -> str:
    """Returns sentences as a text."""
    return ". ".join(sentences) + "."


def rule(holds: Holds) -> Check:
    """Returns the check of a rule for lines."""
    return lambda answer: float(bool(rows := rows_of(answer)) and holds(rows))


def words_of(row: str) -> list[str]:
    """Returns the words of a line, in lower case."""
    return re.findall(r"[a-z]+(?:'[a-z]+)?", row.lower())


def obeying(draw: random.Random, ask: str, rules: dict[str, Holds], lines: Sequence[str]) -> Draft:
    """Returns the task to write a text that obeys rules, which are told in any order; `lines` is one that does."""
    told = list(rules)
    draw.shuffle(told)
    question = f"{ask} Obey all of these rules:\n" + "\n".join(f"- {each}" for each in told) + "\nWrite the text only."
    assert all(holds(lines) for holds in rules.values()), [name for name, holds in rules.items() if not holds(lines)]
    return Draft(question, {name: rule(holds) for name, holds in rules.items()}, "\n".join(lines))
