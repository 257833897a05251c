"""What a request costs in Ymera, beside bare grpc.aio servers: `uv run tests/bench/gateway.py`.

One run measures three servers in turn and in rounds, each a process of its own, with the load made in this
process and one fast upstream in another: (a) a bare echo, (b) a bare handler that makes one HTTP call with
aiohttp, (c) Ymera with everything on: checks, routing, breakers, usage durable before the reply, a log line per
request. Each answers whole, and as a stream of 50 chunks. The figures are CPU milliseconds of the whole server
process per request, and requests per second; the median round counts. Only the ratios carry over to other
machines.
"""

from __future__ import annotations  # the stubs' types exist for type checkers only

import argparse
import asyncio
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc.aio
from rich.console import Console
from rich.table import Table
from ymera.v1 import content_pb2 as content
from ymera.v1 import ymera_pb2 as ymera
from ymera.v1 import ymera_pb2_grpc as rpc

HERE = Path(__file__).parent
TICKS = os.sysconf("SC_CLK_TCK")
PROMPT = content.Prompt(
    messages=[content.Message(role=content.ROLE_USER, parts=[content.Part(text="How do I sort a list? " * 8)])]
)
CONFIG = """
[storage]
url = "sqlite:///{folder}/ymera.db"
[plugins]
disabled = ["simulator"]
[plugins.openai]
discover_local = false
[plugins.openai.endpoints.bench]
base_url = "http://127.0.0.1:{port}"
api_key = "benchmark"
[plugins.openai.endpoints.reserve]
base_url = "http://127.0.0.1:{port}"
api_key = "benchmark"
"""


@dataclass(frozen=True)
class Cost:
    """CPU milliseconds of the server per request, and requests per second."""

    cpu: float
    rate: float


@contextmanager
def running(command: Sequence[str], **environment: str) -> Iterator[subprocess.Popen[str]]:
    """A process that ends with the block."""
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env={**os.environ, **environment}
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def first_line(process: subprocess.Popen[str]) -> str:
    """The first line that a process prints, its address."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def cpu_seconds(pid: int) -> float:
    """CPU time of a process with all its threads, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def free_port() -> int:
    """A port that was free just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@asynccontextmanager
async def stub(address: str) -> AsyncIterator[rpc.YmeraServiceAsyncStub]:
    """A stub of a server that answers."""
    async with grpc.aio.insecure_channel(address) as channel:
        await asyncio.wait_for(channel.channel_ready(), 30)
        yield rpc.YmeraServiceStub(channel)


async def whole(server: rpc.YmeraServiceAsyncStub) -> None:
    """One unary request."""
    answer = await server.Execute(ymera.ExecuteRequest(prompt=PROMPT))
    assert answer.message.parts[0].text


async def streamed(server: rpc.YmeraServiceAsyncStub) -> None:
    """One streamed request."""
    texts = 0
    async for event in server.ExecuteStream(ymera.ExecuteStreamRequest(prompt=PROMPT)):
        texts += event.WhichOneof("event") == "text_delta"
    assert texts


async def measure(address: str, pid: int, stream: bool, requests: int, concurrency: int) -> Cost:
    """Makes the load and returns what a request cost."""
    ask = streamed if stream else whole

    async def worker(server: rpc.YmeraServiceAsyncStub, count: int) -> None:
        for _ in range(count):
            await ask(server)

    async with stub(address) as server:
        await asyncio.gather(*(worker(server, 5) for _ in range(concurrency)))
        cpu, began = cpu_seconds(pid), time.perf_counter()
        share = -(-requests // concurrency)
        await asyncio.gather(*(worker(server, share) for _ in range(concurrency)))
        elapsed = time.perf_counter() - began
        return Cost((cpu_seconds(pid) - cpu) / (share * concurrency) * 1000, share * concurrency / elapsed)


@contextmanager
def server(kind: str, upstream: str, folder: str) -> Iterator[tuple[str, int]]:
    """One of the servers to be measured: its address and process id."""
    if kind == "ymera":
        config = Path(folder) / "ymera.toml"
        config.write_text(CONFIG.format(folder=folder, port=upstream))
        address = f"127.0.0.1:{free_port()}"
        command = [str(Path(sys.executable).with_name("ymera")), "serve", "--config", str(config), "--address", address]
        with running(command, YMERA_LOG__FORMAT="json") as process:
            yield address, process.pid
        return
    url = f"http://127.0.0.1:{upstream}/chat/completions"
    with running([sys.executable, str(HERE / "bare.py"), kind, url]) as process:
        yield first_line(process), process.pid


KINDS = {"echo": "(a) bare grpc.aio echo", "call": "(b) bare grpc.aio + one aiohttp call", "ymera": "(c) Ymera Execute"}


def run(arguments: argparse.Namespace) -> dict[tuple[str, bool], list[Cost]]:
    """Measures every server, in turn and in rounds."""
    costs: dict[tuple[str, bool], list[Cost]] = {(kind, stream): [] for stream in (False, True) for kind in KINDS}
    with tempfile.TemporaryDirectory() as folder, running([sys.executable, str(HERE / "upstream.py")]) as process:
        upstream = first_line(process)
        for _ in range(arguments.rounds):
            for kind in KINDS:
                with server(kind, upstream, folder) as (address, pid):
                    for stream in (False, True):
                        requests = arguments.streams if stream else arguments.requests
                        cost = asyncio.run(measure(address, pid, stream, requests, arguments.concurrency))
                        costs[kind, stream].append(cost)
    return costs


def table(costs: dict[tuple[str, bool], list[Cost]]) -> Table:
    """The medians, with the ratio to (b)."""
    result = Table("", "", "CPU ms/request", "ratio to (b)", "requests/s", box=None)
    for stream in (False, True):
        base = statistics.median(cost.cpu for cost in costs["call", stream])
        for kind, label in KINDS.items():
            cpu = statistics.median(cost.cpu for cost in costs[kind, stream])
            rate = statistics.median(cost.rate for cost in costs[kind, stream])
            form = "stream of 50" if stream else "unary"
            result.add_row(form, label, f"{cpu:.3f}", f"{cpu / base:.2f}", f"{rate:.0f}")
    return result


def main() -> None:
    """Reads the options, measures and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=4000, help="unary requests per round")
    parser.add_argument("--streams", type=int, default=600, help="streams per round")
    parser.add_argument("--concurrency", type=int, default=32, help="requests under way at a time")
    parser.add_argument("--rounds", type=int, default=3, help="how often each server is measured")
    Console().print(table(run(parser.parse_args())))


if __name__ == "__main__":
    main()
