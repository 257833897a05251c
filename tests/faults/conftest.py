"""Upstreams with scripted failures, and a server that calls them.

An upstream is a bare HTTP server on a loopback port, in the test's own event loop. A script decides, byte by
byte, what it does with a request, and reports to the test what it received. The server that calls it is complete,
and calls upstreams like a user's server: as endpoints of the plugin `openai`.
"""

import asyncio
import contextlib
import io
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2  # type: ignore[import-untyped]  # ships no py.typed
from rich.console import Console
from ymera.v1 import content_pb2, routing_pb2, routing_pb2_grpc, ymera_pb2, ymera_pb2_grpc

from ymera_service.cli.render.health import health as report
from ymera_service.config import Settings
from ymera_service.plugins import FoundPlugin, installed
from ymera_service.sdk.classifiers import Classifier, Reading
from ymera_service.sdk.generation import Prompt
from ymera_service.sdk.hookspecs import hookimpl
from ymera_service.server import Application

WAIT = 10.0
"""The bound on every wait of a test, in seconds."""
CONFIG = """
[storage]
url = "sqlite:///{folder}/ymera.db"
[log]
format = "json"
[plugins]
disabled = ["anthropic", "ollama", "simulator"]
[plugins.openai]
discover_local = false
[plugins.openai.endpoints.first]
base_url = "{url}"
models = ["m"]
"""
"""The configuration of a separate server with one upstream."""
STREAM_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


