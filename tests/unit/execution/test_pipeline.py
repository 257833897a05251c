"""The pipeline: exactly one terminal event, a whole answer is the stream collected."""

import asyncio

import pytest

from tests.unit.execution.scripted import (
    COUNTED,
    DONE,
    HANG,
    HELLO,
    WAIT,
    OpenHarness,
    errors_of,
    models_of,
)
from ymera_service.execution.events import AttemptStarted, Ended, Started
from ymera_service.execution.facts import Execution
from ymera_service.execution.observers import Observers
from ymera_service.resilience.retries import RetryBudgets
from ymera_service.sdk.content import Citation, Message, Reasoning, Role, Text, ToolCall, ToolResult, user
from ymera_service.sdk.errors import (
    InternalError,
    ProviderServerError,
    ShuttingDown,
)
from ymera_service.sdk.events import (
    Accepted,
    CitationFound,
    Finished,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
)
from ymera_service.sdk.generation import (
    FinishReason,
    Prompt,
    Usage,
)
from ymera_service.storage.records import ExecutionStatus
from ymera_service.telemetry.timing import Timings


async def test_a_stream_starts_attempts_answers_and_ends_once(harness: OpenHarness) -> None:
    async with harness({"one": [HELLO]}) as here:
        events = await here.stream()
        assert [type(event) for event in events] == [Started, AttemptStarted, TextDelta, TextDelta, Ended]
        end = events[-1].execution
        assert end.status is ExecutionStatus.COMPLETED
        assert (end.answering.target.model, end.answering.finish_reason) == ("acme/one", FinishReason.STOP)
        assert end.consumption.cost_micros == 16
        assert errors_of(end) == [""]
        assert await here.record() == (ExecutionStatus.COMPLETED, Usage(10, 3), 16, False)
        assert here.provider.calls[0].stream


async def test_a_whole_answer_is_the_stream_collected(harness: OpenHarness) -> None:
    script = [
        Accepted(),
        ReasoningDelta("Let me "),
        ReasoningDelta("think.", b"proof"),
        TextDelta("Hel"),
        TextDelta("lo"),
        CitationFound(Citation("https://example.org")),
        ToolCallDelta(0, "a", "look", '{"x"'),
        ToolCallDelta(1, "b", "see", "{}"),
        ToolCallDelta(0, arguments=":1}"),
        COUNTED,
        Finished(FinishReason.TOOL_CALLS),
    ]
    async with harness({"one": [script]}) as here:
        answer = await here.pipeline.execute(here.request(), Timings())
        calls = (ToolCall("a", "look", '{"x":1}'), ToolCall("b", "see", "{}"))
        [message] = answer.messages
        assert message.parts == (Reasoning("Let me think.", b"proof"), Text("Hello"), *calls)
        assert answer.citations == (Citation("https://example.org"),)
        answering = answer.execution.answering
        assert answering is not None
        assert answering.tool_calls == calls
        assert not here.provider.calls[0].stream


async def test_how_fast_a_target_answers_is_learned_from_counted_answers(harness: OpenHarness) -> None:
    estimated = [Accepted(), TextDelta("Hello"), DONE]
    async with harness({"one": [estimated, HELLO]}) as here:
        for known in (False, True):
            await here.stream()
            await here.pipeline.observers.flush()
            decision = await here.pipeline.route(here.request(), Timings())
            assert (decision.candidates[0].expected_latency is not None) == known


async def test_a_stopping_server_ends_streams_as_cancelled(harness: OpenHarness) -> None:
    async with harness({"one": [[Accepted(), TextDelta("Hel"), HANG]]}) as here:
        task = asyncio.create_task(here.stream())
        await asyncio.wait_for(here.provider.hanging.wait(), WAIT)
        here.pipeline.slots.close()
        await asyncio.wait_for(here.pipeline.stop(), WAIT)
        end = (await task)[-1].execution
        assert end.status is ExecutionStatus.CANCELLED
        assert isinstance(end.error, ShuttingDown)
        with pytest.raises(ShuttingDown):
            await here.stream()


async def test_a_session_stays_with_the_target_that_answered(harness: OpenHarness) -> None:
    async with harness({"one": [HELLO], "two": [HELLO], "three": [HELLO]}) as here:
        first = await here.end_of(here.request(session_id="s", allow_models=("acme/two",)))
        await here.pipeline.observers.flush()
        models = [models_of(await here.end_of(here.request(session_id="s"))) for _ in range(5)]
        assert models == [models_of(first)] * 5


async def test_the_answer_to_a_tool_call_goes_to_the_target_that_made_it(harness: OpenHarness) -> None:
    """model → the caller's tool result → model, without a session: the same model, with all its attempts."""
    calls = [Accepted(), ToolCallDelta(0, "call-1", "look", "{}"), COUNTED, Finished(FinishReason.TOOL_CALLS)]
    scripts = {"one": [HELLO], "three": [HELLO], "two": [calls, [ProviderServerError("x")], HELLO]}
    async with harness(scripts) as here:
        answer = await here.pipeline.execute(here.request(allow_models=("acme/two",)), Timings())
        await here.pipeline.observers.flush()
        result = Message(Role.TOOL, (ToolResult("call-1", (Text("42"),)),))
        prompt = Prompt((user("Look."), *answer.messages, result))
        end = await here.end_of(here.request(prompt=prompt, deny_models=("acme/one", "acme/three")))
        assert models_of(end) == ["acme/two", "acme/two"]
        end = await here.end_of(here.request(prompt=prompt))
        assert models_of(end) == ["acme/two"]
        assert end.decision is not None
        assert end.decision.session_affinity


async def test_the_time_is_reported_per_phase(harness: OpenHarness) -> None:
    async with harness({"one": [HELLO]}) as here:
        await here.stream()
        phases = [entry.split(";")[0] for entry in here.timings.header().split(", ")]
        assert phases == ["route", "queue", "connect", "first_token", "stream", "record"]


async def test_an_observer_that_fails_or_hangs_affects_neither_replies_nor_the_next_observer(
    harness: OpenHarness,
) -> None:
    class Failing:
        name = "failing"

        async def observe(self, execution: Execution) -> None:
            raise ZeroDivisionError

    class Seeing:
        name = "seeing"

        def __init__(self) -> None:
            self.seen: list[str] = []

        async def observe(self, execution: Execution) -> None:
            self.seen.append(execution.request.request_id)

    seeing = Seeing()
    async with harness({"one": [HELLO]}) as here:
        here.pipeline.observers = Observers([Failing(), seeing])
        assert (await here.end_of()).status is ExecutionStatus.COMPLETED
        await here.pipeline.observers.flush()
        assert seeing.seen == ["request-1"]


async def test_a_defect_inside_still_ends_the_stream_once(
    harness: OpenHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with harness({"one": [HELLO]}) as here:
        monkeypatch.setattr(RetryBudgets, "of", lambda *_: 1 / 0)
        end = await here.end_of()
        assert end.status is ExecutionStatus.TRUNCATED
        assert isinstance(end.error, InternalError)
