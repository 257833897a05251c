"""The recorded exchanges with vendors in `../shared/wire`, for the tests that read or replay them."""

import importlib.util
import json
import sys
from base64 import b64decode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from ymera_service.sdk.errors import ProviderError
from ymera_service.sdk.events import ProviderEvent
from ymera_service.sdk.generation import GenerateRequest
from ymera_service.sdk.http import Decoder, HttpResponse
from ymera_service.sdk.providers import Provider
from ymera_service.sdk.testing.answers import generate
from ymera_service.sdk.testing.recorded import Cut, whole
from ymera_service.sdk.wire.decoder import Item
from ymera_service.sdk.wire.error_reader import ErrorReader

Exchange = dict[str, Any]

WIRE = Path(__file__).parents[3] / "shared" / "wire"
ABOUT_THE_RECORDING = {"kind", "computed_by", "note", "stream_chunks"}
"""What `expect` contains that is not part of an answer."""
CLASSES = {
    "PROVIDER_AUTHENTICATION": "authentication",
    "PROVIDER_PERMISSION_DENIED": "permission",
    "PROVIDER_NOT_FOUND": "not_found",
    "PROVIDER_INVALID_REQUEST": "invalid_request",
    "CONTEXT_TOO_LONG": "context_too_long",
    "CONTENT_FILTERED": "content_filtered",
    "RATE_LIMITED": "rate_limited",
    "QUOTA_EXHAUSTED": "quota_exhausted",
    "PROVIDER_OVERLOADED": "overloaded",
    "PROVIDER_SERVER_ERROR": "server_error",
    "PROVIDER_TIMEOUT": "timeout",
    "PROVIDER_CONNECTION_FAILED": "connection_failed",
    "PROVIDER_MALFORMED_RESPONSE": "malformed_response",
    "STREAM_INTERRUPTED": "stream_interrupted",
}
"""The reasons of errors, as `expect` names them."""


def recorded(*patterns: str) -> list[Exchange]:
    """Returns the exchanges in files such as "gemini/*.json"; without any, skips the module that calls it."""
    paths = [path for pattern in patterns for path in sorted(WIRE.glob(pattern))]
    if not paths:
        pytest.skip(f"no recordings in {WIRE}", allow_module_level=True)
    return [json.loads(path.read_bytes()) for path in paths]


def of_kind(kind: str, exchanges: Sequence[Exchange]) -> list[Exchange]:
    """Returns the exchanges of a kind, such as "completion"."""
    return [each for each in exchanges if each["expect"]["kind"] == kind]


def parameters(exchanges: Iterable[Exchange]) -> list[Any]:
    """Returns exchanges as parameters of a test."""
    return [pytest.param(each, id=each["id"]) for each in exchanges]


class NotSayable(Exception):
    """A recorded request asks for something that the contract does not have."""


def nothing_left(members: Mapping[str, Any], of: str) -> None:
    """Raises `NotSayable` if a member of a recorded request was not read."""
    for name, value in members.items():
        if value not in (None, {}, []):
            raise NotSayable(f"{of}.{name}")


def is_streamed(exchange: Exchange) -> bool:
    """Returns whether an answer was streamed."""
    return not {"sse_text", "body_b64"}.isdisjoint(exchange["response"])


def body_of(exchange: Exchange) -> bytes:
    """Returns the body of a response as it was sent."""
    response = exchange["response"]
    if "body_b64" in response:
        return b64decode(response["body_b64"])
    return str(response.get("sse_text") or response.get("body_text", "")).encode()


def error_of(error: ProviderError) -> dict[str, Any]:
    """Returns an error in the form of `expect`."""
    return {
        "class": CLASSES[error.reason],
        "status": error.status,
        "type": error.type,
        "code": error.code,
        "param": error.param,
        "message": error.message,
        "retry_after_s": error.retry_after,
    }


def check_error(exchange: Exchange, errors: ErrorReader) -> None:
    """Asserts that a recorded error has its meaning."""
    response = exchange["response"]
    error = errors.of_response(HttpResponse(response["status"], response["headers"], body_of(exchange)))
    expected = {name: value for name, value in exchange["expect"]["error"].items() if name != "sdk_exception"}
    if expected.get("code") is not None:
        expected["code"] = str(expected["code"])
    assert error_of(error) == {"type": None, "code": None, "param": None, "retry_after_s": None, **expected}


def decode(decoder: Decoder, body: bytes, cut: Cut = whole) -> list[Item]:
    """Returns all that a decoder makes of a body."""
    decoded = [item for piece in cut(body) for item in decoder.feed(piece)]
    return [*decoded, *decoder.close()]


def cut_at(points: Iterable[int]) -> Cut:
    """Returns a function that splits a body at some points, each modulo its length."""

    def cut(body: bytes) -> Iterable[bytes]:
        places = [0, *sorted(point % (len(body) + 1) for point in points), len(body)]
        return [body[start:end] for start, end in pairwise(places)]

    return cut


def with_crlf(cut: Cut) -> Cut:
    """Returns a function that splits a body whose lines end with CR LF."""
    return lambda body: cut(body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))


async def until_it_failed(provider: Provider, request: GenerateRequest) -> tuple[list[ProviderEvent], ProviderError]:
    """Returns what a provider yielded, and the error that it raised then."""
    events: list[ProviderEvent] = []
    try:
        async for event in generate(provider, request):
            events.append(event)  # noqa: PERF401  # what came before the failure is wanted
    except ProviderError as error:
        return events, error
    pytest.fail(f"it did not fail but yielded {events}")


def replay_server() -> ModuleType:
    """Returns the module that serves the recordings."""
    specification = importlib.util.spec_from_file_location("replay_server", WIRE / "replay_server.py")
    assert specification
    assert specification.loader
    module = importlib.util.module_from_spec(specification)
    sys.modules["replay_server"] = module  # its dataclasses look there for their own module
    specification.loader.exec_module(module)
    return module


@contextmanager
def replaying() -> Iterator[Any]:
    """Serves the recordings over HTTP on this machine."""
    with replay_server().ReplayServer(WIRE) as server:
        yield server
