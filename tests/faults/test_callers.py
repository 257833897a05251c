"""Callers that cancel, vanish or do not read: other calls are not affected, and their usage is recorded."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from ymera.v1 import routing_pb2, ymera_pb2, ymera_pb2_grpc

if TYPE_CHECKING:
    from tests.faults.conftest import Client, Exchange, Upstream

OpenServer = Callable[..., AbstractAsyncContextManager["Client"]]

WAIT = 10.0
CROWD = 100
UNREAD_SECONDS = 0.5
IMPATIENT = {"max_unread_seconds": UNREAD_SECONDS}
"""Settings of a server that cuts off a stream of which nothing was read for this long."""
"""How many callers stay, and how many vanish."""


class Watched:
    """A script that waits at a point of its answer until it may go on, and signals when its caller has disconnected."""

    def __init__(self, *, begun: bool) -> None:
        self._begun = begun
        self.reached = asyncio.Event()
        self.gone = asyncio.Event()

    async def __call__(self, exchange: Exchange) -> None:
        if self._begun:
            await exchange.begin()
            await exchange.say("Once upon ")
        self.reached.set()
        await exchange.gone()
        self.gone.set()


@pytest.mark.parametrize("begun", [False, True], ids=["before the first word", "within the answer"])
async def test_a_stream_that_is_cancelled_closes_the_upstreams_connection_and_is_recorded(
    open_server: OpenServer, first: Upstream, begun: bool
) -> None:
    first.script = script = Watched(begun=begun)
    async with open_server(first) as client:
        call = client.stream("a story, please")
        request_id = (await call.read()).started.request_id
        await asyncio.wait_for(script.reached.wait(), WAIT)
        while begun and not (await call.read()).HasField("text_delta"):
            pass
        call.cancel()
        await asyncio.wait_for(script.gone.wait(), 1)
        stored = await client.recorded(request_id)
        await client.idle()
    assert stored.status == routing_pb2.EXECUTION_STATUS_CANCELLED
    assert [attempt.model for attempt in stored.attempts] == [first.model]
    assert stored.usage.estimated
    assert stored.usage.cost_micros > 0  # the provider had the prompt, and may charge for it
    assert (stored.usage.output_tokens > 0) == begun


async def test_a_unary_call_that_is_cancelled_closes_the_upstreams_connection(
    open_server: OpenServer, first: Upstream
) -> None:
    first.script = script = Watched(begun=True)
    async with open_server(first) as client:
        call = asyncio.create_task(client.execute())
        await asyncio.wait_for(script.reached.wait(), WAIT)
        call.cancel()
        await asyncio.wait_for(script.gone.wait(), 1)
        await client.idle()


async def test_a_deadline_closes_the_upstreams_connection_and_is_recorded(
    open_server: OpenServer, first: Upstream
) -> None:
    first.script = script = Watched(begun=True)
    async with open_server(first) as client:
        call = client.stream(seconds=1)
        request_id = (await call.read()).started.request_id
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await _to_its_end(call)
        await asyncio.wait_for(script.gone.wait(), 1)
        stored = await client.recorded(request_id)
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert stored.status == routing_pb2.EXECUTION_STATUS_CANCELLED
    assert stored.usage.estimated


async def _to_its_end(call: Any) -> None:
    while await call.read() is not grpc.aio.EOF:
        pass


LISTENERS = """
import asyncio, sys
import grpc
from ymera.v1 import content_pb2, ymera_pb2, ymera_pb2_grpc

async def listen(stub):
    message = content_pb2.Message(role=content_pb2.ROLE_USER, parts=[content_pb2.Part(text="hello")])
    prompt = content_pb2.Prompt(messages=[message])
    async for event in stub.ExecuteStream(ymera_pb2.ExecuteStreamRequest(prompt=prompt)):
        if event.HasField("text_delta"):
            print(flush=True)

async def main():
    async with grpc.aio.insecure_channel(sys.argv[1]) as channel:
        stub = ymera_pb2_grpc.YmeraServiceStub(channel)
        await asyncio.gather(*(listen(stub) for _ in range(int(sys.argv[2]))))

