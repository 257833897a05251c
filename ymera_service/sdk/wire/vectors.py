"""Reads vectors, which vendors write as numbers or in base64."""

import binascii
import sys
from array import array
from base64 import b64decode
from collections.abc import Sequence
from typing import Literal

from ymera_service.sdk.errors import MalformedResponse
from ymera_service.sdk.wire.json_reader import Json


def read_vectors(items: Sequence[Json], typecode: Literal["f", "b"] = "f") -> tuple[Sequence[float], ...]:
    """Returns the `embedding` of each item, in the order of their `index`.

    Args:
        items: What a response lists.
        typecode: The type of the numbers in base64, as of `array`; floats are little-endian and of 32 bits.

    Raises:
        MalformedResponse: There are none, or one is neither numbers nor base64.
    """
    try:
        vectors = tuple([_vector(item.get("embedding"), typecode) for item in _in_order(items)])
    except (TypeError, ValueError, binascii.Error) as error:
        raise MalformedResponse(f"an embedding is not in the format: {error}") from None
    if not vectors:
        raise MalformedResponse("the answer has no embeddings")
    return vectors


def _in_order(items: Sequence[Json]) -> Sequence[Json]:
    if all(isinstance(item.get("index"), int) for item in items):
        return sorted(items, key=lambda item: int(item["index"]))
    return items


def _vector(value: object, typecode: Literal["f", "b"]) -> Sequence[float]:
    if isinstance(value, str):
        packed = array(typecode, b64decode(value, validate=True))
        if sys.byteorder == "big":
            packed.byteswap()
        return packed
    if not isinstance(value, list):
        raise TypeError("neither a list nor base64")
    return tuple(map(float, value))
