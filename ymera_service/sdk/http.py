"""Providers that use HTTP: a dialect without I/O, run over the transport that all providers share."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import blake2b
from math import inf
from operator import itemgetter
from typing import Any, Protocol

from ymera_service.sdk.billing import AdminKey
from ymera_service.sdk.context import CallContext
from ymera_service.sdk.errors import (
    AuthenticationFailed,
    InvalidProviderRequest,
    MalformedResponse,
    PermissionDenied,
    ProviderError,
    QuotaExhausted,
    RateLimited,
    StreamInterrupted,
)
from ymera_service.sdk.events import Accepted, Finished, Headroom, KeepAlive, ProviderEvent
from ymera_service.sdk.generation import Adaptation, GenerateRequest
from ymera_service.sdk.keys import Keys
from ymera_service.sdk.providers import Provider
from ymera_service.sdk.targets import Deployment, Target
from ymera_service.sdk.wire.rate_limits import headroom


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request. In a dialect, `url` is relative to the endpoint's base, such as `/chat/completions`, or absolute.

    `adaptations` say what of the request was not encoded as the caller gave it.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    adaptations: tuple[Adaptation, ...] = ()


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A whole response; header names are lower-case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class HttpStream(Protocol):
    """A response whose body is still arriving. Iterating yields the body in pieces as they arrive."""

    @property
    def status(self) -> int:
        """The HTTP status."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers, names in lower case."""
        ...

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Yields the body in pieces, none of them empty.

        Raises:
            StreamInterrupted: The connection broke before the end of the body.
            MalformedResponse: The body is not valid HTTP, or longer than the transport's limit.
        """
        ...


class Transport(Protocol):
    """The HTTP client of every provider: one set of pools, limits and TLS settings."""

    def open(self, request: HttpRequest) -> AbstractAsyncContextManager[HttpStream]:
        """Sends the request and enters when the response's head has arrived.

        Leaving early, also by cancellation, closes the connection immediately.

        Raises:
            ConnectionFailed: The connection failed, or closed before the response's head.
            ProviderTimeout: The connection was not established in time.
        """
        ...


class Decoder(Protocol):
    """Turns the body of one response into events, independently of how its bytes were split."""

    def feed(self, data: bytes) -> Sequence[ProviderEvent | ProviderError]:
        """Takes the next bytes and returns the events that they complete.

        A failure that the provider reports inside the body is returned as an error, as the last item.
        """
        ...

    def close(self) -> Sequence[ProviderEvent | ProviderError]:
        """Handles the end of the body and returns the remaining events.

        The last item of a complete answer is `Finished`, here or in an earlier result; that of an answer that was cut
        off is `StreamInterrupted`, and that of one that does not follow the format is `MalformedResponse`.
        """
        ...


class Dialect(Protocol):
    """A wire format: translation without I/O, so that it can be tested with recorded bytes."""

    def encode(self, request: GenerateRequest) -> HttpRequest:
        """Returns the HTTP request for this request."""
        ...

    def decoder(self, request: GenerateRequest) -> Decoder:
        """Returns a new decoder for the successful response to this request."""
        ...

    def decode_error(self, response: HttpResponse) -> ProviderError:
        """Returns the error of a response with status 400 or above; its body may be cut off. Never raises."""
        ...


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The address of a dialect's API.

    Attributes:
        base_url: What the relative addresses of requests are appended to.
        headers: Sent with every request; they may hold a static key.
        accounts: The headers of each account: those of one account are sent with a request. `Keys` change while the
            server runs.
    """

    base_url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    accounts: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)

    @property
    def deployments(self) -> tuple[Deployment, ...]:
        """How each of its models can be called: with every account. For `ModelInfo.deployments`."""
        return tuple(map(Deployment, self.accounts)) or (Deployment(),)

    def resolve(self, request: HttpRequest, account: str = "") -> HttpRequest:
        """Returns the request with its full URL and the headers of the endpoint and of an account.

        Raises:
            AuthenticationFailed: The account has no key any more, as after a revocation.
        """
        url = request.url if request.url.startswith("https://") else self.base_url.rstrip("/") + request.url
        return HttpRequest(
            request.method, url, {**self.headers, **request.headers, **self._credentials(account)}, request.body
        )

    def anonymous(self, request: HttpRequest) -> HttpRequest:
        """Returns the request with its full URL and without the headers of any account."""
        return replace(self, accounts={}).resolve(request)

    def _credentials(self, account: str) -> Mapping[str, str]:
        try:
            return self.accounts[account]
        except KeyError:
            if not self.accounts and not isinstance(self.accounts, Keys):
                return {}
            missing = self.accounts.missing if isinstance(self.accounts, Keys) and not self.accounts.known else ""
            raise AuthenticationFailed(
                missing or f"the key of the account {account!r} does not exist any more"
            ) from None


