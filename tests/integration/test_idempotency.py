"""A repeat with the same idempotency key gets the stored outcome, or waits for it; nothing is paid twice."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from sqlalchemy import update
from ymera.v1 import content_pb2, routing_pb2, ymera_pb2, ymera_pb2_grpc

from ymera_service.server import Application
from ymera_service.storage import Database
from ymera_service.storage.tables import outcomes

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.conftest import Lab
    from ymera_service.config import Settings

WAIT = 10
Request = ymera_pb2.ExecuteRequest
Events = list[ymera_pb2.ExecuteStreamResponse]


def request(model: str, *, text: str = "one two", key: str = "key-1") -> Request:
    message = content_pb2.Message(role=content_pb2.ROLE_USER, parts=[content_pb2.Part(text=text)])
    return Request(
        prompt=content_pb2.Prompt(messages=[message]),
        preferences=routing_pb2.RoutingPreferences(model=model, no_failover=True, max_attempts=1),
        idempotency_key=key,
    )


def streamed(unary: Request) -> ymera_pb2.ExecuteStreamRequest:
    return ymera_pb2.ExecuteStreamRequest.FromString(unary.SerializeToString())


async def listen(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub, wanted: Request
) -> tuple[Events, grpc.aio.AioRpcError | None]:
    events: Events = []
    try:
        async for event in stub.ExecuteStream(streamed(wanted), timeout=WAIT):
            events.append(event)
    except grpc.aio.AioRpcError as error:
        return events, error
    return events, None


async def failure(call: Any) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return caught.value


@pytest.mark.parametrize("model", ["lab/parrot", "lab/everything"])
async def test_a_repeat_gets_the_same_answer_and_calls_no_provider(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub, lab: Lab, model: str
) -> None:
    first = await stub.Execute(request(model), timeout=WAIT)
    again = await stub.Execute(request(model), timeout=WAIT)
    assert lab.provider.calls == 1
    assert (first.replayed, again.replayed) == (False, True)
    again.replayed = False
    assert again == first


async def test_a_stream_is_replayed_as_one_and_a_whole_answer_as_whole(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub, lab: Lab
) -> None:
    first, _ = await listen(stub, request("lab/everything"))
    again, error = await listen(stub, request("lab/everything"))
    whole = await stub.Execute(request("lab/everything"), timeout=WAIT)
    assert lab.provider.calls == 1
    assert error is None
    assert [event.sequence for event in again] == list(range(1, len(again) + 1))
    assert [event.WhichOneof("event") for event in again] == [
        "started",
        "attempt_started",
        "reasoning_delta",
        "text_delta",
        "refusal_delta",
        "tool_call_delta",
        "citation",
        "completed",
    ]
    assert (first[0].started.replayed, again[0].started.replayed) == (False, True)
    assert again[0].started.request_id == first[0].started.request_id == whole.request_id
    assert again[-1].completed == first[-1].completed
    assert again[5].tool_call_delta.arguments == '{"a":1}'


async def test_a_repeat_waits_for_the_one_under_way(stub: ymera_pb2_grpc.YmeraServiceAsyncStub, lab: Lab) -> None:
    calls = [asyncio.ensure_future(stub.Execute(request("lab/patient"), timeout=WAIT)) for _ in range(5)]
    async with asyncio.timeout(WAIT):
        await lab.provider.reached.wait()
        lab.provider.go_on.set()
        answers = await asyncio.gather(*calls)
    assert lab.provider.calls == 1
    assert len({answer.request_id for answer in answers}) == 1
    assert sorted(answer.replayed for answer in answers) == [False, True, True, True, True]


async def test_an_execution_goes_on_without_its_caller_and_the_repeat_gets_its_outcome(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub, lab: Lab
) -> None:
    call = stub.ExecuteStream(streamed(request("lab/patient")), timeout=WAIT)
    async with asyncio.timeout(WAIT):
        await lab.provider.reached.wait()
        call.cancel()
        repeat = asyncio.ensure_future(stub.Execute(request("lab/patient"), timeout=WAIT))
        await asyncio.sleep(0)
        lab.provider.go_on.set()
        answer = await repeat
    assert lab.provider.calls == 1
    assert answer.replayed
    assert answer.messages[0].parts[0].text == "first last"


async def test_a_different_request_with_the_same_key_is_rejected(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub, lab: Lab
) -> None:
    await stub.Execute(request("lab/parrot"), timeout=WAIT)
    error = await failure(stub.Execute(request("lab/parrot", text="three"), timeout=WAIT))
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "idempotency_key: was used with a different request" in str(error.details())
    other = await stub.Execute(request("lab/parrot", text="three", key="key-2"), timeout=WAIT)
    assert not other.replayed
    assert lab.provider.calls == 2


@pytest.mark.parametrize("key", ["a b", "é", "k" * 129])
async def test_a_key_that_is_not_valid_is_rejected(stub: ymera_pb2_grpc.YmeraServiceAsyncStub, key: str) -> None:
    error = await failure(stub.Execute(request("lab/parrot", key=key), timeout=WAIT))
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_failure_that_cost_nothing_is_not_kept(stub: ymera_pb2_grpc.YmeraServiceAsyncStub, lab: Lab) -> None:
    busy = await failure(stub.Execute(request("lab/busy"), timeout=WAIT))
    assert busy.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert not (await stub.Execute(request("lab/parrot"), timeout=WAIT)).replayed
    assert lab.provider.calls == 2
    for _ in range(2):
        error = await failure(stub.Execute(request("lab/unknown", key="key-2"), timeout=WAIT))
        assert error.code() is grpc.StatusCode.NOT_FOUND


async def test_an_answer_that_broke_off_is_replayed_with_its_failure(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub, lab: Lab
) -> None:
    first, failed = await listen(stub, request("lab/cut"))
    again, error = await listen(stub, request("lab/cut"))
    assert lab.provider.calls == 1
    assert [event.text_delta.text for event in again if event.HasField("text_delta")] == ["first "]
    assert again[-1].truncated == first[-1].truncated
    assert failed is not None
    assert error is not None
    assert (error.code(), error.details()) == (failed.code(), failed.details())


async def test_an_outcome_survives_a_restart_and_holds_for_every_server_of_the_database(
    settings: Settings, lab: Lab
) -> None:
    async with Application.start(settings, lab.found) as app, grpc.aio.insecure_channel(app.address) as channel:
        first = await ymera_pb2_grpc.YmeraServiceStub(channel).Execute(request("lab/parrot"), timeout=WAIT)
    async with Application.start(settings, lab.found) as app, grpc.aio.insecure_channel(app.address) as channel:
        again = await ymera_pb2_grpc.YmeraServiceStub(channel).Execute(request("lab/parrot"), timeout=WAIT)
    assert lab.provider.calls == 1
    assert (again.replayed, again.messages) == (True, first.messages)


async def test_two_servers_on_one_database_execute_a_key_once(make_settings: Callable[..., Settings], lab: Lab) -> None:
    settings = make_settings()
    async with (
        asyncio.timeout(2 * WAIT),
        Application.start(settings, lab.found) as one,
        Application.start(settings, lab.found) as other,
        grpc.aio.insecure_channel(one.address) as to_one,
        grpc.aio.insecure_channel(other.address) as to_other,
    ):
        stubs = [ymera_pb2_grpc.YmeraServiceStub(channel) for channel in (to_one, to_other)]
        calls = [asyncio.ensure_future(stub.Execute(request("lab/patient"), timeout=WAIT)) for stub in stubs]
        await lab.provider.reached.wait()
        lab.provider.go_on.set()
        answers = await asyncio.gather(*calls)
    assert lab.provider.calls == 1
    assert answers[0].messages == answers[1].messages


async def test_an_outcome_that_was_lost_with_its_server_is_an_error_and_never_paid_again(
    make_settings: Callable[..., Settings], lab: Lab
) -> None:
    """The first server holds the claim and has not stored an outcome when its time is over."""
    settings = make_settings(server={"drain_seconds": 0.05})
    async with (
        asyncio.timeout(2 * WAIT),
        Application.start(settings, lab.found) as one,
        Application.start(settings, lab.found) as other,
        grpc.aio.insecure_channel(one.address) as to_one,
        grpc.aio.insecure_channel(other.address) as to_other,
        Database.open(settings.storage.url) as database,
    ):
        hanging = asyncio.ensure_future(
            ymera_pb2_grpc.YmeraServiceStub(to_one).Execute(request("lab/hang"), timeout=60)
        )
        await lab.provider.reached.wait()
        over = update(outcomes).values(ends_by=datetime.now(UTC) - timedelta(seconds=1))
        await database.write(lambda connection: [connection.execute(over)].clear())
        repeat = ymera_pb2_grpc.YmeraServiceStub(to_other).Execute(request("lab/hang"), timeout=WAIT)
        error = await failure(repeat)
        hanging.cancel()
    assert error.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert b"OUTCOME_UNKNOWN" in bytes(dict(error.trailing_metadata() or ())["grpc-status-details-bin"])
    assert lab.provider.calls == 1