class Exchange:
    """One request to an upstream, and the connection on which it is answered."""

    def __init__(self, request: dict[str, Any], reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.request = request
        self._reader = reader
        self._writer = writer

    async def send(self, data: bytes) -> None:
        """Sends bytes as they are, and waits until the caller takes more."""
        self._writer.write(data)
        await self._writer.drain()

    async def respond(self, status: str, body: bytes, headers: str = "content-type: application/json\r\n") -> None:
        """Sends a whole response."""
        await self.send(f"HTTP/1.1 {status}\r\n{headers}content-length: {len(body)}\r\n\r\n".encode() + body)

    async def begin(self) -> None:
        """Sends the head of a stream."""
        await self.send(STREAM_HEAD)

    async def send_event(self, data: bytes) -> None:
        """Sends the data of one event of a stream."""
        event = b"data: " + data + b"\n\n"
        await self.send(b"%x\r\n%b\r\n" % (len(event), event))

    async def say(self, text: str) -> None:
        """Sends more text of a streamed answer."""
        await self.send_event(json.dumps({"choices": [{"index": 0, "delta": {"content": text}}]}).encode())

    async def finish(self) -> None:
        """Sends the end of a streamed answer."""
        await self.send_event(b'{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}')
        await self.send_event(b'{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":5,"total_tokens":8}}')
        await self.send_event(b"[DONE]")
        await self.send(b"0\r\n\r\n")

    async def answer(self, text: str = "all is well") -> None:
        """Answers as requested, whole or streamed."""
        if self.request.get("stream"):
            await self.begin()
            await self.say(text)
            await self.finish()
            return
        message = {"role": "assistant", "content": text}
        usage = {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8}
        choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
        await self.respond("200 OK", json.dumps({"choices": choices, "usage": usage}).encode())

    def hang_up(self) -> None:
        """Closes the connection, like a process that ends."""
        self._writer.close()

    def die(self) -> None:
        """Resets the connection."""
        self._writer.transport.abort()

    async def gone(self) -> None:
        """Returns when the caller has closed the connection."""
        with contextlib.suppress(ConnectionError):
            while await self._reader.read(65536):
                pass


Script = Callable[[Exchange], Awaitable[None]]


async def well(exchange: Exchange) -> None:
    """Answers as it should."""
    await exchange.answer()


class Upstream:
    """An HTTP server that runs its script for each request."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.model = f"{name}/m"
        self.script: Script = well
        self.requests: list[dict[str, Any]] = []
        self.open = 0
        """Connections that are open now."""
        self._tasks: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["Upstream"]:
        """Listens on a free port while the block runs."""
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        try:
            yield self
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        try:
            while (request := await _read(reader)) is not None:
                self.requests.append(request)
                await self.script(Exchange(request, reader, writer))
                if writer.is_closing():
                    return
        except ConnectionError:
            pass
        finally:
            self.open -= 1
            writer.transport.abort()


async def _read(reader: asyncio.StreamReader) -> dict[str, Any] | None:
    """Returns the JSON of the next request; None at the end of the connection."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    except asyncio.IncompleteReadError:
        return None
    length = int(head.partition("content-length:")[2].partition("\r\n")[0])
    body: dict[str, Any] = json.loads(await reader.readexactly(length))
    return body


def prompt(text: str) -> content_pb2.Prompt:
    """A prompt of one message."""
    part = content_pb2.Part(text=text)
    return content_pb2.Prompt(messages=[content_pb2.Message(role=content_pb2.ROLE_USER, parts=[part])])


class Failure:
    """How a call failed: its status, and the facts in the status's details."""

    def __init__(self, error: grpc.aio.AioRpcError) -> None:
        self.code = error.code()
        self.message = error.details() or ""
        packed = status_pb2.Status.FromString(dict(error.trailing_metadata() or ())["grpc-status-details-bin"])
        self.retry_after: float | None = None
        for detail in packed.details:
            if detail.Is(error_details_pb2.ErrorInfo.DESCRIPTOR):
                self.reason: str = error_details_pb2.ErrorInfo.FromString(detail.value).reason
            elif detail.Is(error_details_pb2.RetryInfo.DESCRIPTOR):
                delay = error_details_pb2.RetryInfo.FromString(detail.value).retry_delay
                self.retry_after = delay.seconds + delay.nanos / 1e9


class StreamResult:
    """The events and status of a stream. Its numbers, its start and its terminal event are checked."""

    def __init__(self, events: Sequence[ymera_pb2.ExecuteStreamResponse], failure: Failure | None) -> None:
        kinds = [event.WhichOneof("event") or "" for event in events]
        assert [event.sequence for event in events] == list(range(1, len(events) + 1))
        assert kinds[:1] == ["started"]
        terminal = [kind for kind in kinds if kind in {"completed", "truncated", "failed", "cancelled"}]
        assert terminal == kinds[-1:]
        self.failure = failure
        self.request_id = events[0].started.request_id
        self.decision = events[0].started.decision
        self.kind = kinds[-1]
        self.end: Any = getattr(events[-1], self.kind)
        self.text = "".join(event.text_delta.text for event in events)
        self.attempts = [event.attempt_started for event in events if event.HasField("attempt_started")]


class Client:
    """A client that is connected to a server."""

    def __init__(self, address: str, channel: grpc.aio.Channel) -> None:
        self.address = address
        self.stub: ymera_pb2_grpc.YmeraServiceAsyncStub = ymera_pb2_grpc.YmeraServiceStub(channel)
        self._routing: routing_pb2_grpc.RoutingServiceAsyncStub = routing_pb2_grpc.RoutingServiceStub(channel)

    async def execute(self, text: str = "hello", seconds: float = WAIT) -> ymera_pb2.ExecuteResponse:
        """Requests a whole answer."""
        return await self.stub.Execute(ymera_pb2.ExecuteRequest(prompt=prompt(text)), timeout=seconds)

    async def failed(self, seconds: float = WAIT) -> Failure:
        """Requests a whole answer and returns the failure."""
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await self.execute(seconds=seconds)
        return Failure(caught.value)

    def stream(self, text: str = "hello", seconds: float = WAIT) -> Any:
        """Requests a streamed answer."""
        return self.stub.ExecuteStream(ymera_pb2.ExecuteStreamRequest(prompt=prompt(text)), timeout=seconds)

    async def read_stream(self, text: str = "hello", seconds: float = WAIT) -> StreamResult:
        """Requests a streamed answer and reads it to its end."""
        events: list[ymera_pb2.ExecuteStreamResponse] = []
        try:
            async for event in self.stream(text, seconds):
                events.append(event)  # noqa: PERF401  # the events before a failure count
        except grpc.aio.AioRpcError as error:
            return StreamResult(events, Failure(error))
        return StreamResult(events, None)

    async def health(self) -> ymera_pb2.HealthResponse:
        """Returns the server's health."""
        return await self.stub.Health(ymera_pb2.HealthRequest(), timeout=WAIT)

    async def idle(self) -> None:
        """Returns when the server reports no request in flight."""
        await self.in_flight(0)

    async def in_flight(self, count: int) -> None:
        """Returns when the server reports this number of requests in flight."""
        async with asyncio.timeout(WAIT):
            while True:
                if (await self.health()).in_flight_requests == count:
                    return
                await asyncio.sleep(0.01)

    async def recorded(self, request_id: str) -> routing_pb2.Execution:
        """Returns the stored execution. Polls, as nothing signals when that of a cancelled call is stored."""
        request = routing_pb2.GetExecutionRequest(request_id=request_id)
        async with asyncio.timeout(WAIT):
            while True:
                try:
                    return (await self._routing.GetExecution(request, timeout=WAIT)).execution
                except grpc.aio.AioRpcError as error:
                    if error.code() is not grpc.StatusCode.NOT_FOUND:
                        raise
                await asyncio.sleep(0.01)


PARTS = {"storage", "network", "provider", "plugin", "background"}
UNWELL = {"degraded", "unavailable", "paused", "open"}


def state_of(state: ymera_pb2.HealthResponse) -> str:
    """What `ymera health` says, on one line: the state of the server, then of each part that is not well."""
    console = Console(width=1000, file=io.StringIO())
    with console.capture() as capture:
        for each in report(state):
            console.print(each)
    head, *lines = capture.get().splitlines()
    detail = [state.detail] if state.detail else []
    parts = [" ".join(words) for words in map(str.split, lines) if UNWELL & set(words) and words[0] in PARTS]
    return "health: " + "; ".join([head.partition(" · ")[0], *detail, *parts])


class OneCategory(Classifier):
    """A classifier with one category, as only upstreams matter here."""

    name = "one"

    def read(self, prompt: Prompt) -> Reading:
        """See `Classifier.read`."""
        return Reading({"general": 1.0})


def plugins() -> list[FoundPlugin]:
    """The plugin `openai` as it is installed, and a classifier."""
    hooks = SimpleNamespace(
        ymera_register_classifiers=hookimpl(lambda: [OneCategory()], specname="ymera_register_classifiers")
    )
    return [FoundPlugin("one", "one", "1", lambda: hooks), *(found for found in installed() if found.name == "openai")]


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Removes settings and vendors' keys of the person who runs the tests from the environment."""
    for name in os.environ:
        if name.startswith("YMERA_") or name.endswith(("_API_KEY", "_API_TOKEN", "_BASE_URL")):
            monkeypatch.delenv(name)


@pytest.fixture
async def first() -> AsyncIterator[Upstream]:
    """The upstream that is tried first, being the cheaper one."""
    async with Upstream("first").listening() as upstream:
        yield upstream


@pytest.fixture
async def second() -> AsyncIterator[Upstream]:
    """The upstream that is tried next."""
    async with Upstream("second").listening() as upstream:
        yield upstream


@pytest.fixture
def open_server(tmp_path: Path) -> Callable[..., AbstractAsyncContextManager[Client]]:
    """Starts a server that calls upstreams, in this order; tables override its settings."""

    @asynccontextmanager
    async def open_server(*upstreams: Upstream, **tables: dict[str, Any]) -> AsyncIterator[Client]:
        endpoints = {upstream.name: {"base_url": upstream.url, "models": ["m"]} for upstream in upstreams}
        prices = {upstream.model: {"input": 1 + i, "output": 2 + 2 * i} for i, upstream in enumerate(upstreams)}
        defaults: dict[str, dict[str, Any]] = {
            "server": {"address": "127.0.0.1:0", "drain_seconds": 1},
            "storage": {"url": f"sqlite:///{tmp_path / 'ymera.db'}", "state_folder": tmp_path / "state"},
            "routing": {"weights": {"quality": 0, "speed": 0, "cost": 1}},
            "catalog": {"prices": prices},
            "plugins": {"openai": {"discover_local": False, "endpoints": endpoints}},
        }
        merged: dict[str, Any] = {name: defaults.get(name, {}) | tables.get(name, {}) for name in {*defaults, *tables}}
        async with (
            Application.start(Settings(**merged), plugins()) as app,
            grpc.aio.insecure_channel(app.address) as channel,
        ):
            yield Client(app.address, channel)

    return open_server


@pytest.fixture
def connect() -> Callable[[str], AbstractAsyncContextManager[Client]]:
    """Connects to a running server."""

    @asynccontextmanager
    async def connect(address: str) -> AsyncIterator[Client]:
        async with grpc.aio.insecure_channel(address) as channel:
            yield Client(address, channel)

    return connect


class Server:
    """`ymera serve` in a separate process. `lines` has its log, `events` the entries that are not of single calls."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.lines: list[bytes] = []
        self.address = ""

    async def read_log(self) -> None:
        """Reads the log to its end."""
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            self.lines.append(line)
            entry = json.loads(line) if line.startswith(b"{") else {"event": line.decode()}
            if entry["event"] != "call":
                self.events.put_nowait(entry)

    async def until(self, event: str) -> dict[str, Any]:
        """Returns the next line of the log with an event."""
        seen: list[dict[str, Any]] = []
        try:
            async with asyncio.timeout(6 * WAIT):
                while not seen or seen[-1]["event"] != event:
                    seen.append(await self.events.get())
        except TimeoutError:
            pytest.fail(f"the server did not log {event!r} but {seen}")
        return seen[-1]


@pytest.fixture
def serve(tmp_path: Path) -> Callable[..., AbstractAsyncContextManager[Server]]:
    """Starts a server on a free port, configured by TOML and variables; it is killed at the end if it still runs."""

    @asynccontextmanager
    async def serve(config: str, **environment: str) -> AsyncIterator[Server]:
        file = tmp_path / "ymera.toml"
        file.write_text(config)
        program = [sys.executable, "-c", "from ymera_service.cli import main; main()"]
        command = [*program, "serve", "--config", str(file), "--address", "127.0.0.1:0"]
        process = await asyncio.create_subprocess_exec(
            *command, stderr=asyncio.subprocess.PIPE, env=os.environ | environment
        )
        server = Server(process)
        log = asyncio.create_task(server.read_log())
        try:
            server.address = str((await server.until("serving"))["address"])
            yield server
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()
            await log

    return serve
