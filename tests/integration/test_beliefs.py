"""What routing has learnt: listed with its evidence, and forgotten when an administrator says so."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import grpc
import pytest
from ymera.v1 import feedback_pb2_grpc, routing_pb2_grpc, ymera_pb2_grpc
from ymera.v1.content_pb2 import ROLE_USER, Message, Part
from ymera.v1.feedback_pb2 import FeedbackRequest
from ymera.v1.routing_pb2 import ListBeliefsRequest, ResetBeliefsRequest
from ymera.v1.ymera_pb2 import BenchmarkRequest, HealthRequest, OwnSuite, OwnTask, QualityDrift

from tests.integration.test_access import CHECKOUT, SEARCH, ask, key, reason
from ymera_service.access.keys import digest
from ymera_service.server import Application

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from tests.integration.conftest import Lab
    from ymera_service.config import Settings

WAIT = 10


@pytest.fixture
def routing_stub(channel: grpc.aio.Channel) -> routing_pb2_grpc.RoutingServiceAsyncStub:
    return routing_pb2_grpc.RoutingServiceStub(channel)


async def learnt(stub: routing_pb2_grpc.RoutingServiceAsyncStub, count: int) -> list[str]:
    """Returns the models of which something was judged, as soon as there are this many."""
    async with asyncio.timeout(WAIT):
        while True:
            found = await stub.ListBeliefs(ListBeliefsRequest())
            if len(found.beliefs) == count:
                return [one.model for one in found.beliefs]
            await asyncio.sleep(0.05)


async def drifts(stub: ymera_pb2_grpc.YmeraServiceAsyncStub, *answers: int) -> list[QualityDrift]:
    """Returns the changes of quality that Health names, as soon as they rest on this many answers each."""
    async with asyncio.timeout(WAIT):
        while True:
            found = (await stub.Health(HealthRequest())).quality_drifts
            if [drift.answers_before + drift.answers_after for drift in found] == [*answers]:
                return [*found]
            await asyncio.sleep(0.05)


async def test_a_model_whose_answers_got_worse_is_named_by_health_and_in_decisions_until_they_are_good_again(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub, channel: grpc.aio.Channel
) -> None:
    feedback = feedback_pb2_grpc.FeedbackServiceStub(channel)

    async def judged(count: int, rating: float) -> None:
        for _ in range(count):
            answer = await stub.Execute(ask(), timeout=WAIT)
            await feedback.Feedback(FeedbackRequest(request_id=answer.request_id, rating=rating), timeout=WAIT)

    await judged(20, 1.0)
    await judged(15, 0.0)
    [drift] = await drifts(stub, 35)
    assert (drift.model, drift.category) == ("lab/parrot", "general")
    assert (drift.quality_before, drift.quality_after) == (1.0, 0.0)
    assert (drift.answers_before, drift.answers_after) == (20, 15)
    assert drift.detail.startswith(f"got worse since {drift.since.ToDatetime():%Y-%m-%d %H:%M} UTC")
    decision = (await stub.Execute(ask(), timeout=WAIT)).decision
    [quality] = [part for part in decision.candidates[0].components if part.name == "quality"]
    assert "; got worse since" in quality.evidence
    await judged(30, 1.0)
    assert await drifts(stub) == []


async def test_what_was_judged_is_listed_and_can_be_forgotten(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub,
    channel: grpc.aio.Channel,
    routing_stub: routing_pb2_grpc.RoutingServiceAsyncStub,
) -> None:
    assert await learnt(routing_stub, 0) == []
    answer = await stub.Execute(ask(), timeout=WAIT)
    feedback = feedback_pb2_grpc.FeedbackServiceStub(channel)
    await feedback.Feedback(FeedbackRequest(request_id=answer.request_id, rating=0.25), timeout=WAIT)
    assert await learnt(routing_stub, 1) == ["lab/parrot"]
    [belief] = (await routing_stub.ListBeliefs(ListBeliefsRequest(model="lab/p*"))).beliefs
    assert (belief.category, belief.drift) == ("general", "")
    assert belief.judged_answers == pytest.approx(1, abs=0.01)
    assert belief.evidence.startswith("0.25 over 1 judged general answer")
    assert 0.25 < belief.quality < 0.5
    assert not (await routing_stub.ListBeliefs(ListBeliefsRequest(model="lab/other"))).beliefs
    done = await routing_stub.ResetBeliefs(ResetBeliefsRequest(model="lab/parrot"), timeout=WAIT)
    assert done.categories == 1
    assert await learnt(routing_stub, 0) == []


@pytest.mark.parametrize(
    ("request_", "problem"),
    [
        (ResetBeliefsRequest(), "model"),
        (ResetBeliefsRequest(model="lab/parrot"), "model: has no judged answers to forget"),
        (ResetBeliefsRequest(model="x" * 300), "model"),
        (ResetBeliefsRequest(model="lab/parrot", category="c" * 200), "category"),
    ],
)
async def test_a_reset_of_nothing_is_refused(
    routing_stub: routing_pb2_grpc.RoutingServiceAsyncStub, request_: ResetBeliefsRequest, problem: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError, match=problem) as refused:
        await routing_stub.ResetBeliefs(request_, timeout=WAIT)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


@pytest.fixture
async def guarded(make_settings: Callable[..., Settings], lab: Lab) -> AsyncIterator[grpc.aio.Channel]:
    """A connection to a server that knows two callers, of which "search" is an administrator."""
    keys = [
        {"name": "checkout", "key_sha256": digest(CHECKOUT)},
        {"name": "search", "key_sha256": digest(SEARCH), "administrator": True},
    ]
    async with (
        Application.start(make_settings(access={"callers": keys}), lab.found) as app,
        grpc.aio.insecure_channel(app.address) as channel,
    ):
        yield channel


async def test_only_administrators_measure_by_tasks_of_their_own(guarded: grpc.aio.Channel, lab: Lab) -> None:
    """Otherwise wrong answers that are said to be right would change the choice for every caller."""
    stub = ymera_pb2_grpc.YmeraServiceStub(guarded)
    message = Message(role=ROLE_USER, parts=[Part(text="word")])
    suite = OwnSuite(name="mine", category="general", tasks=[OwnTask(messages=[message], answers=["another"])])
    wanted = BenchmarkRequest(models=["lab/parrot"], own_suite=suite)
    denied = await reason(stub.Benchmark(wanted, metadata=key(CHECKOUT), timeout=WAIT).read())
    assert denied == (grpc.StatusCode.PERMISSION_DENIED, "NOT_ADMINISTRATOR")
    assert lab.provider.calls == 0
    events = [event async for event in stub.Benchmark(wanted, metadata=key(SEARCH), timeout=WAIT)]
    assert events[-1].completed.scores[0].score == 0
