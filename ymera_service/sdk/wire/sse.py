"""Server-sent events without I/O, as the WHATWG's HTML standard defines the stream."""

from codecs import utf_8_decode
from dataclasses import dataclass


@dataclass(slots=True)
class ServerSentEvent:
    """One event: `data` joins its data lines with line feeds; `event` is empty if not named."""

    data: str
    event: str = ""


class SseParser:
    """Splits bytes into events, independently of how the bytes were split before.

    Takes time in proportion to the bytes, also if a long line arrives in small pieces. Raises
    `UnicodeDecodeError` for bytes that are not UTF-8, after it has returned the events before them.
    """

    __slots__ = ("_data", "_event", "_fault", "_line", "_part", "_skip_line_feed", "_started")

    def __init__(self) -> None:
        self._part = b""
        """Of a character, at the end of the bytes so far."""
        self._started = False
        self._skip_line_feed = False
        self._line: list[str] = []
        self._event = ""
        self._data: list[str] = []
        self._fault: UnicodeDecodeError | None = None

    def feed(self, data: bytes, *, final: bool = False) -> list[ServerSentEvent]:
        """Takes the next bytes, the last ones if `final`, and returns the events that they complete."""
        if self._fault is not None:
            raise self._fault
        try:
            text, length = utf_8_decode(data := self._part + data, "strict", final)
            self._part = data[length:]
            return self._events(self._lines(text))
        except UnicodeDecodeError as fault:
            self._fault = fault
            events = self._events(self._lines(fault.object[: fault.start].decode()))
            if not events:
                raise
            return events

    def close(self) -> list[ServerSentEvent]:
        """Ends the stream and returns an event that lacks only its blank line.

        The standard drops such an event; providers do leave out the last blank line, so it is returned.
        """
        return self.feed(b"", final=True) + self._events(["".join(self._line), ""])

    def _lines(self, text: str) -> list[str]:
        """Returns the lines that the text ends, and keeps the rest of it."""
        if not self._started and text:
            self._started = True
            text = text.removeprefix("\ufeff")
        if self._skip_line_feed and text:
            text = text.removeprefix("\n")
            self._skip_line_feed = False
        if "\r" in text:
            # A CR at the end may be half of a CR LF: it ends the line now, and a line feed that follows is skipped.
            self._skip_line_feed = text.endswith("\r")
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        lines = text.split("\n")
        rest = lines.pop()
        if lines and self._line:
            lines[0] = "".join((*self._line, lines[0]))
            self._line.clear()
        if rest:
            self._line.append(rest)
        return lines

    def _events(self, lines: list[str]) -> list[ServerSentEvent]:
        """Takes lines and returns the events that they complete."""
        events = []
        for line in lines:
            if line.startswith("data:"):
                self._data.append(line[6:] if line.startswith(" ", 5) else line[5:])
            elif not line:
                if self._data:
                    events.append(ServerSentEvent("\n".join(self._data), self._event))
                    self._data.clear()
                self._event = ""
            elif line.startswith("event:"):
                self._event = line[7:] if line.startswith(" ", 6) else line[6:]
            elif line == "data":
                self._data.append("")
            elif line == "event":
                self._event = ""
        return events
