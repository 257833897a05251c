"""A routing room on real parts: a catalogue that asked a provider, evidence, breakers and a clock that a test moves."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field

from ymera_service.catalog import Catalog
from ymera_service.config import BreakerSettings, CatalogSettings, RoutingSettings
from ymera_service.resilience.breaker import Breakers
from ymera_service.routing.decision import Decision, Preferences
from ymera_service.routing.evidence import Evidence
from ymera_service.routing.router import Router
from ymera_service.sdk.content import user
from ymera_service.sdk.context import CallContext
from ymera_service.sdk.errors import ConnectionFailed
from ymera_service.sdk.events import Accepted, Finished, ProviderEvent
from ymera_service.sdk.generation import FinishReason, GenerateRequest, Prompt
from ymera_service.sdk.models import ModelInfo
from ymera_service.sdk.providers import Provider
from ymera_service.storage.records import BenchmarkSummary


class InProcessProvider(Provider):
    def __init__(self, name: str, infos: Sequence[ModelInfo] | None) -> None:
        self.name = name
        self._infos = infos

    async def models(self) -> Sequence[ModelInfo]:
        if self._infos is None:
            raise ConnectionFailed("nobody listens there")
        return self._infos

    async def generate(self, request: GenerateRequest, context: CallContext) -> AsyncGenerator[ProviderEvent, None]:
        yield Accepted()
        yield Finished(FinishReason.STOP)


@dataclass
class FixedClassifier:
    """Takes every prompt for the same mix of categories."""

    probabilities: Mapping[str, float] = field(default_factory=lambda: {"coding": 0.7, "general": 0.3})
    name: str = "fixed"

    def classify(self, prompt: Prompt) -> Mapping[str, float]:
        return self.probabilities


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Room:
    """The room and its parts; `decide` routes a short prompt. A provider without infos can't tell its models."""

    def __init__(
        self, infos: Mapping[str, Sequence[ModelInfo] | None], settings: RoutingSettings | None = None
    ) -> None:
        providers: dict[str, Provider] = {name: InProcessProvider(name, models) for name, models in infos.items()}
        self.catalog = Catalog(providers, CatalogSettings())
        asyncio.run(self.catalog.refresh())
        self.clock = Clock()
        self.evidence = Evidence()
        self.classifier = FixedClassifier()
        self.breakers = Breakers(BreakerSettings(failures=1, open_seconds=2), self.clock)
        self.router = Router(self.catalog, self.evidence, self.breakers, self.classifier, settings or RoutingSettings())

    def measure(self, **scores: Mapping[str, float]) -> None:
        """Loads benchmark results of 20 tasks each: category → model → score."""
        self.evidence.load(
            BenchmarkSummary(model, category, 20, score, 2.0)
            for category, models in scores.items()
            for model, score in models.items()
        )

    def fail(self, model: str) -> None:
        """Opens a model's breaker."""
        permit = self.breakers.of(model).try_acquire()
        assert permit is not None
        permit.failed()

    def decide(
        self, prompt: Prompt | str = "hello", preferences: Preferences | None = None, *, seed: int | None = 7
    ) -> Decision:
        prompt = Prompt((user(prompt),)) if isinstance(prompt, str) else prompt
        return self.router.decide(prompt, preferences or Preferences(), seed=seed)
