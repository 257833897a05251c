"""Bodies of lines with a JSON document each (NDJSON, JSON Lines)."""

from collections.abc import Sequence

from ymera_service.sdk.errors import MalformedResponse, StreamInterrupted
from ymera_service.sdk.wire.body import BodyKind, kind_of
from ymera_service.sdk.wire.decoder import BodyDecoder
from ymera_service.sdk.wire.json_reader import LONGEST_DOCUMENT, read_json


class LineReader:
    """Splits bytes into lines, independently of how the bytes were split before, in time proportional to them.

    Raises `MalformedResponse` for a line of more than `longest` bytes.
    """

    __slots__ = ("_length", "_longest", "_pieces")

    def __init__(self, longest: int = LONGEST_DOCUMENT) -> None:
        self._longest = longest
        self._pieces: list[bytes] = []
        """The beginning of the next line."""
        self._length = 0

    def feed(self, data: bytes) -> list[bytes]:
        """Takes the next bytes and returns the lines that they end, without their ends."""
        *lines, rest = data.split(b"\n")
        if lines:
            lines[0] = self.close() + lines[0]
        if rest:
            self._pieces.append(rest)
            self._length += len(rest)
        if max(self._length, *map(len, lines), 0) > self._longest:
            raise MalformedResponse(f"the provider sent a line of more than {self._longest} bytes")
        return lines

    def close(self) -> bytes:
        """Returns what follows the last line end."""
        rest = b"".join(self._pieces)
        self._pieces.clear()
        self._length = 0
        return rest


class LinesDecoder(BodyDecoder):
    """A `BodyDecoder` for a stream of lines, each of which is the document of an event.

    An answer in one piece is a stream of one line. A document that goes on after its first line is read as a whole, as
    something between the provider and us may have set it in several lines.
    """

    def __init__(self) -> None:
        super().__init__()
        self._lines: LineReader | None = None
        self._is_first = True

    def _take_document(self, document: object) -> None:
        self._take_event(document)

    def _take(self, data: bytes) -> None:
        if self._lines is None:
            super()._take(data)
        else:
            self._take_lines(self._lines.feed(data))

    def _find_kind(self) -> None:
        if kind_of(self._head) is BodyKind.JSON:
            self._lines = LineReader()
            self._take_lines(self._lines.feed(self._head))
        else:
            super()._find_kind()

    def _take_lines(self, lines: Sequence[bytes]) -> None:
        assert self._lines is not None
        for place, line in enumerate(lines):
            if self._ended:
                return
            try:
                self._take_line(line)
            except StreamInterrupted:
                if not self._is_first:
                    raise
                self._document = bytearray(b"\n".join([*lines[place:], self._lines.close()]))
                self._lines = None
                return

    def _take_line(self, line: bytes) -> None:
        if text := line.decode().strip():
            document = read_json(self._halves.join(text))
            self._is_first = False
            self._take_event(document)

    def _close(self) -> None:
        if self._document is None and self._events is None and self._lines is None:
            self._find_kind()
        if self._lines is None:
            super()._close()
            return
        self._take_line(self._lines.close())
        if not self._ended:
            self._body_ended()
