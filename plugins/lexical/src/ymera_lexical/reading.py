"""The excerpt of a text that is read, and its words, numerals and signs.

Texts are split by `bytes.translate` and `str.split`, which take about a nanosecond per character; regular expressions
take ten.
"""

import re

from ymera_lexical.groups import GROUPS_OF

HEAD, TAIL = 500, 250
"""The number of characters that are read at the beginning and at the end of a long text."""

_WORD = re.compile(r"[^\W\d_]+(?:['+#-][^\W\d_]+|\+\+|#)*")
_LOOSE = re.compile(r"['+#-](?:(?<![a-z].)|(?![a-z]))")
"""A sign that is not between two letters. In an ASCII text without one, every piece is a word."""
_LETTERS = b"abcdefghijklmnopqrstuvwxyz"
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def _keep(characters: bytes) -> bytes:
    """Returns a table for `bytes.translate` that replaces all ASCII except `characters` by spaces."""
    return bytes(code if code > 127 or code in characters else 32 for code in range(256))


_OF_WORDS = _keep(_LETTERS + b"'+#-")
_OF_NUMBERS = _keep(b"0123456789.,")
_PLAIN = _LETTERS + _LETTERS.upper() + b" \t\r\n.,?!'_"


def _cjk_cues() -> re.Pattern[str]:
    """Returns a pattern for the words of the groups in scripts without spaces between words.

    It has one branch per first character, as branches are tried in turn.
    """
    cues: dict[str, list[str]] = {}
    for cue in sorted(filter(_CJK.match, GROUPS_OF), key=len, reverse=True):
        cues.setdefault(cue[0], []).append(cue[1:])
    return re.compile("|".join(f"{first}(?:{'|'.join(rests)})" for first, rests in cues.items()))


_CJK_CUES = _cjk_cues()


def excerpt(text: str) -> str:
    """Returns the beginning and the end of a text without the white space around it: at most 751 characters."""
    text = text.strip()
    return text if len(text) <= HEAD + TAIL else f"{text[:HEAD]}\n{text[-TAIL:]}"


def words_of(text: str) -> list[str]:
    """Returns the words of an excerpt, in lower case."""
    spaced = _mapped(text.lower().replace("’", "'"), _OF_WORDS)
    pieces = spaced.split()
    if spaced.isascii() and not _LOOSE.search(spaced):
        return pieces
    words: list[str] = []
    for piece in pieces:
        if piece.isalpha():
            words.append(piece)
        else:
            words += _WORD.findall(piece)
    return words + _CJK_CUES.findall(spaced) if is_cjk(signs_of(spaced)) else words


def numerals_of(text: str) -> str:
    """Returns the digits, points, commas and non-ASCII characters of a text, with a space for anything between."""
    return " ".join(_mapped(text, _OF_NUMBERS).split())


def signs_of(text: str) -> str:
    """Returns a text without ASCII letters, ASCII white space and `.,?!'_`."""
    return text.encode(*_UTF_8).translate(None, _PLAIN).decode(*_UTF_8)


def is_cjk(signs: str) -> bool:
    """Returns whether some signs of a text are Chinese, Japanese or Korean."""
    return not signs.isascii() and _CJK.search(signs) is not None


def _mapped(text: str, table: bytes) -> str:
    return text.encode(*_UTF_8).translate(table).decode(*_UTF_8)


_UTF_8 = ("utf-8", "surrogatepass")
"""JSON can escape a lone surrogate."""
