"""Message sizes and requests at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from ymera.v1 import (
    admin_pb2,
    admin_pb2_grpc,
    catalog_pb2,
    catalog_pb2_grpc,
    content_pb2,
    routing_pb2,
    routing_pb2_grpc,
    ymera_pb2,
    ymera_pb2_grpc,
)

from ymera_service.config import Settings
from ymera_service.server import Application

if TYPE_CHECKING:
    from tests.integration.conftest import Lab

WAIT = 10
LIMIT = 4096


@pytest.fixture
def settings(make_settings: Callable[..., Settings]) -> Settings:
    """One request at a time, one that waits, and short messages."""
    limits = {"max_concurrent_requests": 1, "max_queued_requests": 1, "max_message_bytes": LIMIT}
    return make_settings(server=limits)


def ask(text: str, model: str) -> ymera_pb2.ExecuteRequest:
    message = content_pb2.Message(role=content_pb2.ROLE_USER, parts=[content_pb2.Part(text=text)])
    return ymera_pb2.ExecuteRequest(
        prompt=content_pb2.Prompt(messages=[message]),
        preferences=routing_pb2.RoutingPreferences(allow_models=[model]),
    )


async def failure(call: Any) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return caught.value


async def test_a_message_at_the_limit_is_accepted(stub: ymera_pb2_grpc.YmeraServiceAsyncStub) -> None:
    request = ask("", "lab/parrot")
    request.prompt.messages[0].parts[0].text = "x" * (LIMIT - request.ByteSize() - 20)
    assert (await stub.Execute(request, timeout=WAIT)).model == "lab/parrot"


@pytest.mark.parametrize("size", [LIMIT + 1, 2 * LIMIT - 100])
async def test_the_error_of_a_message_above_the_limit_states_the_remedy(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub, size: int
) -> None:
    error = await failure(stub.Execute(ask("x" * size, "lab/parrot"), timeout=WAIT))
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "server.max_message_bytes" in (error.details() or "")
    assert b"REQUEST_TOO_LARGE" in bytes(dict(error.trailing_metadata() or ())["grpc-status-details-bin"])


async def test_a_message_far_above_the_limit_is_not_read(stub: ymera_pb2_grpc.YmeraServiceAsyncStub) -> None:
    error = await failure(stub.Execute(ask("x" * 10 * LIMIT, "lab/parrot"), timeout=WAIT))
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert (await stub.Execute(ask("hello", "lab/parrot"), timeout=WAIT)).model == "lab/parrot"


@pytest.fixture
async def full(app: Application, stub: ymera_pb2_grpc.YmeraServiceAsyncStub, lab: Lab) -> AsyncIterator[Any]:
    """A server with one running and one waiting request; yields the waiting call."""
    working = stub.Execute(ask("hello", "lab/hang"), timeout=60)
    await asyncio.wait_for(lab.provider.reached.wait(), WAIT)
    waiting = stub.Execute(ask("hello", "lab/parrot"), timeout=60)
    await until_queued(stub)
    yield waiting
    working.cancel()
    assert (await asyncio.wait_for(waiting, WAIT)).model == "lab/parrot"


async def until_queued(stub: ymera_pb2_grpc.YmeraServiceAsyncStub) -> None:
    async with asyncio.timeout(WAIT):
        while (await stub.Health(ymera_pb2.HealthRequest())).queued_requests != 1:
            pass


@pytest.mark.usefixtures("full")
async def test_an_excess_request_gets_retry_after(stub: ymera_pb2_grpc.YmeraServiceAsyncStub) -> None:
    error = await failure(stub.Execute(ask("hello", "lab/parrot"), timeout=WAIT))
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    details = bytes(dict(error.trailing_metadata() or ())["grpc-status-details-bin"])
    assert b"OVERLOADED" in details
    assert b"google.rpc.RetryInfo" in details
    assert b"google.rpc.QuotaFailure" in details


@pytest.mark.usefixtures("full")
async def test_health_answers_and_counts_while_the_server_is_full(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub,
) -> None:
    health = await stub.Health(ymera_pb2.HealthRequest(), timeout=WAIT)
    assert (health.in_flight_requests, health.queued_requests) == (1, 1)


@pytest.mark.usefixtures("full")
async def test_decisions_and_reads_are_served_while_the_server_is_full(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub,
    routing_stub: routing_pb2_grpc.RoutingServiceAsyncStub,
    catalog_stub: catalog_pb2_grpc.CatalogServiceAsyncStub,
    admin_stub: admin_pb2_grpc.AdminServiceAsyncStub,
) -> None:
    prompt = ask("hello", "lab/parrot").prompt
    calls = [stub.Route(ymera_pb2.RouteRequest(prompt=prompt), timeout=WAIT) for _ in range(50)]
    routed = [await call for call in calls]
    stored = routing_pb2.GetExecutionRequest(request_id=routed[0].request_id)
    assert (await routing_stub.GetExecution(stored, timeout=WAIT)).execution.request_id == routed[0].request_id
    assert (await catalog_stub.ListModels(catalog_pb2.ListModelsRequest(), timeout=WAIT)).models
    assert (await admin_stub.ListPlugins(admin_pb2.ListPluginsRequest(), timeout=WAIT)).plugins
