"""Replay: what another policy would have made of past requests, for the caller's own requests only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc
import pytest
from ymera.v1 import feedback_pb2_grpc, routing_pb2_grpc, ymera_pb2_grpc
from ymera.v1.feedback_pb2 import FeedbackRequest
from ymera.v1.routing_pb2 import ReplayRequest, RoutingWeights

from tests.integration.test_access import CHECKOUT, SEARCH, ask, key
from ymera_service.access.keys import digest
from ymera_service.plugins import installed
from ymera_service.server import Application

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from tests.integration.conftest import Lab
    from ymera_service.config import Settings

WAIT = 10


@pytest.fixture
async def channel(settings: Settings, lab: Lab) -> AsyncIterator[grpc.aio.Channel]:
    policies = [found for found in installed() if found.name == "policies"]
    async with (
        Application.start(settings, [*lab.found, *policies]) as app,
        grpc.aio.insecure_channel(app.address) as channel,
    ):
        yield channel


@pytest.fixture
def stub(channel: grpc.aio.Channel) -> ymera_pb2_grpc.YmeraServiceAsyncStub:
    return ymera_pb2_grpc.YmeraServiceStub(channel)


@pytest.fixture
def routing_stub(channel: grpc.aio.Channel) -> routing_pb2_grpc.RoutingServiceAsyncStub:
    return routing_pb2_grpc.RoutingServiceStub(channel)


async def test_requests_are_replayed_with_what_was_observed_of_them(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub,
    channel: grpc.aio.Channel,
    routing_stub: routing_pb2_grpc.RoutingServiceAsyncStub,
) -> None:
    feedback = feedback_pb2_grpc.FeedbackServiceStub(channel)
    for rating in (1.0, 0.0, 0.5):
        answer = await stub.Execute(ask(), timeout=WAIT)
        for given in (0.9, rating):  # the later one replaces the earlier one
            await feedback.Feedback(FeedbackRequest(request_id=answer.request_id, rating=given), timeout=WAIT)
    await stub.Execute(ask(), timeout=WAIT)
    found = await routing_stub.Replay(ReplayRequest(policy="best-quality"), timeout=WAIT)
    assert (found.policy, found.requests, found.skipped_requests) == ("best-quality", 4, 0)
    assert found.quality.requests == 3
    assert found.quality.recorded == pytest.approx(0.5)
    assert found.latency_seconds.requests == 4
    assert sum(model.recorded for model in found.models) == 4
    assert sum(model.replayed for model in found.models) == 4
    one = await routing_stub.Replay(ReplayRequest(max_requests=1, weights=RoutingWeights(cost=1)), timeout=WAIT)
    assert (one.policy, one.requests) == ("balanced", 1)


async def test_without_requests_there_is_nothing_to_replay(
    routing_stub: routing_pb2_grpc.RoutingServiceAsyncStub,
) -> None:
    found = await routing_stub.Replay(ReplayRequest(), timeout=WAIT)
    assert (found.requests, found.HasField("quality"), found.HasField("latency_seconds")) == (0, False, False)


@pytest.mark.parametrize(
    ("request_", "problem"),
    [
        (ReplayRequest(policy="fastes"), "did you mean 'fastest'"),
        (ReplayRequest(max_requests=-1), "max_requests"),
        (ReplayRequest(max_requests=20_001), "max_requests"),
        (ReplayRequest(weights=RoutingWeights(quality=float("nan"))), "weights.quality"),
        (ReplayRequest(weights=RoutingWeights()), "weights"),
    ],
)
async def test_a_replay_that_can_not_be_is_refused(
    routing_stub: routing_pb2_grpc.RoutingServiceAsyncStub, request_: ReplayRequest, problem: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError, match=problem) as refused:
        await routing_stub.Replay(request_, timeout=WAIT)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_callers_replay_their_own_requests(make_settings: Callable[..., Settings], lab: Lab) -> None:
    keys = [{"name": "checkout", "key_sha256": digest(CHECKOUT)}, {"name": "search", "key_sha256": digest(SEARCH)}]
    async with (
        Application.start(make_settings(access={"callers": keys}), lab.found) as app,
        grpc.aio.insecure_channel(app.address) as channel,
    ):
        await ymera_pb2_grpc.YmeraServiceStub(channel).Execute(ask(), metadata=key(CHECKOUT), timeout=WAIT)
        stub = routing_pb2_grpc.RoutingServiceStub(channel)
        found = [await stub.Replay(ReplayRequest(), metadata=key(each), timeout=WAIT) for each in (CHECKOUT, SEARCH)]
    assert [each.requests for each in found] == [1, 0]
