"""The texts of errors: bounded, and such that they can be stored and sent."""

from collections.abc import Callable
from dataclasses import dataclass

LONGEST_MESSAGE = 2048
"""Characters. Messages are logged, stored and sent, and a provider's error text may have megabytes."""
LONGEST_FACT = 512
"""Characters of each other text of an error, such as a provider's code."""
LONGEST_WAIT = 365 * 24 * 3600.0
"""Seconds. A `retry_after` that is longer, negative or not a number is dropped as useless."""


@dataclass(frozen=True, slots=True)
class FieldViolation:
    """One invalid field: its path, such as `prompt.messages[0].parts`, and the remedy."""

    field: str
    description: str


def shown(text: str, longest: int) -> str:
    """Returns a text that can be stored and sent: HTTP headers and JSON escapes may contain unpaired surrogates."""
    if len(text) > longest:
        text = f"{text[:longest]}…"
    return text if text.isascii() else text.encode(errors="replace").decode()


def redacted(text: object, redact: Callable[[str], str], longest: int) -> str:
    """Returns a text as `shown`, after a function has removed secrets from it."""
    # More is searched for secrets than is shown, so that none is cut and then not recognised.
    return shown(redact(str(text)[: 8 * LONGEST_MESSAGE]), longest)


def fact(value: object) -> str | None:
    """Returns a text of an error as it is kept; None if it says nothing."""
    return shown(str(value), LONGEST_FACT) if value else None
