"""Shutdown: every stream gets a terminal event, nothing is lost, and a second signal is handled."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from ymera.v1 import content_pb2, routing_pb2, ymera_pb2, ymera_pb2_grpc

from ymera_service.config import Settings
from ymera_service.server import Application
from ymera_service.serving import stopping
from ymera_service.storage import Database
from ymera_service.storage.records import ExecutionStatus

if TYPE_CHECKING:
    from tests.integration.conftest import Lab

WAIT = 10


def ask(model: str) -> ymera_pb2.ExecuteStreamRequest:
    message = content_pb2.Message(role=content_pb2.ROLE_USER, parts=[content_pb2.Part(text="hello")])
    return ymera_pb2.ExecuteStreamRequest(
        prompt=content_pb2.Prompt(messages=[message]),
        preferences=routing_pb2.RoutingPreferences(allow_models=[model]),
    )


def _balancer(channel: grpc.aio.Channel) -> Any:
    return health_pb2_grpc.HealthStub(channel)  # its type stubs lack the methods


class Stream:
    """A call of ExecuteStream in a task."""

    def __init__(self, channel: grpc.aio.Channel, model: str) -> None:
        self.events: list[ymera_pb2.ExecuteStreamResponse] = []
        self.attempted = asyncio.Event()
        self.error: grpc.aio.AioRpcError | None = None
        self._stub: ymera_pb2_grpc.YmeraServiceAsyncStub = ymera_pb2_grpc.YmeraServiceStub(channel)
        self._task = asyncio.create_task(self._run(model))

    async def _run(self, model: str) -> None:
        try:
            async for event in self._stub.ExecuteStream(ask(model), timeout=60):
                self.events.append(event)
                if event.HasField("attempt_started"):
                    self.attempted.set()
        except grpc.aio.AioRpcError as error:
            self.error = error

    async def end(self) -> str:
        """Returns the kind of the last event, once the stream has ended."""
        await asyncio.wait_for(self._task, WAIT)
        return self.events[-1].WhichOneof("event") or ""


@pytest.fixture
async def streaming(settings: Settings, lab: Lab) -> AsyncIterator[tuple[Application, Stream, asyncio.Task[None]]]:
    """A server with a running stream that has started to stop."""
    async with Application.start(settings, lab.found) as app, grpc.aio.insecure_channel(app.address) as channel:
        stream = Stream(channel, "lab/patient")
        await asyncio.wait_for(lab.provider.reached.wait(), WAIT)
        stopping = asyncio.create_task(app.stop())
        await asyncio.sleep(0)
        yield app, stream, stopping
        await asyncio.wait_for(stopping, WAIT)


async def test_a_running_stream_may_finish(streaming: tuple[Application, Stream, asyncio.Task[None]], lab: Lab) -> None:
    _, stream, stopping = streaming
    assert not stopping.done()
    lab.provider.go_on.set()
    assert await stream.end() == "completed"
    assert stream.error is None


async def test_a_new_call_is_rejected_meanwhile(
    streaming: tuple[Application, Stream, asyncio.Task[None]], lab: Lab
) -> None:
    app, stream, _ = streaming
    async with grpc.aio.insecure_channel(app.address) as channel:
        stub: ymera_pb2_grpc.YmeraServiceAsyncStub = ymera_pb2_grpc.YmeraServiceStub(channel)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await asyncio.wait_for(call_for_ever(stub), WAIT)
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    lab.provider.go_on.set()
    assert await stream.end() == "completed"


async def call_for_ever(stub: ymera_pb2_grpc.YmeraServiceAsyncStub) -> None:
    """Calls until a call fails: stopping may have only just begun."""
    message = content_pb2.Message(role=content_pb2.ROLE_USER, parts=[content_pb2.Part(text="hello")])
    while True:
        await stub.Route(ymera_pb2.RouteRequest(prompt=content_pb2.Prompt(messages=[message])), timeout=WAIT)


async def test_a_hurried_stop_ends_streams_with_their_terminal_event(
    streaming: tuple[Application, Stream, asyncio.Task[None]], settings: Settings
) -> None:
    app, stream, stopping = streaming
    app.hurry()
    assert await stream.end() == "cancelled"
    assert stream.events[-1].cancelled.error.reason == "SHUTTING_DOWN"
    assert stream.error is not None
    assert stream.error.code() is grpc.StatusCode.UNAVAILABLE
    await asyncio.wait_for(stopping, WAIT)
    async with Database.open(settings.storage.url) as database:
        record = await database.executions.get(stream.events[0].started.request_id)
    assert record is not None
    assert record.status is ExecutionStatus.CANCELLED


async def test_a_drain_that_takes_too_long_is_cut_short(make_settings: Callable[..., Settings], lab: Lab) -> None:
    settings = make_settings(server={"drain_seconds": 0.05})
    async with Application.start(settings, lab.found) as app, grpc.aio.insecure_channel(app.address) as channel:
        stream = Stream(channel, "lab/hang")
        await asyncio.wait_for(lab.provider.reached.wait(), WAIT)
        await asyncio.wait_for(app.stop(), WAIT)
        assert await stream.end() == "cancelled"
    assert lab.provider.closed.is_set()


async def test_a_benchmark_ends_with_the_shutdown_as_its_last_event_and_error(
    make_settings: Callable[..., Settings], lab: Lab
) -> None:
    settings = make_settings(server={"drain_seconds": 0.05})
    async with Application.start(settings, lab.found) as app, grpc.aio.insecure_channel(app.address) as channel:
        stub: ymera_pb2_grpc.YmeraServiceAsyncStub = ymera_pb2_grpc.YmeraServiceStub(channel)
        call = stub.Benchmark(ymera_pb2.BenchmarkRequest(models=["lab/hang"]), timeout=60)
        await call.read()
        await asyncio.wait_for(lab.provider.reached.wait(), WAIT)
        stopping = asyncio.create_task(app.stop())
        last = await call.read()
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call.read()
        await stopping
    assert isinstance(last, ymera_pb2.BenchmarkResponse)
    assert (last.sequence, last.cancelled.error.reason) == (2, "SHUTTING_DOWN")
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    assert b"SHUTTING_DOWN" in bytes(dict(caught.value.trailing_metadata() or ())["grpc-status-details-bin"])


async def test_load_balancers_are_notified_first(settings: Settings, lab: Lab) -> None:
    async with Application.start(settings, lab.found) as app, grpc.aio.insecure_channel(app.address) as channel:
        watch = _balancer(channel).Watch(health_pb2.HealthCheckRequest())
        async with asyncio.timeout(WAIT):
            while (await watch.read()).status != health_pb2.HealthCheckResponse.SERVING:
                pass
            stopping = asyncio.create_task(app.stop())
            update = await watch.read()
            await stopping
    assert update.status == health_pb2.HealthCheckResponse.NOT_SERVING


async def test_a_call_that_arrives_as_the_server_stops_is_rejected_as_unavailable(settings: Settings, lab: Lab) -> None:
    """Also on an existing connection, on which grpc's shutdown would end the call as cancelled."""
    async with Application.start(settings, lab.found) as app, grpc.aio.insecure_channel(app.address) as channel:
        stub: ymera_pb2_grpc.YmeraServiceAsyncStub = ymera_pb2_grpc.YmeraServiceStub(channel)
        await stub.Health(ymera_pb2.HealthRequest(), timeout=WAIT)
        callers = [asyncio.create_task(call_for_ever(stub)) for _ in range(8)]
        await app.stop()
        ends = await asyncio.wait_for(asyncio.gather(*callers, return_exceptions=True), WAIT)
    assert {end.code() for end in ends if isinstance(end, grpc.aio.AioRpcError)} == {grpc.StatusCode.UNAVAILABLE}


