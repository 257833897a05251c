"""Compares HTTP clients: CPU milliseconds of the whole client process per request.

    python tests/bench/transports.py [--rounds 5] [--loop uvloop] [client …]

One run measures every client installed, in turn and in rounds, each in a separate process against one
upstream in another process: a unary POST, and a POST answered by 50 chunks of server-sent events a
millisecond apart, so that each arrives separately. The quietest round counts, as other load only ever adds.
Only the ratios carry over to other machines.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import Any, cast

import uvloop

Call = Callable[[str], Awaitable[int]]

CHUNKS = 50
CHUNK_SECONDS = 0.001
CONCURRENCY = 16
REQUESTS = {"unary": 3000, "stream": 300}
REFERENCE = "aiohttp"
HEADERS = {"content-type": "application/json", "authorization": "Bearer benchmark"}
BODY = json.dumps({"model": "m", "messages": [{"role": "user", "content": "hello " * 40}]}).encode()
EVENT = b'data: {"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":" word"}}]}\n\n'
ANSWER = b'{"id":"c","choices":[{"message":{"role":"assistant","content":"' + b"word " * 80 + b'"}}]}'
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: %b\r\n%b\r\n\r\n"


class Upstream(asyncio.Protocol):
    """Answers every request immediately; requests are assumed to be complete, in any number of pieces."""

    def __init__(self) -> None:
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is not a subclass

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not self._received.endswith(BODY):
            return
        streamed = self._received.startswith(b"POST /stream")
        self._received = b""
        assert self._transport is not None
        if streamed:
            self._transport.write(HEAD % (b"text/event-stream", b"transfer-encoding: chunked"))
            self._send_chunk(CHUNKS)
        else:
            self._transport.write(HEAD % (b"application/json", b"content-length: %d" % len(ANSWER)) + ANSWER)

    def _send_chunk(self, left: int) -> None:
        assert self._transport is not None
        if left:
            self._transport.write(b"%x\r\n%b\r\n" % (len(EVENT), EVENT))
            asyncio.get_running_loop().call_later(CHUNK_SECONDS, self._send_chunk, left - 1)
        else:
            self._transport.write(b"0\r\n\r\n")


async def serve() -> None:
    """Serves on a free port, which it prints, until it is killed."""
    server = await asyncio.get_running_loop().create_server(Upstream, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@asynccontextmanager
async def with_ymera() -> AsyncGenerator[Call, None]:
    """Ymera's transport."""
    from ymera_service.config import TransportSettings
    from ymera_service.sdk.http import HttpRequest
    from ymera_service.transport import HttpTransport

    async with HttpTransport(TransportSettings()) as transport:

        async def call(url: str) -> int:
            async with transport.open(HttpRequest("POST", url, HEADERS, BODY)) as stream:
                return sum([len(piece) async for piece in stream])

        yield call


@asynccontextmanager
async def with_aiohttp() -> AsyncGenerator[Call, None]:
    """aiohttp's session with its defaults."""
    import aiohttp

    async with aiohttp.ClientSession() as session:

        async def call(url: str) -> int:
            async with session.post(url, data=BODY, headers=HEADERS) as response:
                return sum([len(piece) async for piece in response.content.iter_any()])

        yield call


@asynccontextmanager
async def with_pyreqwest() -> AsyncGenerator[Call, None]:
    """pyreqwest's client with its defaults."""
    async with import_module("pyreqwest.client").ClientBuilder().build() as client:

        async def call(url: str) -> int:
            length = 0
            async with client.post(url).headers(HEADERS).body_bytes(BODY).build_streamed() as response:
                reader = response.body_reader
                while (piece := await reader.read_chunk()) is not None:
                    length += len(piece)
            return length

        yield call


