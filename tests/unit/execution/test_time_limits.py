"""Targets that hang or pause, deadlines, and what they say of a target."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from tests.unit.execution.scripted import (
    COUNTED,
    DONE,
    HANG,
    HELLO,
    HIDE,
    WAIT,
    ListSink,
    OpenHarness,
    Pause,
    Step,
    both,
    errors_of,
    models_of,
)
from ymera_service.config import BreakerSettings, ExecutionSettings
from ymera_service.execution.attempt import EVIDENCE_SECONDS
from ymera_service.execution.events import ExecutionEvent
from ymera_service.execution.facts import Execution
from ymera_service.execution.limits import LEAST_SECONDS
from ymera_service.resilience.first_signs import ENOUGH
from ymera_service.sdk.errors import (
    DeadlineExceeded,
    ProviderTimeout,
)
from ymera_service.sdk.events import (
    Accepted,
    KeepAlive,
    ProviderEvent,
    ReasoningDelta,
    TextDelta,
)
from ymera_service.storage.records import ExecutionStatus
from ymera_service.telemetry.timing import Timings


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


async def test_a_provider_that_hides_its_cancellation_does_not_outlive_the_deadline(harness: OpenHarness) -> None:
    scripts = {"one": [[Accepted(), HIDE]], "two": [[Accepted(), HIDE]]}
    async with harness(scripts, execution=ExecutionSettings(max_attempts=1)) as here:
        end = await here.end_of(here.request(deadline=0.1))
        assert isinstance(end.error, DeadlineExceeded)
        assert len(here.provider.calls) == 1


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
