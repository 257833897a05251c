"""Converts thought signatures to `Reasoning` and back, so that the provider gets them back at the part they came with.

The API may sign any part of an answer, and expects a signature at the same part again. A message has a place for a
signature in `Reasoning` alone, so a signature of another part becomes a `Reasoning` beside that part, and its first
bytes say where it belongs. They are not UTF-8, so that no other vendor's plugin takes it for a signature of its own.
"""

from dataclasses import dataclass
from enum import Enum

_MARK = b"gemini\xff"


class Place(Enum):
    """The part that a signature belongs to."""

    THOUGHT = b"thought:"
    """The thought that the `Reasoning` holds."""
    CALL = b"call:"
    """The next tool call."""
    TEXT = b"text:"
    """The text before it."""
    ALONE = b"alone:"
    """A part with an empty text, which ends a stream."""


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature as the API wrote it, and its place."""

    place: Place
    value: str


def sealed(value: str, place: Place) -> bytes:
    """Returns the bytes that represent a signature in a `Reasoning`; empty without a signature."""
    return _MARK + place.value + value.encode() if value else b""


def opened(seal: bytes) -> Signature | None:
    """Returns the signature that bytes represent, or None if they are not of this API."""
    if not seal.startswith(_MARK):
        return None
    rest = seal.removeprefix(_MARK)
    place = next((place for place in Place if rest.startswith(place.value)), None)
    value = rest.removeprefix(place.value) if place else b""
    return Signature(place, value.decode()) if place and value.isascii() and value else None
