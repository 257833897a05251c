"""Text that others wrote, made harmless for a terminal."""

from rich.text import Text

_CONTROLS = {code: None for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}


def harmless(text: str) -> str:
    """Returns a text without the characters that would control a terminal."""
    return text.translate(_CONTROLS)


def clean(text: str, style: str = "") -> Text:
    """Returns a harmless text to print."""
    return Text(harmless(text), style)
