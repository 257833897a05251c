"""The kind of a response's body."""

import html
import re
from enum import StrEnum

LEAST_HEAD = 6
"""Bytes after `without_lead` that suffice to detect the kind: the longest field name of an event stream has 5."""

_LEAD = b" \t\n\r\v\f\xef\xbb\xbf"
_FIELDS = (b"data", b"event", b"id", b"retry")
_EVENT_STREAM = re.compile(rb":|(?:data|event|id|retry)[:\r\n]")
_TITLE = re.compile(r"<title[^<>]*>([^<]*)</title>", re.IGNORECASE)
_LONGEST_PAGE = 16_384
_LONGEST_TEXT = 2000


class BodyKind(StrEnum):
    """The kind of a body, independent of the kind that was requested."""

    EMPTY = "empty"
    JSON = "json"
    """A JSON object or array."""
    EVENT_STREAM = "event_stream"
    HTML = "html"
    """Markup, such as the page of a proxy."""
    TEXT = "text"


def kind_of(head: bytes, content_type: str = "") -> BodyKind:
    """Returns the kind of the body that begins with `head`.

    The first bytes decide, as vendors and proxies mislabel bodies; the content type is used only if they don't.
    """
    head = without_lead(head)
    if not head:
        return BodyKind.EMPTY
    if head[:1] in b"{[":
        return BodyKind.JSON
    if head[:1] == b"<":
        return BodyKind.HTML
    if _EVENT_STREAM.match(head) or any(field.startswith(head) for field in _FIELDS):
        return BodyKind.EVENT_STREAM
    if content_type.strip().lower().startswith("text/event-stream"):
        return BodyKind.EVENT_STREAM
    return BodyKind.TEXT


def without_lead(head: bytes) -> bytes:
    """Returns the head of a body without byte order marks and white space, also if it ends within a mark."""
    return head.lstrip(_LEAD)


def plain_text(body: bytes) -> str:
    """Returns the text of a body that is not JSON: a page's title, else its text, of at most 2,000 characters."""
    page = body[:_LONGEST_PAGE].decode("utf-8-sig", "replace")
    title = _TITLE.search(page)
    words = title[1] if title else re.sub(r"<[^<>]*>", " ", page)
    return " ".join(html.unescape(words).split())[:_LONGEST_TEXT]
