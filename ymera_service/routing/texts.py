"""Figures and names in sentences for people. All are bounded, as decisions are stored and have to stay small."""

LONGEST_NAME = 64
"""Characters of a model's id or a pattern within a sentence."""


def clipped(text: str, limit: int = LONGEST_NAME) -> str:
    """Returns a text of at most `limit` characters, the last one an ellipsis if it was longer."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…" if limit else ""


def dollars(micros: int) -> str:
    """Returns an amount of micro-USD."""
    return f"${micros / 1_000_000:.6f}"
