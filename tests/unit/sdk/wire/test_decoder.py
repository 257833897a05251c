"""Every body is complete, interrupted or malformed, independently of how its bytes are split."""

from collections.abc import Iterable

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ymera_service.sdk.errors import (
    MalformedResponse,
    ProviderError,
    ProviderServerError,
    RateLimited,
    StreamInterrupted,
)
from ymera_service.sdk.events import Finished, ProviderEvent, TextDelta, UsageReported
from ymera_service.sdk.generation import FinishReason, Usage
from ymera_service.sdk.wire import decoder, json_reader
from ymera_service.sdk.wire.decoder import BodyDecoder, Item
from ymera_service.sdk.wire.error_reader import ErrorReader
from ymera_service.sdk.wire.json_reader import as_object, member, text

END = Finished(FinishReason.STOP)
COUNTS = UsageReported(Usage(1, 1))
HI = b'data: {"say": "hi"}\n\n'


class Format(BodyDecoder):
    """A format whose documents hold text, or mark the end."""

    errors = ErrorReader(by_code={"slow": RateLimited})

    def _take_document(self, document: object) -> None:
        self._take_event({**as_object(document), "over": True})

    def _take_event(self, document: object) -> None:
        fields = as_object(document)
        if said := text(fields, "say"):
            self._items.append(TextDelta(said))
        if "wrap" in fields:
            self._items.append(TextDelta(orjson.dumps(fields["wrap"]).decode()))
        if fields.get("over"):
            self._items.append(END)
            self._ended = True
        if failed := member(fields, "error"):
            raise self.errors.of_document(failed)

    def _usage(self) -> list[ProviderEvent]:
        return [COUNTS]


class OfOpenAi(Format):
    """Like `Format`, but `[DONE]` ends it, and a document that announces the end suffices at the end of the body."""

    ending = False

    def _take_event(self, document: object) -> None:
        self.ending = self.ending or "ending" in as_object(document)
        super()._take_event(document)

    def _done(self) -> None:
        self._items.append(END)
        self._ended = True

    def _body_ended(self) -> None:
        if not self.ending:
            super()._body_ended()
        self._done()


def decode(decoding: BodyDecoder, pieces: Iterable[bytes]) -> list[Item]:
    items = [item for piece in pieces for item in decoding.feed(piece)]
    return [*items, *decoding.close()]


def cut(body: bytes, size: int) -> Iterable[bytes]:
    return (body[at : at + size] for at in range(0, len(body), size))


sizes = pytest.mark.parametrize("size", [1, 3, 1000])


@sizes
@pytest.mark.parametrize(
    "body",
    [
        b'{"say": "hi"}',
        b'\xef\xbb\xbf {"say": "hi"}\n',
        HI + b'data: {"over": true}\n\n',
        b"\xef\xbb\xbf" + HI + b'data: {"over": true}',
        b"\r\n: comment\r\n\r\n" + HI + b'data: [DONE]\n\ndata: {"over": true}\n\ndata: {"say": "more"}\n\n',
    ],
)
def test_a_whole_body_is_complete(body: bytes, size: int) -> None:
    assert decode(Format(), cut(body, size)) == [TextDelta("hi"), END]


@sizes
@pytest.mark.parametrize(
    "end", [b"", b"\n", b"data: [", b"data: [DONE", b"data: [DONE]", b"data: [DONE]\n\n" + HI, b": x"]
)
def test_a_stream_that_announced_its_end_needs_no_done(end: bytes, size: int) -> None:
    body = HI + b'data: {"ending": 1}\n\n' + end
    assert decode(OfOpenAi(), cut(body, size)) == [TextDelta("hi"), END]


@sizes
@pytest.mark.parametrize(
    "end",
    [
        b"",
        b"data: [DONE]\n\n",
        b"da",
        b"data: {",
        b'data: {"say": tru',
        b'data: {"say": "hi"} {',
        b"data: 7",
        "data: ä".encode()[:-1],
        b"event: error",
    ],
)
def test_a_stream_that_ends_early_was_interrupted(end: bytes, size: int) -> None:
    *said, counts, error = decode(Format(), cut(HI + end, size))
    assert (said, counts, type(error)) == ([TextDelta("hi")], COUNTS, StreamInterrupted)


@sizes
@pytest.mark.parametrize(
    "body", [b"", b" \n", b"\xef", b"\xef\xbb\xbf", b"d", b"data", b"{", b'{"say": "h', b'{"a": "\xc3']
)
def test_an_empty_body_was_interrupted(body: bytes, size: int) -> None:
    assert [type(item) for item in decode(Format(), cut(body, size))] == [UsageReported, StreamInterrupted]


@sizes
@pytest.mark.parametrize(
    "body",
    [
        b"<html><title>502 Bad Gateway</title></html>",
        b"upstream connect error",
        b"null",
        b"[1]",
        b"{say}",
        b"\xff\xff\xff\xff\xff\xff",
        b"data: 7\n\n",
        b"data: {say}\n\n",
        b"data: \xff\n\n",
        b'{"say": "\xff"}',
        b'{"wrap": %b1%b}' % (b"[" * 500, b"]" * 500),
        b'data: {"wrap": %b1%b}\n\n' % (b"[" * 500, b"]" * 500),
    ],
)
def test_a_body_that_does_not_follow_the_format_is_malformed(body: bytes, size: int) -> None:
    assert [type(item) for item in decode(Format(), cut(body, size))] == [UsageReported, MalformedResponse]


@sizes
@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"event: error\ndata: it broke\n\n", ProviderServerError),
        (b'event: error\ndata: {"error": {"code": "slow"}}\n\n', RateLimited),
        (b'data: {"error": {"code": "slow"}}\n\n', RateLimited),
    ],
)
def test_a_failure_comes_after_the_text_and_usage_before_it(body: bytes, kind: type[ProviderError], size: int) -> None:
    *said, counts, error = decode(Format(), cut(HI + body + HI, size))
    assert (said, counts, type(error)) == ([TextDelta("hi")], COUNTS, kind)


def test_a_document_that_is_too_long_is_not_buffered(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (decoder, json_reader):
        monkeypatch.setattr(module, "LONGEST_DOCUMENT", 20)
    decoding = Format()
    assert decoding.feed(b'{"say": "hello"') == []
    assert isinstance(decoding.feed(b"    ,    ")[-1], MalformedResponse)
    assert decoding.feed(b"}") == decoding.close() == []


LINES = st.sampled_from(
    ["data: ", "event: error", "\n", "\r\n", "{", "}", '{"say": "ä"}', "[DONE]", "NaN", "\ufeff", "<p>"]
)


@given(st.lists(LINES, max_size=12).map("".join).map(str.encode) | st.binary(max_size=40), st.integers(1, 9))
@example(body="\ufeff\ufeff\ufeffdata: ".encode(), size=1)
def test_any_bytes_end_once_and_independently_of_how_they_are_split(body: bytes, size: int) -> None:
    for kind in (Format, OfOpenAi):
        whole = decode(kind(), [body])
        ends = [item for item in whole if isinstance(item, Finished | ProviderError)]
        assert ends == whole[-1:]
        pieces = decode(kind(), cut(body, size))
        assert pieces[:-1] == whole[:-1]
        assert type(pieces[-1]) is type(whole[-1])
