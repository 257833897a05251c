"""Wordings that several templates share."""

import random
from collections.abc import Sequence

PEOPLE = (
    "Amira",
    "Ben",
    "Chiara",
    "Dmitri",
    "Elena",
    "Farid",
    "Grace",
    "Hiro",
    "Ines",
    "Jonas",
    "Kemi",
    "Luca",
    "Mei",
    "Noor",
)
NUMBER_ONLY = (
    "Answer with the number only.",
    "Give just the number.",
    "End with a line 'Answer: <number>'.",
    "Reply with a single number.",
)
WORD_ONLY = (
    "Answer with that word only.",
    "Reply with the word alone.",
    "Give only the word.",
    "End with a line 'Answer: <word>'.",
)


def number_question(draw: random.Random, question: str) -> str:
    """Adds the instruction on the form of a number."""
    return f"{question} {draw.choice(NUMBER_ONLY)}"


def word_question(draw: random.Random, question: str) -> str:
    """Adds the instruction on the form of a word."""
    return f"{question} {draw.choice(WORD_ONLY)}"


def in_words(items: Sequence[str], last: str = "and") -> str:
    """Returns `a, b and c`."""
    return f"{', '.join(items[:-1])} {last} {items[-1]}"
