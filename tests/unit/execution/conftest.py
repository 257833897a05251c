"""A pipeline on a database of its own."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.unit.execution.scripted import (
    CLASSIFIERS,
    Harness,
    OpenHarness,
    ScriptedProvider,
    Step,
)
from ymera_service.catalog import Catalog
from ymera_service.config import BreakerSettings, CatalogSettings, ExecutionSettings, RoutingSettings
from ymera_service.execution.building import build_pipeline
from ymera_service.plugins.boundary import Boundary
from ymera_service.resilience.breaker import Breakers
from ymera_service.resilience.slots import Slots
from ymera_service.routing.building import Routing
from ymera_service.routing.learning.evidence import Evidence
from ymera_service.routing.prompts.readers import Readers
from ymera_service.routing.router import Router
from ymera_service.routing.sessions.affinity import Sessions
from ymera_service.storage import Database, Recorder


@pytest.fixture
def harness(tmp_path: Path) -> OpenHarness:
    @asynccontextmanager
    async def open_harness(
        scripts: Mapping[str, Sequence[Sequence[Step]]],
        *,
        execution: ExecutionSettings | None = None,
        breaker: BreakerSettings | None = None,
        max_concurrent: int = 8,
        max_queued: int = 8,
        other: Mapping[str, Sequence[Sequence[Step]]] | None = None,
    ) -> AsyncIterator[Harness]:
        provider = ScriptedProvider("acme", scripts)
        catalog = Catalog({"acme": provider, "other": ScriptedProvider("other", other or {})}, CatalogSettings())
        await catalog.refresh()
        evidence, sessions, readers = Evidence(), Sessions(10), Readers(lambda: CLASSIFIERS)
        breakers = Breakers(breaker or BreakerSettings(), asyncio.get_running_loop().time)
        router = Router(
            catalog=catalog,
            evidence=evidence,
            sessions=sessions,
            open_domains=breakers.open_domains,
            paused_domains=breakers.pauses.domains,
            readers=readers,
            settings=RoutingSettings(),
            categories=lambda: (),
        )
        async with Database.open(f"sqlite:///{tmp_path / 'ymera.db'}") as database, Recorder(database) as recorder:
            pipeline = build_pipeline(
                routing=Routing(router, evidence, readers, sessions.remember, None),
                catalog=catalog,
                breakers=breakers,
                recorder=recorder,
                boundary=Boundary(),
                slots=Slots(max_concurrent, max_queued),
                settings=execution or ExecutionSettings(),
            )
            yield Harness(pipeline, provider, database, recorder, breakers)

    return open_harness
