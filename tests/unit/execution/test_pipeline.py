"""The pipeline: failover before the first part, exactly one terminal event, always recorded."""

import asyncio
import gc
import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from ymera_service.access.spending import Budget, Period
from ymera_service.catalog import Catalog
from ymera_service.config import BreakerSettings, CatalogSettings, ExecutionSettings, RoutingSettings
from ymera_service.execution.attempt import EVIDENCE_SECONDS
from ymera_service.execution.building import build_pipeline
from ymera_service.execution.events import AttemptStarted, Ended, ExecutionEvent, Started
from ymera_service.execution.facts import Execution, ExecutionRequest
from ymera_service.execution.limits import LEAST_SECONDS
from ymera_service.execution.observers import Observers
from ymera_service.execution.pipeline import Pipeline
from ymera_service.execution.reading import turns_from_json
from ymera_service.execution.stages import QUICK_SECONDS
from ymera_service.plugins.boundary import Boundary
from ymera_service.resilience.breaker import HOPELESS_ROWS, Breakers
from ymera_service.resilience.first_signs import ENOUGH
from ymera_service.resilience.retries import RetryBudgets
from ymera_service.resilience.slots import Slots
from ymera_service.routing.building import Routing
from ymera_service.routing.decision import Preferences
from ymera_service.routing.estimate import TYPICAL_OUTPUT_TOKENS, prompt_tokens, text_tokens
from ymera_service.routing.evidence import Evidence
from ymera_service.routing.readers import Readers
from ymera_service.routing.router import Router
from ymera_service.routing.sessions import Sessions
from ymera_service.routing.stored import from_json
from ymera_service.sdk.classifiers import Classifier, Reading
from ymera_service.sdk.content import Citation, Message, Reasoning, Role, Text, ToolCall, ToolResult, user
from ymera_service.sdk.context import Attribution, CallContext
from ymera_service.sdk.errors import (
    AuthenticationFailed,
    ConnectionFailed,
    ContentFiltered,
    DeadlineExceeded,
    FieldViolation,
    InternalError,
    InvalidProviderRequest,
    InvalidRequest,
    NoEligibleModel,
    NoHealthyModel,
    Overloaded,
    ProviderError,
    ProviderServerError,
    ProviderTimeout,
    RateLimited,
    RecordingUnavailable,
    ShuttingDown,
    StorageUnavailable,
    StreamInterrupted,
)
from ymera_service.sdk.events import (
    Accepted,
    CitationFound,
    Finished,
    KeepAlive,
    ProviderEvent,
    ReasoningDelta,
    ResponseStarted,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from ymera_service.sdk.generation import (
    Adaptation,
    AdaptationKind,
    FinishReason,
    GenerateRequest,
    Prompt,
    Sampling,
    Usage,
)
from ymera_service.sdk.models import Capability, ModelInfo, Price
from ymera_service.sdk.providers import Provider
from ymera_service.sdk.targets import Target
from ymera_service.storage import Database, Journal, Recorder
from ymera_service.storage.records import ExecutionStatus
from ymera_service.telemetry.timing import Timings

WAIT = 10.0
"""The bound on every wait of a test, in seconds."""
HANG = object()
"""In a script: wait until cancelled."""

HIDE = object()
"""In a script: wait until cancelled, and raise something else then."""


@dataclass(frozen=True)
class Pause:
    """In a script: wait for so many seconds."""

    seconds: float


Step = ProviderEvent | BaseException | object
DONE = Finished(FinishReason.STOP)
COUNTED = UsageReported(Usage(input_tokens=10, output_tokens=3))
HELLO: Sequence[Step] = (Accepted(), TextDelta("Hel"), TextDelta("lo"), COUNTED, DONE)
HELLO_PROMPT = Prompt((user("Say hello."),))
NEVER_OPEN = BreakerSettings(failures=1_000)
PRICE = Price(input=1_000_000, output=2_000_000, service_tiers={"flex": Price(500_000, 1_000_000)})
"""One micro-USD per input token, two per output token; half of that in the tier "flex"."""


class ScriptedProvider(Provider):
    """Runs a script per call of a model: the first call runs the first script, and so on; the last one repeats."""

    def __init__(self, name: str, scripts: Mapping[str, Sequence[Sequence[Step]]]) -> None:
        self.name = name
        self._scripts = scripts
        self.calls: list[GenerateRequest] = []
        self.contexts: list[CallContext] = []
        self.hanging = asyncio.Event()
        self.closed = 0

    async def models(self) -> Sequence[ModelInfo]:
        capabilities = frozenset(Capability)
        return [ModelInfo(name, capabilities, price=None if name == "unpriced" else PRICE) for name in self._scripts]

    def forget(self) -> None:
        """Releases all scripts."""
        self._scripts = {}

    async def generate(self, request: GenerateRequest, context: CallContext) -> AsyncGenerator[ProviderEvent, None]:
        scripts = self._scripts[request.model]
        turn = sum(call.model == request.model for call in self.calls)
        self.calls.append(request)
        self.contexts.append(context)
        try:
            for step in scripts[min(turn, len(scripts) - 1)]:
                if isinstance(step, BaseException):
                    raise step
                if step is HANG:
                    self.hanging.set()
                    await asyncio.Event().wait()
                if step is HIDE:
                    try:
                        await asyncio.Event().wait()
                    except asyncio.CancelledError:
                        raise ValueError("not a cancellation") from None
                if isinstance(step, Pause):
                    await asyncio.sleep(step.seconds)
                    continue
                await asyncio.sleep(0)
                yield step  # type: ignore[misc]  # what is neither is an event
        finally:
            self.closed += 1


class OneCategory(Classifier):
    name = "fixed"

    def read(self, prompt: Prompt) -> Reading:
        return Reading({"general": 1.0})


CLASSIFIERS = {"fixed": OneCategory()}


class ListSink:
    """Keeps every event; `ready` says whether it takes one at once."""

    def __init__(self) -> None:
        self.events: list[Any] = []

    def try_send(self, event: ExecutionEvent) -> bool:
        self.events.append(event)
        return True

    async def send(self, event: ExecutionEvent) -> None:
        self.events.append(event)


@dataclass
class Harness:
    """A pipeline on real parts, with a scripted provider at the end."""

    pipeline: Pipeline
    provider: ScriptedProvider
    database: Database
    recorder: Recorder
    breakers: Breakers
    timings: Timings = field(default_factory=Timings)
    requests: int = 0

    def request(self, *, deadline: float = 30, prompt: Prompt | None = None, **preferences: object) -> ExecutionRequest:
        self.requests += 1
        return ExecutionRequest(
            f"request-{self.requests}",
            prompt or HELLO_PROMPT,
            Preferences(**preferences),  # type: ignore[arg-type]  # the tests' own words
            asyncio.get_running_loop().time() + deadline,
        )

    async def stream(self, request: ExecutionRequest | None = None, sink: ListSink | None = None) -> list[Any]:
        sink = sink or ListSink()
        await asyncio.wait_for(self.pipeline.stream(request or self.request(), sink, self.timings), WAIT)
        return sink.events

    async def end_of(self, request: ExecutionRequest | None = None) -> Execution:
        last = (await self.stream(request))[-1]
        assert isinstance(last, Ended)
        return last.execution

    async def under_way(self, calls: int) -> None:
        """Returns once the provider has had so many calls."""
        async with asyncio.timeout(WAIT):
            while len(self.provider.calls) < calls:  # noqa: ASYNC110  # the scripts have no signal for it
                await asyncio.sleep(0.001)

    async def record(self) -> tuple[ExecutionStatus, Usage, int | None, bool]:
        record = await self.database.executions.get(f"request-{self.requests}")
        assert record is not None
        return record.status, record.usage, record.cost_micros, record.usage_estimated


OpenHarness = Callable[..., AbstractAsyncContextManager[Harness]]


@pytest.fixture
def harness(tmp_path: Path) -> OpenHarness:
    @asynccontextmanager
    async def open_harness(
        scripts: Mapping[str, Sequence[Sequence[Step]]],
        *,
        execution: ExecutionSettings | None = None,
        breaker: BreakerSettings | None = None,
        max_concurrent: int = 8,
        max_queued: int = 8,
        other: Mapping[str, Sequence[Sequence[Step]]] | None = None,
    ) -> AsyncIterator[Harness]:
        provider = ScriptedProvider("acme", scripts)
        catalog = Catalog({"acme": provider, "other": ScriptedProvider("other", other or {})}, CatalogSettings())
        await catalog.refresh()
        evidence, sessions, readers = Evidence(), Sessions(10), Readers(lambda: CLASSIFIERS)
        breakers = Breakers(breaker or BreakerSettings(), asyncio.get_running_loop().time)
        router = Router(
            catalog=catalog,
            evidence=evidence,
            sessions=sessions,
            open_domains=breakers.open_domains,
            paused_domains=breakers.pauses.domains,
            readers=readers,
            settings=RoutingSettings(),
            categories=lambda: (),
        )
        async with Database.open(f"sqlite:///{tmp_path / 'ymera.db'}") as database, Recorder(database) as recorder:
            pipeline = build_pipeline(
                routing=Routing(router, evidence, readers, sessions.remember, None),
                catalog=catalog,
                breakers=breakers,
                recorder=recorder,
                boundary=Boundary(),
                slots=Slots(max_concurrent, max_queued),
                settings=execution or ExecutionSettings(),
            )
            yield Harness(pipeline, provider, database, recorder, breakers)

    return open_harness


def errors_of(execution: Execution) -> list[str]:
    """The reasons of the attempts, empty for one that answered."""
    return [attempt.error.reason if attempt.error else "" for attempt in execution.attempts]


def models_of(execution: Execution) -> list[str]:
    return [attempt.target.model for attempt in execution.attempts]


def both(*scripts: Sequence[Step]) -> Mapping[str, Sequence[Sequence[Step]]]:
    """Two equal models: the first call of either runs the first script, the next call the second, and so on."""
    turns = iter(scripts)

    class Turns(Sequence[Sequence[Step]]):
        def __len__(self) -> int:
            return 1

        def __getitem__(self, index: object) -> Sequence[Step]:  # type: ignore[override]  # one is enough here
            return next(turns)

    return {"one": Turns(), "two": Turns()}


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


@pytest.mark.parametrize("error", [ConnectionFailed("x"), AuthenticationFailed("x"), RateLimited("x")], ids=type)
async def test_a_target_failing_before_its_first_part_is_replaced(harness: OpenHarness, error: ProviderError) -> None:
    async with harness(both([error], HELLO)) as here:
        events = await here.stream()
        assert [type(event) for event in events[:3]] == [Started, AttemptStarted, AttemptStarted]
        assert events[2].previous_error.reason == error.reason
        end = events[-1].execution
        assert end.status is ExecutionStatus.COMPLETED
        assert errors_of(end) == [error.reason, ""]
        assert (await here.record())[2] == 16


async def test_a_target_that_hangs_before_its_first_part_is_replaced(harness: OpenHarness) -> None:
    quick = ExecutionSettings(first_token_seconds=0.02)
    async with harness(both([Accepted(), HANG], HELLO), execution=quick) as here:
        events = await here.stream()
        assert events[2].previous_error.reason == ProviderTimeout.reason
        assert events[-1].execution.status is ExecutionStatus.COMPLETED
        assert here.provider.closed == 2


@pytest.mark.parametrize("sign", [KeepAlive(), ReasoningDelta("hmm"), TextDelta("hmm")], ids=repr)
async def test_keep_alives_and_events_reset_the_time_limit(harness: OpenHarness, sign: ProviderEvent) -> None:
    """Ten pauses, each below the limit, that are together well above it."""
    quick = ExecutionSettings(first_token_seconds=0.2, idle_seconds=0.2)
    working = [step for _ in range(10) for step in (Pause(0.05), sign)]
    async with harness({"one": [[Accepted(), *working, TextDelta("Hello"), COUNTED, DONE]]}, execution=quick) as here:
        end = await here.end_of()
        assert end.status is ExecutionStatus.COMPLETED
        assert len(list(end.attempts)) == 1


async def test_time_that_the_reader_takes_does_not_count_against_the_provider(harness: OpenHarness) -> None:
    class Slow(ListSink):
        def try_send(self, event: ExecutionEvent) -> bool:
            return False

        async def send(self, event: ExecutionEvent) -> None:
            await asyncio.sleep(0.6)
            await super().send(event)

    quick = ExecutionSettings(first_token_seconds=0.5, idle_seconds=0.5)
    async with harness({"one": [HELLO]}, execution=quick) as here:
        events = await here.stream(sink=Slow())
        assert events[-1].execution.status is ExecutionStatus.COMPLETED


async def test_a_target_that_pauses_after_its_reader_was_behind_truncates(harness: OpenHarness) -> None:
    class Behind(ListSink):
        def try_send(self, event: ExecutionEvent) -> bool:
            return event != TextDelta("lo") and super().try_send(event)

    quick = ExecutionSettings(idle_seconds=0.5)
    async with harness({"one": [[Accepted(), TextDelta("Hel"), TextDelta("lo"), HANG]]}, execution=quick) as here:
        async with asyncio.timeout(10):
            events = await here.stream(sink=Behind())
        assert events[-1].execution.status is ExecutionStatus.TRUNCATED


async def test_after_the_first_part_a_failure_truncates_and_what_was_written_is_estimated(
    harness: OpenHarness,
) -> None:
    script = [Accepted(), TextDelta("0123456789" * 4), StreamInterrupted("cut")]
    async with harness({"one": [script], "two": [script]}) as here:
        end = await here.end_of()
        assert end.error is not None
        assert end.error.reason == StreamInterrupted.reason
        assert len(list(end.attempts)) == 1
        status, usage, cost, estimated = await here.record()
        assert (status, estimated) == (ExecutionStatus.TRUNCATED, True)
        assert usage.output_tokens == 10
        assert cost == usage.input_tokens + 20


async def test_a_stream_that_ends_without_the_providers_end_is_truncated(harness: OpenHarness) -> None:
    async with harness({"one": [[Accepted(), TextDelta("Hel")]]}) as here:
        end = await here.end_of()
        assert end.status is ExecutionStatus.TRUNCATED
        assert isinstance(end.error, StreamInterrupted)


async def test_a_target_that_pauses_for_too_long_truncates(harness: OpenHarness) -> None:
    quick = ExecutionSettings(idle_seconds=0.02)
    async with harness({"one": [[Accepted(), TextDelta("Hel"), HANG]]}, execution=quick) as here:
        end = await here.end_of()
        assert end.status is ExecutionStatus.TRUNCATED
        assert end.error is not None
        assert "paused for more than 0.02 s" in end.error.message


async def test_a_provider_that_never_closes_a_finished_answer_has_answered(
    harness: OpenHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ymera_service.execution.attempt.LINGER_SECONDS", 0.02)
    async with harness({"one": [[*HELLO, HANG]]}) as here:
        assert (await here.end_of()).status is ExecutionStatus.COMPLETED
        assert here.provider.closed == 1


async def test_an_answer_that_is_complete_stands_whatever_its_provider_does_then(harness: OpenHarness) -> None:
    async with harness(
        {"one": [[*HELLO, RuntimeError("in clean-up")]], "two": [[*HELLO, RuntimeError("too")]]}
    ) as here:
        answer = await here.pipeline.execute(here.request(), Timings())
        assert answer.execution.status is ExecutionStatus.COMPLETED
        assert (answer.messages[0].text, answer.execution.consumption.cost_micros) == ("Hello", 16)
        assert len(here.provider.calls) == 1


async def test_a_provider_that_hides_its_cancellation_does_not_outlive_the_deadline(harness: OpenHarness) -> None:
    scripts = {"one": [[Accepted(), HIDE]], "two": [[Accepted(), HIDE]]}
    async with harness(scripts, execution=ExecutionSettings(max_attempts=1)) as here:
        end = await here.end_of(here.request(deadline=0.1))
        assert isinstance(end.error, DeadlineExceeded)
        assert len(here.provider.calls) == 1


async def test_words_that_can_not_be_encoded_lose_no_record(harness: OpenHarness) -> None:
    async with harness(both([ProviderServerError("caf\udce9", type="\ud800")], HELLO)) as here:
        events = await here.stream()
        assert events[2].previous_error.message == "caf?"
        assert (await here.record())[0] is ExecutionStatus.COMPLETED


async def test_an_answer_at_an_unknown_price_does_not_cost_zero(harness: OpenHarness) -> None:
    async with harness({"unpriced": [[Accepted(), UsageReported(Usage(7, 0)), DONE]]}) as here:
        consumption = (await here.end_of()).consumption
        assert (consumption.usage, consumption.cost_micros, consumption.estimated) == (Usage(7), None, False)


@pytest.mark.parametrize(
    "reported",
    [Usage(0, 0), Usage(-10, 3), Usage(10, -3), Usage(10**12, 3), Usage(10, 10**12), Usage(0, 3), Usage(10, 0)],
)
async def test_a_count_that_cant_be_true_is_replaced_by_an_estimate(harness: OpenHarness, reported: Usage) -> None:
    text = "Hello, hello!"
    async with harness({"one": [[Accepted(), TextDelta(text), UsageReported(reported), DONE]]}) as here:
        with capture_logs() as logs:
            consumption = (await here.end_of()).consumption
        assert consumption.estimated
        assert consumption.usage.input_tokens in {reported.input_tokens, prompt_tokens(HELLO_PROMPT)}
        assert consumption.usage.output_tokens in {reported.output_tokens, text_tokens(text)}
        assert consumption.usage.is_credible
        assert consumption.usage.input_tokens > 0 < consumption.usage.output_tokens
        assert (await here.record())[2] == consumption.cost_micros
        [line] = [line for line in logs if line["event"] == "usage is not credible, estimated"]
        assert (line["log_level"], line["reported"], line["estimate"]) == ("warning", reported, consumption.usage)


async def test_a_whole_answer_whose_caller_leaves_is_recorded_with_an_estimate(harness: OpenHarness) -> None:
    async with harness({"one": [[Accepted(), HANG]]}) as here:
        for limit, output in ((None, TYPICAL_OUTPUT_TOKENS), (50, 50), (10**6, TYPICAL_OUTPUT_TOKENS)):
            here.provider.hanging.clear()
            asked = Prompt((user("Say hello."),), sampling=Sampling(max_output_tokens=limit))
            task = asyncio.create_task(here.pipeline.execute(here.request(prompt=asked), Timings()))
            await asyncio.wait_for(here.provider.hanging.wait(), WAIT)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await here.pipeline._recording.flush()
            stored = await here.database.executions.get(f"request-{here.requests}")
            assert stored is not None
            assert (stored.status, stored.usage_estimated) == (ExecutionStatus.CANCELLED, True)
            assert stored.usage == Usage(prompt_tokens(asked), output)
            assert stored.cost_micros == stored.usage.input_tokens + 2 * output


@pytest.mark.parametrize("model", ["one", "unpriced"])
async def test_what_a_provider_says_that_it_charges_goes_before_its_price(harness: OpenHarness, model: str) -> None:
    charged = UsageReported(Usage(10, 3), cost_micros=77, estimated=True)
    async with harness({model: [[Accepted(), TextDelta("Hello"), charged, DONE]]}) as here:
        consumption = (await here.end_of()).consumption
        assert (consumption.usage, consumption.cost_micros, consumption.estimated) == (Usage(10, 3), 77, True)
    async with harness({model: [[Accepted(), TextDelta("Hello"), charged, DONE]]}) as here:
        [attempt] = (await here.end_of()).attempts
        assert attempt.cost_source == "charged"


@pytest.mark.parametrize(
    ("tier", "usual_rates", "cost"),
    [("", True, 16), ("default", True, 16), ("flex", True, 8), ("priority", True, None), ("flex", False, None)],
)
async def test_a_call_costs_what_its_service_tier_does(
    harness: OpenHarness, tier: str, usual_rates: bool, cost: int | None
) -> None:
    reported = UsageReported(Usage(10, 3), usual_rates=usual_rates, service_tier=tier)
    async with harness({"one": [[Accepted(), TextDelta("Hello"), reported, DONE]]}) as here:
        end = await here.end_of()
        [attempt] = end.attempts
        assert (attempt.cost_micros, attempt.service_tier, attempt.estimated) == (cost, tier, False)
        assert attempt.cost_source == ("" if cost is None else "provider")
        # What is not known is counted for more than it probably costs, where spending is limited.
        assert attempt.spent_micros == (32 if cost is None else cost)
        stored = await here.database.executions.get(f"request-{here.requests}")
        assert stored is not None
        assert (stored.cost_micros, stored.spent_micros) == (cost, 32 if cost is None else None)
        [[read]] = [turn.attempts for turn in turns_from_json(stored.attempts)]
        assert (read.cost_micros, read.cost_source, read.spent_micros) == (
            attempt.cost_micros,
            attempt.cost_source,
            attempt.spent_micros,
        )


@pytest.mark.parametrize(("billed", "cost"), [(Usage(4, 2), 8), (Usage(4, -2), 16), (None, 16)])
async def test_only_the_tokens_that_a_provider_charges_for_cost(
    harness: OpenHarness, billed: Usage | None, cost: int
) -> None:
    counted = UsageReported(Usage(10, 3), billed=billed)
    async with harness({"one": [[Accepted(), TextDelta("Hello"), counted, DONE]]}) as here:
        consumption = (await here.end_of()).consumption
        assert (consumption.usage, consumption.cost_micros) == (Usage(10, 3), cost)


@pytest.mark.parametrize("micros", [-1, 2**70, 1.5])
async def test_a_charge_that_can_not_be_is_not_believed(harness: OpenHarness, micros: Any) -> None:
    charged = UsageReported(Usage(10, 3), cost_micros=micros)
    async with harness({"one": [[Accepted(), TextDelta("Hello"), charged, DONE]]}) as here:
        assert (await here.end_of()).consumption.cost_micros == 10 + 2 * 3


@pytest.mark.parametrize("end", ["answers", "fails", "is cancelled", "can't be recorded"])
async def test_nothing_stays_reserved_of_a_budget_when_an_execution_has_ended(harness: OpenHarness, end: str) -> None:
    budget = Budget("trial", {Period.DAY: 10_000}, lambda: datetime.now(UTC))
    script = {"fails": [ProviderServerError("down")], "is cancelled": [Accepted(), TextDelta("Hel"), HANG]}.get(
        end, HELLO
    )
    async with harness({"one": [script]}) as here:
        request = replace(here.request(), budget=budget)
        if end == "is cancelled":
            task = asyncio.create_task(here.stream(request))
            await asyncio.wait_for(here.provider.hanging.wait(), WAIT)
            assert budget.reserved > 800
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await here.pipeline._recording.flush()
        elif end == "can't be recorded":
            await here.recorder.__aexit__(None, None, None)
            await asyncio.gather(here.stream(request), return_exceptions=True)
        else:
            await here.stream(request)
        assert budget.reserved == 0
        stored = await here.database.executions.get(request.request_id)
        assert budget.spent(Period.DAY) == (16 if stored is None else stored.cost_micros)


async def test_how_fast_a_target_answers_is_learned_from_counted_answers(harness: OpenHarness) -> None:
    estimated = [Accepted(), TextDelta("Hello"), DONE]
    async with harness({"one": [estimated, HELLO]}) as here:
        for known in (False, True):
            await here.stream()
            await here.pipeline.observers.flush()
            decision = await here.pipeline.route(here.request(), Timings())
            assert (decision.candidates[0].expected_latency is not None) == known


async def test_an_interrupted_whole_answer_is_replaced_and_both_are_charged(harness: OpenHarness) -> None:
    broken = [Accepted(), TextDelta("garbage!"), StreamInterrupted("cut")]
    async with harness(both(broken, HELLO)) as here:
        answer = await here.pipeline.execute(here.request(), Timings())
        assert [message.text for message in answer.messages] == ["Hello"]
        consumption = answer.execution.consumption
        assert consumption.usage.output_tokens == 3 + 2
        assert consumption.estimated
        assert consumption.cost_micros == consumption.usage.input_tokens + 2 * consumption.usage.output_tokens


async def test_an_unknown_price_of_one_attempt_makes_the_whole_cost_unknown(harness: OpenHarness) -> None:
    async with harness({"unpriced": [HELLO]}) as here:
        end = await here.end_of()
        assert end.consumption.cost_micros is None
        assert (await here.record())[2] is None


async def test_a_filtered_prompt_is_not_sent_to_another_target(harness: OpenHarness) -> None:
    async with harness({"one": [[ContentFiltered("no")]], "two": [[ContentFiltered("no")]]}) as here:
        end = await here.end_of()
        assert end.status is ExecutionStatus.FAILED
        assert len(list(end.attempts)) == 1


async def test_the_only_target_is_tried_again_when_it_may_recover(harness: OpenHarness) -> None:
    async with harness({"one": [[ProviderServerError("x")], HELLO]}) as here:
        end = await here.end_of()
        assert end.status is ExecutionStatus.COMPLETED
        assert models_of(end) == ["acme/one", "acme/one"]


async def test_it_is_not_tried_again_when_the_wait_outlasts_the_deadline(harness: OpenHarness) -> None:
    async with harness({"one": [[RateLimited("x", retry_after=100)]]}) as here:
        end = await here.end_of()
        assert end.status is ExecutionStatus.FAILED
        assert end.error is not None
        assert end.error.retry_after == 100
        assert len(list(end.attempts)) == 1


async def test_failover_continues_while_a_target_may_be_retried(harness: OpenHarness) -> None:
    """The last target tried can't be called again, the first can."""
    async with harness(both([ProviderServerError("x")], [AuthenticationFailed("no")], HELLO)) as here:
        end = await here.end_of()
        assert end.status is ExecutionStatus.COMPLETED
        first, second, third = models_of(end)
        assert first == third != second


async def test_a_target_that_answers_now_and_then_is_retried_without_end(harness: OpenHarness) -> None:
    """Far more often than a retry budget has tokens."""
    two = ExecutionSettings(max_attempts=2)
    scripts = [[ProviderServerError("x")], HELLO] * 30
    async with harness({"one": scripts}, execution=two) as here:
        ends = [await here.end_of() for _ in range(30)]
        assert [errors_of(end) for end in ends] == [[ProviderServerError.reason, ""]] * 30


async def test_without_tokens_in_its_providers_budget_a_limited_target_is_not_called_again(
    harness: OpenHarness,
) -> None:
    one_retry = ExecutionSettings(max_attempts=2)
    async with harness({"one": [[RateLimited("x", retry_after=0)]]}, execution=one_retry) as here:
        calls = [len(list((await here.end_of()).attempts)) for _ in range(22)]
        assert calls == [2] * 20 + [1] * 2


async def test_a_provider_that_has_used_up_its_retries_takes_none_from_another(harness: OpenHarness) -> None:
    limited = [[RateLimited("x", retry_after=0)]]
    one_retry = ExecutionSettings(max_attempts=2)
    async with harness({"one": limited}, other={"two": limited}, execution=one_retry) as here:
        for _ in range(20):
            await here.end_of(here.request(model="acme/one"))
        assert len(list((await here.end_of(here.request(model="acme/one"))).attempts)) == 1
        assert len(list((await here.end_of(here.request(model="other/two"))).attempts)) == 2


async def test_a_limited_target_is_left_to_everyone_until_its_pause_is_over(harness: OpenHarness) -> None:
    scripts = {"limited": [[RateLimited("x", retry_after=30)]], "well": [HELLO]}
    async with harness(scripts) as here:
        ends = [await here.end_of() for _ in range(40)]
        assert {end.status for end in ends} == {ExecutionStatus.COMPLETED}
        assert sum(call.model == "limited" for call in here.provider.calls) == 1
        assert here.breakers.report() == []


async def test_where_all_targets_are_paused_a_request_waits_within_its_deadline(harness: OpenHarness) -> None:
    async with harness({"one": [[RateLimited("x", retry_after=0.2)], HELLO]}) as here:
        loop = asyncio.get_running_loop()
        began = loop.time()
        waited, late = await asyncio.gather(here.end_of(here.request()), here.end_of(here.request(deadline=0.1)))
        assert waited.status is ExecutionStatus.COMPLETED
        assert loop.time() - began >= 0.2
        assert isinstance(late.error, NoHealthyModel | RateLimited)


async def test_a_pause_that_outlasts_the_deadline_is_refused_at_once_with_its_end(harness: OpenHarness) -> None:
    async with harness({"one": [[RateLimited("x", retry_after=50)]]}) as here:
        await here.stream()
        end = await here.end_of()
        assert list(end.attempts) == []
        assert isinstance(end.error, NoHealthyModel)
        assert 45 < (end.error.retry_after or 0) <= 50
        assert "paused" in end.error.message
        assert len(here.provider.calls) == 1


async def test_a_flaky_target_whose_breaker_is_open_is_retried_like_any_other(harness: OpenHarness) -> None:
    settings = BreakerSettings(failures=100, window=4, failure_share=0.5, open_seconds=60, max_open_seconds=60)
    async with harness({"one": [[ProviderServerError("x")]] * 5 + [HELLO]}, breaker=settings) as here:
        end = await here.end_of()
        assert here.breakers.open_domains()
        assert end.status is ExecutionStatus.COMPLETED
        assert len(list(end.attempts)) == 6


async def test_slow_failures_leave_time_for_fewer_attempts(harness: OpenHarness) -> None:
    slow = [Pause(QUICK_SECONDS + 0.05), ProviderServerError("x")]
    broken = [ProviderServerError("x")]
    async with harness({"one": [slow, broken]}) as here:
        assert len(list((await here.end_of()).attempts)) == 4
        assert len(list((await here.end_of()).attempts)) == 6


async def test_when_every_target_is_open_the_least_bad_one_is_tried(harness: OpenHarness) -> None:
    settings = BreakerSettings(
        failures=100, window=4, failure_share=0.5, open_seconds=60, max_open_seconds=60, half_open_calls=1
    )
    scripts = {"dead": [[ProviderServerError("x")]], "flaky": [HELLO]}
    async with harness(scripts, breaker=settings, execution=ExecutionSettings(max_attempts=1)) as here:
        permits = {
            name: [here.breakers.acquire(Target("acme", f"acme/{name}")) for _ in range(count)]
            for name, count in {"dead": 2, "flaky": 2}.items()
        }
        for begun in permits.values():
            for permit in begun:
                permit.failed(ProviderServerError("x"))
        here.breakers.acquire(Target("acme", "acme/dead")).failed(ProviderServerError("x"))
        assert set(here.breakers.open_domains()) == {"acme/dead", "acme/flaky"}
        end = await here.end_of()
        assert end.decision is not None
        assert end.decision.explanation.endswith("all of them are failing")
        assert models_of(end) == ["acme/flaky"]
        assert set(here.breakers.open_domains()) == {"acme/dead"}


async def test_what_is_open_comes_after_all_that_is_not(harness: OpenHarness) -> None:
    settings = BreakerSettings(failures=1, open_seconds=60, max_open_seconds=60)
    scripts = {"open": [HELLO], "well": [[InvalidProviderRequest("x")]]}
    async with harness(scripts, breaker=settings) as here:
        here.breakers.acquire(Target("acme", "acme/open")).failed(ProviderTimeout("x"))
        assert models_of(await here.end_of()) == ["acme/well", "acme/open"]


async def test_attempts_are_bounded(harness: OpenHarness) -> None:
    down = [[ProviderServerError("x")]]
    many = {f"m{number}": down for number in range(9)}
    async with harness(many, execution=ExecutionSettings(max_attempts=3)) as here:
        end = await here.end_of()
        assert end.status is ExecutionStatus.FAILED
        assert isinstance(end.error, ProviderServerError)
        assert len(set(models_of(end))) == 3


async def test_a_caller_lowers_the_number_of_attempts_and_cant_raise_it(harness: OpenHarness) -> None:
    down = [[ProviderServerError("x")]]
    three = ExecutionSettings(max_attempts=3)
    async with harness({f"m{number}": down for number in range(5)}, execution=three) as here:
        calls = [len(models_of(await here.end_of(here.request(max_attempts=most)))) for most in (1, 2, 9)]
        assert calls == [1, 2, 3]


async def test_without_failover_only_the_first_target_is_called(harness: OpenHarness) -> None:
    down = {"one": [[ProviderServerError("x")], HELLO], "two": [HELLO]}
    async with harness(down) as here:
        retried = await here.end_of(here.request(no_failover=True, model="one", fallback_models=("two",)))
        assert models_of(retried) == ["acme/one", "acme/one"]
        assert retried.status is ExecutionStatus.COMPLETED


async def test_fallbacks_are_called_in_the_callers_order(harness: OpenHarness) -> None:
    down = [[AuthenticationFailed("x")]]
    async with harness({"a": down, "b": down, "c": down, "d": [HELLO]}) as here:
        end = await here.end_of(here.request(model="c", fallback_models=("a", "d")))
        assert models_of(end) == ["acme/c", "acme/a", "acme/d"]


@pytest.mark.parametrize("steps", [(Accepted(), HANG), (Accepted(), KeepAlive(), KeepAlive(), HANG)], ids=len)
async def test_the_callers_limit_for_the_first_part_fails_over_and_does_not_count_against_the_target(
    harness: OpenHarness, steps: Sequence[Step]
) -> None:
    fragile = BreakerSettings(failures=1)
    async with harness({"one": [steps], "two": [HELLO]}, breaker=fragile) as here:
        end = await here.end_of(here.request(model="one", fallback_models=("two",), first_token_timeout=0.05))
        assert errors_of(end) == [ProviderTimeout.reason, ""]
        assert next(end.attempts).error.message.endswith("within the caller's limit of 0.05 s")  # type: ignore[union-attr]
        assert not here.breakers.open_domains()


async def test_after_the_first_part_the_callers_limit_for_it_is_over(harness: OpenHarness) -> None:
    slow = [Accepted(), ReasoningDelta("hm"), Pause(0.2), TextDelta("Hello"), COUNTED, DONE]
    async with harness({"one": [slow]}) as here:
        end = await here.end_of(here.request(first_token_timeout=0.1))
        assert end.status is ExecutionStatus.COMPLETED


async def test_a_whole_answer_is_bounded_by_the_limit_for_the_first_part(harness: OpenHarness) -> None:
    async with harness({"one": [[Accepted(), HANG]], "two": [HELLO]}) as here:
        request = here.request(model="one", fallback_models=("two",), first_token_timeout=0.05)
        execution = (await here.pipeline.execute(request, Timings())).execution
        assert errors_of(execution) == [ProviderTimeout.reason, ""]


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


async def test_a_target_that_keeps_failing_is_called_within_its_retry_budget_and_then_refused(
    harness: OpenHarness,
) -> None:
    settings = BreakerSettings(failures=2, open_seconds=60, max_open_seconds=60)
    one_try = ExecutionSettings(max_attempts=1)
    down = {"one": [[ConnectionFailed("x")]]}
    async with harness(down, breaker=settings, execution=one_try) as here:
        await here.stream()
        await here.stream()
        assert set(here.breakers.open_domains()) == {"acme@"}
        for _ in range(2, 2 * HOPELESS_ROWS):
            await here.stream()
        errors = [(await here.end_of()).error for _ in range(21)]
        assert [type(error) for error in errors] == [ConnectionFailed] * 20 + [NoHealthyModel]
        assert errors[-1] is not None
        assert 0 < (errors[-1].retry_after or 0) <= 60
        assert len(here.provider.calls) == 2 * HOPELESS_ROWS + 20


@pytest.mark.parametrize(
    "stray", [ValueError("oops"), asyncio.CancelledError(), SystemExit(1), TimeoutError("mine")], ids=repr
)
async def test_any_exception_of_a_provider_is_its_failure(harness: OpenHarness, stray: BaseException) -> None:
    async with harness(both([stray], HELLO)) as here:
        events = await here.stream()
        assert events[2].previous_error.reason == ProviderServerError.reason
        assert events[-1].execution.status is ExecutionStatus.COMPLETED


async def test_a_prompt_that_can_not_be_encoded_counts_against_no_target(harness: OpenHarness) -> None:
    refused = InvalidRequest([FieldViolation("prompt", "can't be expressed")])
    async with harness({"one": [[refused]]}, breaker=BreakerSettings(failures=1)) as here:
        end = await here.end_of()
        assert end.error is refused
        assert end.consumption.cost_micros == 0
        assert here.breakers.report() == []


@pytest.mark.parametrize("count", [-1, 2**64, 10**30])
async def test_an_implausible_count_is_ignored(harness: OpenHarness, count: int) -> None:
    async with harness({"one": [[Accepted(), TextDelta("Hello"), UsageReported(Usage(count, count)), DONE]]}) as here:
        await here.stream()
        status, usage, _, estimated = await here.record()
        assert (status, estimated) == (ExecutionStatus.COMPLETED, True)
        assert 0 < usage.input_tokens < 100
        assert 0 < usage.output_tokens < 100


@pytest.mark.parametrize("before", [[], [Accepted()], [Accepted(), TextDelta("Hel")]], ids=len)
async def test_the_deadline_cancels_the_call_at_any_stage(harness: OpenHarness, before: list[Step]) -> None:
    async with harness({"one": [[*before, HANG]]}) as here:
        end = await here.end_of(here.request(deadline=0.05))
        assert end.status is ExecutionStatus.CANCELLED
        assert isinstance(end.error, DeadlineExceeded)
        assert errors_of(end)[-1] == ("CANCELLED" if len(before) > 1 else ProviderTimeout.reason)
        assert here.provider.closed == 1
        status, usage, _, estimated = await here.record()
        assert status is ExecutionStatus.CANCELLED
        assert usage.input_tokens > 0
        assert estimated


async def test_a_target_that_hangs_is_given_up_after_a_multiple_of_its_usual_time(harness: OpenHarness) -> None:
    """Much sooner than the fixed limit or its share of the deadline says."""
    async with harness({"one": [HELLO] * ENOUGH + [[Accepted(), HANG]], "well": [HELLO]}) as here:
        for _ in range(ENOUGH):
            await here.stream(here.request(allow_models=("acme/one",), session_id="s"))
        await here.pipeline.observers.flush()
        end = await here.end_of(here.request(deadline=60, session_id="s"))
        assert models_of(end) == ["acme/one", "acme/well"]
        assert errors_of(end) == [ProviderTimeout.reason, ""]
        assert LEAST_SECONDS <= next(end.attempts).duration < LEAST_SECONDS + WAIT / 2


@pytest.mark.parametrize("stream", [True, False])
async def test_a_hung_target_costs_its_callers_time_and_no_answer(harness: OpenHarness, stream: bool) -> None:
    """The hung one is the first choice of about half of the calls."""
    async with harness({"hung": [[HANG]], "well": [HELLO]}, max_concurrent=20) as here:

        async def call() -> Execution:
            if stream:
                return await here.end_of(here.request(deadline=2))
            return (await here.pipeline.execute(here.request(deadline=2), Timings())).execution

        ends = await asyncio.wait_for(asyncio.gather(*(call() for _ in range(20))), WAIT)
        assert [end.status for end in ends] == [ExecutionStatus.COMPLETED] * 20
        hung = [end for end in ends if len(list(end.attempts)) == 2]
        assert {tuple(errors_of(end)) for end in hung} == {(ProviderTimeout.reason, "")}
        assert set(here.breakers.open_domains()) == {"acme/hung"}


@pytest.mark.parametrize("before", [[], [Accepted()]], ids=len)
async def test_a_deadline_spent_waiting_for_a_target_counts_against_it(
    harness: OpenHarness, before: list[Step]
) -> None:
    async with harness({"one": [[*before, HANG]]}, breaker=BreakerSettings(failures=1)) as here:
        end = await here.end_of(here.request(deadline=EVIDENCE_SECONDS + 0.1))
        assert isinstance(end.error, DeadlineExceeded)
        assert errors_of(end) == [ProviderTimeout.reason]
        assert end.consumption.estimated
        assert set(here.breakers.open_domains()) == {"acme/one"}


@pytest.fixture
async def early_timers() -> AsyncIterator[None]:
    """Timers that fire 20 ms early, as uvloop's do by up to a millisecond."""

    async def wake() -> None:
        while True:  # noqa: ASYNC110  # it keeps the loop awake: one that sleeps does so until the full time
            await asyncio.sleep(0)

    asyncio.get_running_loop()._clock_resolution = 0.02  # type: ignore[attr-defined]  # how early they fire
    waking = asyncio.create_task(wake())
    yield
    waking.cancel()


@pytest.mark.usefixtures("early_timers")
async def test_a_deadline_whose_timer_fires_early_counts_all_the_same(harness: OpenHarness) -> None:
    async with harness({"one": [[HANG]]}, breaker=BreakerSettings(failures=1)) as here:
        end = await here.end_of(here.request(deadline=EVIDENCE_SECONDS + 0.1))
        assert errors_of(end) == [ProviderTimeout.reason]
        assert set(here.breakers.open_domains()) == {"acme/one"}


@pytest.mark.usefixtures("early_timers")
async def test_a_limit_whose_timer_fires_early_counts_all_the_same(harness: OpenHarness) -> None:
    just = ExecutionSettings(first_token_seconds=EVIDENCE_SECONDS)
    async with harness({"one": [[HANG]]}, breaker=BreakerSettings(failures=1), execution=just) as here:
        await here.end_of(here.request(max_attempts=1))
        assert set(here.breakers.open_domains()) == {"acme/one"}


async def test_short_deadlines_say_nothing_of_a_target(harness: OpenHarness) -> None:
    hung: list[Step] = [HANG]
    async with harness({"one": [hung], "two": [hung]}, breaker=BreakerSettings(failures=1)) as here:
        end = await here.end_of(here.request(deadline=EVIDENCE_SECONDS / 2))
        assert errors_of(end) == [ProviderTimeout.reason] * 2
        assert here.breakers.report() == []


async def test_a_deadline_within_an_answer_says_nothing_of_the_target(harness: OpenHarness) -> None:
    script = [Accepted(), TextDelta("Hel"), HANG]
    async with harness({"one": [script]}, breaker=BreakerSettings(failures=1)) as here:
        end = await here.end_of(here.request(deadline=EVIDENCE_SECONDS + 0.1))
        assert errors_of(end) == ["CANCELLED"]
        assert here.breakers.report() == []


async def test_a_target_that_is_known_to_be_slow_has_its_usual_time(harness: OpenHarness) -> None:
    """Half of the deadline would be too short for either."""
    slow = [Pause(0.3), *HELLO]
    async with harness({"one": [slow], "two": [slow]}) as here:
        for name in ("one", "two"):
            await here.pipeline.execute(here.request(allow_models=(f"acme/{name}",)), Timings())
        await here.pipeline.observers.flush()
        answer = await here.pipeline.execute(here.request(deadline=0.5), Timings())
        assert errors_of(answer.execution) == [""]


async def test_the_last_attempt_has_all_the_time_there_is(harness: OpenHarness) -> None:
    async with harness({"one": [[Pause(0.3), *HELLO]]}) as here:
        assert errors_of(await here.end_of(here.request(deadline=0.5))) == [""]


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


async def test_without_a_free_slot_a_request_is_rejected_before_the_first_event(harness: OpenHarness) -> None:
    async with harness({"one": [[Accepted(), HANG]]}, max_concurrent=1, max_queued=0) as here:
        task = asyncio.create_task(here.stream())
        await asyncio.wait_for(here.provider.hanging.wait(), WAIT)
        with pytest.raises(Overloaded):
            await here.stream()
        task.cancel()
        await asyncio.wait({task})


async def test_a_request_that_waits_for_a_slot_gives_up_at_its_deadline(harness: OpenHarness) -> None:
    async with harness({"one": [[Accepted(), HANG]]}, max_concurrent=1) as here:
        task = asyncio.create_task(here.stream())
        await asyncio.wait_for(here.provider.hanging.wait(), WAIT)
        with pytest.raises(DeadlineExceeded):
            await here.stream(here.request(deadline=0.02))
        assert here.pipeline.slots.queued == 0
        task.cancel()
        await asyncio.wait({task})


async def test_a_request_rejected_after_routing_leaves_no_event_and_no_record(harness: OpenHarness) -> None:
    async with harness({"one": [[HANG]]}, max_concurrent=6, max_queued=0) as here:
        hanging = [asyncio.create_task(here.stream()) for _ in range(4)]
        await here.under_way(4)
        sink = ListSink()
        with pytest.raises(Overloaded, match="acme/one"):
            await here.stream(sink=sink)
        assert sink.events == []
        for task in hanging:
            task.cancel()
        await asyncio.wait(hanging)
        await here.pipeline.stop()
        assert await here.database.executions.get("request-4") is not None
        assert await here.database.executions.get("request-5") is None


async def test_a_request_goes_to_the_next_target_while_the_first_has_its_share_of_the_slots(
    harness: OpenHarness,
) -> None:
    async with harness({"one": [[HANG]], "two": [HELLO]}, max_concurrent=6) as here:
        hanging = [asyncio.create_task(here.stream(here.request(allow_models=("acme/one",)))) for _ in range(4)]
        await here.under_way(4)
        end = await here.end_of(here.request(allow_models=("acme/one", "acme/two")))
        assert models_of(end) == ["acme/two"]
        for task in hanging:
            task.cancel()
        await asyncio.wait(hanging)


async def test_a_failed_target_is_replaced_by_one_that_has_room(harness: OpenHarness) -> None:
    """While "two" has its share, the request that "one" failed goes to "three"."""
    scripts = {"one": [[ProviderServerError("x")]], "three": [HELLO], "two": [[HANG]]}
    async with harness(scripts, max_concurrent=5) as here:
        hanging = [asyncio.create_task(here.stream(here.request(allow_models=("acme/two",)))) for _ in range(4)]
        await here.under_way(4)
        end = await here.end_of()
        assert models_of(end)[-1] == "acme/three"
        assert "acme/two" not in models_of(end)
        for task in hanging:
            task.cancel()
        await asyncio.wait(hanging)


async def test_decisions_alone_need_no_slot(harness: OpenHarness) -> None:
    async with harness({"one": [[HANG]]}, max_concurrent=1, max_queued=0) as here:
        task = asyncio.create_task(here.stream())
        await asyncio.wait_for(here.provider.hanging.wait(), WAIT)
        assert (await here.pipeline.route(here.request(), Timings())).candidates
        task.cancel()
        await asyncio.wait({task})


async def test_a_request_that_can_not_be_routed_releases_its_slot(harness: OpenHarness) -> None:
    async with harness({"one": [HELLO]}) as here:
        with pytest.raises(NoEligibleModel):
            await here.stream(here.request(max_cost_micros=0))
        assert here.pipeline.slots.in_flight == 0


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


async def test_route_records_the_decision_and_calls_no_model(harness: OpenHarness) -> None:
    async with harness({"one": [HELLO]}) as here:
        decision = await here.pipeline.route(here.request(), Timings())
        record = await here.database.executions.get("request-1")
        assert record
        assert record.status is ExecutionStatus.ROUTED
        assert from_json(record.decision) == decision
        assert here.provider.calls == []


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


async def test_what_failed_attempts_held_is_let_go_without_a_collection(harness: OpenHarness) -> None:
    """An exception that refers to its own frame keeps everything in it, such as a body, until a full collection."""

    class Body:
        pass

    def broken() -> Exception:
        body = Body()
        bodies.append(weakref.ref(body))
        error = ProviderServerError("x")
        error.__cause__ = ValueError(body)
        return error

    bodies: list[weakref.ref[Body]] = []
    scripts: dict[str, list[list[Step]]] = {"one": [[broken()], [AuthenticationFailed("no")]]}
    gc.disable()
    try:
        async with harness(scripts) as here:
            await here.end_of()
            scripts.clear()
            here.provider.forget()
            assert [body() for body in bodies] == [None]
    finally:
        gc.enable()
