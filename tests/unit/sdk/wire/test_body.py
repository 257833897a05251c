"""The first bytes of a body decide its kind, or else its content type."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ymera_service.sdk.wire.body import LEAST_HEAD, BodyKind, kind_of, plain_text, without_lead


@pytest.mark.parametrize(
    ("head", "content_type", "kind"),
    [
        (b"", "application/json", BodyKind.EMPTY),
        (b" \r\n", "text/event-stream", BodyKind.EMPTY),
        (b"\xef\xbb\xbf", "", BodyKind.EMPTY),
        (b"\xef\xbb", "", BodyKind.EMPTY),
        (b'{"id"', "text/event-stream", BodyKind.JSON),
        (b"\xef\xbb\xbf\n[", "text/html", BodyKind.JSON),
        (b"data: {", "application/json", BodyKind.EVENT_STREAM),
        (b"\xef\xbb\xbfevent:", "", BodyKind.EVENT_STREAM),
        (b": keep-alive", "", BodyKind.EVENT_STREAM),
        (b"data\n", "", BodyKind.EVENT_STREAM),
        (b"ret", "", BodyKind.EVENT_STREAM),
        (b"<!DOCTYPE html>", "application/json", BodyKind.HTML),
        (b"\n<html>", "text/event-stream", BodyKind.HTML),
        (b"delivery failed", "text/plain", BodyKind.TEXT),
        (b"database: down", "", BodyKind.TEXT),
        (b"null", "application/json", BodyKind.TEXT),
        (b"other: 1\ndata: 2", "Text/Event-Stream; charset=utf-8", BodyKind.EVENT_STREAM),
    ],
)
def test_the_kind_of_a_body(head: bytes, content_type: str, kind: BodyKind) -> None:
    assert kind_of(head, content_type) is kind


FIELDS = st.sampled_from([b"data", b"event", b"id", b"retry", b"", b"{", b"<", b"\xef\xbb\xbf", b"\n"])


@given(head=st.tuples(FIELDS, FIELDS, st.binary(max_size=30)).map(b"".join), content_type=st.text(max_size=30))
def test_the_shortest_head_gives_the_same_kind_as_the_whole_body(head: bytes, content_type: str) -> None:
    bare = without_lead(head)
    assert kind_of(bare, content_type) is kind_of(without_lead(bare), content_type)
    if len(bare) >= LEAST_HEAD:
        assert kind_of(bare[:LEAST_HEAD], content_type) is kind_of(bare, content_type)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<html><head><title>502 Bad\n Gateway</title></head><body>nginx</body></html>", "502 Bad Gateway"),
        (b"<h1>No such</h1>\n thing &amp; more", "No such thing & more"),
        (b"\xef\xbb\xbf upstream  error\n", "upstream error"),
        (b"\xff", "\ufffd"),
        (b"", ""),
    ],
)
def test_the_text_of_a_page_is_its_title_or_its_content(body: bytes, words: str) -> None:
    assert plain_text(body) == words


@given(st.binary(max_size=200) | st.text("<>tile/ a=", max_size=200).map(str.encode))
def test_the_text_of_any_body_has_a_bounded_length(body: bytes) -> None:
    assert len(plain_text(body * 200)) <= 2000
