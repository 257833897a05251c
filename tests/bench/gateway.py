"""The cost of a request in Ymera, compared with bare grpc.aio servers: `uv run tests/bench/gateway.py`.

One run measures servers in turn and in rounds, each in a separate process, with the load made in this process
and one fast upstream in another: a bare echo, a bare handler that makes one HTTP call with aiohttp, one that also
stores a row durably in SQLite (the least that an accounted request costs; a stream of it stores nothing), and Ymera
with everything on (checks, routing, breakers, usage durable before the reply, a log line per request) at 2,
150 and 1,000 models. Each answers whole, and as a stream of 50 chunks. Shown are CPU milliseconds of the whole
server process per request, requests per second, and the latency at 100 requests a second, sent on time
independently of the answers. The median round counts. Only the ratios carry over to other machines.
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
disabled = ["ollama", "simulator"]
[plugins.openai]
discover_local = false
[plugins.openai.endpoints.bench]
base_url = "http://127.0.0.1:{port}/{half}"
api_key = "benchmark"
[plugins.openai.endpoints.reserve]
base_url = "http://127.0.0.1:{port}/{half}"
api_key = "benchmark"
"""
START_SECONDS = 120
"""How long a server may take to start: other load must not end a run."""
RATE = 100
"""Requests a second at which latency is measured."""


