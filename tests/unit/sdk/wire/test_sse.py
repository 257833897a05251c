"""The parser of server-sent events: every split of the bytes gives the same events."""

from collections.abc import Iterable
from itertools import pairwise
from time import perf_counter

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ymera_service.sdk.wire.sse import ServerSentEvent, SseParser

TEXT = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=12)
LINE_ENDS = st.sampled_from(["\n", "\r", "\r\n"])
ANY_LINE = st.one_of(
    TEXT,
    st.just(""),
    TEXT.map("data:".__add__),
    TEXT.map("data: ".__add__),
    TEXT.map("event: ".__add__),
    TEXT.map(":".__add__),
    st.sampled_from(["data", "event", "id: 7", "retry: 10", "datax: no", " data: no", "\ufeffdata: mark"]),
)


def parse(pieces: Iterable[bytes]) -> list[ServerSentEvent]:
    parser = SseParser()
    events = [event for piece in pieces for event in parser.feed(piece)]
    return events + parser.close()


def cut(data: bytes, positions: Iterable[int]) -> list[bytes]:
    points = [0, *sorted(position % (len(data) + 1) for position in positions), len(data)]
    return [data[start:end] for start, end in pairwise(points)]


def single(data: bytes) -> list[bytes]:
    return [data[at : at + 1] for at in range(len(data))]


@st.composite
def streams(draw: st.DrawFn) -> bytes:
    lines = draw(st.lists(st.tuples(ANY_LINE, LINE_ENDS), max_size=20))
    return "".join(draw(st.sampled_from(["", "\ufeff"])) + line + end for line, end in lines).encode()


@given(data=streams(), positions=st.lists(st.integers(0, 400), max_size=12))
@example(data="data: ä€😀\r\n\r\ndata: b\r\r".encode(), positions=[7, 8, 10, 14, 18, 20])
def test_events_do_not_depend_on_how_the_bytes_are_split(data: bytes, positions: list[int]) -> None:
    events = parse([data])
    assert parse(cut(data, positions)) == events
    assert parse(single(data)) == events


@given(data=st.binary(max_size=60), positions=st.lists(st.integers(0, 60), max_size=6))
@example(data=b"data: a\n\ndata: \xff\n\ndata: b\n\n", positions=[])
def test_bytes_that_are_not_utf_8_raise_after_the_events_before_them(data: bytes, positions: list[int]) -> None:
    def outcome(pieces: list[bytes]) -> tuple[list[ServerSentEvent], bool]:
        parser = SseParser()
        events: list[ServerSentEvent] = []
        try:
            for piece in pieces:
                events += parser.feed(piece)
            return events + parser.close(), False
        except UnicodeDecodeError:
            return events, True

    whole = outcome([data])
    assert outcome(cut(data, positions)) == whole
    assert outcome(single(data)) == whole


def test_an_error_is_raised_again() -> None:
    parser = SseParser()
    assert parser.feed(b"data: a\n\ndata: \xff") == [ServerSentEvent("a")]
    for _ in range(2):
        with pytest.raises(UnicodeDecodeError):
            parser.feed(b"\n\n")
    with pytest.raises(UnicodeDecodeError):
        parser.close()


@given(
    events=st.lists(st.tuples(st.lists(TEXT, min_size=1, max_size=3), TEXT), max_size=6),
    end=LINE_ENDS,
    space=st.sampled_from(["", " "]),
)
def test_written_events_are_read_unchanged(events: list[tuple[list[str], str]], end: str, space: str) -> None:
    text = ""
    for data, name in events:
        fields = ([("event", name)] if name else []) + [("data", line) for line in data]
        # One space after the colon is not part of the value.
        text += "".join(f"{field}:{space or ' ' * value.startswith(' ')}{value}{end}" for field, value in fields) + end
    written = [ServerSentEvent("\n".join(data), name) for data, name in events]
    assert parse([text.encode()]) == written


@pytest.mark.parametrize(
    ("text", "events"),
    [
        ("", []),
        ("\n\n\n", []),
        ("data: a\n\n", [ServerSentEvent("a")]),
        ("data: a\ndata: b\n\n", [ServerSentEvent("a\nb")]),
        ("data\n\n", [ServerSentEvent("")]),
        ("data:\n\n", [ServerSentEvent("")]),
        ("data:  two spaces\n\n", [ServerSentEvent(" two spaces")]),
        ("event: a\ndata: b\n\ndata: c\n\n", [ServerSentEvent("b", "a"), ServerSentEvent("c")]),
        ("data: b\nevent: a\n\n", [ServerSentEvent("b", "a")]),
        ("event: a\nevent\ndata: b\n\n", [ServerSentEvent("b")]),
        ("event: a\n\ndata: b\n\n", [ServerSentEvent("b")]),
        (": keep-alive\n\ndata: a\n: more\n\n", [ServerSentEvent("a")]),
        ("id: 1\nretry: 2\nunknown: 3\ndata: a\n\n", [ServerSentEvent("a")]),
        ("\ufeffdata: a\n\n", [ServerSentEvent("a")]),
        ("\ufeff\ufeffdata: a\n\n", []),
        ("data: a\n\n\ufeffdata: b\n\n", [ServerSentEvent("a")]),
        ("data: a\r\rdata: b\r\n\r\ndata: c\n\n", [ServerSentEvent("a"), ServerSentEvent("b"), ServerSentEvent("c")]),
        ("data: a\x85b\u2028c\n\n", [ServerSentEvent("a\x85b\u2028c")]),
        ("data: a\n", [ServerSentEvent("a")]),
        ("data: a", [ServerSentEvent("a")]),
        ("data: a\r", [ServerSentEvent("a")]),
        ("event: a", []),
    ],
)
def test_the_stream_is_read_as_the_standard_specifies(text: str, events: list[ServerSentEvent]) -> None:
    assert parse([text.encode()]) == events
    assert parse(single(text.encode())) == events


def test_an_event_is_returned_with_the_bytes_that_complete_it() -> None:
    parser = SseParser()
    assert parser.feed(b"data: a\r") == []
    assert parser.feed(b"\r") == [ServerSentEvent("a")]
    assert parser.feed(b"\ndata: b\r\n\r") == [ServerSentEvent("b")]
    assert parser.feed(b"\ndata: c\n") == []
    assert parser.feed(b"\n") == [ServerSentEvent("c")]


def test_a_long_event_in_small_pieces_takes_time_in_proportion() -> None:
    def seconds(length: int) -> float:
        pieces = [b"data: ", *[b"x" * 16] * (length // 16), b"\n\n"]
        start = perf_counter()
        assert [len(event.data) for event in parse(pieces)] == [length]
        return perf_counter() - start

    # Linear time is 32 times as much, quadratic time 1024 times.
    assert min(seconds(1 << 21) for _ in range(2)) < 300 * min(seconds(1 << 16) for _ in range(5))
