"""What a server is made of, below the network."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from ymera_service.access.keys import Caller, Callers
from ymera_service.access.master_keys import MasterKeySource
from ymera_service.access.vault import Vault
from ymera_service.api import listener
from ymera_service.benchmark.runner import BenchmarkRunner
from ymera_service.benchmark.runs import BENCHMARK_NOTE, unsettled_result
from ymera_service.catalog import Catalog
from ymera_service.catalog.kept import KeptLists
from ymera_service.config import Environment, ServerSettings, Settings
from ymera_service.execution.building import build_pipeline
from ymera_service.execution.pipeline import Pipeline
from ymera_service.execution.recording import EXECUTION_NOTE
from ymera_service.execution.unsettled import unsettled_execution
from ymera_service.execution.usage_sums import UsageSums
from ymera_service.plugins import FoundPlugin, Plugins, in_use
from ymera_service.plugins.boundary import Boundary
from ymera_service.resilience.breaker import Breakers
from ymera_service.resilience.loads import Loads
from ymera_service.resilience.memory import ByteBudget, default_limit
from ymera_service.resilience.slots import Slots
from ymera_service.resilience.spare import Spare
from ymera_service.routing.building import Routing, build_routing
from ymera_service.serving import service
from ymera_service.serving.background import Background
from ymera_service.storage import Readers, Storage
from ymera_service.storage.journal import beside
from ymera_service.telemetry.redaction import Redactor, secrets_in
from ymera_service.transport import HttpTransport

NOTES: Readers = {EXECUTION_NOTE: unsettled_execution, BENCHMARK_NOTE: unsettled_result}
"""How to read what a process that did not end in order noted of its calls."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a server is made of. `service` is what a protocol calls."""

    storage: Storage
    catalog: Catalog
    routing: Routing
    pipeline: Pipeline
    runner: BenchmarkRunner
    usage_sums: UsageSums
    callers: Callers
    service: service.Service


async def build(
    settings: Settings,
    found: Sequence[FoundPlugin] | None,
    redactor: Redactor,
    background: Background,
    stack: AsyncExitStack,
) -> Parts:
    """Builds the parts; what has to be taken down is left to the stack."""
    storage = await stack.enter_async_context(Storage.open(settings.storage, NOTES))
    vault = _vault(settings, storage, redactor)
    await vault.renew()
    plugins = await _plugins(settings, found, redactor, vault, stack)
    boundary = Boundary(redactor, plugins)
    breakers = Breakers(settings.breaker, time.monotonic, loads=Loads(settings.balancing, time.monotonic))
    catalog = _catalog(settings, storage, plugins, redactor)
    routing = build_routing(plugins=plugins, catalog=catalog, breakers=breakers, storage=storage, settings=settings)
    pipeline = build_pipeline(
        routing=routing,
        catalog=catalog,
        breakers=breakers,
        recorder=storage.recorder,
        boundary=boundary,
        slots=Slots(settings.server.max_concurrent_requests, settings.server.max_queued_requests),
        settings=settings.execution,
    )
    runner = _runner(
        settings=settings,
        storage=storage,
        plugins=plugins,
        catalog=catalog,
        routing=routing,
        pipeline=pipeline,
        boundary=boundary,
        redactor=redactor,
    )
    usage_sums = UsageSums(storage.database)
    callers = _callers(settings)
    offered = service.build(
        pipeline=pipeline,
        runner=runner,
        plugins=plugins,
        catalog=catalog,
        breakers=breakers,
        routing=routing,
        storage=storage,
        vault=vault,
        redact=redactor,
        usage_sums=usage_sums,
        background=background,
        budget=ByteBudget(await _bytes_in_flight(settings.server)),
        default_deadline_seconds=settings.execution.default_deadline_seconds,
        callers=callers,
    )
    return Parts(storage, catalog, routing, pipeline, runner, usage_sums, callers, offered)


def _vault(settings: Settings, storage: Storage, redactor: Redactor) -> Vault:
    """Returns the vault. On the database of one machine, a master key is made with the first key; others share one."""
    source, creates = MasterKeySource(settings.vault), storage.database.backend == "sqlite"
    return Vault(storage.database.provider_keys, source, learn=redactor.learn, creates=creates)


async def _plugins(
    settings: Settings,
    found: Sequence[FoundPlugin] | None,
    redactor: Redactor,
    vault: Vault,
    stack: AsyncExitStack,
) -> Plugins:
    """Loads the plugins, and opens the HTTP transport of their providers."""
    transport = await stack.enter_async_context(HttpTransport(settings.transport))
    return await stack.enter_async_context(
        in_use(
            settings.plugins,
            transport,
            found,
            on_settings=lambda given: redactor.learn(secrets_in(given)),
            redact=redactor,
            production=settings.environment is Environment.PRODUCTION,
            vault=vault,
        )
    )


async def _bytes_in_flight(settings: ServerSettings) -> int:
    if settings.max_bytes_in_flight is not None:
        return settings.max_bytes_in_flight
    return await asyncio.to_thread(default_limit, settings.max_message_bytes)


def _catalog(settings: Settings, storage: Storage, plugins: Plugins, redactor: Redactor) -> Catalog:
    return Catalog(
        plugins.registry.all_providers,
        settings.catalog,
        storage.recorder.record,
        redact=redactor,
        given_up=plugins.given_up,
        tables=lambda: tuple(plugins.registry.facts.values()),
        kept=KeptLists(beside(settings.storage, "models")),
    )


def _runner(
    *,
    settings: Settings,
    storage: Storage,
    plugins: Plugins,
    catalog: Catalog,
    routing: Routing,
    pipeline: Pipeline,
    boundary: Boundary,
    redactor: Redactor,
) -> BenchmarkRunner:
    """Returns the runner of benchmarks, whose calls take slots that no request waits for."""
    return BenchmarkRunner(
        catalog=catalog,
        suites=lambda: plugins.registry.suites,
        recorder=storage.recorder,
        evidence=routing.evidence,
        database=storage.database,
        boundary=boundary,
        spare=Spare(pipeline.slots),
        balance=routing.router.balance,
        features=routing.router.features,
        redact=redactor,
        keeps_answers=settings.storage.max_benchmark_answers > 0,
    )


def _callers(settings: Settings) -> Callers:
    """Returns the callers. Without keys, callers of a server that others can't reach are administrators."""
    alone = listener.is_local(settings.server.address) or settings.server.tls_client_ca is not None
    return Callers(settings.access.callers, anyone=Caller(administrator=alone))
