"""Plugins that misbehave: after each of them the server serves, Health is readable, and the server stops in time.

Every case is a server with two plugins: `sound`, which answers, and `rude`, which does what the case is named for while
it is loaded, started, asked for its models, called, or closed.
"""

import asyncio
import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import grpc
import pytest
from ymera.v1 import routing_pb2, ymera_pb2, ymera_pb2_grpc

from tests.faults.conftest import WAIT, Failure, StreamResult, prompt
from ymera_service.config import Settings
from ymera_service.plugins import FoundPlugin, components
from ymera_service.sdk.benchmarks import BenchmarkSuite, BenchmarkTask
from ymera_service.sdk.classifiers import Classifier, Reading
from ymera_service.sdk.content import user
from ymera_service.sdk.context import CallContext
from ymera_service.sdk.errors import ProviderError, QuotaExhausted
from ymera_service.sdk.events import (
    Accepted,
    Finished,
    KeepAlive,
    ProviderEvent,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from ymera_service.sdk.generation import FinishReason, GenerateRequest, Prompt, Usage
from ymera_service.sdk.hookspecs import CONTRACT, PluginDescription, hookimpl
from ymera_service.sdk.models import ModelInfo
from ymera_service.sdk.providers import Provider
from ymera_service.sdk.settings import PluginSettings
from ymera_service.server import Application

READABLE = 64 * 1024
"""Bytes of a Health response."""
SHORT = 0.3
"""The time limits of the server in these tests, in seconds."""
HUGE = "x" * 20_000_000
DONE = Finished(FinishReason.STOP)

Events = AsyncGenerator[Any, None]
Script = Callable[[], Events]


class Sound(Provider):
    """Answers as it should."""

    name = "sound"

    async def models(self) -> Sequence[ModelInfo]:
        return [ModelInfo("m")]

    async def generate(self, request: GenerateRequest, context: CallContext) -> AsyncGenerator[ProviderEvent, None]:
        for event in (Accepted(), TextDelta("all is well"), UsageReported(Usage(1, 3)), DONE):
            yield event


class Rude(Sound):
    """Does what it is given instead of listing models or answering."""

    name = "rude"

    def __init__(self, script: Script | None = None, models: Callable[[], Any] | None = None) -> None:
        self._script = script
        self._models = models

    async def models(self) -> Any:
        if self._models is None:
            return [ModelInfo("m")]
        made = self._models()
        return await made if asyncio.iscoroutine(made) else made

    def generate(self, request: GenerateRequest, context: CallContext) -> AsyncGenerator[ProviderEvent, None]:
        return self._script() if self._script else super().generate(request, context)


def hooks(**functions: Callable[..., object]) -> object:
    """A plugin with these hooks."""
    return SimpleNamespace(**{name: hookimpl(function, specname=name) for name, function in functions.items()})


def offering(*providers: Provider) -> object:
    """A plugin that registers providers."""
    return hooks(ymera_register_providers=lambda: providers)


def plugin(name: str, load: Callable[[], object], **facts: str) -> FoundPlugin:
    return FoundPlugin(name, f"ymera-{name}-test", "1", load, **facts)


def raising(error: BaseException) -> Callable[..., Any]:
    """A function that raises."""

    def fails(*_: object) -> Any:
        raise error

    return fails


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


class Requiring(PluginSettings):
    key: str


def printing() -> object:
    print("hello from a plugin")
    return offering(Rude())


def newer_import() -> object:
    exec("from ymera_service.sdk.content import Hologram")
    return None


LOADING: Mapping[str, FoundPlugin] = {
    "import-error": plugin("rude", raising(ImportError("no module named nonsense"))),
    "exit-at-import": plugin("rude", raising(SystemExit(3))),
    "interrupt-at-import": plugin("rude", raising(KeyboardInterrupt())),
    "hang-at-import": plugin("rude", lambda: threading.Event().wait(3 * SHORT)),
    "print-at-import": plugin("rude", printing),
    "huge-error": plugin("rude", raising(RuntimeError(HUGE))),
    "error-without-text": plugin("rude", raising(Unspeakable())),
    "error-with-surrogate": plugin("rude", raising(RuntimeError("\ud83d"))),
    "not-described": plugin("rude", lambda: hooks(ymera_describe=lambda: "1.0")),
    "newer-contract": plugin(
        "rude", lambda: hooks(ymera_describe=lambda: PluginDescription(contract=(CONTRACT[0], CONTRACT[1] + 3)))
    ),
    "newer-requirement": plugin("rude", raising(AssertionError("it was imported")), needs=">=99"),
    "newer-hook": plugin("rude", lambda: hooks(ymera_register_dreams=list)),
    "newer-argument": plugin("rude", lambda: hooks(ymera_register_providers=lambda moon: [])),
    "newer-import": plugin("rude", newer_import),
    "missing-setting": plugin("rude", lambda: hooks(ymera_describe=lambda: PluginDescription(Requiring))),
    "endless-registrations": plugin(
        "rude", lambda: hooks(ymera_register_providers=lambda: (Rude() for _ in itertools.count()))
    ),
    "not-a-provider": plugin("rude", lambda: hooks(ymera_register_providers=lambda: [object()])),
    "not-a-name": plugin("rude", lambda: offering(named("../" * 100))),
    "takes-a-name": plugin("rude", lambda: offering(named("openai"))),
    "registers-none": plugin("rude", lambda: hooks(ymera_register_providers=lambda: None)),
    "no-hooks": plugin("rude", object),
}


def named(name: str) -> Provider:
    provider = Rude()
    provider.name = name
    return provider


async def stubborn() -> None:
    """Ignores every cancellation, until it is collected."""
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            continue


class Starting(Rude):
    async def start(self) -> None:
        raise SystemExit(3)


class StartingSlowly(Rude):
    async def start(self) -> None:
        await stubborn()


class ClosingSlowly(Rude):
    async def close(self) -> None:
        await stubborn()


class Missing(Rude):
    @property
    def missing(self) -> str:  # type: ignore[override]
        raise RuntimeError(HUGE)


class MissingMuch(Rude):
    missing = HUGE


LIVING: Mapping[str, Callable[[], Provider]] = {
    "exit-at-start": Starting,
    "stubborn-start": StartingSlowly,
    "stubborn-close": ClosingSlowly,
    "missing-raises": Missing,
    "missing-huge": MissingMuch,
    "models-endless": lambda: Rude(models=lambda: (ModelInfo(f"m{number}") for number in itertools.count())),
    "models-of-a-wrong-type": lambda: Rude(models=lambda: [7, ModelInfo(7), ModelInfo("a", capabilities="all")]),  # type: ignore[arg-type]
    "models-none": lambda: Rude(models=lambda: None),
    "models-exit": lambda: Rude(models=raising(SystemExit(3))),
    "models-interrupt": lambda: Rude(models=raising(KeyboardInterrupt())),
    "models-huge-error": lambda: Rude(models=raising(RuntimeError(HUGE))),
    "models-huge-names": lambda: Rude(models=lambda: [ModelInfo(HUGE), ModelInfo("a", price_vendor=HUGE)]),
    "models-stubborn": lambda: Rude(models=stubborn),
}


async def endless() -> Events:
    yield Accepted()
    for _ in itertools.count():
        yield TextDelta("x" * 10_000)


async def endless_silence() -> Events:
    for _ in itertools.count():
        yield KeepAlive()


async def surrogate() -> Events:
    yield Accepted()
    yield TextDelta("half \ud83d")
    yield DONE


async def octets() -> Events:
    yield Accepted()
    yield TextDelta(b"bytes")  # type: ignore[arg-type]
    yield DONE


async def no_event() -> Events:
    yield Accepted()
    yield {"text": "hello"}


async def wrong_reason() -> Events:
    yield Accepted()
    yield Finished("stop")  # type: ignore[arg-type]


async def wrong_index() -> Events:
    yield Accepted()
    yield ToolCallDelta(-1, "id", "name", "{}")
    yield DONE


async def wrong_usage() -> Events:
    yield Accepted()
    yield UsageReported(Usage("many", float("nan")))  # type: ignore[arg-type]
    yield DONE


async def vast_usage() -> Events:
    yield Accepted()
    yield UsageReported(Usage(10**40, 10**5000))
    yield DONE


async def exits() -> Events:
    yield Accepted()
    sys.exit(3)


async def interrupts() -> Events:
    yield Accepted()
    raise KeyboardInterrupt


async def huge_error() -> Events:
    yield Accepted()
    raise RuntimeError(HUGE)


async def huge_provider_error() -> Events:
    error = QuotaExhausted(HUGE, code=HUGE, type=HUGE, param=HUGE)
    error.message = HUGE
    error.metadata["everything"] = HUGE
    raise error
    yield


async def error_without_a_reason() -> Events:
    raise ProviderError("no leaf of the tree")
    yield


async def ignores_cancellation() -> Events:
    yield Accepted()
    await stubborn()


async def ignores_cancellation_and_writes_on() -> Events:
    yield Accepted()
    for _ in itertools.count():
        try:
            await asyncio.sleep(0.01)
        except asyncio.CancelledError:
            yield TextDelta("still here")


async def hangs_when_closed() -> Events:
    try:
        yield Accepted()
        yield TextDelta("hello")
        yield DONE
        await asyncio.Event().wait()
    finally:
        await stubborn()


async def ignores_its_closing() -> Events:
    for _ in itertools.count():
        try:
            yield TextDelta(7)  # type: ignore[arg-type]
        except GeneratorExit:
            continue


async def blocks() -> Events:
    yield Accepted()
    time.sleep(0.3)  # noqa: ASYNC251  # the fault
    yield DONE


async def after_the_end() -> Events:
    yield Accepted()
    for _ in itertools.count():
        yield DONE
        yield TextDelta("one more thing")


async def raises_the_servers_errors() -> Events:
    yield Accepted()
    raise asyncio.CancelledError


def no_generator() -> Events:
    return "an answer"  # type: ignore[return-value]


CALLED: Mapping[str, Script] = {
    script.__name__: script
    for script in (
        endless,
        endless_silence,
        surrogate,
        octets,
        no_event,
        wrong_reason,
        wrong_index,
        wrong_usage,
        vast_usage,
        exits,
        interrupts,
        huge_error,
        huge_provider_error,
        error_without_a_reason,
        ignores_cancellation,
        ignores_cancellation_and_writes_on,
        hangs_when_closed,
        ignores_its_closing,
        blocks,
        after_the_end,
        raises_the_servers_errors,
        no_generator,
    )
}


class RudeClassifier(Classifier):
    name = "rude"

    def read(self, prompt: Prompt) -> Reading:
        raise SystemExit(3)


class RudeSuite(BenchmarkSuite):
    name = "rude"
    categories = ("general",)

    def tasks(self, category: str, count: int, seed: int) -> Any:
        return (BenchmarkTask(str(number), category, Prompt((user("hello"),))) for number in itertools.count())

    async def grade(self, task: BenchmarkTask, answer: str) -> float:
        raise SystemExit(3)


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


def installed(folder: Path, code: str) -> list[str]:
    """Installs a plugin `rude` of this code in a folder; returns the command of a server that loads no other."""
    (folder / "ymera_rude.py").write_text(code)
    metadata = folder / "ymera_rude-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: ymera-rude\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text("[ymera]\nrude = ymera_rude\n")
    return [sys.executable, "-c", "from ymera_service.cli import main; main()", "serve", "--address", "127.0.0.1:0"]


@contextmanager
def running(folder: Path, code: str) -> Iterator[subprocess.Popen[str]]:
    """A server in a process of its own, with a plugin of this code alone; killed at the end if it still runs."""
    variables = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH", "")])),
        "YMERA_STORAGE__URL": f"sqlite:///{folder / 'ymera.db'}",
        "YMERA_PLUGINS__ALLOW": '["ymera-rude"]',
    }
    command = installed(folder, code)
    with subprocess.Popen(command, env=variables, stderr=subprocess.PIPE, cwd=folder, text=True) as server:
        try:
            yield server
        finally:
            server.kill()


