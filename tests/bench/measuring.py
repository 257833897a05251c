"""How long a benchmark of many models takes, and what it costs live requests meanwhile.

    uv run python -m tests.bench.measuring [--models 150] [--tasks 30] [--latency 0.3]

A server in this process with providers that answer every task after a time; requests are sent one after the other,
first alone, then beside a benchmark. Only ratios within one run mean anything on a machine that does other work.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import statistics
import tempfile
import time
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from types import SimpleNamespace

import grpc
import structlog
from ymera.v1 import content_pb2, routing_pb2, ymera_pb2, ymera_pb2_grpc

from ymera_service.config import Settings
from ymera_service.plugins import FoundPlugin
from ymera_service.sdk.benchmarks import BenchmarkSuite, BenchmarkTask
from ymera_service.sdk.classifiers import CATEGORIES
from ymera_service.sdk.content import user
from ymera_service.sdk.context import CallContext
from ymera_service.sdk.events import Accepted, Finished, ProviderEvent, TextDelta, UsageReported
from ymera_service.sdk.generation import FinishReason, GenerateRequest, Prompt, Usage
from ymera_service.sdk.hookspecs import hookimpl
from ymera_service.sdk.models import ModelInfo, Price
from ymera_service.sdk.providers import Provider
from ymera_service.server import Application


class Steady(Provider):
    """A provider whose models answer after a fixed time."""

    def __init__(self, name: str, models: int, latency: float) -> None:
        self.name = name
        self._models = models
        self._latency = latency

    async def models(self) -> Sequence[ModelInfo]:
        """Returns models of one price."""
        return [ModelInfo(f"m{number}", price=Price(100_000, 400_000)) for number in range(self._models)]

    async def generate(self, request: GenerateRequest, context: CallContext) -> AsyncGenerator[ProviderEvent, None]:
        """Answers with a hundred words, in ten parts."""
        yield Accepted()
        for _ in range(10):
            await asyncio.sleep(self._latency / 10)
            yield TextDelta("word " * 10)
        yield UsageReported(Usage(200, 100))
        yield Finished(FinishReason.STOP)


class Counted(BenchmarkSuite):
    """Tasks of usual length in six categories."""

    name = "counted"
    categories: Sequence[str] = CATEGORIES

    def tasks(self, category: str, count: int, seed: int) -> Sequence[BenchmarkTask]:
        """Returns tasks with a prompt of some 200 tokens."""
        text = "How many words has this? " * 40
        return [BenchmarkTask(f"{category}/{seed}/{at}", category, Prompt((user(text),))) for at in range(count)]

    async def grade(self, task: BenchmarkTask, answer: str) -> float:
        """Returns whether an answer has a hundred words."""
        return float(len(answer.split()) == 100)


def found(providers: int, models: int, latency: float) -> list[FoundPlugin]:
    """Returns a plugin with this number of providers, which together have this number of models."""
    made = [Steady(f"p{number}", models // providers, latency) for number in range(providers)]
    hooks = SimpleNamespace(
        ymera_register_providers=hookimpl(lambda: made, specname="ymera_register_providers"),
        ymera_register_benchmarks=hookimpl(lambda: [Counted()], specname="ymera_register_benchmarks"),
    )
    return [FoundPlugin("steady", "steady", "1", lambda: hooks)]


async def requests(stub: ymera_pb2_grpc.YmeraServiceAsyncStub, stop: asyncio.Event) -> list[float]:
    """Sends one request after the other, and returns how long each took beyond the model's time, in seconds."""
    message = content_pb2.Message(role=content_pb2.ROLE_USER, parts=[content_pb2.Part(text="Hello, who are you?")])
    asked = ymera_pb2.ExecuteRequest(
        prompt=content_pb2.Prompt(messages=[message]), preferences=routing_pb2.RoutingPreferences(model="p0/m0")
    )
    took = []
    while not stop.is_set():
        began = time.perf_counter()
        await stub.Execute(asked)
        took.append(time.perf_counter() - began)
    return took


async def beside(stub: ymera_pb2_grpc.YmeraServiceAsyncStub, work: asyncio.Future[float]) -> list[float]:
    """Returns the times of requests while work is under way."""
    stop = asyncio.Event()
    work.add_done_callback(lambda _: stop.set())
    return await requests(stub, stop)


async def measured(stub: ymera_pb2_grpc.YmeraServiceAsyncStub, tasks: int, concurrency: int) -> float:
    """Runs a benchmark of all models, and returns how long it took."""
    began, done = time.perf_counter(), 0
    request = ymera_pb2.BenchmarkRequest(tasks_per_category=tasks, concurrency=concurrency, seed=1)
    async for event in stub.Benchmark(request):
        done = event.progress.completed_tasks or done
    took = time.perf_counter() - began
    print(f"  {done:,} tasks in {took:.1f} s ({done / took:.0f} a second)")
    return took


async def pause(seconds: float) -> float:
    """Waits."""
    await asyncio.sleep(seconds)
    return seconds


async def trial(providers: int, models: int, tasks: int, latency: float, *, live: bool) -> None:
    """Measures one size, with or without requests beside it."""
    print(f"{providers} providers, {models} models × {tasks} tasks × 6 categories, {latency:g} s an answer:")
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.model_validate(
            {"server": {"address": "127.0.0.1:0"}, "storage": {"url": f"sqlite:///{Path(folder) / 'bench.db'}"}}
        )
        async with (
            Application.start(settings, found(providers, models, latency)) as app,
            grpc.aio.insecure_channel(app.address) as channel,
        ):
            stub = ymera_pb2_grpc.YmeraServiceStub(channel)
            if not live:
                await measured(stub, tasks, 64)
                return
            await beside(stub, asyncio.ensure_future(pause(3)))
            alone = await beside(stub, asyncio.ensure_future(pause(20)))
            busy = await beside(stub, asyncio.ensure_future(_limited(stub, tasks)))
            again = await beside(stub, asyncio.ensure_future(pause(20)))
            for name, took in (("before", alone), ("beside", busy), ("after", again)):
                quantiles = statistics.quantiles(took, n=100)
                p50, p95 = quantiles[49] * 1000, quantiles[94] * 1000
                print(f"  requests {name}: p50 {p50:.1f} ms, p95 {p95:.1f} ms")


async def _limited(stub: ymera_pb2_grpc.YmeraServiceAsyncStub, tasks: int) -> float:
    """Runs a benchmark for 40 s at most: beside requests it may take much longer."""
    try:
        async with asyncio.timeout(40):
            return await measured(stub, tasks, 64)
    except TimeoutError:
        print("  the benchmark was stopped after 40 s")
        return 40.0


async def main() -> None:
    """Runs the trials."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=int, default=150)
    parser.add_argument("--tasks", type=int, default=5, help="per category; 5 × 6 categories are 30 a model")
    parser.add_argument("--latency", type=float, default=0.3)
    given = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    await trial(5, 5, given.tasks, 2.0, live=False)
    await trial(5, given.models, given.tasks, given.latency, live=False)
    await trial(5, given.models, given.tasks, given.latency, live=True)


if __name__ == "__main__":
    asyncio.run(main())
