"""Connections are reused, and those that the server closed meanwhile cause no failure."""

import asyncio
import gc
import os
import socket
import time

import pytest

from tests.unit.transport.upstream import CHUNKED, LAST_CHUNK, Serve, Visit, chunk, get, whole
from ymera_service.sdk.errors import ConnectionFailed
from ymera_service.transport import HttpTransport, connector


async def test_a_connection_is_reused(serve: Serve, transport: HttpTransport) -> None:
    async def script(visit: Visit) -> None:
        await visit.send(CHUNKED, chunk(b"o"), chunk(b"k"), LAST_CHUNK)

    upstream = await serve(script)
    assert [await get(transport, upstream.request()) for _ in range(20)] == [b"ok"] * 20
    assert upstream.connections == 1


async def test_a_server_that_closes_after_each_answer_is_never_a_failure(
    serve: Serve, transport: HttpTransport
) -> None:
    async def script(visit: Visit) -> None:
        await visit.send(whole(b"ok"))
        visit.writer.close()

    upstream = await serve(script)
    assert [await get(transport, upstream.request()) for _ in range(200)] == [b"ok"] * 200
    assert len(upstream.visits) == 200


async def test_a_close_that_the_loop_has_not_read_yet_is_detected(
    serve: Serve, transport: HttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connector, "STALE_SECONDS", -1)  # a retry would hide it

    async def script(visit: Visit) -> None:
        await visit.send(whole(b"ok"))

    upstream = await serve(script)
    await get(transport, upstream.request())
    # From here on, the end of the stream is in the client's socket, and the loop does not run.
    with socket.socket(fileno=os.dup(upstream.visits[0].writer.get_extra_info("socket").fileno())) as server_side:
        server_side.shutdown(socket.SHUT_RDWR)
    assert await get(transport, upstream.request()) == b"ok"
    assert upstream.connections == 2


@pytest.mark.parametrize("ending", ["reset", "close"])
async def test_a_request_over_a_connection_found_dead_is_sent_again(
    ending: str, serve: Serve, transport: HttpTransport
) -> None:
    async def script(visit: Visit) -> None:
        if visit.connection == 1 and visit.path == "/second":
            visit.reset() if ending == "reset" else visit.writer.close()
        else:
            await visit.send(whole(visit.body))

    upstream = await serve(script)
    await get(transport, upstream.request("/first"))
    assert await get(transport, upstream.request("/second", b"once more")) == b"once more"
    assert [(visit.path, visit.connection) for visit in upstream.visits] == [
        ("/first", 1),
        ("/second", 1),
        ("/second", 2),
    ]


async def test_a_request_is_resent_once_and_over_a_new_connection(serve: Serve, transport: HttpTransport) -> None:
    ready = asyncio.Barrier(3)

    async def script(visit: Visit) -> None:
        if visit.path == "/last":
            visit.writer.close()
            return
        await ready.wait()
        await visit.send(whole(b"ok"))

    upstream = await serve(script)
    await asyncio.gather(*(get(transport, upstream.request("/first")) for _ in range(3)))
    with pytest.raises(ConnectionFailed):
        await get(transport, upstream.request("/last"))
    assert [visit.connection > 3 for visit in upstream.visits if visit.path == "/last"] == [False, True]


async def test_a_request_over_a_new_connection_is_not_resent(serve: Serve, transport: HttpTransport) -> None:
    async def script(visit: Visit) -> None:
        visit.writer.close()

    upstream = await serve(script)
    with pytest.raises(ConnectionFailed):
        await get(transport, upstream.request())
    assert len(upstream.visits) == 1


async def test_a_request_is_not_resent_after_a_late_close(
    serve: Serve, transport: HttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = 0.0
    monkeypatch.setattr(connector, "monotonic", lambda: time.monotonic() + late)

    async def script(visit: Visit) -> None:
        nonlocal late
        if visit.path == "/second":
            late += connector.STALE_SECONDS + 1
            visit.writer.close()
        else:
            await visit.send(whole(b"ok"))

    upstream = await serve(script)
    await get(transport, upstream.request("/first"))
    with pytest.raises(ConnectionFailed):
        await get(transport, upstream.request("/second"))
    assert len(upstream.visits) == 2


async def test_a_request_is_not_resent_after_part_of_a_head(serve: Serve, transport: HttpTransport) -> None:
    async def script(visit: Visit) -> None:
        if visit.path == "/second":
            await visit.send(b"HTTP/1.1 200 OK\r\ncontent")
            visit.writer.close()
        else:
            await visit.send(whole(b"ok"))

    upstream = await serve(script)
    await get(transport, upstream.request("/first"))
    with pytest.raises(ConnectionFailed):
        await get(transport, upstream.request("/second"))
    assert len(upstream.visits) == 2


async def test_requests_leave_nothing_at_a_kept_connection(serve: Serve, transport: HttpTransport) -> None:
    taken = asyncio.Semaphore(0)

    async def script(visit: Visit) -> None:
        await visit.send(CHUNKED, chunk(b"ok"))
        await taken.acquire()
        await visit.send(LAST_CHUNK)

    upstream = await serve(script)
    callbacks = []
    for _ in range(3):
        async with asyncio.timeout(10), transport.open(upstream.request()) as stream:
            async for _ in stream:
                taken.release()
        (((protocol, _),),) = transport._session.connector._conns.values()  # type: ignore[union-attr]
        callbacks.append(len(protocol.closed._callbacks))  # type: ignore[union-attr]
    assert callbacks == [1, 1, 1]


async def test_the_reset_of_an_idle_connection_is_not_logged(serve: Serve, transport: HttpTransport) -> None:
    noise: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: noise.append(context))

    async def script(visit: Visit) -> None:
        await visit.send(whole(b"ok"))

    upstream = await serve(script)
    await get(transport, upstream.request())
    (((protocol, _),),) = transport._session.connector._conns.values()  # type: ignore[union-attr]
    closed = protocol.closed
    assert closed is not None
    upstream.visits[0].reset()
    await asyncio.wait([closed], timeout=10)
    del protocol, closed
    assert await get(transport, upstream.request()) == b"ok"
    gc.collect()
    assert noise == []
