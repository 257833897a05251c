"""What an execution consumes and costs, whatever providers report."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.unit.execution.scripted import (
    DONE,
    HANG,
    HELLO,
    HELLO_PROMPT,
    WAIT,
    OpenHarness,
    both,
)
from ymera_service.access.spending import Budget, Period
from ymera_service.execution.reading import turns_from_json
from ymera_service.routing.prompts.estimate import TYPICAL_OUTPUT_TOKENS, prompt_tokens, text_tokens
from ymera_service.sdk.content import user
from ymera_service.sdk.errors import (
    ProviderServerError,
    StreamInterrupted,
)
from ymera_service.sdk.events import (
    Accepted,
    TextDelta,
    UsageReported,
)
from ymera_service.sdk.generation import (
    Prompt,
    Sampling,
    Usage,
)
from ymera_service.storage.records import ExecutionStatus
from ymera_service.telemetry.timing import Timings


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


@pytest.mark.parametrize("count", [-1, 2**64, 10**30])
async def test_an_implausible_count_is_ignored(harness: OpenHarness, count: int) -> None:
    async with harness({"one": [[Accepted(), TextDelta("Hello"), UsageReported(Usage(count, count)), DONE]]}) as here:
        await here.stream()
        status, usage, _, estimated = await here.record()
        assert (status, estimated) == (ExecutionStatus.COMPLETED, True)
        assert 0 < usage.input_tokens < 100
        assert 0 < usage.output_tokens < 100
