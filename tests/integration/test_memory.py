"""Requests that are under way at the same time are bounded by their bytes, too."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

import grpc
import pytest
from ymera.v1 import content_pb2, routing_pb2, ymera_pb2, ymera_pb2_grpc

from ymera_service.config import Settings

if TYPE_CHECKING:
    from tests.integration.conftest import Lab

WAIT = 10
LIMIT = 64 * 1024


@pytest.fixture
def settings(make_settings: Callable[..., Settings]) -> Settings:
    """Room for one long message at a time."""
    return make_settings(server={"max_message_bytes": LIMIT, "max_bytes_in_flight": LIMIT})


def ask(size: int, model: str) -> ymera_pb2.ExecuteRequest:
    message = content_pb2.Message(role=content_pb2.ROLE_USER, parts=[content_pb2.Part(text="x" * size)])
    return ymera_pb2.ExecuteRequest(
        prompt=content_pb2.Prompt(messages=[message]),
        preferences=routing_pb2.RoutingPreferences(allow_models=[model]),
    )


async def test_requests_above_the_budget_are_refused_until_others_end(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub, lab: Lab
) -> None:
    working = stub.Execute(ask(LIMIT // 2, "lab/hang"), timeout=60)
    await asyncio.wait_for(lab.provider.reached.wait(), WAIT)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.Execute(ask(LIMIT // 2, "lab/parrot"), timeout=WAIT)
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "server.max_bytes_in_flight" in (caught.value.details() or "")
    details = bytes(dict(caught.value.trailing_metadata() or ())["grpc-status-details-bin"])
    assert b"OVERLOADED" in details
    assert b"google.rpc.RetryInfo" in details
    assert (await stub.Execute(ask(1000, "lab/parrot"), timeout=WAIT)).model == "lab/parrot"
    working.cancel()
    await asyncio.wait_for(lab.provider.closed.wait(), WAIT)
    async with asyncio.timeout(WAIT):
        while True:
            try:
                answer = await stub.Execute(ask(LIMIT // 2, "lab/parrot"), timeout=WAIT)
            except grpc.aio.AioRpcError:
                continue
            break
    assert answer.model == "lab/parrot"


async def test_refused_and_invalid_requests_give_their_bytes_back(stub: ymera_pb2_grpc.YmeraServiceAsyncStub) -> None:
    for model in ("lab/down", "lab/unknown") * 3:
        with pytest.raises(grpc.aio.AioRpcError):
            await stub.Execute(ask(LIMIT * 3 // 4, model), timeout=WAIT)
    assert (await stub.Execute(ask(LIMIT * 3 // 4, "lab/parrot"), timeout=WAIT)).model == "lab/parrot"
