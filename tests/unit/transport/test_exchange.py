"""Requests and responses without failures."""

import asyncio
import gzip

import pytest

from tests.unit.transport.upstream import CHUNKED, LAST_CHUNK, Serve, Visit, chunk, get, whole
from ymera_service.config import TransportSettings
from ymera_service.sdk.http import HttpRequest, read
from ymera_service.transport import HttpTransport


async def _ok(visit: Visit) -> None:
    await visit.send(whole(b"ok"))


async def test_a_request_is_sent_unchanged(serve: Serve, transport: HttpTransport) -> None:
    upstream = await serve(_ok)
    await get(transport, upstream.request("/v1/a%2Fb?x=1", b'{"a": 1}', authorization="Bearer k"))
    (visit,) = upstream.visits
    assert (visit.path, visit.body) == ("/v1/a%2Fb?x=1", b'{"a": 1}')
    assert visit.headers["authorization"] == "Bearer k"
    assert visit.headers["user-agent"] == "ymera"


async def test_a_request_without_body_has_none(serve: Serve, transport: HttpTransport) -> None:
    upstream = await serve(_ok)
    await get(transport, HttpRequest("GET", f"http://127.0.0.1:{upstream.port}/models"))
    (visit,) = upstream.visits
    assert visit.head.startswith(b"GET /models ")
    assert "content-length" not in visit.headers


async def test_a_large_body_arrives_whole(serve: Serve, transport: HttpTransport) -> None:
    upstream = await serve(_ok)
    body = bytes(range(256)) * 16 * 1024
    assert await get(transport, upstream.request(body=body)) == b"ok"
    assert upstream.visits[0].body == body


async def test_pieces_are_yielded_as_they_arrive(serve: Serve, transport: HttpTransport) -> None:
    taken = asyncio.Semaphore(0)

    async def script(visit: Visit) -> None:
        await visit.send(CHUNKED)
        for number in range(5):
            await taken.acquire()
            await visit.send(chunk(b"%d" % number))
        await visit.send(LAST_CHUNK)

    upstream = await serve(script)
    pieces = []
    async with asyncio.timeout(10), transport.open(upstream.request()) as stream:
        assert stream.status == 200
        taken.release()
        async for piece in stream:
            pieces.append(piece)
            taken.release()
    assert pieces == [b"0", b"1", b"2", b"3", b"4"]


async def test_a_compressed_stream_is_yielded_as_it_arrives(serve: Serve, transport: HttpTransport) -> None:
    import zlib

    taken = asyncio.Semaphore(0)

    async def script(visit: Visit) -> None:
        pack = zlib.compressobj(wbits=31)
        await visit.send(CHUNKED[:-2], b"content-encoding: gzip\r\n\r\n")
        for number in range(3):
            await visit.send(chunk(pack.compress(b"event %d" % number) + pack.flush(zlib.Z_SYNC_FLUSH)))
            await taken.acquire()
        await visit.send(chunk(pack.flush()), LAST_CHUNK)

    upstream = await serve(script)
    pieces = []
    async with asyncio.timeout(10), transport.open(upstream.request()) as stream:
        async for piece in stream:
            pieces.append(piece)
            taken.release()
    assert pieces == [b"event 0", b"event 1", b"event 2"]


async def test_headers_have_lower_case_names_and_gzip_is_decoded(serve: Serve, transport: HttpTransport) -> None:
    async def script(visit: Visit) -> None:
        headers = (b"Retry-After: 7", b"Content-Encoding: gzip", b"X-Both: a", b"x-both: b")
        await visit.send(whole(gzip.compress(b"hello"), *headers))

    upstream = await serve(script)
    async with transport.open(upstream.request()) as stream:
        response = await read(stream)
    assert response.body == b"hello"
    assert response.headers["retry-after"] == "7"
    assert response.headers["x-both"] == "a, b"


async def test_a_body_without_length_ends_with_the_connection(serve: Serve, transport: HttpTransport) -> None:
    async def script(visit: Visit) -> None:
        await visit.send(b"HTTP/1.1 200 OK\r\n\r\nall of it")
        visit.writer.close()

    upstream = await serve(script)
    assert await get(transport, upstream.request()) == b"all of it"


async def test_redirects_are_returned_and_cookies_are_not_stored(serve: Serve, transport: HttpTransport) -> None:
    async def script(visit: Visit) -> None:
        await visit.send(b"HTTP/1.1 307 Go\r\nlocation: /there\r\nset-cookie: a=b\r\ncontent-length: 0\r\n\r\n")

    upstream = await serve(script)
    for _ in range(2):
        async with transport.open(upstream.request("/here", authorization="Bearer k")) as stream:
            assert stream.status == 307
    assert [visit.path for visit in upstream.visits] == ["/here", "/here"]
    assert "cookie" not in upstream.visits[1].headers


@pytest.mark.parametrize("slots", [1, 3])
async def test_no_host_gets_more_connections_than_it_has_slots(slots: int, serve: Serve) -> None:
    at_work, most = 0, 0
    full, leave = asyncio.Event(), asyncio.Event()

    async def script(visit: Visit) -> None:
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        if at_work == slots:
            full.set()
        await leave.wait()
        at_work -= 1
        await visit.send(whole(b"ok"))

    upstream = await serve(script)
    settings = TransportSettings(max_connections_per_host=slots)
    async with HttpTransport(settings) as transport, asyncio.TaskGroup() as tasks:
        calls = [tasks.create_task(get(transport, upstream.request())) for _ in range(slots * 3)]
        await asyncio.wait_for(full.wait(), 10)
        leave.set()
        await asyncio.gather(*calls)
    assert most == slots
    assert upstream.connections == slots


async def test_waiting_for_a_slot_does_not_count_as_a_slow_connection(serve: Serve) -> None:
    seconds = 2.0
    came = asyncio.Event()

    async def script(visit: Visit) -> None:
        if not came.is_set():
            came.set()
            await asyncio.sleep(1.1 * seconds)
        await visit.send(whole(b"ok"))

    upstream = await serve(script)
    settings = TransportSettings(max_connections_per_host=1, connect_seconds=seconds)
    async with HttpTransport(settings) as transport, asyncio.TaskGroup() as tasks:
        tasks.create_task(get(transport, upstream.request()))
        await asyncio.wait_for(came.wait(), 10)
        assert await get(transport, upstream.request()) == b"ok"


async def test_leaving_the_transport_closes_its_connections(serve: Serve) -> None:
    gone = asyncio.Event()

    async def script(visit: Visit) -> None:
        await visit.send(whole(b"ok"))
        await visit.gone()
        gone.set()

    upstream = await serve(script)
    async with HttpTransport(TransportSettings()) as transport:
        await get(transport, upstream.request())
    await asyncio.wait_for(gone.wait(), 10)
