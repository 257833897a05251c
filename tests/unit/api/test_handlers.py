"""What applies to every call of any method, on a real server with scripted methods."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc
import pytest
from ymera.v1 import ymera_pb2 as pb
from ymera.v1 import ymera_pb2_grpc

from ymera_service.api.handlers import Handlers, Method, Streamed, Unary, Write
from ymera_service.resilience.memory import ByteBudget
from ymera_service.sdk.errors import Overloaded
from ymera_service.serving.calls import Call, Calls

WAIT = 10
SERVICE = "ymera.v1.YmeraService"
DEFAULT_DEADLINE = 77.0


Writer = Write[pb.BenchmarkResponse]


class Methods:
    """A servicer whose two methods a test sets."""

    def __init__(self) -> None:
        self.health: Callable[[Call], pb.HealthResponse] = lambda call: pb.HealthResponse()
        self.events: Callable[[Call, Writer], Awaitable[None]] = self.nothing
        self.ended = asyncio.Event()

    async def unary(self, request: pb.HealthRequest, call: Call) -> pb.HealthResponse:
        return self.health(call)

    async def stream(self, request: pb.BenchmarkRequest, call: Call, write: Writer) -> None:
        await self.events(call, write)

    async def nothing(self, call: Call, write: Writer) -> None:
        pass

    async def endless(self, call: Call, write: Writer) -> None:
        try:
            await write(pb.BenchmarkResponse(sequence=1))
            await asyncio.Event().wait()
        finally:
            self.ended.set()

    async def flood(self, call: Call, write: Writer) -> None:
        try:
            while True:
                await write(pb.BenchmarkResponse(sequence=1, started=pb.BenchmarkStarted(run_id="x" * 10_000)))
        finally:
            self.ended.set()

    async def broken(self, call: Call, write: Writer) -> None:
        await write(pb.BenchmarkResponse(sequence=1))
        raise ZeroDivisionError("a secret")


@pytest.fixture
async def methods() -> Methods:
    return Methods()


@pytest.fixture
async def calls() -> Calls:
    return Calls(DEFAULT_DEADLINE)


@pytest.fixture
async def stub(calls: Calls, methods: Methods) -> AsyncIterator[ymera_pb2_grpc.YmeraServiceAsyncStub]:
    handlers = Handlers(calls, 1024, ByteBudget(1024))
    offered: dict[str, Method] = {
        "Health": Unary(pb.HealthRequest, methods.unary),
        "Benchmark": Streamed(pb.BenchmarkRequest, methods.stream),
    }
    handlers.add(SERVICE, offered)
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((handlers,))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield ymera_pb2_grpc.YmeraServiceStub(channel)
    await server.stop(None)


def raising(error: BaseException) -> Callable[[Call], pb.HealthResponse]:
    def fail(call: Call) -> pb.HealthResponse:
        raise error

    return fail


async def failure(call: Any) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return caught.value


async def test_a_defect_shows_the_caller_only_the_request_id(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub, methods: Methods, capsys: pytest.CaptureFixture[str]
) -> None:
    methods.health = raising(ZeroDivisionError("a secret"))
    error = await failure(stub.Health(pb.HealthRequest(), timeout=WAIT))
    assert error.code() is grpc.StatusCode.INTERNAL
    request_id = str(dict(error.trailing_metadata() or ())["x-request-id"])
    assert request_id in (error.details() or "")
    assert "secret" not in f"{error.details()} {error.trailing_metadata()}"
    logged = capsys.readouterr().out
    assert "a secret" in logged
    assert request_id in logged


async def test_a_defect_of_a_stream_is_hidden_too(stub: ymera_pb2_grpc.YmeraServiceAsyncStub, methods: Methods) -> None:
    methods.events = methods.broken
    call = stub.Benchmark(pb.BenchmarkRequest(), timeout=WAIT)
    assert (await call.read()) == pb.BenchmarkResponse(sequence=1)
    error = await failure(call.read())
    assert error.code() is grpc.StatusCode.INTERNAL
    assert "secret" not in f"{error.details()} {error.trailing_metadata()}"


async def test_a_typed_error_becomes_its_status(stub: ymera_pb2_grpc.YmeraServiceAsyncStub, methods: Methods) -> None:
    methods.health = raising(Overloaded("full", retry_after=1))
    error = await failure(stub.Health(pb.HealthRequest(), timeout=WAIT))
    assert (error.code(), error.details()) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "full")


@pytest.mark.parametrize(
    ("seconds", "earliest", "latest"),
    [(0.5, 0.4, 0.48), (5, 4.5, 4.7), (10, 9.5, 9.95), (30, 29, 29.9), (60, 58, 59.9), (180, 175, 179.9)],
)
async def test_a_method_gets_a_deadline_before_that_of_the_caller(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub,
    methods: Methods,
    seconds: float,
    earliest: float,
    latest: float,
) -> None:
    """Measured with one clock: grpc sends the server a deadline that is rounded up by as much as 1 %."""
    given: list[float] = []

    def note(call: Call) -> pb.HealthResponse:
        given.append(call.deadline)
        return pb.HealthResponse()

    methods.health = note
    await stub.Health(pb.HealthRequest(), timeout=WAIT)  # opens the connection
    began = asyncio.get_running_loop().time()
    await stub.Health(pb.HealthRequest(), timeout=seconds)
    assert earliest <= given[1] - began <= latest


async def test_a_caller_without_a_deadline_gets_the_default(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub, methods: Methods
) -> None:
    given: list[float] = []

    def note(call: Call) -> pb.HealthResponse:
        given.append(call.deadline - call.began)
        return pb.HealthResponse()

    methods.health = note
    await stub.Health(pb.HealthRequest())
    assert given[0] == pytest.approx(DEFAULT_DEADLINE)


async def test_trace_context_reaches_the_method(stub: ymera_pb2_grpc.YmeraServiceAsyncStub, methods: Methods) -> None:
    given: list[str] = []

    def note(call: Call) -> pb.HealthResponse:
        given.append(call.headers.traceparent)
        return pb.HealthResponse()

    methods.health = note
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    for value in (trace, "nonsense"):
        await stub.Health(pb.HealthRequest(), timeout=WAIT, metadata=(("traceparent", value),))
    assert given == [trace, ""]


async def test_a_call_that_arrives_while_the_server_stops_is_rejected(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub, calls: Calls
) -> None:
    await stub.Health(pb.HealthRequest(), timeout=WAIT)
    calls.refuse()
    for call in (stub.Health(pb.HealthRequest(), timeout=WAIT), stub.Benchmark(pb.BenchmarkRequest(), timeout=WAIT)):
        error = await failure(call.read() if hasattr(call, "read") else call)
        assert error.code() is grpc.StatusCode.UNAVAILABLE
        assert b"SHUTTING_DOWN" in bytes(dict(error.trailing_metadata() or ())["grpc-status-details-bin"])


async def test_a_caller_that_disconnects_cancels_the_method(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub, methods: Methods, calls: Calls
) -> None:
    methods.events = methods.endless
    call = stub.Benchmark(pb.BenchmarkRequest(), timeout=WAIT)
    await call.read()
    call.cancel()
    async with asyncio.timeout(WAIT):
        await methods.ended.wait()
        await calls.idle()


async def test_a_caller_that_disconnects_during_a_large_write_cancels_it_too(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub, methods: Methods, calls: Calls
) -> None:
    methods.events = methods.flood
    call = stub.Benchmark(pb.BenchmarkRequest(), timeout=WAIT)
    await call.read()
    call.cancel()
    async with asyncio.timeout(WAIT):
        await methods.ended.wait()
        await calls.idle()


async def test_the_server_can_cancel_calls(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub, methods: Methods, calls: Calls
) -> None:
    methods.events = methods.endless
    call = stub.Benchmark(pb.BenchmarkRequest(), timeout=WAIT)
    await call.read()
    calls.cancel(executing=False)
    error = await failure(call.read())
    assert error.code() is grpc.StatusCode.UNAVAILABLE
    assert b"SHUTTING_DOWN" in bytes(dict(error.trailing_metadata() or ())["grpc-status-details-bin"])
    async with asyncio.timeout(WAIT):
        await methods.ended.wait()
        await calls.idle()


async def test_idle_means_that_no_call_is_in_progress(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub, methods: Methods, calls: Calls
) -> None:
    await asyncio.wait_for(calls.idle(), WAIT)
    methods.events = methods.endless
    call = stub.Benchmark(pb.BenchmarkRequest(), timeout=WAIT)
    await call.read()
    idle = asyncio.ensure_future(calls.idle())
    await stub.Health(pb.HealthRequest(), timeout=WAIT)
    assert not idle.done()
    call.cancel()
    await asyncio.wait_for(idle, WAIT)


@pytest.mark.parametrize(("while_draining", "code"), [(True, grpc.StatusCode.OK), (False, grpc.StatusCode.UNAVAILABLE)])
async def test_a_method_may_answer_while_the_server_drains(
    calls: Calls, methods: Methods, while_draining: bool, code: grpc.StatusCode
) -> None:
    handlers = Handlers(calls, 1024, ByteBudget(1024))
    handlers.add(SERVICE, {"Health": Unary(pb.HealthRequest, methods.unary, while_draining)})
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((handlers,))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    calls.refuse()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        call = ymera_pb2_grpc.YmeraServiceStub(channel).Health(pb.HealthRequest(), timeout=WAIT)
        assert await call.code() is code
    await server.stop(None)
