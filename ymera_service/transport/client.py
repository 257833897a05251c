"""The transport: sends requests over kept-alive connections and yields responses as they arrive."""

from asyncio import Future, Semaphore
from collections import defaultdict
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from functools import lru_cache, partial
from io import BytesIO
from types import TracebackType
from typing import Self

import aiohttp
from yarl import URL

from ymera_service.config import TransportSettings
from ymera_service.sdk.errors import InvalidProviderRequest, MalformedResponse
from ymera_service.sdk.http import HttpRequest
from ymera_service.transport.connector import Connector, Request, attempt_twice_if_stale
from ymera_service.transport.failures import EXPECTED, InvalidFraming, failure_in_body, failure_to_open
from ymera_service.transport.proxies import Proxies
from ymera_service.transport.waiting import acquire

LARGE_BODY_BYTES = 1024 * 1024
"""Larger bodies are sent in pieces, so that the event loop is not blocked."""
ADDRESSES_KEPT = 256
"""Parsed addresses: a provider has few."""


class HttpTransport:
    """The HTTP transport of all providers; see `ymera_service.sdk.http.Transport`.

    An async context manager: it must be entered before its first use, and leaving it closes every connection. It
    does not follow redirects, store cookies or read `.netrc`. It trusts the system's certificate authorities (or
    those of `SSL_CERT_FILE`), decodes gzip and deflate, and uses the environment's proxies; see `Proxies`.
    """

    def __init__(self, settings: TransportSettings) -> None:
        self._settings = settings
        self._proxies = Proxies()
        limit = settings.max_connections_per_host
        self._slots = None if limit is None else defaultdict[URL, Semaphore](partial(Semaphore, limit))

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=Connector(),
            request_class=Request,
            middlewares=[attempt_twice_if_stale],
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, connect=self._settings.connect_seconds),
            headers={"user-agent": "ymera"},
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    def open(self, request: HttpRequest) -> AbstractAsyncContextManager["Exchange"]:
        """Sends the request; see `ymera_service.sdk.http.Transport.open`.

        Raises:
            ConnectionFailed: The connection failed, or closed before the response's head arrived.
            ProviderTimeout: No connection in time. Waiting for a slot of the host does not count.
            MalformedResponse: The response is not HTTP.
            InvalidProviderRequest: The address or a header is not valid.
        """
        url = _parse(request.url)
        slots = None if self._slots is None else self._slots[url.origin()]
        proxy, limit = self._proxies.of(url), self._settings.max_response_bytes
        return Exchange(self._session, request, url, proxy=proxy, slots=slots, limit=limit)


@lru_cache(ADDRESSES_KEPT)
def _parse(address: str) -> URL:
    try:
        url = URL(address)
        if url.scheme in ("http", "https") and url.host:
            return url
    except ValueError:
        pass
    raise InvalidProviderRequest(f"{address!r} is not an address that begins with http:// or https://")


class Exchange:
    """One request, and its response, whose body is still arriving; see `ymera_service.sdk.http.HttpStream`."""

    __slots__ = ("_closed", "_content", "_left", "_proxy", "_request", "_response", "_session", "_slots", "_url")

    def __init__(
        self,
        session: aiohttp.ClientSession,
        request: HttpRequest,
        url: URL,
        *,
        proxy: URL | None,
        slots: Semaphore | None,
        limit: int,
    ) -> None:
        self._session = session
        self._request = request
        self._url = url
        self._proxy = proxy
        self._slots = slots
        self._left = limit

    async def __aenter__(self) -> Self:
        if self._slots is not None:
            await acquire(self._slots)
        body = self._request.body
        try:
            self._response = await self._session.request(
                self._request.method,
                self._url,
                headers=self._request.headers,
                data=BytesIO(body) if len(body) > LARGE_BODY_BYTES else body or None,
                proxy=self._proxy,
                allow_redirects=False,
            )
        except BaseException as error:
            self._release()
            if isinstance(error, EXPECTED):
                raise failure_to_open(error, self._url.authority) from None
            raise
        self._content = self._response.content
        self._closed = _closing_of(self._response)
        if self._closed is not None:
            self._closed.add_done_callback(self._end_body)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._closed is not None:
            self._closed.remove_done_callback(self._end_body)
        # aiohttp has already released the connection of a response that was read to its end. Any other one is
        # aborted: with an unread rest it can't be reused, and abort, unlike close, does not wait for unsent data.
        if (connection := self._response.connection) is not None:
            if connection.transport is not None:
                connection.transport.abort()
            self._response.close()
        self._release()

    def _release(self) -> None:
        if self._slots is not None:
            self._slots.release()

    def _end_body(self, _closed: Future[None]) -> None:
        # aiohttp 3.14 closes the connection on invalid framing, but does not raise an error at the reader of the body.
        if not self._content.is_eof() and self._content.exception() is None:
            self._content.set_exception(InvalidFraming())

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self._response.status

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers, names in lower case; repeated ones are joined by commas."""
        headers: dict[str, str] = {}
        for name, value in self._response.headers.items():
            key = name.lower()
            headers[key] = f"{headers[key]}, {value}" if key in headers else value
        return headers

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        try:
            piece = await self._content.readany()
        except EXPECTED as error:
            piece = self._unread()
            if not piece:
                raise failure_in_body(error, self._url.authority) from None
        if not piece:
            raise StopAsyncIteration
        self._left -= len(piece)
        if self._left < 0:
            raise MalformedResponse(f"{self._url.authority} sent a response that is longer than allowed")
        return piece

    def _unread(self) -> bytes:
        # aiohttp raises the error of a broken connection before it returns the data that had arrived by then.
        unread = self._content._buffer  # noqa: SLF001
        data = b"".join(unread)
        unread.clear()
        return data


def _closing_of(response: aiohttp.ClientResponse) -> Future[None] | None:
    connection = response.connection
    return connection.protocol.closed if connection is not None and connection.protocol is not None else None
