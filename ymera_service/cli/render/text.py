"""Removes control characters from text that models, providers or plugins wrote."""

from rich.text import Text

_CONTROLS = {code: None for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}


def harmless(text: str) -> str:
    """Returns a text without the characters that control a terminal."""
    return text.translate(_CONTROLS)


def clean(text: str, style: str = "") -> Text:
    """Returns a styled text for rich, without control characters."""
    return Text(harmless(text), style)
