"""Characters beyond U+FFFF whose two escaped halves come in two documents of a stream."""

import re

_FIRST = re.compile(r"(?<!\\)((?:\\\\)*)(\\u[dD][89abAB][0-9a-fA-F]{2})(?=\")")
_SECOND = re.compile(r"(?<=\")\\u[dD][c-fC-F][0-9a-fA-F]{2}")


class EscapedHalves:
    """Moves a first half at the end of a string to the beginning of the strings in the next document."""

    __slots__ = ("_first",)

    def __init__(self) -> None:
        self._first = ""

    def join(self, document: str) -> str:
        """Returns the next document of a stream with whole characters; a half without its other half is dropped."""
        if not (self._first or "\\ud" in document or "\\uD" in document):
            return document
        first, self._first = self._first, ""
        if first:
            document = _SECOND.sub(lambda second: first + second[0], document)
        return _FIRST.sub(self._hold, document)

    def _hold(self, first: re.Match[str]) -> str:
        self._first = first[2]
        return first[1]
