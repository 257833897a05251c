"""Providers that speak HTTP: a pure dialect, run by the transport that all providers share."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, field
from typing import Protocol

from ymera_service.sdk.context import CallContext
from ymera_service.sdk.errors import InvalidProviderRequest, MalformedResponse, ProviderError, StreamInterrupted
from ymera_service.sdk.events import Accepted, KeepAlive, ProviderEvent
from ymera_service.sdk.generation import GenerateRequest
from ymera_service.sdk.providers import Provider


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request. A dialect gives `url` relative to the endpoint's base, such as `/chat/completions`."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A whole response; header names are lower-case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class HttpStream(Protocol):
    """A response whose body is still arriving. Iterating gives the body in the pieces that arrive."""

    @property
    def status(self) -> int:
        """The HTTP status."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers, names in lower case."""
        ...

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Yields the body, no piece empty.

        Raises:
            StreamInterrupted: The connection broke before the end of the body.
            MalformedResponse: The body is not valid HTTP, or longer than the transport's limit.
        """
        ...


class Transport(Protocol):
    """Carries HTTP for every provider: one set of pools, limits and TLS settings."""

    def open(self, request: HttpRequest) -> AbstractAsyncContextManager[HttpStream]:
        """Sends the request and enters when the response's head has arrived.

        Leaving early, also by cancellation, closes the connection at once.

        Raises:
            ConnectionFailed: No connection, or it closed before the response's head.
            ProviderTimeout: No connection in time.
        """
        ...


class Decoder(Protocol):
    """Turns the body of one response into events, however its bytes were cut."""

    def feed(self, data: bytes) -> Sequence[ProviderEvent | ProviderError]:
        """Takes the next bytes and returns the events that they complete.

        A failure that the provider reports inside the body is returned as an error, the last item.
        """
        ...

    def close(self) -> Sequence[ProviderEvent | ProviderError]:
        """Says that the body has ended and returns what was left.

        The last item of a whole answer is, or was, `Finished`; of one that was cut off it is
        `StreamInterrupted`, of one that is not in the format `MalformedResponse`.
        """
        ...


class Dialect(Protocol):
    """A wire format: pure translation without I/O, so that recorded bytes can prove it."""

    def encode(self, request: GenerateRequest) -> HttpRequest:
        """Returns the HTTP request that asks for this."""
        ...

    def decoder(self, request: GenerateRequest) -> Decoder:
        """Returns a fresh decoder for the successful response to this request."""
        ...

    def decode_error(self, response: HttpResponse) -> ProviderError:
        """Returns what a response of status 400 or above means; its body may be cut off. Never raises."""
        ...


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a dialect is spoken; `headers` go with every request and may hold a key that never changes."""

    base_url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def resolve(self, request: HttpRequest) -> HttpRequest:
        """Returns the request with its full address and the endpoint's headers."""
        url = self.base_url.rstrip("/") + request.url
        return HttpRequest(request.method, url, {**self.headers, **request.headers}, request.body)


KEEP_ALIVE = KeepAlive()


class HttpProvider(Provider):
    """A provider that speaks a dialect at an endpoint. A plugin adds how its models are listed."""

    def __init__(self, name: str, dialect: Dialect, endpoint: Endpoint, transport: Transport) -> None:
        self.name = name
        self.dialect = dialect
        self.endpoint = endpoint
        self._transport = transport

    async def authorize(self, request: HttpRequest, context: CallContext | None) -> HttpRequest:
        """Returns the request as it is sent: with its full address and credentials.

        Asked for every call, after encoding, so that a key can be rotated, a token renewed and a body signed.

        Args:
            request: What the dialect encoded, or a request for a listing.
            context: The call that it serves; None for requests other than `generate`.

        Raises:
            AuthenticationFailed: The credentials can't be had.
        """
        return self.endpoint.resolve(request)

    async def generate(self, request: GenerateRequest, context: CallContext) -> AsyncGenerator[ProviderEvent, None]:
        """Runs the dialect over the transport; see `Provider.generate`."""
        sent = await self.authorize(_encoded(self.dialect, request), context)
        async with self._transport.open(sent) as stream:
            if not _is_success(stream.status):
                raise await self._refusal(stream)
            yield Accepted()
            decoder = self.dialect.decoder(request)
            broken: StreamInterrupted | None = None
            item: ProviderEvent | ProviderError | None = None
            try:
                async for data in stream:
                    items = _decoded(decoder.feed, data)
                    if not items:
                        yield KEEP_ALIVE
                    for item in items:
                        if isinstance(item, ProviderError):
                            raise item
                        yield item
            except StreamInterrupted as error:
                if error is item:
                    raise
                broken = error
            # The decoder knows whether what the connection lost belonged to the answer.
            for item in _decoded(decoder.close):
                if isinstance(item, ProviderError):
                    raise broken or item
                yield item

    async def fetch(self, request: HttpRequest) -> HttpResponse:
        """Sends a request other than `generate` to the endpoint and returns the whole answer.

        Raises:
            ProviderError: The transport failed, or the status is not a success.
        """
        async with self._transport.open(await self.authorize(request, None)) as stream:
            if not _is_success(stream.status):
                raise await self._refusal(stream)
            return await read(stream)

    async def _refusal(self, stream: HttpStream) -> ProviderError:
        if stream.status < 400:
            place = stream.headers.get("location", "elsewhere")
            return MalformedResponse(f"the provider redirects to {place}: use that address", status=stream.status)
        pieces: list[bytes] = []
        with suppress(StreamInterrupted):  # the status tells more than the rest of the body
            async for piece in stream:
                pieces.append(piece)  # noqa: PERF401  # a comprehension loses them all when the body breaks off
        return self.dialect.decode_error(HttpResponse(stream.status, stream.headers, b"".join(pieces)))


async def read(stream: HttpStream) -> HttpResponse:
    """Reads the rest of a response."""
    body = b"".join([piece async for piece in stream])
    return HttpResponse(stream.status, stream.headers, body)


def _encoded(dialect: Dialect, request: GenerateRequest) -> HttpRequest:
    """Encodes a request; what can't be encoded, such as nesting without end, counts against no target."""
    try:
        return dialect.encode(request)
    except (TypeError, ValueError, RecursionError) as error:
        problem = f"the request can't be expressed in the provider's format: {type(error).__name__}: {error}"
        raise InvalidProviderRequest(problem) from None


def _is_success(status: int) -> bool:
    return 200 <= status < 300


def _decoded(
    step: Callable[..., Sequence[ProviderEvent | ProviderError]], *data: bytes
) -> Sequence[ProviderEvent | ProviderError]:
    """Returns what a decoder makes of the bytes; whatever it raises is taken for their fault."""
    try:
        return step(*data)
    except ProviderError as error:
        return [error]
    except Exception as error:  # noqa: BLE001  # a stranger's code
        failure = MalformedResponse(f"the answer can't be decoded: {type(error).__name__}: {error}")
        failure.__cause__ = error
        return [failure]
