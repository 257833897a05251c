"""Answers that are broken in every way that a network, a proxy or a vendor may break them, for Hypothesis."""

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import strategies as st

Pieces = list[bytes]

_BETWEEN_EVENTS = re.compile(rb"(?<=\n\n)|(?<=\n\r\n)")
_DOCUMENT = re.compile(rb"\{.*\}", re.DOTALL)
_ODD: Sequence[Any] = (
    None,
    True,
    0,
    -1,
    1.5,
    10**30,
    "",
    "a",
    "\ud800",
    [],
    {},
    [None],
    {"a": {}},
    [[]],
    "0",
    "[DONE]",
)
_NOISE = (
    b"",
    b"\n",
    b"\r\n\r\n",
    b"data: \n\n",
    b"data: [DONE]\n\n",
    b": ping\n\n",
    b"event: error\n",
    b"\xff\xfe",
    b"{",
    b"}",
    b"null",
)


@st.composite
def broken_bodies(draw: st.DrawFn, bodies: Sequence[bytes], split: Callable[[bytes], Pieces]) -> bytes:
    """Draws one of several bodies and breaks it: pieces are lost, repeated, exchanged, cut off, or filled with noise.

    Args:
        draw: Given by Hypothesis.
        bodies: Whole answers.
        split: Divides a body into the pieces that its format has, such as lines.
    """
    pieces = split(draw(st.sampled_from(bodies)))
    for _ in range(draw(st.integers(0, 4))):
        pieces = draw(st.sampled_from(_WAYS))(draw, pieces)
    body = b"".join(pieces)
    return body[: draw(st.integers(0, len(body)))] if draw(st.integers(0, 3)) == 3 else body


def cuts(body: bytes) -> st.SearchStrategy[Pieces]:
    """Draws the pieces in which a body arrives."""
    places = st.lists(st.integers(0, len(body)), max_size=8).map(sorted)
    return places.map(lambda found: [body[a:b] for a, b in zip([0, *found], [*found, len(body)], strict=True)])


def parts(body: bytes) -> Pieces:
    """Returns the server-sent events of a body, or its lines if it has none."""
    events = [event for event in _BETWEEN_EVENTS.split(body) if event]
    return events if len(events) > 1 else body.splitlines(keepends=True)


def _place(draw: st.DrawFn, pieces: Pieces) -> int:
    return draw(st.integers(0, max(0, len(pieces) - 1)))


def _lost(draw: st.DrawFn, pieces: Pieces) -> Pieces:
    at = _place(draw, pieces)
    return pieces[:at] + pieces[at + draw(st.integers(1, 4)) :]


def _repeated(draw: st.DrawFn, pieces: Pieces) -> Pieces:
    at = _place(draw, pieces)
    return pieces[: at + 1] + pieces[max(0, at - draw(st.integers(0, 3))) :]


def _exchanged(draw: st.DrawFn, pieces: Pieces) -> Pieces:
    if not pieces:
        return pieces
    one, other = _place(draw, pieces), _place(draw, pieces)
    pieces = list(pieces)
    pieces[one], pieces[other] = pieces[other], pieces[one]
    return pieces


def _noisy(draw: st.DrawFn, pieces: Pieces) -> Pieces:
    at = _place(draw, pieces)
    noise = draw(st.sampled_from(_NOISE) | st.binary(max_size=20))
    return [*pieces[:at], noise, *pieces[at:]]


def _bitten(draw: st.DrawFn, pieces: Pieces) -> Pieces:
    """Changes bytes within a piece."""
    if not pieces:
        return pieces
    at = _place(draw, pieces)
    piece = pieces[at]
    start = draw(st.integers(0, len(piece)))
    bitten = piece[:start] + draw(st.binary(max_size=3)) + piece[start + draw(st.integers(0, 3)) :]
    return [*pieces[:at], bitten, *pieces[at + 1 :]]


def _retyped(draw: st.DrawFn, pieces: Pieces) -> Pieces:
    """Replaces a value in the document of a piece by one of another type."""
    if not pieces:
        return pieces
    at = _place(draw, pieces)
    found = _DOCUMENT.search(pieces[at])
    document = _read(found.group()) if found else None
    if not found or document is None:
        return pieces
    holder, key = draw(st.sampled_from(_members(document)))
    holder[key] = draw(st.sampled_from(_ODD))
    written = json.dumps(document).encode()
    piece = pieces[at]
    return [*pieces[:at], piece[: found.start()] + written + piece[found.end() :], *pieces[at + 1 :]]


def _read(document: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(document)
    except ValueError:
        return None
    return found if isinstance(found, dict) and found else None


def _members(value: Any) -> list[tuple[Any, Any]]:
    """Returns every place in a document that holds a value: the object or list, and the key."""
    keys = value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    return [place for key in keys for place in ((value, key), *_members(value[key]))]


_WAYS = (_lost, _repeated, _exchanged, _noisy, _bitten, _retyped, _retyped)