@asynccontextmanager
async def with_httpx(module: str = "httpx") -> AsyncGenerator[Call, None]:
    """httpx, or a compatible client, with its defaults."""
    async with import_module(module).AsyncClient(timeout=60) as client:

        async def call(url: str) -> int:
            async with client.stream("POST", url, content=BODY, headers=HEADERS) as response:
                return sum([len(piece) async for piece in response.aiter_bytes()])

        yield call


CLIENTS: dict[str, Callable[[], AbstractAsyncContextManager[Call]]] = {
    "ymera": with_ymera,
    "aiohttp": with_aiohttp,
    "pyreqwest": with_pyreqwest,
    "httpx": with_httpx,
    "httpx2": lambda: with_httpx("httpx2"),
}


async def measure(client: str, port: int) -> dict[str, float]:
    """Returns CPU milliseconds per request by kind, after a warm-up."""
    figures: dict[str, float] = {}
    async with CLIENTS[client]() as call:
        for kind, count in REQUESTS.items():
            url = f"http://127.0.0.1:{port}/{kind}"
            length = len(ANSWER) if kind == "unary" else CHUNKS * len(EVENT)
            await _load(call, url, count // 10, length)
            before = time.process_time()
            await _load(call, url, count, length)
            figures[kind] = (time.process_time() - before) / count * 1000
    return figures


async def _load(call: Call, url: str, count: int, length: int) -> None:
    left = iter(range(count))

    async def work() -> None:
        for _ in left:
            if await call(url) != length:
                raise AssertionError(f"{url} was not read whole")

    async with asyncio.TaskGroup() as tasks:
        for _ in range(CONCURRENCY):
            tasks.create_task(work())


def compare(rounds: int, loop: str, clients: list[str]) -> None:
    """Measures the clients and prints the table."""
    clients = [client for client in clients if find_spec("ymera_service" if client == "ymera" else client)]
    found: dict[str, list[dict[str, float]]] = {client: [] for client in clients}
    command = [sys.executable, __file__, "--loop", loop]
    with subprocess.Popen([*command, "--serve"], stdout=subprocess.PIPE, text=True) as upstream:
        assert upstream.stdout is not None
        port = upstream.stdout.readline().strip()
        try:
            for _ in range(rounds):
                for client in clients:
                    # Its exit status is ignored: pyreqwest 0.15 sometimes aborts while Python shuts down.
                    measuring = [*command, "--measure", client, "--port", port]
                    measured = subprocess.run(measuring, stdout=subprocess.PIPE, check=False).stdout
                    found[client].append(json.loads(measured))
        finally:
            upstream.kill()
    print(f"{'client':<12}" + "".join(f"{kind:>10} ms {'ratio':>7}" for kind in REQUESTS))
    for client, figures in found.items():
        columns = [(_best(figures, kind), _best(found[REFERENCE], kind)) for kind in REQUESTS]
        print(f"{client:<12}" + "".join(f"{own:13.3f} {own / reference:7.2f}" for own, reference in columns))


def _best(figures: list[dict[str, float]], kind: str) -> float:
    return min(figure[kind] for figure in figures)


def main() -> None:
    """Runs the command line."""
    cli = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    cli.add_argument("--rounds", type=int, default=5)
    cli.add_argument("--loop", choices=("uvloop", "asyncio"), default="uvloop")
    cli.add_argument("clients", nargs="*", default=list(CLIENTS), help="which to compare; every one unless named")
    cli.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    cli.add_argument("--measure", choices=CLIENTS, help=argparse.SUPPRESS)
    cli.add_argument("--port", type=int, help=argparse.SUPPRESS)
    options = cli.parse_args()

    def run(main: Coroutine[Any, Any, Any]) -> Any:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop if options.loop == "uvloop" else None) as runner:
            return runner.run(main)

    if options.serve:
        run(serve())
    elif options.measure:
        print(json.dumps(run(measure(options.measure, options.port))), flush=True)
    else:
        compare(options.rounds, options.loop, sorted({REFERENCE, *options.clients}))


if __name__ == "__main__":
    main()