KEEP_ALIVE = KeepAlive()


class HttpProvider(Provider):
    """A provider that uses a dialect at an endpoint. A plugin adds how its models are listed."""

    def __init__(self, name: str, dialect: Dialect, endpoint: Endpoint, transport: Transport) -> None:
        self.name = name
        self.dialect = dialect
        self.endpoint = endpoint
        self.keys = endpoint.accounts if isinstance(endpoint.accounts, Keys) else None
        self._transport = transport

    @property
    def origin(self) -> str:
        """See `Provider.origin`: the address, and a hash of what is sent with each request and of the accounts."""
        sent = repr((sorted(self.endpoint.headers.items()), sorted(self.endpoint.accounts.items(), key=itemgetter(0))))
        return f"{self.endpoint.base_url} {blake2b(sent.encode(), digest_size=8).hexdigest()}"

    async def authorize(self, request: HttpRequest, context: CallContext) -> HttpRequest:
        """Returns the request as it is sent: with its full URL and credentials, those of the target's account.

        Called for every request, after encoding, so that a key can be rotated, a token renewed and a body signed.

        Args:
            request: What the dialect encoded, or a request for a listing.
            context: The call that it serves; that of a listing has a target without a model.

        Raises:
            AuthenticationFailed: The credentials can't be obtained.
        """
        return self.endpoint.resolve(request, context.target.deployment.account)

    def checking(self) -> HttpRequest | None:
        """Returns a request that costs nothing and that a vendor refuses without a key, such as for the list of models.

        None, which is the default, if there is none.
        """
        return None

    async def check_key(self, account: str | None) -> None:
        """See `Provider.check_key`."""
        request = self.checking()
        if request is None:
            await super().check_key(account)
        elif account is None:
            await self._sent(self.endpoint.anonymous(request))
        else:
            await self._sent(await self.authorize(request, self._listing_call(Deployment(account))))

    def of_head(self, headers: Mapping[str, str], request: GenerateRequest) -> Iterable[ProviderEvent]:
        """Returns what the head of a response says of its answer; for formats whose body lacks an id or counts."""
        return ()

    async def generate(self, request: GenerateRequest, context: CallContext) -> AsyncGenerator[ProviderEvent, None]:
        """Runs the dialect over the transport; see `Provider.generate`."""
        encoded = _encoded(self.dialect, request)
        sent = await self.authorize(_traced(encoded, context), context)
        async with self._transport.open(sent) as stream:
            await self._check(stream)
            headers = stream.headers
            yield Accepted(encoded.adaptations, _headroom(headers, context.target.deployment))
            for event in self.of_head(headers, request):
                yield event
            decoder = self.dialect.decoder(request)
            broken: StreamInterrupted | None = None
            item: ProviderEvent | ProviderError | None = None
            try:
                async for data in stream:
                    items = _decoded(decoder.feed, data)
                    if not items and not isinstance(item, Finished):  # such as [DONE] in a separate packet
                        yield KEEP_ALIVE
                    for item in items:
                        if isinstance(item, ProviderError):
                            raise item
                        yield item
            except StreamInterrupted as error:
                if error is item:
                    raise
                broken = error
            # Only the decoder knows whether the lost bytes were part of the answer.
            for item in _decoded(decoder.close):
                if isinstance(item, ProviderError):
                    raise broken or item
                yield item

    async def fetch(self, request: HttpRequest, context: CallContext | None = None) -> HttpResponse:
        """Sends a request other than `generate` to the endpoint and returns the whole answer.

        Args:
            request: What is to be sent.
            context: The call that it serves, whose target says with which account; None for a listing, for which
                one account after the other is tried until one is accepted.

        Raises:
            ProviderError: The transport failed, or the status is not a success.
        """
        if context is not None:
            return await self._exchange(request, context)
        *others, last = self.endpoint.deployments
        for deployment in others:
            with suppress(AuthenticationFailed, PermissionDenied, QuotaExhausted, RateLimited):
                return await self._exchange(request, self._listing_call(deployment))
        return await self._exchange(request, self._listing_call(last))

    async def fetch_as_administrator(self, request: HttpRequest, admin: AdminKey) -> HttpResponse:
        """Sends a request with an administrator's key in place of that of an account.

        Raises:
            AuthenticationFailed, PermissionDenied: The key is not set or not accepted; the message says what to set.
            ProviderError: As `fetch`.
        """
        if not admin.headers:
            raise AuthenticationFailed(admin.missing)
        sent = self.endpoint.anonymous(request)
        try:
            return await self._sent(replace(sent, headers={**sent.headers, **admin.headers}))
        except (AuthenticationFailed, PermissionDenied) as error:
            problem = f"an ordinary key is not accepted here: {admin.missing} ({error.message})"
            raise type(error)(problem, status=error.status) from None

    def _listing_call(self, deployment: Deployment) -> CallContext:
        return CallContext("", Target(self.name, "", deployment), deadline=inf)

    async def _exchange(self, request: HttpRequest, context: CallContext) -> HttpResponse:
        return await self._sent(await self.authorize(_traced(request, context), context))

    async def _sent(self, request: HttpRequest) -> HttpResponse:
        async with self._transport.open(request) as stream:
            await self._check(stream)
            return await read(stream)

    async def _check(self, stream: HttpStream) -> None:
        """Raises the error of a response that is not a success."""
        if not 200 <= stream.status < 300:
            raise await self._refusal(stream)

    async def _refusal(self, stream: HttpStream) -> ProviderError:
        if stream.status < 400:
            location = stream.headers.get("location", "another address")
            return MalformedResponse(f"the provider redirects to {location}: use that address", status=stream.status)
        pieces: list[bytes] = []
        with suppress(StreamInterrupted):  # the status matters more than the rest of the body
            async for piece in stream:
                pieces.append(piece)  # noqa: PERF401  # a comprehension would lose all of them if the body breaks off
        return self.dialect.decode_error(HttpResponse(stream.status, stream.headers, b"".join(pieces)))


