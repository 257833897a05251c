"""A request's journey: one way through, failover before the first part, exactly one end, always recorded."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ymera_service.catalog import Catalog
from ymera_service.config import BreakerSettings, CatalogSettings, ExecutionSettings, RoutingSettings
from ymera_service.execution.events import (
    AttemptStarted,
    Cancelled,
    Completed,
    ExecutionRequest,
    Failed,
    Started,
    Truncated,
)
from ymera_service.execution.journey import Executor
from ymera_service.resilience.admission import Admission
from ymera_service.resilience.breaker import Breakers, BreakerState
from ymera_service.routing.decision import Preferences, Weights, from_json
from ymera_service.routing.evidence import Evidence
from ymera_service.routing.router import Router
from ymera_service.routing.sessions import Sessions
from ymera_service.sdk.content import Citation, Reasoning, Text, ToolCall, user
from ymera_service.sdk.errors import (
    AuthenticationFailed,
    ConnectionFailed,
    ContentFiltered,
    DeadlineExceeded,
    InternalError,
    NoEligibleModel,
    NoHealthyModel,
    Overloaded,
    ProviderError,
    ProviderServerError,
    ProviderTimeout,
    RateLimited,
    ShuttingDown,
    StorageUnavailable,
    StreamInterrupted,
)
from ymera_service.sdk.events import (
    Accepted,
    CitationFound,
    Finished,
    ProviderEvent,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from ymera_service.sdk.generation import FinishReason, GenerateRequest, Prompt, Usage
from ymera_service.sdk.models import ModelInfo, Price
from ymera_service.storage import Database, Recorder
from ymera_service.storage.records import ExecutionStatus
from ymera_service.telemetry.timing import Timings

HANG = object()
"""In a script: wait until cancelled."""

Step = ProviderEvent | Exception | object
DONE = Finished(FinishReason.STOP)
COUNTED = UsageReported(Usage(input_tokens=10, output_tokens=3))
HELLO: Sequence[Step] = (Accepted(), TextDelta("Hel"), TextDelta("lo"), COUNTED, DONE)
PRICE = Price(input=1_000_000, output=2_000_000)
"""One micro-USD per input token, two per output token."""


class ScriptedProvider:
    """Plays a script per call of a model: its first call plays the first script, and so on; the last repeats."""

    def __init__(self, name: str, scripts: Mapping[str, Sequence[Sequence[Step]]]) -> None:
        self.name = name
        self._scripts = scripts
        self.calls: list[GenerateRequest] = []
        self.hanging = asyncio.Event()
        self.closed = 0

    async def models(self) -> Sequence[ModelInfo]:
        return [ModelInfo(model, price=None if model == "unpriced" else PRICE) for model in self._scripts]

    async def generate(self, request: GenerateRequest) -> AsyncGenerator[ProviderEvent, None]:
        scripts = self._scripts[request.model]
        turn = sum(call.model == request.model for call in self.calls)
        self.calls.append(request)
        try:
            for step in scripts[min(turn, len(scripts) - 1)]:
                if isinstance(step, BaseException):
                    raise step
                if step is HANG:
                    self.hanging.set()
                    await asyncio.Event().wait()
                await asyncio.sleep(0)
                yield step  # type: ignore[misc]  # what is neither is an event
        finally:
            self.closed += 1


class OneCategory:
    name = "fixed"

    def classify(self, prompt: Prompt) -> Mapping[str, float]:
        return {"general": 1.0}


@dataclass
class House:
    """The rooms that a request passes, with a scripted provider at the end."""

    executor: Executor
    provider: ScriptedProvider
    database: Database
    recorder: Recorder
    breakers: Breakers
    admission: Admission
    timings: Timings = field(default_factory=Timings)
    requests: int = 0

    def request(self, *, deadline: float = 30, **preferences: object) -> ExecutionRequest:
        self.requests += 1
        return ExecutionRequest(
            f"request-{self.requests}",
            Prompt((user("Say hello."),)),
            Preferences(**preferences),  # type: ignore[arg-type]  # the tests' own words
            asyncio.get_running_loop().time() + deadline,
        )

    async def stream(self, request: ExecutionRequest | None = None) -> list[Any]:
        return [event async for event in self.executor.stream(request or self.request(), self.timings)]

    async def record(self) -> tuple[ExecutionStatus, Usage, int | None, bool]:
        record = await self.database.executions.get(f"request-{self.requests}")
        assert record is not None
        return record.status, record.usage, record.cost_micros, record.usage_estimated


OpenHouse = Callable[..., AbstractAsyncContextManager[House]]


@pytest.fixture
def house(tmp_path: Path) -> OpenHouse:
    @asynccontextmanager
    async def open_house(
        scripts: Mapping[str, Sequence[Sequence[Step]]],
        *,
        execution: ExecutionSettings | None = None,
        breaker: BreakerSettings | None = None,
        max_concurrent: int = 8,
        max_queued: int = 8,
    ) -> AsyncIterator[House]:
        provider = ScriptedProvider("acme", scripts)
        catalog = Catalog({"acme": provider}, CatalogSettings())
        await catalog.refresh()
        loop = asyncio.get_running_loop()
        evidence, sessions = Evidence(), Sessions(10)
        breakers = Breakers(breaker or BreakerSettings(), loop.time)
        admission = Admission(max_concurrent, max_queued)
        router = Router(catalog, evidence, breakers, OneCategory(), RoutingSettings(), sessions=sessions)
        async with Database.open(f"sqlite:///{tmp_path / 'ymera.db'}") as database, Recorder(database) as recorder:
            executor = Executor(
                admission=admission,
                router=router,
                catalog=catalog,
                breakers=breakers,
                evidence=evidence,
                sessions=sessions,
                recorder=recorder,
                settings=execution or ExecutionSettings(),
            )
            yield House(executor, provider, database, recorder, breakers, admission)

    return open_house


def both(first: Sequence[Step], second: Sequence[Step]) -> Mapping[str, Sequence[Sequence[Step]]]:
    """Two models alike, of which whichever is first plays the first script and the other the second."""
    turns = iter((first, second))

    class Turns(Sequence[Sequence[Step]]):
        def __len__(self) -> int:
            return 1

        def __getitem__(self, index: object) -> Sequence[Step]:  # type: ignore[override]  # one is enough here
            return next(turns)

    return {"one": Turns(), "two": Turns()}


async def test_a_stream_starts_attempts_answers_and_ends_once(house: OpenHouse) -> None:
    async with house({"one": [HELLO]}) as here:
        events = await here.stream()
        assert [type(event) for event in events] == [Started, AttemptStarted, TextDelta, TextDelta, Completed]
        end = events[-1]
        assert (end.model, end.finish_reason) == ("acme/one", FinishReason.STOP)
        assert end.consumption.cost_micros == 16
        assert [attempt.error for attempt in end.decision.attempts] == [None]
        assert await here.record() == (ExecutionStatus.COMPLETED, Usage(10, 3), 16, False)
        assert here.provider.calls[0].stream


async def test_the_record_is_durable_before_the_terminal_event(house: OpenHouse) -> None:
    async with house({"one": [HELLO]}) as here:
        async for event in here.executor.stream(here.request(), Timings()):
            if isinstance(event, Completed):
                assert (await here.record())[0] is ExecutionStatus.COMPLETED


async def test_unary_is_the_streamed_journey_collected(house: OpenHouse) -> None:
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
    async with house({"one": [script]}) as here:
        answer = await here.executor.execute(here.request(), Timings())
        assert answer.message.parts == (
            Reasoning("Let me think.", b"proof"),
            Text("Hello"),
            ToolCall("a", "look", '{"x":1}'),
            ToolCall("b", "see", "{}"),
        )
        assert answer.citations == (Citation("https://example.org"),)
        assert not here.provider.calls[0].stream


@pytest.mark.parametrize("error", [ConnectionFailed("x"), AuthenticationFailed("x"), RateLimited("x")], ids=type)
async def test_a_model_failing_before_its_first_part_is_replaced(house: OpenHouse, error: ProviderError) -> None:
    async with house(both([error], HELLO)) as here:
        events = await here.stream()
        assert [type(event) for event in events[:3]] == [Started, AttemptStarted, AttemptStarted]
        assert events[2].previous_error.reason == error.reason
        assert isinstance(events[-1], Completed)
        assert [bool(attempt.error) for attempt in events[-1].decision.attempts] == [True, False]
        assert (await here.record())[2] == 16


async def test_a_model_that_hangs_before_its_first_part_is_replaced(house: OpenHouse) -> None:
    quick = ExecutionSettings(first_token_seconds=0.02)
    async with house(both([Accepted(), HANG], HELLO), execution=quick) as here:
        events = await here.stream()
        assert events[2].previous_error.reason == ProviderTimeout.reason
        assert isinstance(events[-1], Completed)
        assert here.provider.closed == 2


async def test_after_the_first_part_a_failure_truncates_and_what_was_written_is_estimated(
    house: OpenHouse,
) -> None:
    script = [Accepted(), TextDelta("0123456789" * 4), StreamInterrupted("cut")]
    async with house({"one": [script], "two": [script]}) as here:
        events = await here.stream()
        end = events[-1]
        assert isinstance(end, Truncated)
        assert end.error.reason == StreamInterrupted.reason
        assert len(end.decision.attempts) == 1
        status, usage, cost, estimated = await here.record()
        assert (status, estimated) == (ExecutionStatus.TRUNCATED, True)
        assert usage.output_tokens == 10
        assert cost == usage.input_tokens + 20


async def test_a_stream_that_ends_without_the_providers_end_is_truncated(house: OpenHouse) -> None:
    async with house({"one": [[Accepted(), TextDelta("Hel")]]}) as here:
        end = (await here.stream())[-1]
        assert isinstance(end, Truncated)
        assert isinstance(end.error, StreamInterrupted)


async def test_a_model_that_pauses_for_too_long_truncates(house: OpenHouse) -> None:
    quick = ExecutionSettings(idle_seconds=0.02)
    async with house({"one": [[Accepted(), TextDelta("Hel"), HANG]]}, execution=quick) as here:
        end = (await here.stream())[-1]
        assert isinstance(end, Truncated)
        assert "paused for more than 0.02 s" in end.error.message


async def test_in_unary_even_a_half_written_answer_is_replaced_and_both_are_paid(house: OpenHouse) -> None:
    broken = [Accepted(), TextDelta("garbage!"), StreamInterrupted("cut")]
    async with house(both(broken, HELLO)) as here:
        answer = await here.executor.execute(here.request(), Timings())
        assert answer.message.text == "Hello"
        assert answer.consumption.usage.output_tokens == 3 + 2
        assert answer.consumption.estimated


@pytest.mark.parametrize("weights", [Weights(0, 0, 1), Weights(1, 0, 0)], ids=["priced-first", "unpriced-first"])
async def test_a_cost_of_which_a_part_is_unknown_is_unknown(house: OpenHouse, weights: Weights) -> None:
    scripts = dict(
        zip(("unpriced", "zebra"), both([*HELLO[:3], StreamInterrupted("cut")], HELLO).values(), strict=True)
    )
    async with house(scripts) as here:
        answer = await here.executor.execute(here.request(weights=weights), Timings())
        assert answer.consumption.usage.output_tokens > 3
        assert answer.consumption.cost_micros is None
        assert (await here.record())[2] is None


async def test_a_filtered_prompt_is_not_taken_to_another_model(house: OpenHouse) -> None:
    async with house({"one": [[ContentFiltered("no")]], "two": [[ContentFiltered("no")]]}) as here:
        end = (await here.stream())[-1]
        assert isinstance(end, Failed)
        assert len(end.decision.attempts) == 1


async def test_the_only_model_is_tried_again_when_it_may_recover(house: OpenHouse) -> None:
    async with house({"one": [[ProviderServerError("x")], HELLO]}) as here:
        events = await here.stream()
        assert isinstance(events[-1], Completed)
        assert [attempt.model for attempt in events[-1].decision.attempts] == ["acme/one", "acme/one"]


async def test_it_is_not_tried_again_when_the_wait_outlasts_the_deadline(
    house: OpenHouse,
) -> None:
    async with house({"one": [[RateLimited("x", retry_after=100)]]}) as here:
        end = (await here.stream())[-1]
        assert isinstance(end, Failed)
        assert end.error.retry_after == 100
        assert len(end.decision.attempts) == 1


async def test_attempts_are_bounded(house: OpenHouse) -> None:
    down = [[ConnectionFailed("x")]]
    many = {f"m{number}": down for number in range(9)}
    async with house(many, execution=ExecutionSettings(max_attempts=3)) as here:
        end = (await here.stream())[-1]
        assert isinstance(end, Failed)
        assert isinstance(end.error, ConnectionFailed)
        assert len({attempt.model for attempt in end.decision.attempts}) == 3


async def test_a_model_that_keeps_failing_is_left_alone_and_then_refused(house: OpenHouse) -> None:
    settings = BreakerSettings(failures=2, open_seconds=60, max_open_seconds=60)
    one_try = ExecutionSettings(max_attempts=1)
    down = {"one": [[ConnectionFailed("x")]]}
    async with house(down, breaker=settings, execution=one_try) as here:
        await here.stream()
        await here.stream()
        assert here.breakers.of("acme/one").state is BreakerState.OPEN
        with pytest.raises(NoHealthyModel) as error:
            await here.stream()
        assert 0 < (error.value.retry_after or 0) <= 60
        assert len(here.provider.calls) == 2


@pytest.mark.parametrize("stranger", [ValueError("oops"), asyncio.CancelledError()], ids=repr)
async def test_a_strangers_exception_counts_as_the_providers_failure(house: OpenHouse, stranger: BaseException) -> None:
    async with house(both([stranger], HELLO)) as here:
        events = await here.stream()
        assert events[2].previous_error.reason == ProviderServerError.reason
        assert isinstance(events[-1], Completed)


@pytest.mark.parametrize("count", [-1, 2**64, 10**30])
async def test_a_count_that_can_not_be_is_taken_for_none(house: OpenHouse, count: int) -> None:
    async with house({"one": [[Accepted(), TextDelta("Hello"), UsageReported(Usage(count, count)), DONE]]}) as here:
        events = await here.stream()
        assert isinstance(events[-1], Completed)
        status, usage, _, estimated = await here.record()
        assert (status, estimated) == (ExecutionStatus.COMPLETED, True)
        assert 0 < usage.input_tokens < 100
        assert 0 < usage.output_tokens < 100


@pytest.mark.parametrize("before", [[], [Accepted()], [Accepted(), TextDelta("Hel")]], ids=len)
async def test_the_deadline_cancels_whatever_is_under_way(house: OpenHouse, before: list[Step]) -> None:
    async with house({"one": [[*before, HANG]]}) as here:
        end = (await here.stream(here.request(deadline=0.05)))[-1]
        assert isinstance(end, Cancelled)
        assert isinstance(end.error, DeadlineExceeded)
        assert here.provider.closed == 1
        status, usage, _, estimated = await here.record()
        assert status is ExecutionStatus.CANCELLED
        assert (usage.input_tokens > 0) == estimated == bool(before)


async def test_a_caller_who_goes_away_stops_the_provider_and_is_still_accounted_for(
    house: OpenHouse,
) -> None:
    async with house({"one": [[Accepted(), TextDelta("Hello you"), HANG]]}) as here:
        task = asyncio.create_task(here.stream())
        await asyncio.wait_for(here.provider.hanging.wait(), 5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert here.provider.closed == 1
        await here.executor.stop()
        status, usage, cost, estimated = await here.record()
        assert (status, estimated) == (ExecutionStatus.CANCELLED, True)
        assert usage.output_tokens == 3
        assert cost == usage.input_tokens + 6
        assert (here.admission.in_flight, here.admission.queued) == (0, 0)


async def test_a_reader_who_stops_reading_is_recorded_as_cancelled(house: OpenHouse) -> None:
    async with house({"one": [HELLO]}) as here:
        async with aclosing(here.executor.stream(here.request(), Timings())) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    break
        await here.executor.stop()
        assert (await here.record())[0] is ExecutionStatus.CANCELLED
        assert here.provider.closed == 1


async def test_a_stopping_server_ends_streams_as_cancelled(house: OpenHouse) -> None:
    async with house({"one": [[Accepted(), TextDelta("Hel"), HANG]]}) as here:
        task = asyncio.create_task(here.stream())
        await asyncio.wait_for(here.provider.hanging.wait(), 5)
        here.admission.close()
        await asyncio.wait_for(here.executor.stop(), 5)
        end = (await task)[-1]
        assert isinstance(end, Cancelled)
        assert isinstance(end.error, ShuttingDown)
        with pytest.raises(ShuttingDown):
            await here.stream()


async def test_without_a_durable_record_there_is_no_success(house: OpenHouse) -> None:
    async with house({"one": [[Accepted(), COUNTED, DONE], HELLO]}) as here:
        await here.recorder.__aexit__(None, None, None)
        end = (await here.stream())[-1]
        assert isinstance(end, Failed)
        assert isinstance(end.error, StorageUnavailable)
        end = (await here.stream())[-1]
        assert isinstance(end, Truncated)
        with pytest.raises(StorageUnavailable):
            await here.executor.execute(here.request(), Timings())


async def test_a_full_house_refuses_before_the_first_event(house: OpenHouse) -> None:
    async with house({"one": [[Accepted(), HANG]]}, max_concurrent=1, max_queued=0) as here:
        task = asyncio.create_task(here.stream())
        await asyncio.wait_for(here.provider.hanging.wait(), 5)
        with pytest.raises(Overloaded):
            await here.stream()
        task.cancel()
        await asyncio.wait({task})


async def test_a_request_that_waits_for_a_place_gives_up_at_its_deadline(house: OpenHouse) -> None:
    async with house({"one": [[Accepted(), HANG]]}, max_concurrent=1) as here:
        task = asyncio.create_task(here.stream())
        await asyncio.wait_for(here.provider.hanging.wait(), 5)
        with pytest.raises(DeadlineExceeded):
            await here.stream(here.request(deadline=0.02))
        assert here.admission.queued == 0
        task.cancel()
        await asyncio.wait({task})


async def test_what_can_not_be_routed_leaves_no_place_taken(house: OpenHouse) -> None:
    async with house({"one": [HELLO]}) as here:
        with pytest.raises(NoEligibleModel):
            await here.stream(here.request(max_cost_micros=0))
        assert here.admission.in_flight == 0


async def test_a_session_stays_with_the_model_that_answered(house: OpenHouse) -> None:
    async with house({"one": [HELLO], "two": [HELLO], "three": [HELLO]}) as here:
        first = (await here.stream(here.request(session_id="s", allow_models=("acme/two",))))[-1]
        models = {(await here.stream(here.request(session_id="s")))[-1].model for _ in range(5)}
        assert models == {first.model}


async def test_a_decision_alone_is_recorded_and_calls_nobody(house: OpenHouse) -> None:
    async with house({"one": [HELLO]}) as here:
        routed = await here.executor.route(here.request(), Timings())
        record = await here.database.executions.get(routed.request_id)
        assert record
        assert record.status is ExecutionStatus.ROUTED
        assert from_json(record.decision) == routed.decision
        assert here.provider.calls == []


async def test_the_time_is_told_phase_by_phase(house: OpenHouse) -> None:
    async with house({"one": [HELLO]}) as here:
        await here.stream()
        phases = [entry.split(";")[0] for entry in here.timings.header().split(", ")]
        assert phases == ["queue", "route", "connect", "first_token", "stream", "record"]


async def test_a_defect_inside_still_ends_the_stream_once(house: OpenHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    async with house({"one": [HELLO]}) as here:
        monkeypatch.setattr(Sessions, "remember", lambda *_: 1 / 0)
        end = (await here.stream())[-1]
        assert isinstance(end, Truncated)
        assert isinstance(end.error, InternalError)
        assert (await here.record())[0] is ExecutionStatus.TRUNCATED
