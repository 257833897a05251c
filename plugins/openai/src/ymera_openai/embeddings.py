"""Embeddings: texts in, vectors out."""

import binascii
import struct
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from ymera_openai import errors
from ymera_openai.usage import read_usage
from ymera_service.sdk.errors import MalformedResponse
from ymera_service.sdk.generation import Usage
from ymera_service.sdk.http import HttpRequest, HttpResponse
from ymera_service.sdk.wire.json_reader import Json, as_object, member, members, read_json, text


@dataclass(frozen=True, slots=True)
class Embeddings:
    """The vectors, in the order of the inputs."""

    vectors: tuple[tuple[float, ...], ...]
    usage: Usage
    model: str = ""
    response_id: str = ""


def encode(model: str, inputs: Sequence[str], dimensions: int | None = None) -> HttpRequest:
    """Returns the request that asks for the vectors of the inputs."""
    body: Json = {"model": model, "input": list(inputs)}
    if dimensions is not None:
        body["dimensions"] = dimensions
    return HttpRequest("POST", "/embeddings", {"content-type": "application/json"}, orjson.dumps(body))


def decode(response: HttpResponse) -> Embeddings:
    """Reads the vectors, which come as numbers or as base64 of little-endian 32-bit floats.

    Raises:
        ProviderError: The body holds an error.
        MalformedResponse: The body is not in the format.
    """
    document = read_object(response)
    reported = read_usage(member(document, "usage"))
    usage = reported.usage if reported else Usage()
    if reported and not usage.input_tokens:  # Voyage reports only the total
        usage = Usage(input_tokens=reported.total_tokens or 0)
    try:
        vectors = tuple(_vector(item.get("embedding")) for item in _in_order(members(document, "data")))
    except (TypeError, ValueError, struct.error, binascii.Error) as error:
        raise MalformedResponse(f"an embedding is not in the format: {error}") from None
    if not vectors:
        raise MalformedResponse("the answer has no embeddings")
    return Embeddings(vectors, usage, text(document, "model"), text(document, "id"))


def read_object(response: HttpResponse) -> Json:
    """Returns the JSON object of a successful response.

    Raises:
        ProviderError: The body holds an error.
        MalformedResponse: The body is not a JSON object.
    """
    document = read_json(response.body)
    if failure := errors.in_body(document):
        raise failure
    return as_object(document)


def _in_order(items: list[Json]) -> list[Json]:
    if all(isinstance(item.get("index"), int) for item in items):
        return sorted(items, key=lambda item: int(item["index"]))
    return items


def _vector(value: object) -> tuple[float, ...]:
    if isinstance(value, str):
        packed = b64decode(value, validate=True)
        return struct.unpack(f"<{len(packed) // 4}f", packed)
    if not isinstance(value, list):
        raise TypeError("neither a list nor base64")
    return tuple(float(number) for number in value)
