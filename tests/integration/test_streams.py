"""Streams: numbered events, one terminal event, and cancellation that reaches the provider."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import grpc
import pytest
from structlog.testing import capture_logs
from ymera.v1 import content_pb2, routing_pb2, ymera_pb2

if TYPE_CHECKING:
    from ymera.v1 import routing_pb2_grpc, ymera_pb2_grpc

    from tests.integration.conftest import Lab

WAIT = 10
TERMINAL = {"completed", "truncated", "failed", "cancelled"}
Events = list[ymera_pb2.ExecuteStreamResponse]


def ask(text: str, *models: str) -> ymera_pb2.ExecuteStreamRequest:
    part = content_pb2.Part(text=text)
    message = content_pb2.Message(role=content_pb2.ROLE_USER, parts=[part])
    return ymera_pb2.ExecuteStreamRequest(
        prompt=content_pb2.Prompt(messages=[message]),
        preferences=routing_pb2.RoutingPreferences(allow_models=models),
    )


async def listen(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub, request: ymera_pb2.ExecuteStreamRequest, seconds: float = WAIT
) -> tuple[Events, grpc.aio.AioRpcError | None]:
    """Returns all events of a stream, and the error it ended with."""
    events: Events = []
    try:
        async for event in stub.ExecuteStream(request, timeout=seconds):
            events.append(event)
    except grpc.aio.AioRpcError as error:
        return events, error
    return events, None


def check_conversation(events: Events) -> list[str]:
    """Returns the kinds of the events of a stream, after checks of its numbers, its start and its terminal event."""
    kinds: list[str] = [event.WhichOneof("event") or "" for event in events]
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    assert kinds[0] == "started"
    assert [kind for kind in kinds if kind in TERMINAL] == kinds[-1:]
    return kinds


async def test_a_completed_stream_ends_ok(stub: ymera_pb2_grpc.YmeraServiceAsyncStub) -> None:
    events, error = await listen(stub, ask("one two", "lab/parrot"))
    assert error is None
    kinds = check_conversation(events)
    assert kinds[:2] == ["started", "attempt_started"]
    assert kinds[-1] == "completed"
    assert "".join(event.text_delta.text for event in events) == "one two "
    completed = events[-1].completed
    assert (completed.model, completed.finish_reason) == ("lab/parrot", content_pb2.FINISH_REASON_STOP)
    assert completed.usage.cost_micros == 6
    assert [attempt.model for attempt in completed.attempts] == ["lab/parrot"]


async def test_the_initial_metadata_of_a_stream_has_the_id(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub,
) -> None:
    call = stub.ExecuteStream(ask("hello", "lab/parrot"), timeout=WAIT)
    initial = dict(await call.initial_metadata())
    events = [event async for event in call]
    assert initial["x-request-id"] == events[0].started.request_id
    assert dict(await call.trailing_metadata())["x-request-id"] == initial["x-request-id"]


async def test_every_kind_of_delta_is_sent(stub: ymera_pb2_grpc.YmeraServiceAsyncStub) -> None:
    events, error = await listen(stub, ask("anything", "lab/everything"))
    assert error is None
    assert check_conversation(events)[2:-1] == [
        "reasoning_delta",
        "text_delta",
        "citation",
        "refusal_delta",
        "tool_call_delta",
        "tool_call_delta",
    ]
    assert events[2].reasoning_delta.signature == b"sealed"
    assert events[6].tool_call_delta.id == "call-1"


async def test_the_first_word_arrives_while_the_answer_is_written(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub, lab: Lab
) -> None:
    call = stub.ExecuteStream(ask("hello", "lab/patient"), timeout=WAIT)
    kinds = []
    async for event in call:
        kinds.append(event.WhichOneof("event"))
        if kinds[-1] == "text_delta" and not lab.provider.go_on.is_set():
            lab.provider.go_on.set()
    assert kinds == ["started", "attempt_started", "text_delta", "text_delta", "completed"]


async def test_an_interrupted_stream_ends_truncated(stub: ymera_pb2_grpc.YmeraServiceAsyncStub) -> None:
    events, error = await listen(stub, ask("hello", "lab/cut"))
    assert check_conversation(events)[-1] == "truncated"
    assert events[-1].truncated.error.reason == "PROVIDER_SERVER_ERROR"
    assert events[-1].truncated.usage.estimated
    assert error is not None
    assert error.code() is grpc.StatusCode.UNAVAILABLE


async def test_a_stream_that_no_model_answers_ends_failed(stub: ymera_pb2_grpc.YmeraServiceAsyncStub) -> None:
    events, error = await listen(stub, ask("hello", "lab/prude"))
    assert check_conversation(events) == ["started", "attempt_started", "failed"]
    assert events[-1].failed.error.reason == "CONTENT_FILTERED"
    assert error is not None
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_failover_is_reported_with_its_cause(stub: ymera_pb2_grpc.YmeraServiceAsyncStub) -> None:
    request = ask("hello", "lab/busy", "lab/parrot")
    request.preferences.weights.cost = 1
    events, error = await listen(stub, request)
    assert error is None
    attempts = [event.attempt_started for event in events if event.HasField("attempt_started")]
    assert [attempt.number for attempt in attempts] == list(range(1, len(attempts) + 1))
    assert attempts[-1].model == "lab/parrot"
    if len(attempts) > 1:
        assert attempts[-1].previous_error.reason == "RATE_LIMITED"


async def test_a_failover_is_logged_as_a_warning_and_the_line_of_the_call_says_what_it_took(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub,
) -> None:
    request = ask("hello")
    request.preferences.model = "lab/down"
    request.preferences.fallback_models.append("lab/parrot")
    with capture_logs() as lines:
        _, error = await listen(stub, request)
    assert error is None
    levels = {line["event"]: line["log_level"] for line in lines}
    assert levels.items() >= {"attempt failed": "warning", "failover": "warning", "call": "info"}.items()
    [call] = [line for line in lines if line["event"] == "call"]
    assert (call["category"], call["model"], call["attempts"]) == ("general", "lab/parrot", 2)
    assert 0 <= call["first_token_ms"] <= call["duration_ms"]
    assert call["phases_ms"].keys() == {"check", "route", "queue", "connect", "first_token", "stream", "record"}


async def test_a_request_that_is_rejected_gets_no_event(stub: ymera_pb2_grpc.YmeraServiceAsyncStub) -> None:
    events, error = await listen(stub, ask("", "lab/parrot"))
    assert not events
    assert error is not None
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_deadline_ends_the_stream_with_a_typed_event_before_grpc_cuts_it(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub,
) -> None:
    events, error = await listen(stub, ask("hello", "lab/stall"), seconds=1.0)
    assert check_conversation(events)[-2:] == ["text_delta", "cancelled"]
    assert events[-1].cancelled.error.reason == "DEADLINE_EXCEEDED"
    assert error is not None
    assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED


async def test_cancelling_stops_the_provider_and_is_recorded(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub, routing_stub: routing_pb2_grpc.RoutingServiceAsyncStub, lab: Lab
) -> None:
    call = stub.ExecuteStream(ask("hello there", "lab/stall"), timeout=WAIT)
    request_id = ""
    async for event in call:
        request_id = request_id or event.started.request_id
        if event.HasField("text_delta"):
            break
    call.cancel()
    async with asyncio.timeout(WAIT):
        await lab.provider.closed.wait()
        execution = await recorded(routing_stub, request_id)
    assert execution.status == routing_pb2.EXECUTION_STATUS_CANCELLED
    assert execution.usage.estimated
    assert execution.usage.output_tokens > 0


async def recorded(stub: routing_pb2_grpc.RoutingServiceAsyncStub, request_id: str) -> routing_pb2.Execution:
    """Returns an execution. Polls, as nothing signals when that of a cancelled call is stored."""
    while True:
        try:
            request = routing_pb2.GetExecutionRequest(request_id=request_id)
            return (await stub.GetExecution(request, timeout=WAIT)).execution
        except grpc.aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.NOT_FOUND:
                raise
        await asyncio.sleep(0.01)


async def test_cancelling_before_the_first_word_stops_the_provider(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub, lab: Lab
) -> None:
    call = stub.ExecuteStream(ask("hello", "lab/hang"), timeout=WAIT)
    async with asyncio.timeout(WAIT):
        await call.read()
        await lab.provider.reached.wait()
        call.cancel()
        await lab.provider.closed.wait()


@pytest.mark.parametrize("seconds", [2.5, 10.02])
async def test_the_terminal_event_arrives_before_any_deadline_of_the_caller(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub, seconds: float
) -> None:
    """Deadlines of 10 s and more are rounded up to a tenth of a second on their way to the server."""
    streams = [listen(stub, ask("hello", "lab/stall"), seconds=seconds) for _ in range(10)]
    async with asyncio.timeout(seconds + WAIT):
        ended = await asyncio.gather(*streams)
    assert [check_conversation(events)[-1] for events, _ in ended] == ["cancelled"] * 10
    assert {events[-1].cancelled.error.reason for events, _ in ended} == {"DEADLINE_EXCEEDED"}


@pytest.mark.parametrize("model", ["lab/hang", "lab/stall"])
async def test_a_unary_caller_that_disconnects_stops_the_provider(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub, lab: Lab, model: str
) -> None:
    streamed = ask("hello", model)
    call = stub.Execute(
        ymera_pb2.ExecuteRequest(prompt=streamed.prompt, preferences=streamed.preferences), timeout=WAIT
    )
    async with asyncio.timeout(WAIT):
        await lab.provider.reached.wait()
        call.cancel()
        await lab.provider.closed.wait()


async def test_a_benchmark_that_is_cancelled_keeps_its_results(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub, lab: Lab
) -> None:
    request = ymera_pb2.BenchmarkRequest(models=["lab/hang"], concurrency=1)
    call = stub.Benchmark(request, timeout=WAIT)
    async with asyncio.timeout(WAIT):
        await call.read()
        await lab.provider.reached.wait()
        call.cancel()
        await lab.provider.closed.wait()
