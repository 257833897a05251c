"""Health as people, programs and load balancers see it; reflection."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from ymera.v1 import content_pb2, routing_pb2, ymera_pb2, ymera_pb2_grpc

from ymera_service import __version__
from ymera_service.access.keys import digest, new_key
from ymera_service.catalog import Catalog
from ymera_service.config import Settings
from ymera_service.plugins import FoundPlugin
from ymera_service.server import SERVICES, Application

if TYPE_CHECKING:
    from tests.integration.conftest import Lab

WAIT = 10
SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


def balancer(channel: grpc.aio.Channel) -> Any:
    return health_pb2_grpc.HealthStub(channel)  # its type stubs lack the methods


async def test_a_healthy_server_reports_ok(stub: ymera_pb2_grpc.YmeraServiceAsyncStub) -> None:
    health = await stub.Health(ymera_pb2.HealthRequest(), timeout=WAIT)
    assert health.status == ymera_pb2.HEALTH_STATUS_OK
    assert health.version == __version__
    assert health.uptime.ToNanoseconds() > 0
    assert [(one.provider, one.status, one.models > 5) for one in health.providers] == [
        ("lab", ymera_pb2.HEALTH_STATUS_OK, True)
    ]
    assert [(one.name, one.status) for one in health.plugins] == [("lab", ymera_pb2.HEALTH_STATUS_OK)]
    assert (health.storage.status, health.storage.backend) == (ymera_pb2.HEALTH_STATUS_OK, "sqlite")
    assert not health.simulator_only
    assert {one.name: one.status for one in health.background_tasks} == {
        "catalog refresh": ymera_pb2.HEALTH_STATUS_OK,
        "benchmark results": ymera_pb2.HEALTH_STATUS_OK,
        "observers": ymera_pb2.HEALTH_STATUS_OK,
        "observations of answers": ymera_pb2.HEALTH_STATUS_OK,
        "sessions of other servers": ymera_pb2.HEALTH_STATUS_OK,
        "keys of providers": ymera_pb2.HEALTH_STATUS_OK,
        "master key": ymera_pb2.HEALTH_STATUS_OK,
        "sums of usage": ymera_pb2.HEALTH_STATUS_OK,
        "recorder": ymera_pb2.HEALTH_STATUS_OK,
        "database check": ymera_pb2.HEALTH_STATUS_OK,
        "retention": ymera_pb2.HEALTH_STATUS_OK,
        "unread streams": ymera_pb2.HEALTH_STATUS_OK,
        "health reports": ymera_pb2.HEALTH_STATUS_OK,
    }


async def test_work_that_only_some_configurations_need_is_done_too(
    make_settings: Callable[..., Settings], lab: Lab
) -> None:
    key = new_key()
    caller = {"name": "trial", "key_sha256": digest(key), "spend_per_day": 1}
    settings = make_settings(access={"callers": [caller]}, benchmark={"every_hours": 12})
    async with Application.start(settings, lab.found) as app, grpc.aio.insecure_channel(app.address) as channel:
        stub: ymera_pb2_grpc.YmeraServiceAsyncStub = ymera_pb2_grpc.YmeraServiceStub(channel)
        metadata = (("authorization", f"Bearer {key}"),)
        health = await stub.Health(ymera_pb2.HealthRequest(), timeout=WAIT, metadata=metadata)
    assert {"spending of callers", "benchmarks"} <= {one.name for one in health.background_tasks}


def ask(model: str) -> ymera_pb2.ExecuteRequest:
    message = content_pb2.Message(role=content_pb2.ROLE_USER, parts=[content_pb2.Part(text="hello")])
    return ymera_pb2.ExecuteRequest(
        prompt=content_pb2.Prompt(messages=[message]),
        preferences=routing_pb2.RoutingPreferences(allow_models=[model]),
    )


async def test_an_open_breaker_is_reported(make_settings: Callable[..., Settings], lab: Lab) -> None:
    settings = make_settings(breaker={"failures": 1, "window": 1, "open_seconds": 15})
    async with Application.start(settings, lab.found) as app, grpc.aio.insecure_channel(app.address) as channel:
        stub: ymera_pb2_grpc.YmeraServiceAsyncStub = ymera_pb2_grpc.YmeraServiceStub(channel)
        with pytest.raises(grpc.aio.AioRpcError):
            await stub.Execute(ask("lab/down"), timeout=WAIT)
        health = await stub.Health(ymera_pb2.HealthRequest(), timeout=WAIT)
    assert health.status == ymera_pb2.HEALTH_STATUS_DEGRADED
    breaker = health.providers[0].breakers[0]
    assert (breaker.domain, breaker.scope, breaker.state) == (
        "lab/down",
        ymera_pb2.BREAKER_SCOPE_MODEL,
        ymera_pb2.BREAKER_STATE_OPEN,
    )
    assert breaker.last_error == "the lab is closed"
    assert 0 < breaker.retry_after.seconds <= 15


def broken() -> FoundPlugin:
    def load() -> object:
        raise ImportError("no module named nonsense")

    return FoundPlugin("broken", "ymera-broken", "0.1", load)


async def test_a_quarantined_plugin_degrades_the_server(settings: Settings, lab: Lab) -> None:
    plugins = [*lab.found, broken()]
    async with Application.start(settings, plugins) as app, grpc.aio.insecure_channel(app.address) as channel:
        stub: ymera_pb2_grpc.YmeraServiceAsyncStub = ymera_pb2_grpc.YmeraServiceStub(channel)
        health = await stub.Health(ymera_pb2.HealthRequest(), timeout=WAIT)
        answer = await stub.Execute(ask("lab/parrot"), timeout=WAIT)
    assert health.status == ymera_pb2.HEALTH_STATUS_DEGRADED
    assert "nonsense" in next(one.detail for one in health.plugins if one.name == "broken")
    assert answer.model == "lab/parrot"


async def test_a_server_without_models_runs_and_reports_unavailable(settings: Settings, lab: Lab) -> None:
    lab.provider.scripts.clear()
    async with Application.start(settings, lab.found) as app, grpc.aio.insecure_channel(app.address) as channel:
        stub: ymera_pb2_grpc.YmeraServiceAsyncStub = ymera_pb2_grpc.YmeraServiceStub(channel)
        health = await stub.Health(ymera_pb2.HealthRequest(), timeout=WAIT)
        status = await watched(balancer(channel), NOT_SERVING)
    assert health.status == ymera_pb2.HEALTH_STATUS_UNAVAILABLE
    assert status == NOT_SERVING


async def test_a_refresh_that_fails_is_reported_and_restarted(
    make_settings: Callable[..., Settings], lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = make_settings(catalog={"refresh_seconds": 0.01})
    refresh, dies = Catalog.refresh, False

    async def dying(self: Catalog) -> None:
        if dies:
            raise ZeroDivisionError("a defect")
        await refresh(self)

    monkeypatch.setattr(Catalog, "refresh", dying)
    async with (
        asyncio.timeout(WAIT),
        Application.start(settings, lab.found) as app,
        grpc.aio.insecure_channel(app.address) as channel,
    ):
        stub: ymera_pb2_grpc.YmeraServiceAsyncStub = ymera_pb2_grpc.YmeraServiceStub(channel)
        dies = True
        work = await refreshing(stub, ymera_pb2.HEALTH_STATUS_DEGRADED)
        assert work.detail == "ZeroDivisionError: a defect"
        dies = False
        work = await refreshing(stub, ymera_pb2.HEALTH_STATUS_OK)
        assert (work.detail, work.restarts >= 1) == ("", True)


async def refreshing(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub, wanted: ymera_pb2.HealthStatus.ValueType
) -> ymera_pb2.BackgroundTaskHealth:
    """Returns the state of the catalogue's refresh when it is the expected one."""
    while True:
        tasks = (await stub.Health(ymera_pb2.HealthRequest(), timeout=WAIT)).background_tasks
        task = next(one for one in tasks if one.name == "catalog refresh")
        if task.status == wanted:
            return task
        await asyncio.sleep(0.01)


