"""Server-sent events without I/O, as the WHATWG's HTML standard defines the stream."""

import codecs
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServerSentEvent:
    """One event: `data` joins its data lines with line feeds; `event` is empty where not named."""

    data: str
    event: str = ""


class SseParser:
    """Cuts bytes into events, wherever the bytes were cut before.

    Raises `UnicodeDecodeError` for bytes that are no UTF-8.
    """

    def __init__(self) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8")().decode
        self._rest = ""
        self._skip_line_feed = False
        self._started = False
        self._event = ""
        self._data: list[str] = []

    def feed(self, data: bytes) -> list[ServerSentEvent]:
        """Takes the next bytes and returns the events that they complete."""
        return self._take(self._decode(data))

    def close(self) -> list[ServerSentEvent]:
        """Ends the stream and returns an event that lacks only its blank line.

        The standard drops such an event; providers do leave out the last blank line, so it is kept.
        """
        text = self._decode(b"", final=True)
        return self._take(text + "\n\n" if text or self._rest or self._data else "")

    def _take(self, text: str) -> list[ServerSentEvent]:
        if not text:
            return []
        if not self._started:
            self._started = True
            text = text.removeprefix("\ufeff")
        if self._skip_line_feed:
            text = text.removeprefix("\n")
        # A carriage return at the end may be half of a CR LF: it ends the line now, and the line feed
        # that may follow is skipped.
        self._skip_line_feed = text.endswith("\r")
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        *lines, self._rest = (self._rest + text).split("\n")
        return [event for line in lines if (event := self._line(line)) is not None]

    def _line(self, line: str) -> ServerSentEvent | None:
        if not line:
            return self._dispatch()
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
        elif name == "event":
            self._event = value
        return None

    def _dispatch(self) -> ServerSentEvent | None:
        data, event = self._data, self._event
        self._data, self._event = [], ""
        return ServerSentEvent("\n".join(data), event) if data else None
