"""An upstream in memory: recorded exchanges instead of a socket."""

import asyncio
import random
import re
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from ymera_service.sdk.errors import ConnectionFailed, StreamInterrupted
from ymera_service.sdk.http import HttpRequest, HttpStream

Cut = Callable[[bytes], Iterable[bytes]]
"""Splits a body into the pieces in which it arrives."""


def whole(body: bytes) -> Iterable[bytes]:
    """Returns the body in one piece."""
    return [body]


def each_byte(body: bytes) -> Iterable[bytes]:
    """Returns the body byte by byte."""
    return (body[index : index + 1] for index in range(len(body)))


def each_line(body: bytes) -> Iterable[bytes]:
    """Returns the body split after each line feed."""
    return body.splitlines(keepends=True)


def each_event(body: bytes) -> Iterable[bytes]:
    """Returns the body split after each blank line, as server-sent events are."""
    return re.split(rb"(?<=\n\n)|(?<=\n\r\n)", body)


def randomly(seed: int, longest: int = 24) -> Cut:
    """Returns a function that splits a body into pieces of 1 to `longest` bytes, always the same for a seed."""

    def cut(body: bytes) -> Iterator[bytes]:
        draw = random.Random(seed)  # noqa: S311  # for tests, not for secrets
        start = 0
        while start < len(body):
            end = start + draw.randint(1, longest)
            yield body[start:end]
            start = end

    return cut


@dataclass(frozen=True, slots=True)
class Reset:
    """The connection closes before the response's head."""


@dataclass(frozen=True, slots=True)
class CutOff:
    """The connection breaks after `after` bytes of the body."""

    after: int


@dataclass(frozen=True, slots=True)
class Stall:
    """Nothing more arrives after `after` bytes of the body; with None, not even the head arrives."""

    after: int | None = None


Fault = Reset | CutOff | Stall


def _any_request(request: HttpRequest) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Exchange:
    """One recorded response and the requests that it answers.

    Attributes:
        body: The body as the provider sent it.
        status: The HTTP status.
        headers: The headers, names in lower case.
        path: The end of the URL path that this exchange answers; empty for every path.
        when: A further condition on the request, such as on its body.
        cut: How the body is split into the pieces in which it arrives.
        fault: The fault to simulate, if any.
    """

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    path: str = ""
    when: Callable[[HttpRequest], bool] = _any_request
    cut: Cut = whole
    fault: Fault | None = None

    def answers(self, request: HttpRequest) -> bool:
        """Returns whether this is the response to a request."""
        return request.url.partition("?")[0].endswith(self.path) and self.when(request)


class RecordedTransport:
    """A `Transport` that answers each request with the first exchange that matches, any number of times."""

    def __init__(self, *exchanges: Exchange) -> None:
        self._exchanges = exchanges
        self.requests: list[HttpRequest] = []
        """The requests that it received, in order."""
        self.open_streams = 0
        """Responses that are being read now."""
        self.stalled = asyncio.Event()
        """Set as soon as a `Stall` is reached."""

    @asynccontextmanager
    async def open(self, request: HttpRequest) -> AsyncGenerator[HttpStream, None]:
        """See `Transport.open`. Raises `AssertionError` for a request without a recorded exchange."""
        self.requests.append(request)
        exchange = self._exchange_for(request)
        self.open_streams += 1
        try:
            await asyncio.sleep(0)  # lets other tasks run, as a socket does
            if isinstance(exchange.fault, Reset):
                raise ConnectionFailed("the connection closed before the response's head")
            if exchange.fault == Stall(None):
                await self.stall()
            yield _RecordedStream(exchange, self)
        finally:
            self.open_streams -= 1

    async def stall(self) -> None:
        """Waits until it is cancelled."""
        self.stalled.set()
        await asyncio.Event().wait()

    def _exchange_for(self, request: HttpRequest) -> Exchange:
        for exchange in self._exchanges:
            if exchange.answers(request):
                return exchange
        raise AssertionError(f"no recorded exchange matches {request.method} {request.url} with body {request.body!r}")


class _RecordedStream:
    """A response as it arrives.

    An iterator rather than an async generator: the event loop does not have to close it when it is abandoned early.
    """

    def __init__(self, exchange: Exchange, transport: RecordedTransport) -> None:
        self.status = exchange.status
        self.headers = exchange.headers
        self._fault = exchange.fault
        self._transport = transport
        body = exchange.body
        if isinstance(self._fault, CutOff | Stall):
            body = body[: self._fault.after]
        self._pieces = iter(exchange.cut(body))

    def __aiter__(self) -> "_RecordedStream":
        return self

    async def __anext__(self) -> bytes:
        await asyncio.sleep(0)
        for piece in self._pieces:
            if piece:
                return piece
        if isinstance(self._fault, CutOff):
            raise StreamInterrupted("the connection broke before the end of the body")
        if isinstance(self._fault, Stall):
            await self._transport.stall()
        raise StopAsyncIteration
