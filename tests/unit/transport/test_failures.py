"""Every failure of a server or network is raised as the matching error."""

import asyncio
import errno
import gzip
import socket
from collections.abc import Awaitable, Callable

import aiohttp
import pytest
from aiohttp.client_reqrep import ConnectionKey

from tests.unit.transport.upstream import CHUNKED, LAST_CHUNK, Serve, Visit, chunk, get, whole
from ymera_service.config import TransportSettings
from ymera_service.sdk.errors import (
    ConnectionFailed,
    InvalidProviderRequest,
    MalformedResponse,
    ProviderError,
    ProviderTimeout,
    StreamInterrupted,
)
from ymera_service.sdk.http import HttpRequest, HttpStream
from ymera_service.sdk.targets import Scope
from ymera_service.transport import HttpTransport
from ymera_service.transport.failures import failure_to_open

KEY = ConnectionKey("models.example", 443, True, True, None, None, None)


def _unresolved(error: OSError) -> aiohttp.ClientConnectorDNSError:
    return aiohttp.ClientConnectorDNSError(KEY, error)


GZIPPED = gzip.compress(bytes(range(256)) * 8)
GZIP = b"content-encoding: gzip"


async def _reset(visit: Visit) -> None:
    visit.reset()


async def _nothing(visit: Visit) -> None:
    pass


def _say(*pieces: bytes) -> Callable[[Visit], Awaitable[None]]:
    async def say(visit: Visit) -> None:
        await visit.send(*pieces)
        visit.writer.close()

    return say


async def _hang_up(visit: Visit) -> None:
    visit.writer.close()


@pytest.mark.parametrize(
    ("script", "error"),
    [
        (_reset, ConnectionFailed),
        (_hang_up, ConnectionFailed),
        (_say(b"HTTP/1.1 200 OK\r\ncontent-ty"), ConnectionFailed),
        (_say(b"220 mail.example ESMTP\r\n"), MalformedResponse),
        (_say(b"HTTP/1.1 200 OK\r\nx: " + b"a" * 100_000 + b"\r\n\r\n"), MalformedResponse),
    ],
    ids=["reset", "closed", "half a head", "another protocol", "a huge header"],
)
async def test_a_missing_head_is_the_matching_error(
    script: Callable[[Visit], Awaitable[None]], error: type[ProviderError], serve: Serve, transport: HttpTransport
) -> None:
    upstream = await serve(script)
    with pytest.raises(error, match=r"127\.0\.0\.1"):
        await get(transport, upstream.request())
    assert len(upstream.visits) == 1


