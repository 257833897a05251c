"""A provider and a suite to measure with, and the real parts that the runner needs."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from time import monotonic

import pytest

from ymera_service.benchmark.runner import BenchmarkRunner
from ymera_service.catalog import Catalog
from ymera_service.config import CatalogSettings
from ymera_service.plugins.boundary import Boundary
from ymera_service.resilience.slots import Slots
from ymera_service.resilience.spare import Spare
from ymera_service.routing.decision import Balance
from ymera_service.routing.learning.evidence import Evidence
from ymera_service.routing.prompts.estimate import needs_of
from ymera_service.routing.prompts.features import Features, features_of
from ymera_service.routing.prompts.reading import MergedReading
from ymera_service.sdk.benchmarks import BenchmarkSuite, BenchmarkTask
from ymera_service.sdk.content import last_user_text, user
from ymera_service.sdk.context import CallContext
from ymera_service.sdk.errors import AuthenticationFailed
from ymera_service.sdk.events import Accepted, Finished, ProviderEvent, TextDelta, UsageReported
from ymera_service.sdk.generation import FinishReason, GenerateRequest, Prompt, Usage
from ymera_service.sdk.models import ModelInfo, Price
from ymera_service.sdk.providers import Provider
from ymera_service.sdk.targets import Deployment
from ymera_service.storage import Database, Recorder

CATEGORIES = ("math", "coding")


class Sums(BenchmarkSuite):
    """A suite: the answer to task n of a category is n + seed."""

    name = "sums"
    categories: Sequence[str] = CATEGORIES

    def tasks(self, category: str, count: int, seed: int) -> Sequence[BenchmarkTask]:
        return [
            BenchmarkTask(f"{category}/{seed}/{number}", category, Prompt((user(f"{number}+{seed}"),)))
            for number in range(count)
        ]

    async def grade(self, task: BenchmarkTask, answer: str) -> float:
        left, right = last_user_text(task.prompt.messages).split("+")
        return float(answer == str(int(left) + int(right)))


@dataclass
class Reckoner(Provider):
    """A provider whose models add two numbers; `faults` defines what a model does instead."""

    name: str = "acme"
    price: Price | None = field(default_factory=lambda: Price(1_000_000, 2_000_000))
    names: Sequence[str] = ("large", "small")
    faults: dict[str, Callable[[GenerateRequest], AsyncGenerator[ProviderEvent, None]]] = field(default_factory=dict)
    running: Counter[str] = field(default_factory=Counter)
    most_running: int = 0
    calls: Counter[str] = field(default_factory=Counter)
    accounts: Sequence[str] = ()
    refused: str = ""
    """The account that may make no call."""
    paid: Counter[str] = field(default_factory=Counter)
    """Calls by account."""

    async def models(self) -> Sequence[ModelInfo]:
        deployments = tuple(map(Deployment, self.accounts)) or (Deployment(),)
        return [ModelInfo(name, price=self.price, deployments=deployments) for name in self.names]

    async def generate(self, request: GenerateRequest, context: CallContext) -> AsyncGenerator[ProviderEvent, None]:
        self.calls[request.model] += 1
        account = context.target.deployment.account
        self.paid[account] += 1
        if account and account == self.refused:
            raise AuthenticationFailed("no such key")
        self.running[request.model] += 1
        self.most_running = max(self.most_running, self.running.total())
        try:
            async for event in self.faults.get(request.model, self.answer)(request):
                yield event
        finally:
            self.running[request.model] -= 1

    async def answer(self, request: GenerateRequest) -> AsyncGenerator[ProviderEvent, None]:
        left, right = last_user_text(request.prompt.messages).split("+")
        yield Accepted()
        await asyncio.sleep(0)
        for digit in str(int(left) + int(right)):
            yield TextDelta(digit)
        yield TextDelta("an alternative", choice=1)
        yield UsageReported(Usage(3, 2))
        yield Finished(FinishReason.STOP)


async def features(prompt: Prompt) -> Features:
    """Returns features as the server makes them."""
    return features_of(prompt, MergedReading({"math": 1.0}), needs_of(prompt))


@dataclass
class Clock:
    """The clock of the runner, which a test may replace."""

    now: Callable[[], float] = monotonic

    def __call__(self) -> float:
        return self.now()


@dataclass
class Bench:
    """A runner and its parts."""

    runner: BenchmarkRunner
    provider: Reckoner
    suites: dict[str, Sums]
    catalog: Catalog
    evidence: Evidence
    database: Database
    clock: Clock


@pytest.fixture
async def bench(sqlite_url: str) -> AsyncIterator[Bench]:
    """A bench with one provider and one suite, storing in SQLite."""
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(Database.open(sqlite_url))
        recorder = await stack.enter_async_context(Recorder(database))
        provider, evidence = Reckoner(), Evidence()
        suites: dict[str, Sums] = {"sums": Sums()}
        clock = Clock()
        catalog = Catalog({provider.name: provider}, CatalogSettings())
        await catalog.refresh()
        runner = BenchmarkRunner(
            catalog=catalog,
            suites=lambda: suites,
            recorder=recorder,
            evidence=evidence,
            database=database,
            boundary=Boundary(),
            spare=Spare(Slots(100, 0)),
            balance=lambda: Balance(1.0, {"acme/large": 0.0, "acme/small": 0.0}),
            features=features,
            task_seconds=5,
            clock=clock,
        )
        yield Bench(runner, provider, suites, catalog, evidence, database, clock)
