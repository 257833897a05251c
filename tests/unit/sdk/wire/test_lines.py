"""Lines with a document each: every split of the bytes gives the same events."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from time import process_time

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ymera_service.sdk.errors import MalformedResponse, ProviderError, StreamInterrupted
from ymera_service.sdk.events import Finished, TextDelta
from ymera_service.sdk.generation import FinishReason
from ymera_service.sdk.wire.decoder import Item
from ymera_service.sdk.wire.error_reader import ErrorReader
from ymera_service.sdk.wire.lines import LineReader, LinesDecoder

END = Finished(FinishReason.STOP)


class Words(LinesDecoder):
    """A format whose documents are `{"say": "…"}`, and at the end `{"end": true}`."""

    errors = ErrorReader()

    def _take_event(self, document: object) -> None:
        assert isinstance(document, dict)
        if "say" in document:
            self._items.append(TextDelta(document["say"]))
        if "end" in document:
            self._items.append(END)
            self._ended = True


def decoded(pieces: Iterable[bytes]) -> list[Item]:
    decoder = Words()
    items = [item for piece in pieces for item in decoder.feed(piece)]
    return [*items, *decoder.close()]


def cut(data: bytes, positions: Sequence[int]) -> list[bytes]:
    points = [0, *sorted(position % (len(data) + 1) for position in positions), len(data)]
    return [data[start:end] for start, end in pairwise(points)]


LINE_ENDS = st.sampled_from([b"\n", b"\r\n", b"\n\n", b"\n \n"])


@given(
    words=st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=9), max_size=9),
    end=LINE_ENDS,
    lead=st.sampled_from([b"", b"\xef\xbb\xbf", b"\n\n "]),
    positions=st.lists(st.integers(0, 900), max_size=12),
)
def test_documents_do_not_depend_on_how_the_bytes_are_split(
    words: list[str], end: bytes, lead: bytes, positions: list[int]
) -> None:
    lines = [*({"say": word} for word in words), {"end": True}]
    body = lead + end.join(map(orjson.dumps, lines))
    assert decoded(cut(body, positions)) == decoded([body]) == [*map(TextDelta, words), END]


@given(positions=st.lists(st.integers(0, 60), max_size=5))
def test_one_document_may_have_several_lines(positions: list[int]) -> None:
    body = b'{\n  "say": "a",\r\n\r\n  "end": true\n}\n'
    assert decoded(cut(body, positions)) == [TextDelta("a"), END]


def test_events_come_as_soon_as_their_line_ends() -> None:
    decoder = Words()
    assert decoder.feed(b'{"say": "a"}') == []
    assert decoder.feed(b'\n{"say"') == [TextDelta("a")]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"say": "a"}\n', StreamInterrupted),
        (b'{"say": "a"}\n{"sa', StreamInterrupted),
        (b'{"say": "\xc3', StreamInterrupted),
        (b'{"say": "a"}\n{"say": "\xff"}\n{"end": true}\n', MalformedResponse),
        (b'{"say": "a"}\n{"say" 7}\n{"end": true}\n', MalformedResponse),
        (b'{"say": \n 7 8}\n', MalformedResponse),
        (b"{\n", StreamInterrupted),
        (b"<html>no</html>", MalformedResponse),
        (b"", StreamInterrupted),
    ],
)
@pytest.mark.parametrize("bytewise", [False, True])
def test_what_is_not_complete_was_interrupted_and_what_is_not_json_is_malformed(
    body: bytes, kind: type[ProviderError], bytewise: bool
) -> None:
    items = decoded(body[at : at + 1] for at in range(len(body))) if bytewise else decoded([body])
    assert type(items[-1]) is kind
    assert END not in items


def test_a_line_has_a_limit() -> None:
    reader = LineReader(longest=4)
    assert reader.feed(b"1234\n12") == [b"1234"]
    assert reader.feed(b"34\n") == [b"1234"]
    reader.feed(b"12")
    with pytest.raises(MalformedResponse, match="more than 4 bytes"):
        reader.feed(b"345")
    with pytest.raises(MalformedResponse):
        LineReader(longest=4).feed(b"12345\n")


def test_time_is_proportional_to_the_bytes_of_a_long_line() -> None:
    def seconds(size: int) -> float:
        reader, start = LineReader(), process_time()
        for _ in range(size):
            reader.feed(b"xyzw")
        assert len(reader.close()) == 4 * size
        return process_time() - start

    small = min(seconds(20_000) for _ in range(3))
    assert min(seconds(400_000) for _ in range(2)) < 100 * small  # 400 times as long, if it were quadratic
