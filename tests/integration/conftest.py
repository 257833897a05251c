"""A whole server on a free loopback port, called through generated stubs.

`grpcio-testing` is not used: it cannot run async handlers (it returns the coroutine itself,
with status OK). So every test here calls a real server over a real socket.

`app` runs only the plugin `lab`, whose models have one behaviour each (`LabProvider` lists them), so that
a test chooses what happens by naming a model. `installed_app` runs with all installed plugins.
"""

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import grpc
import pytest
from pydantic import SecretStr
from ymera.v1 import (
    admin_pb2_grpc,
    catalog_pb2_grpc,
    routing_pb2_grpc,
    ymera_pb2_grpc,
)

from ymera_service.config import Settings
from ymera_service.plugins import FoundPlugin
from ymera_service.sdk.benchmarks import BenchmarkSuite, BenchmarkTask
from ymera_service.sdk.classifiers import Classifier, Reading
from ymera_service.sdk.content import Citation, TextSpan, last_user_text, user
from ymera_service.sdk.context import CallContext
from ymera_service.sdk.errors import AuthenticationFailed, ContentFiltered, ProviderServerError, RateLimited
from ymera_service.sdk.events import (
    Accepted,
    CitationFound,
    Finished,
    ProviderEvent,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from ymera_service.sdk.generation import FinishReason, GenerateRequest, Prompt, Usage
from ymera_service.sdk.hookspecs import PluginDescription, hookimpl
from ymera_service.sdk.models import Capability, ModelInfo, Price
from ymera_service.sdk.providers import Provider
from ymera_service.sdk.settings import PluginSettings
from ymera_service.server import Application

WAIT = 10.0
"""The bound on every wait of a test, in seconds."""


class LabProvider(Provider):
    """Models with one behaviour each, independent of the prompt."""

    name = "lab"

    def __init__(self) -> None:
        self.calls = 0
        self.key = ""
        self.caller = ""
        self.reached = asyncio.Event()
        self.closed = asyncio.Event()
        self.go_on = asyncio.Event()
        self.scripts: dict[str, Callable[[GenerateRequest], AsyncGenerator[ProviderEvent, None]]] = {
            "parrot": self._parrot,
            "everything": self._everything,
            "hang": self._hang,
            "stall": self._stall,
            "patient": self._patient,
            "down": self._down,
            "cut": self._cut,
            "busy": self._busy,
            "prude": self._prude,
            "buggy": self._buggy,
            "flood": self._flood,
            "echo-key": self._echo_key,
        }

    async def models(self) -> Sequence[ModelInfo]:
        price = Price(input=1_000_000, output=2_000_000)
        capabilities = frozenset(Capability)
        return [ModelInfo(name, capabilities, 100_000, 4_096, price) for name in self.scripts]

    async def generate(self, request: GenerateRequest, context: CallContext) -> AsyncGenerator[ProviderEvent, None]:
        self.calls += 1
        self.caller = context.caller
        try:
            async for event in self.scripts[request.model](request):
                yield event
        finally:
            self.closed.set()

    async def _parrot(self, request: GenerateRequest) -> AsyncGenerator[ProviderEvent, None]:
        """Repeats the prompt word by word."""
        yield Accepted()
        words = last_user_text(request.prompt.messages).split()
        for word in words:
            yield TextDelta(word + " ")
        yield UsageReported(Usage(input_tokens=len(words), output_tokens=len(words)))
        yield Finished(FinishReason.STOP)

    async def _everything(self, request: GenerateRequest) -> AsyncGenerator[ProviderEvent, None]:
        """Answers with every kind of part."""
        yield Accepted()
        yield ReasoningDelta("hmm", b"sealed")
        yield TextDelta("see here")
        yield CitationFound(Citation("https://example.org/", "Example", "quoted", (TextSpan(0, 3),)))
        yield RefusalDelta("no more")
        yield ToolCallDelta(0, "call-1", "look", '{"a":')
        yield ToolCallDelta(0, arguments="1}")
        yield UsageReported(Usage(10, 20, 3, 2, 5))
        yield Finished(FinishReason.TOOL_CALLS)

    async def _hang(self, request: GenerateRequest) -> AsyncGenerator[ProviderEvent, None]:
        """Never answers."""
        yield Accepted()
        self.reached.set()
        await asyncio.Event().wait()

    async def _stall(self, request: GenerateRequest) -> AsyncGenerator[ProviderEvent, None]:
        """Hangs after the first word."""
        yield Accepted()
        yield TextDelta("first ")
        self.reached.set()
        await asyncio.Event().wait()

    async def _patient(self, request: GenerateRequest) -> AsyncGenerator[ProviderEvent, None]:
        """Waits after the first word until `go_on`."""
        yield Accepted()
        yield TextDelta("first ")
        self.reached.set()
        await self.go_on.wait()
        yield TextDelta("last")
        yield UsageReported(Usage(1, 2))
        yield Finished(FinishReason.STOP)

    async def _down(self, request: GenerateRequest) -> AsyncGenerator[ProviderEvent, None]:
        """Fails before its first word."""
        raise ProviderServerError("the lab is closed", status=500)
        yield

    async def _cut(self, request: GenerateRequest) -> AsyncGenerator[ProviderEvent, None]:
        """Fails after its first word."""
        yield Accepted()
        yield TextDelta("first ")
        raise ProviderServerError("the lab burned down", status=500)

    async def _busy(self, request: GenerateRequest) -> AsyncGenerator[ProviderEvent, None]:
        """Fails with a rate limit and `retry_after`."""
        raise RateLimited("too many requests", status=429, retry_after=120.0)
        yield

    async def _prude(self, request: GenerateRequest) -> AsyncGenerator[ProviderEvent, None]:
        """Declines."""
        raise ContentFiltered("not this")
        yield

    async def _buggy(self, request: GenerateRequest) -> AsyncGenerator[ProviderEvent, None]:
        """Has a defect."""
        yield Accepted()
        raise ZeroDivisionError("a secret of the plugin")

    async def _flood(self, request: GenerateRequest) -> AsyncGenerator[ProviderEvent, None]:
        """Sends more text than the caller reads."""
        yield Accepted()
        self.reached.set()
        while True:
            yield TextDelta("x" * 10_000)
            await asyncio.sleep(0)

    async def _echo_key(self, request: GenerateRequest) -> AsyncGenerator[ProviderEvent, None]:
        """Repeats the key in its error."""
        raise AuthenticationFailed(f"incorrect API key provided: {self.key}", code=self.key, param=self.key)
        yield


class LabSettings(PluginSettings):
    api_key: SecretStr | None = None


class LabClassifier(Classifier):
    name = "lab"

    def read(self, prompt: Prompt) -> Reading:
        return Reading({"general": 0.75, "math": 0.25})


class LabSuite(BenchmarkSuite):
    """Tasks to repeat a word; a model that repeats the prompt scores 1."""

    name = "lab"
    categories = ("general",)

    def tasks(self, category: str, count: int, seed: int) -> Sequence[BenchmarkTask]:
        return [
            BenchmarkTask(f"say-{seed}-{i}", category, Prompt((user(f"word{seed + i}"),)))
            for i in range(min(count, 20))
        ]

    async def grade(self, task: BenchmarkTask, answer: str) -> float:
        return float(answer.strip() == task.prompt.messages[0].text)


class Lab:
    """The plugin as its entry point provides it; the test has access to the same provider."""

    def __init__(self) -> None:
        self.provider = LabProvider()

    @property
    def found(self) -> list[FoundPlugin]:
        def providers(settings: LabSettings) -> list[Provider]:
            self.provider.key = settings.api_key.get_secret_value() if settings.api_key else ""
            return [self.provider]

        hooks = SimpleNamespace(
            ymera_describe=hookimpl(lambda: PluginDescription(LabSettings), specname="ymera_describe"),
            ymera_register_providers=hookimpl(providers, specname="ymera_register_providers"),
            ymera_register_classifiers=hookimpl(lambda: [LabClassifier()], specname="ymera_register_classifiers"),
            ymera_register_benchmarks=hookimpl(lambda: [LabSuite()], specname="ymera_register_benchmarks"),
        )
        return [FoundPlugin("lab", "lab", "1.0", lambda: hooks)]


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Removes settings and vendors' keys of the person who runs the tests from the environment."""
    for name in os.environ:
        if name.startswith("YMERA_") or name.endswith(
            ("_API_KEY", "_API_TOKEN", "_BASE_URL", "_ADMIN_KEY", "_MANAGEMENT_KEY")
        ):
            monkeypatch.delenv(name)


@pytest.fixture
def make_settings(tmp_path: Path) -> Callable[..., Settings]:
    """Creates settings from tables, with defaults: a free port, a new database."""

    def make(**tables: dict[str, Any]) -> Settings:
        defaults: dict[str, dict[str, Any]] = {
            "server": {"address": "127.0.0.1:0", "drain_seconds": WAIT},
            "storage": {"url": f"sqlite:///{tmp_path / 'ymera.db'}"},
        }
        merged: dict[str, Any] = {name: defaults.get(name, {}) | tables.get(name, {}) for name in {*defaults, *tables}}
        return Settings(**merged)

    return make


@pytest.fixture
def settings(make_settings: Callable[..., Settings]) -> Settings:
    """Settings with all files in the test's folder."""
    return make_settings()


@pytest.fixture
async def lab() -> Lab:
    """The plugin whose models behave according to their names."""
    return Lab()


@pytest.fixture
async def app(settings: Settings, lab: Lab) -> AsyncIterator[Application]:
    """A server whose only plugin is the lab."""
    async with Application.start(settings, lab.found) as app:
        yield app


@pytest.fixture
async def installed_app(make_settings: Callable[..., Settings]) -> AsyncIterator[Application]:
    """A server with all installed plugins, which calls nothing beyond this machine."""
    settings = make_settings(
        plugins={"openai": {"discover_local": False}, "ollama": {"discover_local": False}},
    )
    async with Application.start(settings) as app:
        yield app


@pytest.fixture
async def channel(app: Application) -> AsyncIterator[grpc.aio.Channel]:
    """A connection to `app`."""
    async with grpc.aio.insecure_channel(app.address) as channel:
        yield channel


@pytest.fixture
def stub(channel: grpc.aio.Channel) -> "ymera_pb2_grpc.YmeraServiceAsyncStub":
    """YmeraService of `app`."""
    return ymera_pb2_grpc.YmeraServiceStub(channel)


@pytest.fixture
def routing_stub(channel: grpc.aio.Channel) -> "routing_pb2_grpc.RoutingServiceAsyncStub":
    """RoutingService of `app`."""
    return routing_pb2_grpc.RoutingServiceStub(channel)


@pytest.fixture
def catalog_stub(channel: grpc.aio.Channel) -> "catalog_pb2_grpc.CatalogServiceAsyncStub":
    """CatalogService of `app`."""
    return catalog_pb2_grpc.CatalogServiceStub(channel)


@pytest.fixture
def admin_stub(channel: grpc.aio.Channel) -> "admin_pb2_grpc.AdminServiceAsyncStub":
    """AdminService of `app`."""
    return admin_pb2_grpc.AdminServiceStub(channel)