@pytest.mark.parametrize(
    ("pieces", "error"),
    [
        ((CHUNKED, chunk(b"abc")), StreamInterrupted),
        ((CHUNKED, b"9\r\nabc"), StreamInterrupted),
        ((CHUNKED, chunk(b"abc"), b"0\r\n"), StreamInterrupted),
        ((b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nabc",), StreamInterrupted),
        ((whole(GZIPPED, GZIP)[:-9],), StreamInterrupted),
        ((whole(b"no gzip at all", GZIP),), MalformedResponse),
    ],
    ids=["without last chunk", "within a chunk", "within the last chunk", "short", "within gzip", "no gzip"],
)
async def test_an_incomplete_body_is_an_error(
    pieces: tuple[bytes, ...], error: type[ProviderError], serve: Serve, transport: HttpTransport
) -> None:
    upstream = await serve(_say(*pieces))
    with pytest.raises(error):
        await get(transport, upstream.request())


@pytest.mark.parametrize(("finish", "error"), [("reset", StreamInterrupted), ("garbage", MalformedResponse)])
async def test_the_data_before_a_failure_is_yielded_first(
    finish: str, error: type[ProviderError], serve: Serve, transport: HttpTransport
) -> None:
    seen = asyncio.Event()

    async def script(visit: Visit) -> None:
        await visit.send(CHUNKED, chunk(b"first"))
        await seen.wait()
        if finish == "garbage":
            await visit.send(b"not a length\r\n")
            await visit.gone()
        else:
            visit.reset()

    upstream = await serve(script)
    async with asyncio.timeout(10), transport.open(upstream.request()) as stream:
        assert await anext(aiter(stream)) == b"first"
        seen.set()
        with pytest.raises(error):
            await anext(aiter(stream))


async def test_a_slow_reader_still_gets_what_arrived_before_the_connection_broke(
    serve: Serve, transport: HttpTransport
) -> None:
    async def script(visit: Visit) -> None:
        await visit.send(CHUNKED, chunk(b"first"))
        visit.writer.close()
        await visit.writer.wait_closed()

    upstream = await serve(script)
    async with asyncio.timeout(10), transport.open(upstream.request()) as stream:
        await _lost(stream)
        assert await anext(aiter(stream)) == b"first"
        with pytest.raises(StreamInterrupted):
            await anext(aiter(stream))


async def _lost(stream: HttpStream) -> None:
    """Waits until the client's side knows of the broken connection."""
    await asyncio.wait([stream._response.connection.protocol.closed])  # type: ignore[attr-defined]


async def test_a_closed_port_is_a_failed_connection(transport: HttpTransport) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        request = HttpRequest("POST", f"http://127.0.0.1:{free.getsockname()[1]}/")
        with pytest.raises(ConnectionFailed, match="refused"):
            await get(transport, request)


async def test_a_name_that_does_not_exist_is_a_failed_connection(transport: HttpTransport) -> None:
    with pytest.raises(ConnectionFailed, match=r"nowhere\.invalid"):
        await get(transport, HttpRequest("GET", "http://nowhere.invalid/"))


@pytest.mark.parametrize(
    ("error", "scope"),
    [
        (_unresolved(socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")), Scope.NETWORK),
        (_unresolved(socket.gaierror(socket.EAI_NONAME, "Name or service not known")), Scope.ENDPOINT),
        (aiohttp.ClientConnectorError(KEY, OSError(errno.ENETUNREACH, "unreachable")), Scope.NETWORK),
        (aiohttp.ClientConnectorError(KEY, OSError(errno.EMFILE, "too many files")), Scope.NETWORK),
        (aiohttp.ClientConnectorError(KEY, OSError(errno.ECONNREFUSED, "refused")), Scope.ENDPOINT),
        (aiohttp.ClientProxyConnectionError(KEY, OSError(errno.ECONNREFUSED, "refused")), Scope.NETWORK),
        (aiohttp.ServerDisconnectedError(), Scope.ENDPOINT),
    ],
    ids=repr,
)
def test_what_fails_before_anything_left_this_machine_is_the_networks(error: Exception, scope: Scope) -> None:
    failure = failure_to_open(error, "models.example")
    assert (type(failure), failure.scope) == (ConnectionFailed, scope)


async def test_a_proxy_that_is_not_there_is_the_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free.getsockname()[1]}")
        async with HttpTransport(TransportSettings()) as behind_proxy:
            with pytest.raises(ConnectionFailed, match="proxy") as caught:
                await get(behind_proxy, HttpRequest("GET", "http://models.example/"))
    assert caught.value.scope is Scope.NETWORK


async def test_a_server_that_does_not_take_connections_times_out() -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        request = HttpRequest("POST", f"http://127.0.0.1:{full.getsockname()[1]}/")
        async with HttpTransport(TransportSettings(connect_seconds=0.2)) as transport:
            with pytest.raises(ProviderTimeout):
                await get(transport, request)
        for one in waiting:
            one.close()


@pytest.mark.parametrize("address", ["localhost:11434/v1", "ftp://host/", "http://", "http://[::1", "http://h:99999/"])
async def test_an_invalid_address_is_an_invalid_request(address: str, transport: HttpTransport) -> None:
    with pytest.raises(InvalidProviderRequest):
        await get(transport, HttpRequest("GET", address))


async def test_a_key_with_a_line_break_is_rejected_and_not_shown(serve: Serve, transport: HttpTransport) -> None:
    upstream = await serve(_say(whole(b"ok")))
    with pytest.raises(InvalidProviderRequest) as caught:
        await get(transport, upstream.request(authorization="Bearer secret\n"))
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("encoded", [False, True])
async def test_a_body_longer_than_the_limit_is_malformed(encoded: bool, serve: Serve) -> None:
    body = b"a" * 3000

    async def script(visit: Visit) -> None:
        await visit.send(whole(gzip.compress(body), GZIP) if encoded else CHUNKED + chunk(body) + LAST_CHUNK)

    upstream = await serve(script)
    async with HttpTransport(TransportSettings(max_response_bytes=2999)) as transport:
        with pytest.raises(MalformedResponse, match="longer than allowed"):
            await get(transport, upstream.request())
    async with HttpTransport(TransportSettings(max_response_bytes=3000)) as transport:
        assert await get(transport, upstream.request()) == body
