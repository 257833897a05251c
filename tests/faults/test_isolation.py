"""What a hung target, a slow one or a greedy caller costs the others: the short form of `tests/bench/isolation.py`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from isolation import CASES, Case, compared, measure
from ymera.v1 import content_pb2, routing_pb2, ymera_pb2

from tests.conftest import Observe
from tests.faults.conftest import state_of

if TYPE_CHECKING:
    from tests.faults.conftest import Client, Exchange, Upstream

OpenServer = Callable[..., AbstractAsyncContextManager["Client"]]

WAIT = 10.0
SECONDS = 6
"""Simulated; the bench shows the same figures for two minutes."""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_others_lose_at_most_1_percent_of_success_and_a_fifth_of_latency(case: Case, observe: Observe) -> None:
    found, ideal = measure(case, SECONDS)
    observe(compared(found, ideal))
    assert found.success >= ideal.success - 1
    assert found.latency(0.99) <= 1.2 * ideal.latency(0.99)


def only(model: str, seconds: float, client: Client) -> Any:
    """A call that may go to one model only."""
    message = content_pb2.Message(role=content_pb2.ROLE_USER, parts=[content_pb2.Part(text="hello")])
    preferences = routing_pb2.RoutingPreferences(allow_models=[model])
    request = ymera_pb2.ExecuteRequest(prompt=content_pb2.Prompt(messages=[message]), preferences=preferences)
    return client.stub.Execute(request, timeout=seconds)


async def test_calls_to_a_hung_target_leave_the_server_to_others(
    open_server: OpenServer, first: Upstream, second: Upstream, observe: Observe
) -> None:
    """With 16 slots, 40 calls to a target that hangs: others are answered, and Health says which target it is."""

    async def hangs(exchange: Exchange) -> None:
        await exchange.gone()

    first.script = hangs
    async with open_server(first, second, server={"max_concurrent_requests": 16, "max_queued_requests": 20}) as client:
        calls = [asyncio.ensure_future(only(first.model, 6 * WAIT, client)) for _ in range(40)]
        refused, _ = await asyncio.wait(calls, timeout=WAIT, return_when=asyncio.FIRST_COMPLETED)
        assert "requests are under way" in str(next(iter(refused)).exception())
        async with asyncio.timeout(WAIT):
            for _ in range(50):
                assert (await only(second.model, WAIT, client)).model == second.model
            assert (await client.execute()).model == second.model  # the first in its ranking has its share
            state = await client.health()
        observe(f"51 of 51 to another target answered; {state_of(state)}")
        assert state.status == ymera_pb2.HEALTH_STATUS_DEGRADED
        assert f"wait for {first.model}" in state.detail
        assert [(one.name, one.in_use, one.limit) for one in state.limits][-1] == (first.model, 11, 11)
        for call in calls:
            call.cancel()
        results = await asyncio.gather(*calls, return_exceptions=True)
    assert all(isinstance(result, asyncio.CancelledError | grpc.aio.AioRpcError) for result in results)
