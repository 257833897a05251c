"""What is recorded, and what happens while it can't be."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.execution.scripted import (
    COUNTED,
    DONE,
    HANG,
    HELLO,
    WAIT,
    ListSink,
    OpenHarness,
    both,
    errors_of,
)
from ymera_service.config import ExecutionSettings
from ymera_service.execution.events import AttemptStarted, Ended, ExecutionEvent
from ymera_service.execution.reading import turns_from_json
from ymera_service.routing.stored import from_json
from ymera_service.sdk.context import Attribution
from ymera_service.sdk.errors import (
    ProviderServerError,
    RecordingUnavailable,
    StorageUnavailable,
)
from ymera_service.sdk.events import (
    Accepted,
    Finished,
    ResponseStarted,
    TextDelta,
)
from ymera_service.sdk.generation import (
    Adaptation,
    AdaptationKind,
    FinishReason,
)
from ymera_service.storage import Journal
from ymera_service.storage.records import ExecutionStatus
from ymera_service.telemetry.timing import Timings


async def test_the_record_is_durable_before_the_terminal_event(harness: OpenHarness) -> None:
    class Checking(ListSink):
        def try_send(self, event: ExecutionEvent) -> bool:
            return not isinstance(event, Ended)

        async def send(self, event: ExecutionEvent) -> None:
            if isinstance(event, Ended):
                statuses.append((await here.record())[0])

    statuses: list[ExecutionStatus] = []
    async with harness({"one": [HELLO]}) as here:
        await here.stream(sink=Checking())
        assert statuses == [ExecutionStatus.COMPLETED]


async def test_words_that_can_not_be_encoded_lose_no_record(harness: OpenHarness) -> None:
    async with harness(both([ProviderServerError("caf\udce9", type="\ud800")], HELLO)) as here:
        events = await here.stream()
        assert events[2].previous_error.message == "caf?"
        assert (await here.record())[0] is ExecutionStatus.COMPLETED


async def test_providers_learn_who_a_request_is_for_and_labels_are_recorded_with_it(harness: OpenHarness) -> None:
    who = Attribution("agent", "user-7", {"team": "search"})
    async with harness({"one": [HELLO]}) as here:
        await here.stream(replace(here.request(), attribution=who))
        assert [context.attribution for context in here.provider.contexts] == [who]
        record = await here.database.executions.get("request-1")
        assert record is not None
        assert (record.agent_name, record.end_user, record.labels) == ("agent", "user-7", {"team": "search"})


async def test_what_a_provider_says_of_its_answer_is_recorded_cleaned_and_cut(harness: OpenHarness) -> None:
    said = ResponseStarted("resp-1\0", "large-2026-11-01" + "x" * 1000)
    stopped = Finished(FinishReason.STOP, raw_reason="stop_sequence", stop_sequence="END")
    noisy = Accepted((Adaptation(AdaptationKind.DROPPED, "f", "\0" + "y" * 1000),) * 99)
    async with harness({"one": [[noisy, said, TextDelta("Hi"), COUNTED, stopped]]}) as here:
        [attempt] = (await here.end_of()).attempts
        assert (attempt.response_id, attempt.raw_finish_reason, attempt.stop_sequence) == (
            "resp-1?",
            "stop_sequence",
            "END",
        )
        assert attempt.response_model.startswith("large-2026-11-01x")
        assert len(attempt.response_model) == 256
        assert (len(attempt.adaptations), len(attempt.adaptations[0].detail)) == (32, 256)
        record = await here.database.executions.get("request-1")
        assert record is not None
        [turn] = turns_from_json(record.attempts)
        assert replace(turn.attempts[0], began_at=attempt.began_at) == attempt


async def test_options_go_to_their_provider_and_adaptations_are_recorded(harness: OpenHarness) -> None:
    dropped = Adaptation(AdaptationKind.DROPPED, "prompt.sampling.seed", "there is none")
    async with harness({"one": [[Accepted((dropped,)), TextDelta("Hi"), COUNTED, DONE]]}) as here:
        options = {"acme": {"tier": "flex"}, "other": {"tier": "none"}}
        end = await here.end_of(replace(here.request(), options=options, strict=True))
        assert [(call.options, call.strict) for call in here.provider.calls] == [({"tier": "flex"}, True)]
        assert [attempt.adaptations for attempt in end.attempts] == [(dropped,)]
        record = await here.database.executions.get("request-1")
        assert record is not None
        [turn] = turns_from_json(record.attempts)
        assert turn.attempts[0].adaptations == (dropped,)


async def test_a_caller_that_disconnects_stops_the_provider_and_is_recorded(harness: OpenHarness) -> None:
    async with harness({"one": [[Accepted(), TextDelta("Hello you"), HANG]]}) as here:
        task = asyncio.create_task(here.stream())
        await asyncio.wait_for(here.provider.hanging.wait(), WAIT)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert here.provider.closed == 1
        await here.pipeline.stop()
        status, usage, cost, estimated = await here.record()
        assert (status, estimated) == (ExecutionStatus.CANCELLED, True)
        assert usage.output_tokens == 3
        assert cost == usage.input_tokens + 6
        assert (here.pipeline.slots.in_flight, here.pipeline.slots.queued) == (0, 0)


async def test_an_execution_without_a_durable_record_fails(harness: OpenHarness) -> None:
    async with harness({"one": [[Accepted(), COUNTED, DONE], HELLO]}) as here:
        await here.recorder.__aexit__(None, None, None)
        end = await here.end_of()
        assert end.status is ExecutionStatus.FAILED
        assert isinstance(end.error, StorageUnavailable)
        assert (await here.end_of()).status is ExecutionStatus.TRUNCATED
        answer = await here.pipeline.execute(here.request(), Timings())
        assert isinstance(answer.execution.error, StorageUnavailable)


async def test_no_target_is_called_while_records_cant_be_written(harness: OpenHarness) -> None:
    async with harness({"one": [HELLO]}) as here:
        here.recorder.failure = "the disk is full"
        sink = ListSink()
        for refused in (
            here.stream(sink=sink),
            here.pipeline.execute(here.request(), Timings()),
            here.pipeline.route(here.request(), Timings()),
        ):
            with pytest.raises(RecordingUnavailable) as caught:
                await refused
            assert caught.value.retry_after
        assert (here.provider.calls, sink.events, here.pipeline.slots.in_flight) == ([], [], 0)
        here.recorder.failure = ""
        assert (await here.end_of()).status is ExecutionStatus.COMPLETED


async def test_the_longest_errors_of_providers_fit_into_the_journal(harness: OpenHarness, tmp_path: Path) -> None:
    wordy = [ProviderServerError("é" * 5000, code="é" * 5000)]
    scripts = {f"model-{number}": [wordy] for number in range(16)}
    async with harness(scripts, execution=ExecutionSettings(max_attempts=16)) as here:
        with Journal.open(tmp_path / "calls") as journal:
            here.recorder._journal = journal
            end = await here.end_of()
        assert len(list(end.attempts)) == 16
        assert set(errors_of(end)) == {"PROVIDER_SERVER_ERROR"}


async def test_a_further_attempt_is_not_made_when_records_cant_be_written_any_more(harness: OpenHarness) -> None:
    class Breaking(ListSink):
        def try_send(self, event: ExecutionEvent) -> bool:
            if isinstance(event, AttemptStarted) and event.number == 2:
                here.recorder.failure = "the disk is full"
            return super().try_send(event)

    async with harness(both([ProviderServerError("broken")], HELLO)) as here:
        events = await here.stream(sink=Breaking())
        assert isinstance(events[-1].execution.error, RecordingUnavailable)
        assert len(here.provider.calls) == 1


async def test_route_records_the_decision_and_calls_no_model(harness: OpenHarness) -> None:
    async with harness({"one": [HELLO]}) as here:
        decision = await here.pipeline.route(here.request(), Timings())
        record = await here.database.executions.get("request-1")
        assert record
        assert record.status is ExecutionStatus.ROUTED
        assert from_json(record.decision) == decision
        assert here.provider.calls == []
