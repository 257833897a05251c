"""Cancellation closes every socket, and the transport remains usable."""

import asyncio

import pytest
from aiohttp.client_proto import ResponseHandler

from tests.unit.transport.upstream import CHUNKED, Serve, Visit, chunk, get, is_open, socket_of, whole
from ymera_service.config import TransportSettings
from ymera_service.sdk.http import HttpRequest
from ymera_service.transport import HttpTransport

IN_FLIGHT = 300


class Hanging:
    """A script that hangs before, at or within the answer, and counts connections and disconnections."""

    def __init__(self, at_once: int) -> None:
        self.helpful = False
        self._left = 0
        self._came = 0
        self._at_once = at_once
        self.all_came = asyncio.Event()
        self.all_left = asyncio.Event()

    async def __call__(self, visit: Visit) -> None:
        if self.helpful:
            await visit.send(whole(b"ok"))
            return
        self._came += 1
        if self._came % 3 == 1:
            await visit.send(CHUNKED)
        if self._came % 3 == 2:
            await visit.send(CHUNKED, chunk(b"some"))
        if self._came == self._at_once:
            self.all_came.set()
        await visit.gone()
        visit.writer.close()
        self._left += 1
        if self._left == self._at_once:
            self.all_left.set()


@pytest.mark.parametrize("slots", [IN_FLIGHT, IN_FLIGHT // 2])
async def test_hundreds_of_cancelled_requests_leave_a_working_pool(slots: int, serve: Serve) -> None:
    script = Hanging(slots)
    upstream = await serve(script)
    async with HttpTransport(TransportSettings(max_connections_per_host=slots)) as transport:
        tasks = [asyncio.create_task(get(transport, upstream.request())) for _ in range(IN_FLIGHT)]
        await asyncio.wait_for(script.all_came.wait(), 20)
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(result, asyncio.CancelledError) for result in results)
        await asyncio.wait_for(script.all_left.wait(), 10)
        script.helpful = True
        assert [await get(transport, upstream.request()) for _ in range(10)] == [b"ok"] * 10


@pytest.mark.parametrize("answered", [False, True], ids=["before the head", "within the body"])
async def test_the_server_detects_a_cancelled_caller_immediately(
    answered: bool, serve: Serve, transport: HttpTransport
) -> None:
    waiting, gone = asyncio.Event(), asyncio.Event()

    async def script(visit: Visit) -> None:
        if answered:
            await visit.send(CHUNKED, chunk(b"some"))
        waiting.set()
        await visit.gone()
        gone.set()

    upstream = await serve(script)
    task = asyncio.create_task(get(transport, upstream.request()))
    await asyncio.wait_for(waiting.wait(), 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.wait_for(gone.wait(), 1)


async def test_leaving_within_the_body_closes_the_connection(serve: Serve, transport: HttpTransport) -> None:
    gone = asyncio.Event()

    async def script(visit: Visit) -> None:
        await visit.send(CHUNKED, chunk(b"some"))
        await visit.gone()
        gone.set()

    upstream = await serve(script)
    async with transport.open(upstream.request()) as stream:
        assert await anext(aiter(stream)) == b"some"
    await asyncio.wait_for(gone.wait(), 1)


async def test_a_body_that_is_not_read_does_not_keep_its_socket(transport: HttpTransport) -> None:
    """A connection that is merely closed stays open until the rest of the body is sent."""
    connected, finish = asyncio.Event(), asyncio.Event()

    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connected.set()
        await finish.wait()  # meanwhile, no more is read than fits into the buffers
        writer.close()

    async with await asyncio.start_server(deaf, "127.0.0.1", 0) as server:
        address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        task = asyncio.create_task(get(transport, HttpRequest("POST", address, {}, bytes(64 * 1024 * 1024))))
        await asyncio.wait_for(connected.wait(), 10)
        try:
            protocol = await _stuck(transport)
            descriptor, inode = socket_of(protocol)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await asyncio.sleep(0.05)  # a few iterations of the loop; far less than the server waits
            assert not is_open(descriptor, inode)
        finally:
            finish.set()


async def _stuck(transport: HttpTransport) -> ResponseHandler:
    """Returns the one connection once it has been unable to send for a while."""
    (protocol,) = transport._session.connector._acquired  # type: ignore[union-attr]
    patience = 3
    async with asyncio.timeout(20):
        while patience:
            await asyncio.sleep(0.05)
            patience = patience - 1 if protocol.writing_paused else 3
    return protocol


@pytest.mark.parametrize("ending", ["failed", "cancelled", "cancelled while waiting", "left within the body"])
async def test_every_end_of_a_request_releases_its_slot(ending: str, serve: Serve) -> None:
    came = asyncio.Event()

    async def script(visit: Visit) -> None:
        came.set()
        if visit.path == "/ok":
            await visit.send(whole(b"ok"))
        elif visit.path == "/failed":
            visit.writer.close()
        else:
            await visit.send(CHUNKED if "body" in visit.path else b"")
            await visit.gone()
            visit.writer.close()

    upstream = await serve(script)
    request = upstream.request("/" + ending.replace(" ", "-"))
    async with HttpTransport(TransportSettings(max_connections_per_host=1)) as transport:
        for _ in range(2):
            came.clear()
            if ending == "left within the body":
                async with transport.open(request):
                    continue
            tasks = [asyncio.create_task(get(transport, request)) for _ in range(2 if "waiting" in ending else 1)]
            await asyncio.wait_for(came.wait(), 10)
            if ending != "failed":
                for task in reversed(tasks):
                    task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        assert await get(transport, upstream.request("/ok")) == b"ok"