async def test_a_slow_reader_does_not_delay_the_shutdown(
    make_settings: Callable[..., Settings], lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stopping, "FLUSH_SECONDS", 0.2)
    settings = make_settings(server={"drain_seconds": 0.05})
    async with Application.start(settings, lab.found) as app, grpc.aio.insecure_channel(app.address) as channel:
        stub: ymera_pb2_grpc.YmeraServiceAsyncStub = ymera_pb2_grpc.YmeraServiceStub(channel)
        call = stub.ExecuteStream(ask("lab/flood"), timeout=60)
        started = await call.read()
        assert isinstance(started, ymera_pb2.ExecuteStreamResponse)
        request_id = started.started.request_id
        await asyncio.wait_for(lab.provider.reached.wait(), WAIT)
        await asyncio.wait_for(app.stop(), 3 * WAIT)
        call.cancel()
    async with Database.open(settings.storage.url) as database:
        record = await database.executions.get(request_id)
    assert record is not None
    assert record.status is ExecutionStatus.CANCELLED


async def test_stopping_twice_is_harmless(settings: Settings, lab: Lab) -> None:
    async with Application.start(settings, lab.found) as app:
        await app.stop()
        await app.stop()


SERVE = """
import signal
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # the tests may run where it is ignored, as under `nohup`
from ymera_service.config import load
from ymera_service.server import run
run(load())
"""