async def read(stream: HttpStream) -> HttpResponse:
    """Reads the rest of a response."""
    body = b"".join([piece async for piece in stream])
    return HttpResponse(stream.status, stream.headers, body)


def _encoded(dialect: Dialect, request: GenerateRequest) -> HttpRequest:
    """Encodes a request; what can't be encoded, such as nesting without end, counts against no target."""
    try:
        encoded = dialect.encode(request)
        if encoded.adaptations and request.strict:
            raise _not_adapted(encoded.adaptations)
        return _with_options(encoded, request.options) if request.options else encoded
    except (TypeError, ValueError, RecursionError) as error:
        problem = f"the request can't be expressed in the provider's format: {type(error).__name__}: {error}"
        raise InvalidProviderRequest(problem) from None


def _with_options(request: HttpRequest, options: Mapping[str, Any]) -> HttpRequest:
    # Both need the extra `wire`, which a plugin without dialects does not have.
    import orjson  # noqa: PLC0415

    from ymera_service.sdk.wire.json_reader import strict_object  # noqa: PLC0415

    body = strict_object(request.body)
    if body is None:
        raise InvalidProviderRequest("provider options can't be added: the provider's format is not a JSON object")
    return replace(request, body=orjson.dumps(_merged(body, options)))


def _merged(body: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the body with the options; objects in both are merged, so that an option replaces nothing beside it."""
    merged = {**body, **options}
    for name in body.keys() & options.keys():
        if isinstance(body[name], Mapping) and isinstance(options[name], Mapping):
            merged[name] = _merged(body[name], options[name])
    return merged


def _not_adapted(adaptations: Sequence[Adaptation]) -> InvalidProviderRequest:
    problems = "; ".join(f"{one.field} would be {one.kind}: {one.detail}" for one in adaptations)
    return InvalidProviderRequest(f"the request is strict, and the model does not accept it as it is: {problems}")


def _traced(request: HttpRequest, context: CallContext) -> HttpRequest:
    """Passes the caller's trace context on."""
    if not context.traceparent:
        return request
    return replace(request, headers={**request.headers, "traceparent": context.traceparent})


def _headroom(headers: Mapping[str, str], deployment: Deployment) -> Headroom | None:
    """Returns what is left of rate limits, where calls can be spread over several deployments."""
    if not (deployment.account or deployment.endpoint):
        return None
    return headroom(headers, datetime.now(UTC))


def _decoded(
    step: Callable[..., Sequence[ProviderEvent | ProviderError]], *data: bytes
) -> Sequence[ProviderEvent | ProviderError]:
    """Returns what a decoder makes of the bytes; any exception is reported as a malformed response."""
    try:
        return step(*data)
    except ProviderError as error:
        return [error]
    except Exception as error:  # noqa: BLE001  # third-party code
        failure = MalformedResponse(f"the answer can't be decoded: {type(error).__name__}: {error}")
        failure.__cause__ = error
        return [failure]
