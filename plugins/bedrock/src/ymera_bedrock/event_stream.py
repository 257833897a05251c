"""Messages of `application/vnd.amazon.eventstream` without I/O.

A message is a prelude of two lengths and their CRC, headers, a payload, and the CRC of all of it; numbers are
big-endian. See https://smithy.io/2.0/aws/amazon-eventstream.html.
"""

import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zlib import crc32

from ymera_service.sdk.errors import MalformedResponse

HeaderValue = bool | int | bytes | str | datetime | UUID

LONGEST_HEADERS = 128 * 1024
LONGEST_PAYLOAD = 24 * 1024 * 1024
"""The limits of the format, in bytes."""

_PRELUDE = struct.Struct(">III")
_CRC = struct.Struct(">I")
_LEAST = _PRELUDE.size + _CRC.size
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class EventMessage:
    """One message: its headers, by name, and its payload."""

    headers: Mapping[str, HeaderValue]
    payload: bytes

    def header(self, name: str) -> str:
        """Returns a header that is a text; empty if there is none."""
        value = self.headers.get(name)
        return value if isinstance(value, str) else ""


class EventStreamParser:
    """Splits bytes into messages, independently of how the bytes were split before.

    It keeps at most one message. Takes time in proportion to the bytes, however small the pieces are.
    """

    __slots__ = ("_buffer",)

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[EventMessage]:
        """Takes the next bytes and returns the messages that they complete, which have to be read to the end.

        Raises:
            MalformedResponse: While they are read: the bytes after the messages so far are not a message.
        """
        self._buffer += data
        return self._messages()

    def _messages(self) -> Iterator[EventMessage]:
        start, buffer = 0, self._buffer
        try:
            while len(buffer) - start >= _PRELUDE.size:
                end = start + _total_length(buffer, start)
                if len(buffer) < end:
                    break
                message = _message(bytes(buffer[start:end]))
                start = end
                yield message
        finally:
            del buffer[:start]


def _total_length(buffer: bytearray, start: int) -> int:
    total, headers, crc = _PRELUDE.unpack_from(buffer, start)
    if crc32(buffer[start : start + 8]) != crc:
        raise MalformedResponse("the provider sent an event stream whose prelude does not have its checksum")
    payload = total - headers - _LEAST
    if headers > LONGEST_HEADERS or not 0 <= payload <= LONGEST_PAYLOAD:
        raise MalformedResponse(f"the provider sent an event of {total} bytes, {headers} of them headers")
    return int(total)


def _message(data: bytes) -> EventMessage:
    [crc] = _CRC.unpack_from(data, len(data) - _CRC.size)
    if crc32(memoryview(data)[: -_CRC.size]) != crc:
        raise MalformedResponse("the provider sent an event that does not have its checksum")
    headers_end = _PRELUDE.size + _PRELUDE.unpack_from(data)[1]
    try:
        headers = dict(_headers(data[_PRELUDE.size : headers_end]))
    except (IndexError, KeyError, OverflowError, UnicodeDecodeError, ValueError, struct.error):
        raise MalformedResponse("the provider sent an event whose headers can't be read") from None
    return EventMessage(headers, data[headers_end : -_CRC.size])


def _headers(data: bytes) -> Iterator[tuple[str, HeaderValue]]:
    at = 0
    while at < len(data):
        name, at = _sized(data, at + 1, data[at])
        read = _READERS[data[at]]
        value, at = read(data, at + 1)
        yield name.decode(), value


def _sized(data: bytes, at: int, size: int) -> tuple[bytes, int]:
    if at + size > len(data):
        raise IndexError
    return data[at : at + size], at + size


_Reader = Callable[[bytes, int], tuple[HeaderValue, int]]


def _number(format: str) -> Callable[[bytes, int], tuple[int, int]]:
    number = struct.Struct(format)

    def read(data: bytes, at: int) -> tuple[int, int]:
        return int(number.unpack_from(data, at)[0]), at + number.size

    return read


_length_of, _milliseconds_of = _number(">H"), _number(">q")


def _bytes(data: bytes, at: int) -> tuple[bytes, int]:
    size, at = _length_of(data, at)
    return _sized(data, at, size)


def _text(data: bytes, at: int) -> tuple[str, int]:
    value, at = _bytes(data, at)
    return value.decode(), at


def _time(data: bytes, at: int) -> tuple[datetime, int]:
    milliseconds, at = _milliseconds_of(data, at)
    return _EPOCH + timedelta(milliseconds=milliseconds), at


def _uuid(data: bytes, at: int) -> tuple[UUID, int]:
    value, at = _sized(data, at, 16)
    return UUID(bytes=value), at


_READERS: tuple[_Reader, ...] = (
    lambda _, at: (True, at),
    lambda _, at: (False, at),
    _number(">b"),
    _number(">h"),
    _number(">i"),
    _number(">q"),
    _bytes,
    _text,
    _time,
    _uuid,
)
"""By the number of the type."""
