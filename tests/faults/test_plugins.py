"""Plugins that misbehave: after each of them the server serves, Health is readable, and the server stops in time.

Every case is a server with two plugins: `sound`, which answers, and `rude`, which does what the case is named for while
it is loaded, started, asked for its models, called, or closed.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from ymera.v1 import routing_pb2, ymera_pb2, ymera_pb2_grpc

from tests.faults.conftest import WAIT, Failure, StreamResult, prompt
from tests.faults.rude import (
    CALLED,
    LIVING,
    LOADING,
    SHORT,
    Rude,
    RudeClassifier,
    RudeSuite,
    Sound,
    hooks,
    offering,
    plugin,
)
from ymera_service.config import Settings
from ymera_service.plugins import FoundPlugin, components
from ymera_service.server import Application

READABLE = 64 * 1024
"""Bytes of a Health response."""


class Server:
    """A running server, called by its stubs."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.stub: ymera_pb2_grpc.YmeraServiceAsyncStub = ymera_pb2_grpc.YmeraServiceStub(channel)

    async def answer(self, model: str, seconds: float = WAIT) -> str | Failure:
        """Returns the text of a whole answer, or how the call failed."""
        try:
            answer = await self.stub.Execute(ymera_pb2.ExecuteRequest(**_asked(model)), timeout=seconds)
        except grpc.aio.AioRpcError as error:
            return Failure(error)
        return "".join(part.text for message in answer.messages for part in message.parts)

    async def stream(self, model: str, seconds: float = WAIT) -> StreamResult:
        """Reads a stream to its end; its events are checked."""
        events: list[ymera_pb2.ExecuteStreamResponse] = []
        try:
            async for event in self.stub.ExecuteStream(
                ymera_pb2.ExecuteStreamRequest(**_asked(model)), timeout=seconds
            ):
                events.append(event)  # noqa: PERF401  # the events before a failure count
        except grpc.aio.AioRpcError as error:
            return StreamResult(events, Failure(error))
        return StreamResult(events, None)

    async def check(self) -> ymera_pb2.HealthResponse:
        """Asserts that the server answers and that its health is readable, and returns the health."""
        assert await self.answer("sound/m") == "all is well"
        health = await self.stub.Health(ymera_pb2.HealthRequest(), timeout=WAIT)
        assert health.ByteSize() < READABLE
        return health


def _asked(model: str) -> dict[str, Any]:
    return {"prompt": prompt("hello"), "preferences": routing_pb2.RoutingPreferences(allow_models=[model])}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shortens the server's time limits."""
    monkeypatch.setattr(components, "START_SECONDS", SHORT)
    monkeypatch.setattr(components, "CLOSE_SECONDS", SHORT)


@asynccontextmanager
async def serving(folder: Path, rude: FoundPlugin, **tables: Any) -> AsyncIterator[Server]:
    """A server with both plugins; fails if it does not stop in time."""
    settings = Settings(
        **{
            "server": {"address": "127.0.0.1:0", "drain_seconds": 1},
            "storage": {"url": f"sqlite:///{folder / 'ymera.db'}"},
            "catalog": {"discovery_seconds": SHORT},
            "plugins": {"load_seconds": SHORT},
            **tables,
        }
    )
    found = [plugin("sound", lambda: offering(Sound())), rude]
    async with (
        asyncio.timeout(2 * WAIT),
        Application.start(settings, found) as app,
        grpc.aio.insecure_channel(app.address) as channel,
    ):
        yield Server(channel)


@pytest.mark.parametrize("case", LOADING)
async def test_a_plugin_that_misbehaves_while_it_is_loaded(tmp_path: Path, case: str) -> None:
    async with serving(tmp_path, LOADING[case]) as server:
        health = await server.check()
    detail = next(one.detail for one in health.plugins if one.name == "rude")
    assert detail or case == "print-at-import"


@pytest.mark.parametrize("case", LIVING)
async def test_a_provider_that_misbehaves_outside_of_calls(tmp_path: Path, case: str) -> None:
    async with serving(tmp_path, plugin("rude", lambda: offering(LIVING[case]()))) as server:
        health = await server.check()
    provider = next(one for one in health.providers if one.provider == "rude")
    assert len(provider.detail) < 4096
    assert provider.detail or case in {"stubborn-close", "models-of-a-wrong-type"}


UNHARMED = {"after_the_end", "hangs_when_closed", "blocks"}
"""Those that end their answer before they misbehave, so that it is used, or that only keep others waiting."""


@pytest.mark.parametrize("case", CALLED)
async def test_a_provider_that_misbehaves_in_a_call(tmp_path: Path, case: str) -> None:
    hangs = case.startswith("ignores_cancellation") or case == "endless_silence"
    seconds = 3 if hangs else WAIT
    async with serving(tmp_path, plugin("rude", lambda: offering(Rude(CALLED[case])))) as server:
        began = time.monotonic()
        whole = await server.answer("rude/m", seconds)
        await server.check()
        streamed = await server.stream("rude/m", seconds)
        health = await server.check()
        assert time.monotonic() - began < WAIT
    assert (not isinstance(whole, Failure)) == (case in UNHARMED)
    assert (streamed.failure is None) == (case in UNHARMED)
    conduct = next(one.detail for one in health.plugins if one.name == "rude")
    if case == "blocks":
        assert "held the event loop" in conduct
        assert "in blocks" in conduct
    if case in {"ignores_cancellation", "hangs_when_closed"}:
        assert "ignored their cancellation" in conduct
        assert "stubborn" in conduct


async def test_a_classifier_that_exits(tmp_path: Path) -> None:
    rude = plugin("rude", lambda: hooks(ymera_register_classifiers=lambda: [RudeClassifier()]))
    async with serving(tmp_path, rude) as server:
        await server.check()


async def test_a_suite_without_end_whose_grading_exits(tmp_path: Path) -> None:
    rude = plugin("rude", lambda: hooks(ymera_register_benchmarks=lambda: [RudeSuite()]))
    async with serving(tmp_path, rude) as server:
        request = ymera_pb2.BenchmarkRequest(models=["sound/m"], suites=["rude"], tasks_per_category=2)
        events = [event async for event in server.stub.Benchmark(request, timeout=WAIT)]
        assert sum(event.HasField("progress") for event in events) == 2
        await server.check()
