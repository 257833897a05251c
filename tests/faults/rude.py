"""Plugins that misbehave, by when they do: while they are loaded, between calls, and in calls."""

import asyncio
import itertools
import sys
import threading
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from ymera_service.plugins import FoundPlugin
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
