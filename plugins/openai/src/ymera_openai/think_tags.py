"""Separates thinking from text where a model marks it by tags in its text."""

from ymera_service.sdk.events import ReasoningDelta, TextDelta

_OPEN, _CLOSE = "<think>", "</think>"


class ThinkTags:
    """Splits the text of one answer, however it is cut. Only tags at its beginning count."""

    def __init__(self) -> None:
        self._tag = _OPEN
        """The tag that is looked for next; empty when the answer itself has begun."""
        self._held = ""
        """Text that may be a part of that tag."""
        self._said = False
        """Whether the thinking, or the answer after it, has begun; white space before it is dropped."""

    def split(self, text: str) -> list[TextDelta | ReasoningDelta]:
        """Takes the next text and returns what is known of it."""
        found: list[TextDelta | ReasoningDelta] = []
        text, self._held = self._held + text, ""
        if self._tag == _OPEN:
            begun = text.lstrip()
            if len(begun) < len(_OPEN) and _OPEN.startswith(begun):
                self._held = text
                return found
            self._tag = _CLOSE if begun.startswith(_OPEN) else ""
            text, self._said = (begun.removeprefix(_OPEN), False) if self._tag else (text, True)
        if self._tag == _CLOSE:
            thought, closed, text = text.partition(_CLOSE)
            if not closed:
                kept = _kept(thought)
                thought, self._held = thought[: len(thought) - kept], thought[len(thought) - kept :]
            self._add(found, thought, ReasoningDelta)
            if not closed:
                return found
            self._tag, self._said = "", False
        self._add(found, text, TextDelta)
        return found

    def rest(self) -> list[TextDelta | ReasoningDelta]:
        """Returns what was held back when the answer ends."""
        held, self._held = self._held, ""
        if not held:
            return []
        return [ReasoningDelta(held) if self._tag == _CLOSE else TextDelta(held)]

    def _add(
        self, found: list[TextDelta | ReasoningDelta], text: str, kind: type[TextDelta] | type[ReasoningDelta]
    ) -> None:
        text = text if self._said else text.lstrip()
        if text:
            self._said = True
            found.append(kind(text))


def _kept(text: str) -> int:
    """Returns how many characters at the end of a text may begin the closing tag."""
    return next((size for size in range(len(_CLOSE) - 1, 0, -1) if text.endswith(_CLOSE[:size])), 0)
