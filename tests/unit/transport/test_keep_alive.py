"""Connections are used again, and those that the server has closed meanwhile do no harm."""

import asyncio
import gc
import os
import socket
import time

import pytest

from tests.unit.transport.upstream import CHUNKED, LAST_CHUNK, Serve, Visit, chunk, get, whole
from ymera_service.sdk.errors import ConnectionFailed
from ymera_service.transport import HttpTransport, connector


async def test_a_connection_is_used_again(serve: Serve, transport: HttpTransport) -> None:
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


async def test_a_good_bye_that_the_loop_has_not_read_yet_is_seen(
    serve: Serve, transport: HttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connector, "STALE_SECONDS", -1)  # a second attempt would hide it

    async def script(visit: Visit) -> None:
        await visit.send(whole(b"ok"))

    upstream = await serve(script)
    await get(transport, upstream.request())
    # The end of the stream is in the client's socket from here on, and the loop gets no turn to look.
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


async def test_a_second_attempt_is_the_last_and_goes_over_a_fresh_connection(
    serve: Serve, transport: HttpTransport
) -> None:
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


async def test_a_fresh_connection_that_closes_is_not_tried_again(serve: Serve, transport: HttpTransport) -> None:
    async def script(visit: Visit) -> None:
        visit.writer.close()

    upstream = await serve(script)
    with pytest.raises(ConnectionFailed):
        await get(transport, upstream.request())
    assert len(upstream.visits) == 1


async def test_a_server_that_hung_up_after_a_while_is_not_asked_to_do_the_work_again(
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


async def test_half_a_head_is_not_asked_for_again(serve: Serve, transport: HttpTransport) -> None:
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


async def test_a_kept_connection_that_is_reset_makes_no_noise(serve: Serve, transport: HttpTransport) -> None:
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