asyncio.run(main())
"""


@asynccontextmanager
async def listeners(address: str, count: int) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process with this number of callers, each of which has received a first word."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", LISTENERS, address, str(count), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(3 * WAIT):
            for _ in range(count):
                assert await process.stdout.readline(), "the callers failed"
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


class Crowd:
    """A script that sends a word to each caller, and continues when a test allows it."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()
        self.left = 0

    async def __call__(self, exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.say("Once ")
        gone = asyncio.create_task(exchange.gone())
        go_on = asyncio.create_task(self.go_on.wait())
        try:
            await asyncio.wait({gone, go_on}, return_when=asyncio.FIRST_COMPLETED)
            if gone.done():
                self.left += 1
                exchange.hang_up()
                return
        finally:
            gone.cancel()
            go_on.cancel()
            await asyncio.wait({gone, go_on})
        await exchange.say("upon a time")
        await exchange.finish()


async def until(condition: Callable[[], bool]) -> None:
    """Returns when the condition holds."""
    async with asyncio.timeout(WAIT):
        while True:
            if condition():
                return
            await asyncio.sleep(0.01)


async def test_callers_that_vanish_leave_nothing_behind_and_do_not_affect_others(
    open_server: OpenServer, first: Upstream
) -> None:
    async with open_server(first) as client:
        await client.execute()
        await client.idle()
        tasks = len(asyncio.all_tasks())
        first.script = crowd = Crowd()
        async with listeners(client.address, CROWD) as vanishing:
            staying = [asyncio.create_task(client.read_stream(seconds=3 * WAIT)) for _ in range(CROWD)]
            await until(lambda: len(first.requests) == 1 + 2 * CROWD)
            await client.in_flight(2 * CROWD)
            vanishing.kill()  # no call is cancelled, the connection just ends
            await until(lambda: crowd.left == CROWD)
        crowd.go_on.set()
        results = await asyncio.gather(*staying)
        assert {(result.kind, result.text) for result in results} == {("completed", "Once upon a time")}
        await client.idle()
        fresh = await asyncio.gather(*(client.read_stream() for _ in range(10)))
        assert {(result.kind, result.text) for result in fresh} == {("completed", "Once upon a time")}
        await client.idle()
        # The remaining connections are kept for later requests, each with a task of the upstream.
        await until(lambda: len(asyncio.all_tasks()) <= tasks + first.open)
        assert first.open <= CROWD + 10


async def test_a_caller_that_does_not_read_delays_only_its_own_answer(open_server: OpenServer, first: Upstream) -> None:
    sent = 0

    async def talks_for_ever(exchange: Exchange) -> None:
        nonlocal sent
        if "endless" not in str(exchange.request["messages"]):
            await exchange.answer()
            return
        await exchange.begin()
        while True:
            await exchange.say("and then " * 1000)
            sent += 1

    first.script = talks_for_ever
    async with open_server(first) as client, grpc.aio.insecure_channel(client.address) as channel:
        stub: ymera_pb2_grpc.YmeraServiceAsyncStub = ymera_pb2_grpc.YmeraServiceStub(channel)
        deaf: Any = stub.ExecuteStream(_request("endless"))
        request_id = (await deaf.read()).started.request_id
        held_up = await _stands_still(lambda: sent)
        assert held_up < 5000  # 45 MB: the reader's pace limits what is sent, nothing is buffered without limit
        began = time.monotonic()
        results = await asyncio.gather(*(client.read_stream() for _ in range(50)))
        assert {result.kind for result in results} == {"completed"}
        assert time.monotonic() - began < WAIT
        assert sent == held_up
        async with asyncio.timeout(WAIT):
            while sent == held_up:  # it continues when its reader continues
                await deaf.read()
        deaf.cancel()
        stored = await client.recorded(request_id)
        await client.idle()
        await until(lambda: first.open <= 50)
    assert stored.status == routing_pb2.EXECUTION_STATUS_CANCELLED


async def test_a_caller_that_does_not_read_loses_its_stream_in_time(open_server: OpenServer, first: Upstream) -> None:
    stopped = asyncio.Event()

    async def talks_for_ever(exchange: Exchange) -> None:
        await exchange.begin()
        try:
            while True:
                await exchange.say("and then " * 1000)
        finally:
            stopped.set()

    first.script = talks_for_ever
    async with open_server(first, server=IMPATIENT) as client:
        deaf: Any = client.stub.ExecuteStream(_request("endless"))
        request_id = (await deaf.read()).started.request_id
        await asyncio.wait_for(stopped.wait(), WAIT)
        await client.idle()
        stored = await client.recorded(request_id)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await _read_all(deaf)
    assert caught.value.code() is grpc.StatusCode.CANCELLED
    assert stored.status == routing_pb2.EXECUTION_STATUS_CANCELLED
    assert stored.error.message == "the caller did not read its stream"
    assert stored.usage.output_tokens > 0


async def test_a_caller_that_does_not_read_the_end_loses_it_in_time(open_server: OpenServer, first: Upstream) -> None:
    async def long(exchange: Exchange) -> None:
        await exchange.begin()
        for _ in range(50):
            await exchange.say("and then " * 10_000)
        await exchange.finish()

    first.script = long
    async with open_server(first, server=IMPATIENT) as client:
        deaf: Any = client.stub.ExecuteStream(_request("long"))
        request_id = (await deaf.read()).started.request_id
        assert (await client.recorded(request_id)).status == routing_pb2.EXECUTION_STATUS_COMPLETED
        await client.idle()
        await asyncio.sleep(3 * UNREAD_SECONDS)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await _read_all(deaf)
    assert caught.value.code() is grpc.StatusCode.CANCELLED


async def test_a_caller_that_reads_slowly_keeps_its_stream(open_server: OpenServer, first: Upstream) -> None:
    """The whole takes longer than a message may wait."""

    async def long(exchange: Exchange) -> None:
        await exchange.begin()
        for _ in range(300):
            await exchange.say("and then " * 1000)
        await exchange.finish()

    first.script = long
    async with open_server(first, server={"max_unread_seconds": 3 * UNREAD_SECONDS}) as client:
        slow: Any = client.stream(seconds=3 * WAIT)
        began, kinds = time.monotonic(), []
        while event := await slow.read():
            kinds.append(event.WhichOneof("event"))
            await asyncio.sleep(UNREAD_SECONDS / 4)
        assert kinds[-1] == "completed"
        assert time.monotonic() - began > 4 * UNREAD_SECONDS


async def _read_all(stream: Any) -> None:
    async with asyncio.timeout(WAIT):
        while await stream.read():
            pass


def _request(text: str) -> ymera_pb2.ExecuteStreamRequest:
    request = ymera_pb2.ExecuteStreamRequest()
    message = request.prompt.messages.add(role="ROLE_USER")
    message.parts.add(text=text)
    return request


async def _stands_still(count: Callable[[], int]) -> int:
    """Returns the count once it has not changed for half a second."""
    async with asyncio.timeout(3 * WAIT):
        while True:
            before = count()
            await asyncio.sleep(0.5)
            if before and count() == before:
                return before


NOISE = {
    "a browser": b"GET / HTTP/1.1\r\nhost: x\r\n\r\n",
    "a TLS handshake": bytes.fromhex("16030100c8010000c40303") + b"x" * 197,
    "noise": bytes(range(256)) * 64,
    "half of a preface": b"PRI * HTTP/2.0\r\n\r\nSM",
    "a frame of no size": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\xff" * 9 + b"x" * 1000,
    "nothing": b"",
}


@pytest.mark.parametrize("noise", NOISE)
async def test_invalid_connections_do_not_affect_calls(open_server: OpenServer, first: Upstream, noise: str) -> None:
    async with open_server(first) as client:
        host, _, port = client.address.rpartition(":")
        streams = [await asyncio.open_connection(host, int(port)) for _ in range(20)]
        for _, writer in streams:
            writer.write(NOISE[noise])
        assert (await client.read_stream()).kind == "completed"
        for _, writer in streams:
            writer.transport.abort()
        assert (await client.read_stream()).kind == "completed"


async def test_only_the_call_with_too_much_metadata_is_rejected(open_server: OpenServer, first: Upstream) -> None:
    async with open_server(first) as client, grpc.aio.insecure_channel(client.address) as channel:
        stub: ymera_pb2_grpc.YmeraServiceAsyncStub = ymera_pb2_grpc.YmeraServiceStub(channel)
        for _ in range(5):
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await stub.Health(ymera_pb2.HealthRequest(), metadata=(("x-padding", "x" * 100_000),), timeout=WAIT)
            assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert (await client.read_stream()).kind == "completed"
        assert (await stub.Health(ymera_pb2.HealthRequest(), timeout=WAIT)).in_flight_requests == 0
