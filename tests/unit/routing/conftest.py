"""Routing with real parts: a refreshed catalogue, evidence and sessions; a test sets open breakers and pauses."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from ymera_service.catalog import Catalog
from ymera_service.config import CatalogSettings, RoutingSettings
from ymera_service.resilience.reliability import Chance
from ymera_service.routing.choosing import Choosing
from ymera_service.routing.decision import Decision, Preferences, Selection
from ymera_service.routing.learning.evidence import Evidence
from ymera_service.routing.prompts.readers import Readers
from ymera_service.routing.router import Router
from ymera_service.routing.sessions.affinity import Sessions, answer_of
from ymera_service.routing.sessions.topics import Turn
from ymera_service.sdk.classifiers import Classifier, Reading
from ymera_service.sdk.content import ToolCall, user
from ymera_service.sdk.context import UNATTRIBUTED, Attribution, CallContext
from ymera_service.sdk.errors import ConnectionFailed
from ymera_service.sdk.events import Accepted, Finished, ProviderEvent
from ymera_service.sdk.generation import FinishReason, GenerateRequest, Prompt
from ymera_service.sdk.models import ModelInfo
from ymera_service.sdk.policies import RoutingPolicy
from ymera_service.sdk.priors import QualityPrior
from ymera_service.sdk.providers import Provider
from ymera_service.storage.records import BenchmarkSummary, Observation, ObservationSource

NOW = datetime(2026, 11, 29, tzinfo=UTC)
_ids = count()


def observed(
    value: float | None,
    request_id: str = "",
    *,
    model: str = "p/a",
    category: str = "coding",
    name: str = "rating",
    age: timedelta = timedelta(),
    caller: str = "",
) -> Observation:
    number = f"{next(_ids):09}"
    return Observation(
        id=number,
        created_at=NOW - age,
        request_id=request_id or number,
        source=ObservationSource.FEEDBACK,
        name=name,
        value=value,
        amount=None,
        model=model,
        category=category,
        caller=caller,
        tokens=0,
        time_to_first_token=None,
    )


class InProcessProvider(Provider):
    def __init__(self, name: str, infos: Sequence[ModelInfo] | None) -> None:
        self.name = name
        self._infos = infos

    async def models(self) -> Sequence[ModelInfo]:
        if self._infos is None:
            raise ConnectionFailed("connection refused")
        return self._infos

    async def generate(self, request: GenerateRequest, context: CallContext) -> AsyncGenerator[ProviderEvent, None]:
        yield Accepted()
        yield Finished(FinishReason.STOP)


PROBABILITIES = {"coding": 0.7, "general": 0.3}


class FixedClassifier(Classifier):
    """Makes the same of every prompt."""

    name = "fixed"

    def __init__(self, categories: Mapping[str, float] = PROBABILITIES, **others: Any) -> None:
        self.reading = Reading(categories, **others)

    def read(self, prompt: Prompt) -> Reading:
        return self.reading


class Routing:
    """Routing with real parts; `decide` routes a short prompt. A provider without infos can't list its models."""

    def __init__(
        self,
        infos: Mapping[str, Sequence[ModelInfo] | None],
        settings: RoutingSettings | None = None,
        prior: QualityPrior | None = None,
        choosing: Choosing | None = None,
    ) -> None:
        providers: dict[str, Provider] = {name: InProcessProvider(name, models) for name, models in infos.items()}
        self.catalog = Catalog(providers, CatalogSettings())
        asyncio.run(self.catalog.refresh())
        self.evidence = Evidence(lambda: NOW)
        self.classifiers: Mapping[str, Classifier] = {"fixed": FixedClassifier()}
        self.open_domains: dict[str, float] = {}
        self.paused_domains: dict[str, float] = {}
        self.chances: dict[str, Chance] = {}
        self.policies: dict[str, RoutingPolicy] = {}
        self.categories: list[str] = []
        self.sessions, self.turns = Sessions(10), 0
        self.router = Router(
            catalog=self.catalog,
            evidence=self.evidence,
            sessions=self.sessions,
            open_domains=lambda: self.open_domains,
            readers=Readers(lambda: self.classifiers),
            settings=settings or RoutingSettings(),
            categories=lambda: self.categories,
            prior=lambda: prior,
            paused_domains=lambda: self.paused_domains,
            chances=lambda: self.chances,
            policies=lambda: self.policies,
            choosing=choosing,
        )

    def measure(self, **scores: Mapping[str, float]) -> None:
        """Loads benchmark results of 20 tasks each: category → model → score."""
        self.evidence.load(
            BenchmarkSummary(model, category, 20, score, 2.0)
            for category, models in scores.items()
            for model, score in models.items()
        )

    def answered(
        self, session_id: str, target_id: str, text: str = "hello", *, caller: str = "", calls: Sequence[ToolCall] = ()
    ) -> None:
        """Notes that a target answered a turn of a session."""
        self.turns += 1
        answer = answer_of(
            str(self.turns),
            NOW + timedelta(seconds=self.turns),
            target_id,
            caller=caller,
            session_id=session_id,
            said=Turn.of(text, PROBABILITIES) if session_id else None,
            tool_calls=calls,
        )
        self.sessions.remember(answer)

    def select(
        self,
        prompt: Prompt | str = "hello",
        preferences: Preferences | None = None,
        *,
        caller: str = "",
        attribution: Attribution = UNATTRIBUTED,
        full_view: bool = False,
        seed: int | None = 7,
    ) -> Selection:
        prompt, wanted = Prompt((user(prompt),)) if isinstance(prompt, str) else prompt, preferences or Preferences()
        return self.router.route(
            prompt, wanted, caller=caller, attribution=attribution, request_id="id", full_view=full_view, seed=seed
        )

    def decide(
        self, prompt: Prompt | str = "hello", preferences: Preferences | None = None, *, seed: int | None = 7
    ) -> Decision:
        """Returns a full view of the decision."""
        return self.select(prompt, preferences, full_view=True, seed=seed).decision