async def watched(stub: Any, wanted: int) -> int:
    """Returns the state that a watch reports, waiting for the expected one."""
    async with asyncio.timeout(WAIT):
        call = stub.Watch(health_pb2.HealthCheckRequest())
        async for response in call:
            if response.status == wanted:
                call.cancel()
                return wanted
    return -1


@pytest.mark.parametrize("service", ["", *SERVICES])
async def test_load_balancers_can_check_each_service(channel: grpc.aio.Channel, service: str) -> None:
    stub = balancer(channel)
    async with asyncio.timeout(WAIT):
        async for response in stub.Watch(health_pb2.HealthCheckRequest(service=service)):
            if response.status == SERVING:
                break
    checked = await stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=WAIT)
    assert checked.status == SERVING


async def reflected(channel: grpc.aio.Channel) -> set[str]:
    plain: Any = channel  # the type stubs know synchronous channels only
    stub: Any = reflection_pb2_grpc.ServerReflectionStub(plain)
    call = stub.ServerReflectionInfo(timeout=WAIT)
    await call.write(reflection_pb2.ServerReflectionRequest(list_services=""))
    response = await call.read()
    await call.done_writing()
    return {service.name for service in response.list_services_response.service}


async def test_reflection_is_on_in_development(channel: grpc.aio.Channel) -> None:
    assert await reflected(channel) >= {*SERVICES, "grpc.health.v1.Health"}


async def test_reflection_is_off_in_production(make_settings: Callable[..., Settings], lab: Lab) -> None:
    settings = make_settings().model_copy(update={"environment": "production"})
    async with Application.start(settings, lab.found) as app, grpc.aio.insecure_channel(app.address) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await reflected(channel)
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
