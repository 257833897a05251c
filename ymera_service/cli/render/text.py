"""Makes visible what text of models, providers or plugins could do unseen to a terminal or its reader."""

import re

from rich.text import Text

_UNSEEN = re.compile(
    "["
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # controls, of terminals too, except tab and newline
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # order text from right to left
    "\u2028\u2029"  # ends of lines and paragraphs
    "\ufeff\ufff9-\ufffb"  # byte order mark, annotations
    "\U000e0000-\U000e0fff"  # tags and further variation selectors, which can hide whole sentences
    "\ud800-\udfff"  # half characters
    "]"
)


def harmless(text: str) -> str:
    r"""Returns a text in which such characters are written as escapes, such as \x1b and \u202e; \r\n becomes \n."""
    return _UNSEEN.sub(_escape, text.replace("\r\n", "\n"))


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def harmless_json(document: str) -> str:
    """Returns a JSON document of the same meaning in which such characters are JSON's own escapes.

    Lines of an indented document are kept; within strings, JSON has no newlines or tabs.
    """
    return _UNSEEN.sub(_json_escape, document)


def _json_escape(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be", errors="surrogatepass").hex()
    return "".join(f"\\u{units[i : i + 4]}" for i in range(0, len(units), 4))


def clean(text: str, style: str = "") -> Text:
    """Returns a styled text for rich; see `harmless`."""
    return Text(harmless(text), style)