STUBBORN = """
import asyncio
from ymera_service.sdk.hookspecs import hookimpl
from ymera_service.sdk.models import ModelInfo
from ymera_service.sdk.providers import Provider

class Stubborn(Provider):
    name = "stubborn"

    async def start(self):
        self.task = asyncio.create_task(self.work())

    async def work(self):
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                pass

    async def models(self):
        return [ModelInfo("m")]

    def generate(self, request, context):
        raise NotImplementedError

@hookimpl
def ymera_register_providers():
    return [Stubborn()]
"""


def test_a_task_of_a_plugin_that_never_ends_does_not_stop_a_shutdown(tmp_path: Path) -> None:
    with running(tmp_path, STUBBORN) as server:
        assert server.stderr
        log = next(line for line in server.stderr if "serving" in line)
        server.send_signal(signal.SIGTERM)
        _, rest = server.communicate(timeout=30)
    assert server.returncode == 0, log + rest
    assert "Stubborn.work" in rest


HOLDING = """
import asyncio
from ymera_service.sdk.hookspecs import hookimpl
from ymera_service.sdk.models import ModelInfo
from ymera_service.sdk.providers import Provider
from ymera_service.server import held_loop

held_loop.LOOK_SECONDS = 0.1

class Holding(Provider):
    name = "holding"

    async def start(self):
        asyncio.get_running_loop().call_later(0.2, self.hold)

    def hold(self):
        while True:
            pass

    async def models(self):
        return [ModelInfo("m")]

    def generate(self, request, context):
        raise NotImplementedError

@hookimpl
def ymera_register_providers():
    return [Holding()]
"""


