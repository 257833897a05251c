"""Targets that fail: what is replaced, retried, truncated and refused."""

import asyncio
import gc
import weakref

import pytest

from tests.unit.execution.scripted import (
    HELLO,
    OpenHarness,
    Pause,
    Step,
    both,
    errors_of,
    models_of,
)
from ymera_service.config import BreakerSettings, ExecutionSettings
from ymera_service.execution.events import AttemptStarted, Started
from ymera_service.execution.stages import QUICK_SECONDS
from ymera_service.resilience.breaker import HOPELESS_ROWS
from ymera_service.sdk.errors import (
    AuthenticationFailed,
    ConnectionFailed,
    ContentFiltered,
    FieldViolation,
    InvalidProviderRequest,
    InvalidRequest,
    NoHealthyModel,
    ProviderError,
    ProviderServerError,
    ProviderTimeout,
    RateLimited,
    StreamInterrupted,
)
from ymera_service.sdk.events import (
    Accepted,
    TextDelta,
)
from ymera_service.sdk.targets import Target
from ymera_service.storage.records import ExecutionStatus
from ymera_service.telemetry.timing import Timings


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


async def test_an_answer_that_is_complete_stands_whatever_its_provider_does_then(harness: OpenHarness) -> None:
    async with harness(
        {"one": [[*HELLO, RuntimeError("in clean-up")]], "two": [[*HELLO, RuntimeError("too")]]}
    ) as here:
        answer = await here.pipeline.execute(here.request(), Timings())
        assert answer.execution.status is ExecutionStatus.COMPLETED
        assert (answer.messages[0].text, answer.execution.consumption.cost_micros) == ("Hello", 16)
        assert len(here.provider.calls) == 1


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
