"""The listener: bursts, and connections that are silent, idle, old or too many."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import grpc
import pytest
from ymera.v1 import content_pb2, routing_pb2, ymera_pb2, ymera_pb2_grpc

from tests.conftest import Observe
from tests.http2 import PREFACE, SETTINGS, frame
from ymera_service.config import Settings
from ymera_service.server import Application

if TYPE_CHECKING:
    from tests.integration.conftest import Lab

WAIT = 10
BURST = 3_000
HALF_A_HEADER_BLOCK = frame(1, 0, 1, b"\x83\x86")
UNFINISHED = {
    "nothing": b"",
    "half a preface": PREFACE[:10],
    "a preface": PREFACE,
    "half a frame": PREFACE + SETTINGS[:4],
    "no call": PREFACE + SETTINGS,
    "half a header block": PREFACE + SETTINGS + HALF_A_HEADER_BLOCK,
    "half a header frame": PREFACE + SETTINGS + HALF_A_HEADER_BLOCK[:10],
}


@pytest.fixture
def settings(make_settings: Callable[..., Settings]) -> Settings:
    """A server that is busy early, and whose connections end early."""
    return make_settings(
        server={
            "max_concurrent_requests": 8,
            "max_queued_requests": 8,
            "max_connections": 40,
            "handshake_seconds": 0.2,
            "connection_idle_seconds": 0.2,
        }
    )


def ask(model: str) -> ymera_pb2.ExecuteRequest:
    message = content_pb2.Message(role=content_pb2.ROLE_USER, parts=[content_pb2.Part(text="hello")])
    return ymera_pb2.ExecuteRequest(
        prompt=content_pb2.Prompt(messages=[message]),
        preferences=routing_pb2.RoutingPreferences(allow_models=[model]),
    )


async def outcome(stub: ymera_pb2_grpc.YmeraServiceAsyncStub) -> str:
    try:
        return (await stub.Execute(ask("lab/parrot"), timeout=60)).model
    except grpc.aio.AioRpcError as error:
        details = dict(error.trailing_metadata() or ()).get("grpc-status-details-bin", b"")
        return "OVERLOADED" if b"OVERLOADED" in bytes(details) else error.code().name


class TestBurst:
    @pytest.fixture
    def settings(self, make_settings: Callable[..., Settings]) -> Settings:
        """A server that is busy early. Its connections last, as a busy machine may leave them idle for a while."""
        return make_settings(server={"max_concurrent_requests": 8, "max_queued_requests": 8, "max_connections": 40})

    @pytest.mark.parametrize("connections", [1, 30])
    async def test_every_call_of_a_burst_is_answered_or_refused_with_a_reason(
        self, app: Application, connections: int, observe: Observe
    ) -> None:
        alone = (("grpc.use_local_subchannel_pool", 1),)
        async with AsyncExitStack() as stack:
            channels = [
                await stack.enter_async_context(grpc.aio.insecure_channel(app.address, alone))
                for _ in range(connections)
            ]
            stubs = [ymera_pb2_grpc.YmeraServiceStub(channel) for channel in channels]
            outcomes = Counter(await asyncio.gather(*(outcome(stubs[i % connections]) for i in range(BURST))))
        observe(f"{BURST} calls at once over {connections} connections: {dict(outcomes)}")
        assert set(outcomes) <= {"lab/parrot", "OVERLOADED"}, outcomes
        assert outcomes["lab/parrot"] > 0


def host_and_port(app: Application) -> tuple[str, int]:
    host, _, port = app.address.rpartition(":")
    return host, int(port)


@pytest.mark.parametrize("beginning", UNFINISHED.values(), ids=UNFINISHED.keys())
async def test_a_connection_that_does_not_become_a_call_is_closed(app: Application, beginning: bytes) -> None:
    async with asyncio.timeout(WAIT):
        reader, writer = await asyncio.open_connection(*host_and_port(app))
        writer.write(beginning)
        while await reader.read(65536):
            pass
        writer.close()


async def test_connections_above_the_limit_are_closed_and_others_served(
    app: Application, stub: ymera_pb2_grpc.YmeraServiceAsyncStub, settings: Settings
) -> None:
    hang = stub.Execute(ask("lab/hang"), timeout=60)  # keeps its connection
    await until_in_flight(stub, 1)
    limit = settings.server.max_connections
    async with asyncio.timeout(WAIT):
        connections = [await asyncio.open_connection(*host_and_port(app)) for _ in range(2 * limit)]
        closed = await asyncio.gather(*(closed_at_once(reader) for reader, _ in connections))
        assert closed.count(True) >= limit
        assert (await stub.Health(ymera_pb2.HealthRequest())).in_flight_requests == 1
    hang.cancel()
    for _, writer in connections:
        writer.close()


async def closed_at_once(reader: asyncio.StreamReader) -> bool:
    """Whether a connection is closed before the server would have said anything to a silent client."""
    try:
        async with asyncio.timeout(0.1):
            return not await reader.read(1)
    except ConnectionError:
        return True
    except TimeoutError:
        return False


async def until_in_flight(stub: ymera_pb2_grpc.YmeraServiceAsyncStub, count: int) -> None:
    async with asyncio.timeout(WAIT):
        while (await stub.Health(ymera_pb2.HealthRequest(), timeout=WAIT)).in_flight_requests != count:
            pass


async def test_a_call_that_outlives_its_connection_is_ended_and_no_longer_counted(
    make_settings: Callable[..., Settings], lab: Lab
) -> None:
    server = {"connection_age_seconds": 0.3, "connection_grace_seconds": 0.3}
    async with (
        Application.start(make_settings(server=server), lab.found) as app,
        grpc.aio.insecure_channel(app.address) as channel,
    ):
        stub = ymera_pb2_grpc.YmeraServiceStub(channel)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.Execute(ask("lab/hang"), timeout=60)
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
        await asyncio.wait_for(lab.provider.closed.wait(), WAIT)
        async with grpc.aio.insecure_channel(app.address) as fresh:
            await until_in_flight(ymera_pb2_grpc.YmeraServiceStub(fresh), 0)


async def test_a_client_outlives_its_connections(make_settings: Callable[..., Settings], lab: Lab) -> None:
    server = {"connection_age_seconds": 0.1, "connection_idle_seconds": 0.1}
    async with (
        Application.start(make_settings(server=server), lab.found) as app,
        grpc.aio.insecure_channel(app.address) as channel,
    ):
        stub = ymera_pb2_grpc.YmeraServiceStub(channel)
        deadline = asyncio.get_running_loop().time() + 1
        while asyncio.get_running_loop().time() < deadline:
            assert (await stub.Execute(ask("lab/parrot"), timeout=WAIT)).model == "lab/parrot"
            await asyncio.sleep(0.03)