def test_a_server_whose_loop_a_plugin_never_gives_back_ends_with_a_word_why(tmp_path: Path) -> None:
    with running(tmp_path, HOLDING) as server:
        _, log = server.communicate(timeout=60)
    assert server.returncode == 1, log
    assert "Holding.hold" in log
    assert "ending, as the event loop is held" in log


EXITING = """
import asyncio, sys
from ymera_service.sdk.hookspecs import hookimpl
from ymera_service.sdk.models import ModelInfo
from ymera_service.sdk.providers import Provider

class Exiting(Provider):
    name = "exiting"

    async def start(self):
        loop = asyncio.get_running_loop()
        self.task = loop.create_task(self.work())
        loop.call_later(0.2, sys.exit, 4)

    async def work(self):
        raise KeyboardInterrupt

    async def models(self):
        return [ModelInfo("m")]

    def generate(self, request, context):
        raise NotImplementedError

@hookimpl
def ymera_register_providers():
    return [Exiting()]
"""


def test_a_task_and_a_callback_of_a_plugin_that_exit_do_not_end_the_server(tmp_path: Path) -> None:
    with running(tmp_path, EXITING) as server:
        assert server.stderr
        log = ""
        while log.count("event loop stopped by a plugin") < 2 or '"serving"' not in log:
            line = server.stderr.readline()
            assert line, log
            log += line
        server.send_signal(signal.SIGTERM)
        _, rest = server.communicate(timeout=30)
    assert server.returncode == 0, log + rest
    assert "in work" in log
    assert '"stopped"' in rest
