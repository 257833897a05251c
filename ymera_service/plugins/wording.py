"""Turns what a plugin raises into a text that can be logged, stored and sent, whatever it is."""

import traceback
from collections.abc import Callable

from ymera_service.sdk.error_texts import LONGEST_MESSAGE

_LONGEST_READ = 8 * LONGEST_MESSAGE
"""Characters that are searched for secrets. More than is shown, so that no secret is cut and then not recognised."""


def words(error: BaseException | str, redact: Callable[[str], str] = str) -> str:
    """Returns the type and message of an exception, or a text: short, without secrets, and encodable as UTF-8."""
    text = redact(_text(error)[:_LONGEST_READ])
    shown = text if len(text) <= LONGEST_MESSAGE else f"{text[:LONGEST_MESSAGE]}…"
    return shown.encode(errors="replace").decode()


def trace(error: BaseException, redact: Callable[[str], str] = str) -> str:
    """Returns the innermost frames of an exception and its text; short, unlike what loggers make of `exc_info`."""
    frames = "".join(traceback.format_tb(error.__traceback__, limit=-5))
    return f"{frames[-2 * LONGEST_MESSAGE :]}{words(error, redact)}"


def _text(error: BaseException | str) -> str:
    if isinstance(error, str):
        return error
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:  # noqa: BLE001  # the message of an exception is a plugin's code, too
        return type(error).__name__