@dataclass(frozen=True)
class Cost:
    """CPU milliseconds of the server per request, requests per second, and latency in milliseconds."""

    cpu: float
    rate: float
    p50: float = 0.0
    p99: float = 0.0


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
    """A port that is currently free."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@asynccontextmanager
async def stub(address: str) -> AsyncIterator[rpc.YmeraServiceAsyncStub]:
    """A stub of a server that answers."""
    async with grpc.aio.insecure_channel(address) as channel:
        await asyncio.wait_for(channel.channel_ready(), START_SECONDS)
        yield rpc.YmeraServiceStub(channel)


async def whole(server: rpc.YmeraServiceAsyncStub) -> None:
    """One unary request."""
    answer = await server.Execute(ymera.ExecuteRequest(prompt=PROMPT))
    assert answer.messages[0].parts[0].text


async def streamed(server: rpc.YmeraServiceAsyncStub) -> None:
    """One streamed request."""
    texts = 0
    async for event in server.ExecuteStream(ymera.ExecuteStreamRequest(prompt=PROMPT)):
        texts += event.WhichOneof("event") == "text_delta"
    assert texts


async def measure(address: str, pid: int, stream: bool, options: argparse.Namespace) -> Cost:
    """Runs the load and returns the cost of a request."""
    ask = streamed if stream else whole
    share = -(-(options.streams if stream else options.requests) // options.concurrency)

    async def worker(server: rpc.YmeraServiceAsyncStub, count: int) -> None:
        for _ in range(count):
            await ask(server)

    async with stub(address) as server:
        await asyncio.gather(*(worker(server, 5) for _ in range(options.concurrency)))
        cpu, began = cpu_seconds(pid), time.perf_counter()
        await asyncio.gather(*(worker(server, share) for _ in range(options.concurrency)))
        elapsed = time.perf_counter() - began
        cpu = cpu_seconds(pid) - cpu
        requests = share * options.concurrency
        latencies = [] if stream else await open_loop(server, options.latency_seconds)
        p50, p99 = percentiles(latencies)
        return Cost(cpu / requests * 1000, requests / elapsed, p50, p99)


async def open_loop(server: rpc.YmeraServiceAsyncStub, seconds: float) -> list[float]:
    """Sends requests on schedule, independently of the answers, and returns their latencies in milliseconds."""
    latencies: list[float] = []

    async def one(due: float) -> None:
        await whole(server)
        latencies.append((time.perf_counter() - due) * 1000)

    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number in range(int(seconds * RATE)):
            due = began + number / RATE
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            group.create_task(one(due))
    return latencies


def percentiles(latencies: Sequence[float]) -> tuple[float, float]:
    """The 50th and 99th percentile; 0 if nothing was measured."""
    if not latencies:
        return 0.0, 0.0
    ordered = sorted(latencies)
    return ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.99)]


@contextmanager
def server(
    kind: str, upstream: str, folder: str, run: Sequence[str] = (sys.executable,)
) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """One of the servers to be measured: its address and process; `run` is what runs a script of Python."""
    if kind in MODELS:
        config = Path(folder) / f"{kind}.toml"
        config.write_text(CONFIG.format(folder=folder, port=upstream, half=MODELS[kind] // 2))
        address = f"127.0.0.1:{free_port()}"
        script = str(Path(sys.executable).with_name("ymera"))
        command = [*run, script, "serve", "--config", str(config), "--address", address]
        with running(command, YMERA_LOG__FORMAT="json") as process:
            yield address, process
        return
    url = f"http://127.0.0.1:{upstream}/chat/completions"
    with running([*run, str(HERE / "bare.py"), kind, url]) as process:
        yield first_line(process), process


MODELS = {"ymera-2": 2, "ymera-150": 150, "ymera-1000": 1000}
KINDS = {
    "echo": "bare grpc.aio echo",
    "call": "bare grpc.aio + one aiohttp call",
    "record": "the same + one durable row",
    "ymera-2": "Ymera, 2 models",
    "ymera-150": "Ymera, 150 models",
    "ymera-1000": "Ymera, 1,000 models",
}


def run(options: argparse.Namespace) -> dict[tuple[str, bool], list[Cost]]:
    """Measures every server, in turn and in rounds."""
    kinds = [kind for kind in KINDS if kind in options.only] if options.only else list(KINDS)
    costs: dict[tuple[str, bool], list[Cost]] = {(kind, stream): [] for stream in (False, True) for kind in kinds}
    with tempfile.TemporaryDirectory() as folder, running([sys.executable, str(HERE / "upstream.py")]) as process:
        upstream = first_line(process)
        for _ in range(options.rounds):
            for kind in kinds:
                with server(kind, upstream, folder) as (address, measured):
                    for stream in (False, True):
                        costs[kind, stream].append(asyncio.run(measure(address, measured.pid, stream, options)))
    return costs


def table(costs: dict[tuple[str, bool], list[Cost]]) -> Table:
    """The medians, with the ratios to the bare handler that makes a call and to Ymera with 2 models."""
    figures = ("CPU ms/request", "× bare call", "× 2 models", "requests/s", "p50 ms", "p99 ms")
    result = Table("", "", *figures, box=None)

    def median(kind: str, stream: bool, figure: str) -> float:
        return float(statistics.median(getattr(cost, figure) for cost in costs[kind, stream]))

    for kind, stream in sorted(costs, key=lambda key: key[1]):
        cpu = median(kind, stream, "cpu")
        ratios = [
            f"{cpu / median(other, stream, 'cpu'):.2f}" if (other, stream) in costs else ""
            for other in ("call", "ymera-2")
        ]
        latency = ["", ""] if stream else [f"{median(kind, stream, name):.1f}" for name in ("p50", "p99")]
        form = "stream of 50" if stream else "unary"
        result.add_row(form, KINDS[kind], f"{cpu:.3f}", *ratios, f"{median(kind, stream, 'rate'):.0f}", *latency)
    return result


def main() -> None:
    """Reads the options, measures and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=4000, help="unary requests per round")
    parser.add_argument("--streams", type=int, default=600, help="streams per round")
    parser.add_argument("--concurrency", type=int, default=32, help="requests under way at a time")
    parser.add_argument("--rounds", type=int, default=3, help="how often each server is measured")
    parser.add_argument("--latency-seconds", type=float, default=10, help="how long latency is measured")
    parser.add_argument("--only", nargs="*", choices=list(KINDS), help="measure these servers alone")
    Console(width=120).print(table(run(parser.parse_args())))


if __name__ == "__main__":
    main()