class Process:
    """A server in a separate process, with the installed plugins; its log is read line by line."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.events: list[str] = []

    async def until(self, event: str) -> dict[str, object]:
        """Returns the next line of the log with an event."""
        assert self.process.stderr is not None
        async with asyncio.timeout(60):
            async for line in self.process.stderr:
                try:
                    entry: dict[str, object] = json.loads(line)
                except json.JSONDecodeError:
                    self.events.append(line.decode())  # a line of grpc's core
                    continue
                self.events.append(str(entry["event"]))
                if entry["event"] == event:
                    return entry
        raise AssertionError(f"the log ended without {event!r}: {self.events}")

    async def exit_code(self) -> int:
        return await asyncio.wait_for(self.process.wait(), 30)


CONFIG = """
[server]
address = "127.0.0.1:0"
[storage]
url = "sqlite:///records.db"
[log]
format = "json"
[plugins.openai]
discover_local = false
[plugins.ollama]
discover_local = false
[plugins.echo]
pause_seconds = 30
"""


@asynccontextmanager
async def serving(folder: Path) -> AsyncIterator[tuple[Process, str]]:
    """Starts a server on a free port, with its files in a folder, and gives its address."""
    (folder / "ymera.toml").write_text(CONFIG)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SERVE, stdin=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE, cwd=folder
    )
    try:
        log = Process(process)
        yield log, str((await log.until("serving"))["address"])
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_stops_an_idle_server_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    async with serving(tmp_path) as (server, _):
        server.process.send_signal(number)
        assert (await server.until("stopping"))["signal"] == number.name
        await server.until("stopped")
        assert await server.exit_code() == 0


async def test_the_first_line_says_what_the_server_has(tmp_path: Path) -> None:
    (tmp_path / "ymera.toml").write_text(CONFIG)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "from ymera_service.cli import main; main()", "serve",
        stderr=asyncio.subprocess.PIPE, stdin=asyncio.subprocess.DEVNULL, cwd=tmp_path,
    )  # fmt: skip
    said = await Process(process).until("serving")
    process.terminate()
    await asyncio.wait_for(process.wait(), 30)
    assert (said["tls"], said["database"], said["configuration"]) == (False, "records.db", "ymera.toml")
    models = said["models"]
    assert isinstance(models, dict)
    assert models["echo"] == 1


async def test_a_hang_up_is_ignored_without_a_terminal(tmp_path: Path) -> None:
    async with serving(tmp_path) as (server, _):
        server.process.send_signal(signal.SIGHUP)
        assert "restart" in str((await server.until("signal ignored"))["remedy"])
        server.process.send_signal(signal.SIGTERM)
        assert (await server.until("stopping"))["signal"] == "SIGTERM"
        assert await server.exit_code() == 0


async def test_a_server_ends_in_order_when_its_terminal_is_closed(tmp_path: Path) -> None:
    (tmp_path / "ymera.toml").write_text(CONFIG)
    control, terminal = pty.openpty()
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SERVE, stdin=terminal, stdout=terminal, stderr=terminal, cwd=tmp_path, env=buffered
    )
    os.close(terminal)
    shown = b""
    async with asyncio.timeout(60):
        while b"serving" not in shown:
            shown += await asyncio.to_thread(os.read, control, 4096)
        os.close(control)  # from now on, nothing can be logged
        process.send_signal(signal.SIGHUP)
        assert await process.wait() == 0


async def test_a_second_signal_cancels_running_calls(tmp_path: Path) -> None:
    async with serving(tmp_path) as (server, address), grpc.aio.insecure_channel(address) as channel:
        stream = Stream(channel, "echo/words")
        await asyncio.wait_for(stream.attempted.wait(), WAIT)
        server.process.send_signal(signal.SIGTERM)
        await server.until("stopping")
        server.process.send_signal(signal.SIGTERM)
        assert await stream.end() == "cancelled"
        await server.until("stopped")
        assert await server.exit_code() == 0
