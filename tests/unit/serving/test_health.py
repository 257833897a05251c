"""Health states whether requests can be served, and if not, the remedy for the actual cause."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from ymera_service.catalog import Catalog
from ymera_service.config import BreakerSettings, CatalogSettings
from ymera_service.plugins import Plugins, PluginState, PluginStatus, Registry
from ymera_service.resilience.breaker import HOPELESS_CALLS, HOPELESS_ROWS, Breakers, BreakerState
from ymera_service.resilience.memory import ByteBudget
from ymera_service.resilience.slots import LimitReport, Slots
from ymera_service.resilience.spare import Spare
from ymera_service.sdk.context import CallContext
from ymera_service.sdk.errors import (
    AuthenticationFailed,
    ConnectionFailed,
    ProviderError,
    ProviderServerError,
    RateLimited,
)
from ymera_service.sdk.events import Accepted, ProviderEvent
from ymera_service.sdk.generation import GenerateRequest
from ymera_service.sdk.models import Kind, ModelInfo
from ymera_service.sdk.providers import Provider
from ymera_service.sdk.targets import Scope, Target
from ymera_service.serving.background import Background
from ymera_service.serving.calls import Calls
from ymera_service.serving.health import Health, HealthReport, Status
from ymera_service.storage import Database, Recorder

REAL, SIMULATED = ModelInfo("real"), ModelInfo("made-up", simulated=True)


class Lab(Provider):
    def __init__(self, name: str, *models: ModelInfo, error: ProviderError | None = None, missing: str = "") -> None:
        self.name = name
        self.missing = missing
        self._models = models
        self._error = error

    async def models(self) -> Sequence[ModelInfo]:
        if self._error:
            raise self._error
        return self._models

    async def generate(self, request: GenerateRequest, context: CallContext) -> AsyncGenerator[ProviderEvent, None]:
        yield Accepted()


class Server:
    """The parts that Health reports, with a clock that a test moves."""

    def __init__(self, database: Database, recorder: Recorder) -> None:
        self.now = 0.0
        self.recorder = recorder
        self.calls = Calls(60)
        self.breakers = Breakers(BreakerSettings(failures=1, window=1), self.clock)
        self.background = Background(clock=self.clock)
        self.plugins: tuple[PluginStatus, ...] = ()
        self.slots = Slots(64, 10)
        self._database = database

    def clock(self) -> float:
        return self.now

    async def health(self, *providers: Provider) -> Health:
        by_name = {provider.name: provider for provider in providers}
        self.catalog = Catalog(by_name, CatalogSettings())
        await self.catalog.refresh()
        registry = Registry({Provider: by_name}, self.plugins)
        return Health(
            plugins=Plugins(registry),
            catalog=self.catalog,
            breakers=self.breakers,
            database=self._database,
            recorder=self.recorder,
            slots=self.slots,
            spare=Spare(self.slots),
            budget=ByteBudget(1024),
            calls=self.calls,
            background=self.background,
            clock=self.clock,
        )

    async def report(self, *providers: Provider) -> HealthReport:
        return await (await self.health(*providers)).report()

    def fail(self, model: str, error: ProviderError, *, times: int = HOPELESS_ROWS) -> None:
        """Makes calls of a model fail, by default so many that there is no hope if the error lasts."""
        for _ in range(times):
            self.breakers.acquire(self.catalog.snapshot.models[model].targets[0]).failed(error)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(Database.open(f"sqlite:///{tmp_path}/ymera.db"))
        yield Server(database, await stack.enter_async_context(Recorder(database)))


async def test_a_healthy_server_is_ok(server: Server) -> None:
    server.plugins = (PluginStatus("lab", "lab", "1", PluginState.ACTIVE),)
    report = await server.report(Lab("lab", REAL))
    assert (report.status, report.detail, report.simulator_only) == (Status.OK, "", False)
    assert [(one.name, one.status, one.models, one.detail) for one in report.providers] == [("lab", Status.OK, 1, "")]
    assert (report.storage.name, report.storage.status) == ("sqlite", Status.OK)
    assert [one.status for one in report.plugins] == [Status.OK]


async def test_limits_are_shown_and_requests_that_wait_for_a_target_degrade_the_server(server: Server) -> None:
    target = Target("lab", "lab/slow")
    held = [await server.slots.acquire([target]) for _ in range(43)]
    waiting = asyncio.create_task(server.slots.acquire([target]))
    await asyncio.sleep(0)
    report = await server.report(Lab("lab", REAL))
    assert report.status is Status.DEGRADED
    assert report.detail == "1 request waits for lab/slow, which holds 43 of 43 slots"
    assert report.limits == (
        LimitReport("requests", 43, 64, 1),
        LimitReport("request bytes", 0, 1024),
        LimitReport("benchmark tasks", 0, 5),
        LimitReport("lab/slow", 43, 43, 1),
    )
    held.pop().release()
    (await asyncio.wait_for(waiting, 5)).release()
    assert (await server.report(Lab("lab", REAL))).status is Status.OK


async def test_absent_and_disabled_parts_do_not_degrade_the_server(server: Server) -> None:
    server.plugins = (PluginStatus("off", "off", "1", PluginState.DISABLED),)
    report = await server.report(Lab("lab", REAL), Lab("ollama"), Lab("openai", missing="set OPENAI_API_KEY"))
    assert report.status is Status.OK
    assert {one.name: one.status for one in report.providers} == {
        "lab": Status.OK,
        "ollama": Status.ABSENT,
        "openai": Status.ABSENT,
    }
    assert next(one.detail for one in report.providers if one.name == "openai") == "set OPENAI_API_KEY"
    assert [one.status for one in report.plugins] == [Status.DISABLED]


async def test_a_quarantined_plugin_degrades_the_server(server: Server) -> None:
    server.plugins = (PluginStatus("bad", "bad", "1", PluginState.QUARANTINED, "no module"),)
    report = await server.report(Lab("lab", REAL))
    assert report.status is Status.DEGRADED
    assert (report.plugins[0].status, report.plugins[0].detail) == (Status.DEGRADED, "no module")


async def test_the_simulator_serves_without_other_providers(server: Server) -> None:
    report = await server.report(Lab("simulator", SIMULATED), Lab("ollama"))
    assert (report.status, report.simulator_only) == (Status.OK, True)
    assert "OPENAI_API_KEY" in report.detail


async def test_the_simulator_does_not_replace_a_provider_that_fails(server: Server) -> None:
    refused = AuthenticationFailed("the key is not accepted")
    report = await server.report(Lab("simulator", SIMULATED), Lab("openai", error=refused))
    assert (report.status, report.simulator_only) == (Status.UNAVAILABLE, False)
    assert report.detail == "no model can be called: openai: the key is not accepted"
    assert "set a vendor's key" not in report.detail


async def test_the_simulator_does_not_replace_models_that_fail(server: Server) -> None:
    health = await server.health(Lab("simulator", SIMULATED), Lab("openai", REAL))
    server.fail("openai/real", ConnectionFailed("the address can't be resolved"))
    report = await health.report()
    assert report.status is Status.UNAVAILABLE
    assert report.detail == "no model can be called: openai: the address can't be resolved (tried again in 2 s)"
    [breaker] = next(one.breakers for one in report.providers if one.name == "openai")
    assert (breaker.domain, breaker.last_error) == ("openai@", "the address can't be resolved")
    assert not await health.serving()


async def test_a_missing_key_is_named_if_no_other_provider_can_answer(server: Server) -> None:
    missing = "set api_key, or OPENAI_API_KEY in the environment"
    unconfigured = Lab("openai", error=AuthenticationFailed(missing), missing=missing)
    report = await server.report(Lab("simulator", SIMULATED), unconfigured)
    assert report.status is Status.UNAVAILABLE
    assert report.detail == f"no model can be called: openai: {missing}"


async def test_one_of_two_models_that_fails_degrades_its_provider(server: Server) -> None:
    health = await server.health(Lab("lab", REAL, ModelInfo("other")))
    server.fail("lab/real", ProviderServerError("broken"))
    report = await health.report()
    assert report.status is Status.DEGRADED
    assert [(one.status, len(one.breakers)) for one in report.providers] == [(Status.DEGRADED, 1)]
    server.now = 10.0  # half open: calls may pass
    report = await health.report()
    assert (report.status, report.detail) == (Status.DEGRADED, "lab: tried again with the next call, after: broken")
    probe = server.breakers.acquire(server.catalog.snapshot.models["lab/real"].targets[0])
    assert (await health.report()).detail == "lab: being tried again, after: broken"
    probe.released()


async def test_a_failure_of_long_ago_that_no_call_has_tried_since_is_shown_but_degrades_nothing(server: Server) -> None:
    health = await server.health(Lab("lab", REAL, ModelInfo("other")))
    server.fail("lab/real", ProviderServerError("broken"))
    server.now = 100.0
    report = await health.report()
    assert (report.status, report.detail) == (Status.OK, "")
    [breaker] = report.providers[0].breakers
    assert (breaker.state, breaker.last_error) == (BreakerState.HALF_OPEN, "broken")
    assert breaker.idle > 90
    server.fail("lab/other", ProviderServerError("broken too"))
    assert (await health.report()).detail == "lab: broken too (tried again in 2 s)"


async def test_a_target_that_answers_now_and_then_can_be_served_though_its_breaker_is_open(server: Server) -> None:
    health = await server.health(Lab("lab", REAL))
    server.fail("lab/real", ProviderServerError("broken"))
    report = await health.report()
    assert [one.state for one in report.providers[0].breakers] == [BreakerState.OPEN]
    assert (report.status, report.providers[0].status) == (Status.DEGRADED, Status.DEGRADED)
    assert await health.serving()
    server.fail("lab/real", ProviderServerError("broken"), times=HOPELESS_CALLS)
    report = await health.report()
    assert (report.status, report.providers[0].status) == (Status.UNAVAILABLE, Status.UNAVAILABLE)


async def test_a_pause_is_not_an_open_breaker_and_requests_can_be_served(server: Server) -> None:
    health = await server.health(Lab("lab", REAL))
    server.fail("lab/real", RateLimited("slow down", retry_after=7))
    report = await health.report()
    [lab] = report.providers
    assert (lab.status, lab.breakers) == (Status.DEGRADED, ())
    assert [(pause.domain, pause.retry_after) for pause in lab.pauses] == [("lab/real", 7)]
    assert report.detail == "lab: paused for 7 s more: slow down"
    assert await health.serving()
    server.now = 7.0
    assert (await health.report()).status is Status.OK


async def test_targets_that_fail_often_are_named_the_worst_first(server: Server) -> None:
    health = await server.health(Lab("lab", REAL, ModelInfo("other")), Lab("other", REAL))
    server.fail("lab/real", RateLimited("too many calls"), times=1)
    server.fail("lab/other", RateLimited("too many calls"), times=3)
    lab, other = (await health.report()).providers
    assert [report.pool for report in lab.unreliable] == ["lab/other", "lab/real"]
    assert other.unreliable == ()


async def test_a_network_that_is_down_is_said_once_and_held_against_no_provider(server: Server) -> None:
    health = await server.health(Lab("a", REAL), Lab("b", REAL))
    for model in ("a/real", "b/real", "a/real", "b/real"):
        server.fail(model, ConnectionFailed("no name can be resolved", scope=Scope.NETWORK))
    report = await health.report()
    assert (report.status, report.detail) == (Status.DEGRADED, "network: no name can be resolved")
    assert report.network.status is Status.DEGRADED
    assert [one.status for one in report.providers][1] is Status.OK


async def test_the_models_of_a_local_server_that_has_died_stay_and_no_simulator_steps_in(server: Server) -> None:
    local = Lab("ollama", REAL)
    health = await server.health(Lab("simulator", SIMULATED), local)
    local._models = ()
    await server.catalog.refresh()
    report = await health.report()
    ollama = report.providers[0]
    assert (ollama.models, ollama.listing_is_stale, report.simulator_only) == (1, True, False)
    assert ollama.listed_at == server.catalog.listed_at("ollama") != server.catalog.listed_at("simulator")
    assert report.detail.startswith("ollama: lists no models any more")


async def test_a_failed_discovery_with_known_models_degrades(server: Server) -> None:
    lab = Lab("lab", REAL)
    health = await server.health(lab)
    lab._error = ConnectionFailed("gone")
    await server.catalog.refresh()
    report = await health.report()
    assert (report.status, report.providers[0].status, report.providers[0].detail) == (
        Status.DEGRADED,
        Status.DEGRADED,
        "gone",
    )


async def test_models_that_answer_no_prompts_do_not_count(server: Server) -> None:
    report = await server.report(Lab("lab", ModelInfo("embedder", kind=Kind.EMBED)))
    assert report.status is Status.UNAVAILABLE
    assert report.detail.startswith("no provider offers a model")


async def test_without_providers_health_states_what_to_install(server: Server) -> None:
    report = await server.report()
    assert report.status is Status.UNAVAILABLE
    assert "folder `plugins`" in report.detail


async def test_a_server_that_stops_is_unavailable(server: Server) -> None:
    server.calls.refuse()
    report = await server.report(Lab("lab", REAL))
    assert (report.status, report.detail) == (Status.UNAVAILABLE, "the server is stopping")


async def test_the_server_is_unavailable_while_records_cant_be_written(server: Server) -> None:
    health = await server.health(Lab("lab", REAL))
    server.recorder.failure = "can't record: disk full"
    report = await health.report()
    assert (report.status, report.storage.status) == (Status.UNAVAILABLE, Status.UNAVAILABLE)
    assert report.detail == "requests can't be recorded: can't record: disk full"
    assert not await health.serving()
    server.recorder.failure = ""
    assert (await health.report()).status is Status.OK


async def test_background_work_that_fails_degrades(server: Server) -> None:
    async def broken() -> None:
        raise OSError("no")

    async with server.background.running("pruning", broken):
        await failed(server.background)
        report = await server.report(Lab("lab", REAL))
    assert report.status is Status.DEGRADED
    assert [(one.name, one.status, one.detail, one.restarts) for one in report.background] == [
        ("pruning", Status.DEGRADED, "OSError: no", 1)
    ]


async def failed(background: Background) -> None:
    """Returns once some work has failed."""
    async with asyncio.timeout(10):
        while True:
            if any(report.error for report in background.report()):
                return
            await asyncio.sleep(0)
