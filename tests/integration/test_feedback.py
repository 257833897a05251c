"""Feedback on past answers: durable, each kind once per request, for the caller's own requests only."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from sqlalchemy import Connection, select
from ymera.v1 import feedback_pb2_grpc, ymera_pb2, ymera_pb2_grpc
from ymera.v1.feedback_pb2 import FeedbackRequest, Thumb

from tests.integration.test_access import CHECKOUT, SEARCH, ask, key, reason
from ymera_service.access.keys import digest
from ymera_service.server import Application
from ymera_service.storage import Database
from ymera_service.storage.tables import executions, observations

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.conftest import Lab
    from ymera_service.config import Settings

WAIT = 10


@pytest.fixture
def feedback_stub(channel: grpc.aio.Channel) -> feedback_pb2_grpc.FeedbackServiceAsyncStub:
    return feedback_pb2_grpc.FeedbackServiceStub(channel)


async def stored(settings: Settings, table: Any) -> list[Any]:
    found: list[Any] = []

    def read(connection: Connection) -> None:
        found.extend(connection.execute(select(table)).all())

    async with Database.open(settings.storage.url) as database:
        await database.write(read)
    return found


async def test_feedback_is_durable_before_the_reply(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub,
    feedback_stub: feedback_pb2_grpc.FeedbackServiceAsyncStub,
    settings: Settings,
) -> None:
    answer = await stub.Execute(ask(), timeout=WAIT)
    given = FeedbackRequest(request_id=answer.request_id, rating=0.5, thumb=Thumb.THUMB_UP, edit_distance=0.25)
    credit = await feedback_stub.Feedback(given, timeout=WAIT)
    assert (credit.model, credit.category, credit.quality) == ("lab/parrot", "general", 0.75)
    rows = await stored(settings, observations)
    assert {row.name: row.value for row in rows} == {"rating": 0.5, "thumb": 1.0, "edit_distance": 0.75}
    assert {(row.source, row.model, row.category, row.tokens) for row in rows} == {
        ("feedback", "lab/parrot", "general", answer.usage.output_tokens)
    }


async def test_a_repeat_adds_nothing_and_a_change_replaces(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub,
    feedback_stub: feedback_pb2_grpc.FeedbackServiceAsyncStub,
    settings: Settings,
) -> None:
    answer = await stub.Execute(ask(), timeout=WAIT)
    up = FeedbackRequest(request_id=answer.request_id, thumb=Thumb.THUMB_UP)
    corrected = FeedbackRequest(request_id=answer.request_id, corrected=True)
    first = await feedback_stub.Feedback(up, timeout=WAIT)
    assert await feedback_stub.Feedback(up, timeout=WAIT) == first
    assert len(await stored(settings, observations)) == 1
    assert (await feedback_stub.Feedback(corrected, timeout=WAIT)).quality == 0.5
    up.thumb = Thumb.THUMB_DOWN
    assert (await feedback_stub.Feedback(up, timeout=WAIT)).quality == 0
    assert sorted((row.name, row.value) for row in await stored(settings, observations)) == [
        ("corrected", 0),
        ("thumb", 0),
    ]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (FeedbackRequest(), "rating"),
        (FeedbackRequest(rating=1.5), "rating"),
        (FeedbackRequest(rating=math.nan), "rating"),
        (FeedbackRequest(edit_distance=-0.1), "edit_distance"),
        (FeedbackRequest(thumb=7), "thumb"),  # type: ignore[arg-type]  # of a later contract
        (FeedbackRequest(request_id="", corrected=False), "request_id"),
    ],
)
async def test_feedback_that_says_nothing_true_is_refused(
    feedback_stub: feedback_pb2_grpc.FeedbackServiceAsyncStub, given: FeedbackRequest, field: str
) -> None:
    given.request_id = given.request_id or ("" if field == "request_id" else "some")
    call = feedback_stub.Feedback(given, timeout=WAIT)
    assert await reason(call) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST")
    assert f"{field}:" in await call.details()


async def test_a_request_without_an_answer_gets_no_feedback(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub, feedback_stub: feedback_pb2_grpc.FeedbackServiceAsyncStub
) -> None:
    routed = await stub.Route(ymera_pb2.RouteRequest(prompt=ask().prompt), timeout=WAIT)
    up = FeedbackRequest(request_id=routed.request_id, thumb=Thumb.THUMB_UP)
    assert await reason(feedback_stub.Feedback(up, timeout=WAIT)) == (
        grpc.StatusCode.INVALID_ARGUMENT,
        "INVALID_REQUEST",
    )
    up.request_id = "0199c0de"
    assert await reason(feedback_stub.Feedback(up, timeout=WAIT)) == (
        grpc.StatusCode.NOT_FOUND,
        "EXECUTION_NOT_FOUND",
    )


async def test_callers_give_feedback_to_their_own_requests(make_settings: Callable[..., Settings], lab: Lab) -> None:
    keys = [{"name": "checkout", "key_sha256": digest(CHECKOUT)}, {"name": "search", "key_sha256": digest(SEARCH)}]
    settings = make_settings(access={"callers": keys})
    async with (
        Application.start(settings, lab.found) as app,
        grpc.aio.insecure_channel(app.address) as channel,
    ):
        stub = feedback_pb2_grpc.FeedbackServiceStub(channel)
        answer = await ymera_pb2_grpc.YmeraServiceStub(channel).Execute(ask(), metadata=key(CHECKOUT), timeout=WAIT)
        up = FeedbackRequest(request_id=answer.request_id, thumb=Thumb.THUMB_UP)
        hidden = await reason(stub.Feedback(up, metadata=key(SEARCH), timeout=WAIT))
        assert hidden == (grpc.StatusCode.NOT_FOUND, "EXECUTION_NOT_FOUND")
        await stub.Feedback(up, metadata=key(CHECKOUT), timeout=WAIT)
    assert [row.caller for row in await stored(settings, observations)] == ["checkout"]


@pytest.mark.parametrize("kept", [True, False])
async def test_features_are_stored_unless_they_are_switched_off(
    make_settings: Callable[..., Settings], lab: Lab, kept: bool
) -> None:
    settings = make_settings(routing={"features": kept})
    async with (
        Application.start(settings, lab.found) as app,
        grpc.aio.insecure_channel(app.address) as channel,
    ):
        await ymera_pb2_grpc.YmeraServiceStub(channel).Execute(ask(), timeout=WAIT)
    [row] = await stored(settings, executions)
    assert (row.features is not None) == kept
    assert b"hello" not in (row.features or b"")


async def test_routing_uses_feedback_after_about_a_second(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub, feedback_stub: feedback_pb2_grpc.FeedbackServiceAsyncStub
) -> None:
    answer = await stub.Execute(ask(), timeout=WAIT)
    await feedback_stub.Feedback(FeedbackRequest(request_id=answer.request_id, rating=0.25), timeout=WAIT)
    async with asyncio.timeout(WAIT):
        while True:
            routed = await stub.Route(ymera_pb2.RouteRequest(prompt=ask().prompt, preferences=ask().preferences))
            evidence = routed.decision.candidates[0].components[0].evidence
            if evidence.startswith("0.25 over 1 judged general answer until "):
                break
            await asyncio.sleep(0.05)
