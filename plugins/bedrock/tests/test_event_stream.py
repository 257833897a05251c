"""AWS's event stream is read whatever the cuts, its checksums are checked, and what is kept is bounded."""

import struct
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from itertools import pairwise
from uuid import UUID
from zlib import crc32

import pytest
from botocore.eventstream import EventStreamBuffer  # type: ignore[import-untyped]  # it has no types
from hypothesis import given
from hypothesis import strategies as st
from ymera_bedrock.event_stream import LONGEST_HEADERS, LONGEST_PAYLOAD, EventMessage, EventStreamParser, HeaderValue

from ymera_service.sdk.errors import MalformedResponse


def header(name: str, value: HeaderValue) -> bytes:
    """A header as AWS's specification defines it, written apart from the parser."""
    named = bytes([len(name.encode())]) + name.encode()
    match value:
        case bool():
            return named + (b"\x00" if value else b"\x01")
        case int():
            return named + b"\x05" + value.to_bytes(8, "big", signed=True)
        case bytes():
            return named + b"\x06" + len(value).to_bytes(2, "big") + value
        case str():
            return named + b"\x07" + len(value.encode()).to_bytes(2, "big") + value.encode()
        case datetime():
            milliseconds = round(value.timestamp() * 1000)
            return named + b"\x08" + milliseconds.to_bytes(8, "big", signed=True)
        case UUID():
            return named + b"\x09" + value.bytes


def framed(headers: bytes, payload: bytes) -> bytes:
    prelude = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    message = prelude + struct.pack(">I", crc32(prelude)) + headers + payload
    return message + struct.pack(">I", crc32(message))


def written(headers: Mapping[str, HeaderValue], payload: bytes) -> bytes:
    return framed(b"".join(header(name, value) for name, value in headers.items()), payload)


def read(*pieces: bytes) -> list[EventMessage]:
    parser = EventStreamParser()
    return [message for piece in pieces for message in parser.feed(piece)]


def cut(data: bytes, at: Sequence[int]) -> list[bytes]:
    points = [0, *sorted(point % (len(data) + 1) for point in at), len(data)]
    return [data[start:end] for start, end in pairwise(points)]


NAMES = st.text(min_size=1, max_size=20)
VALUES = st.one_of(
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.binary(max_size=40),
    st.text(max_size=40),
    st.integers(0, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    st.uuids(),
)
MESSAGES = st.lists(st.tuples(st.dictionaries(NAMES, VALUES, max_size=5), st.binary(max_size=200)), max_size=5)


@given(messages=MESSAGES, at=st.lists(st.integers(0, 2_000), max_size=12))
def test_messages_do_not_depend_on_where_the_bytes_were_cut(
    messages: list[tuple[dict[str, HeaderValue], bytes]], at: list[int]
) -> None:
    stream = b"".join(written(*message) for message in messages)
    assert read(*cut(stream, at)) == [EventMessage(*message) for message in messages]
    assert read(*(stream[index : index + 1] for index in range(len(stream)))) == read(stream)


@given(messages=MESSAGES)
def test_aws_own_client_reads_the_same(messages: list[tuple[dict[str, HeaderValue], bytes]]) -> None:
    """Of times it makes milliseconds, and of identifiers bytes."""
    plain = [
        ({name: value for name, value in headers.items() if isinstance(value, str)}, payload)
        for headers, payload in messages
    ]
    buffer = EventStreamBuffer()
    buffer.add_data(b"".join(written(*message) for message in plain))
    assert [(dict(message.headers), message.payload) for message in buffer] == plain


def test_numbers_of_every_size_are_read() -> None:
    headers = b"\x01a\x02\xff" + b"\x01b\x03\xff\xfe" + b"\x01c\x04\x00\x00\x01\x00" + b"\x01d\x05" + b"\xff" * 8
    assert read(framed(headers, b""))[0].headers == {"a": -1, "b": -2, "c": 256, "d": -1}


@given(messages=MESSAGES.filter(bool), where=st.integers(0, 100_000), bit=st.integers(0, 7))
def test_a_changed_bit_never_makes_another_message(
    messages: list[tuple[dict[str, HeaderValue], bytes]], where: int, bit: int
) -> None:
    stream = bytearray(b"".join(written(*message) for message in messages))
    stream[where % len(stream)] ^= 1 << bit
    expected = [EventMessage(*message) for message in messages]
    found = list[EventMessage]()
    with pytest.raises(MalformedResponse):
        found.extend(EventStreamParser().feed(bytes(stream)))
    assert found == expected[: len(found)]
    assert len(found) < len(expected)


@given(noise=st.binary(max_size=400))
def test_noise_is_malformed_or_not_whole(noise: bytes) -> None:
    with suppress(MalformedResponse):
        assert list(EventStreamParser().feed(noise)) == []


@given(headers=st.binary(max_size=60))
def test_headers_that_can_not_be_read_are_malformed(headers: bytes) -> None:
    try:
        [message] = read(framed(headers, b"payload"))
    except MalformedResponse:
        return
    assert message.payload == b"payload"


@pytest.mark.parametrize(
    ("headers", "payload"), [(LONGEST_HEADERS + 1, 0), (0, LONGEST_PAYLOAD + 1), (2**32 - 1, 0), (17, -17), (0, -1)]
)
def test_a_message_beyond_the_limits_is_refused_before_it_is_kept(headers: int, payload: int) -> None:
    prelude = struct.pack(">II", (16 + headers + payload) % 2**32, headers)
    with pytest.raises(MalformedResponse, match="bytes"):
        read(prelude + struct.pack(">I", crc32(prelude)))


def test_a_long_message_in_small_pieces_takes_time_in_proportion() -> None:
    stream = written({}, b"x" * 1_000_000)
    parser = EventStreamParser()
    found = [message for start in range(0, len(stream), 10) for message in parser.feed(stream[start : start + 10])]
    assert len(found[0].payload) == 1_000_000
