"""Running benchmarks against a provider in the process, stored in SQLite."""

import asyncio
import math
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from tests.unit.benchmark.runs import broken, cancelled, completed, cut_off, hanging, progress, rate_limited, run, wrong
from ymera_service.benchmark.events import RunEnd
from ymera_service.benchmark.runner import BenchmarkPlan, BenchmarkProgress, BenchmarkStarted
from ymera_service.benchmark.statistics import wilson
from ymera_service.routing.learning.quality import Qualities
from ymera_service.routing.prompts.features import from_json
from ymera_service.sdk.benchmarks import BenchmarkTask, calls_in
from ymera_service.sdk.errors import StorageUnavailable
from ymera_service.sdk.events import Finished, ProviderEvent, TextDelta, ToolCallDelta
from ymera_service.sdk.generation import FinishReason, GenerateRequest, Usage
from ymera_service.sdk.grading.answers import read
from ymera_service.storage.records import BenchmarkSummary
from ymera_service.storage.tables import metadata

if TYPE_CHECKING:
    from tests.unit.benchmark.conftest import Bench


async def test_a_run_sends_start_progress_and_scores(bench: "Bench") -> None:
    bench.provider.faults["small"] = wrong
    events = await run(bench, BenchmarkPlan(tasks_per_category=3, seed=4))
    started, done = events[0], completed(events)
    assert isinstance(started, BenchmarkStarted)
    assert started == BenchmarkStarted(
        done.run_id, ["acme/large", "acme/small"], ["sums"], 12, started.expected_cost_micros, 0, 4
    )
    assert [(event.completed_tasks, event.total_tasks) for event in progress(events)] == [
        (number, 12) for number in range(1, 13)
    ]
    assert len(events) == 14
    assert [(score.model, score.category, score.score) for score in done.scores] == [
        ("acme/large", "coding", 1.0),
        ("acme/large", "math", 1.0),
        ("acme/small", "coding", 0.0),
        ("acme/small", "math", 0.0),
    ]


async def test_a_score_has_tasks_usage_cost_and_its_interval(bench: "Bench") -> None:
    events = await run(bench, BenchmarkPlan(["large"], [], ["math"], tasks_per_category=4))
    [score] = completed(events).scores
    assert (score.tasks, score.failures, score.score) == (4, 0, 1.0)
    assert (score.score_low, score.score_high) == wilson(1.0, 4)
    assert score.usage == Usage(12, 8)
    assert score.cost_micros == 4 * (3 + 2 * 2)
    assert score.median_duration > 0


async def test_results_are_stored_and_routing_uses_them_immediately(bench: "Bench") -> None:
    before = Qualities(bench.evidence.benchmarks).value("acme/large", "math")
    await run(bench, BenchmarkPlan(["acme/large"], categories=["math"], tasks_per_category=10))
    [summary] = await bench.database.benchmarks.summaries()
    assert isinstance(summary, BenchmarkSummary)
    assert (summary.model, summary.category, summary.tasks, summary.score) == ("acme/large", "math", 10, 1.0)
    assert Qualities(bench.evidence.benchmarks).value("acme/large", "math") > before


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (rate_limited, "RATE_LIMITED"),
        (cut_off, "STREAM_INTERRUPTED"),
        (broken, "PROVIDER_SERVER_ERROR"),
        (cancelled, "PROVIDER_SERVER_ERROR"),
        (hanging, "PROVIDER_TIMEOUT"),
    ],
)
async def test_a_failed_call_is_a_failure_and_not_a_score_of_zero(
    bench: "Bench", fault: object, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench.runner, "_task_seconds", 0.05)
    answer, calls = bench.provider.answer, 0

    def sometimes(request: GenerateRequest) -> AsyncGenerator[ProviderEvent, None]:
        nonlocal calls
        calls += 1
        return fault(request) if calls % 2 else answer(request)  # type: ignore[operator]  # one of those above

    bench.provider.faults["large"] = sometimes
    events = await run(bench, BenchmarkPlan(["large"], categories=["math"], tasks_per_category=4, concurrency=1))
    [score] = completed(events).scores
    assert (score.tasks, score.failures, score.score) == (2, 2, 1.0)
    errors = [event.error.reason for event in progress(events) if event.error]
    assert errors == [reason, reason]
    assert [event.score for event in progress(events)] == [0, 1, 0, 1]
    [summary] = await bench.database.benchmarks.summaries()
    assert (summary.tasks, summary.score) == (2, 1.0)


async def test_every_account_takes_part_and_a_refused_one_fails_no_task(bench: "Bench") -> None:
    bench.provider.accounts, bench.provider.refused = ("a", "b", "c"), "b"
    await bench.catalog.refresh()
    events = await run(bench, BenchmarkPlan(["large"], categories=["math"], tasks_per_category=20))
    [score] = completed(events).scores
    assert (score.tasks, score.failures) == (20, 0)
    paid = bench.provider.paid
    assert paid["a"] + paid["c"] == 20
    assert all(0 < paid[account] < 20 for account in "abc")


async def test_the_score_of_a_model_that_always_fails_has_the_widest_interval(bench: "Bench") -> None:
    bench.provider.faults["small"] = rate_limited
    events = await run(bench, BenchmarkPlan(categories=["math"], tasks_per_category=2))
    last = completed(events).scores[-1]
    assert (last.model, last.tasks, last.failures) == ("acme/small", 0, 2)
    assert (last.score, last.score_low, last.score_high, last.median_duration) == (0, 0, 1, 0)
    assert last.usage == Usage(14, 0)
    assert last.cost_micros == 14


async def test_cost_is_unknown_if_the_provider_reports_no_usage(bench: "Bench") -> None:
    bench.provider.faults["small"] = wrong
    events = await run(bench, BenchmarkPlan(["small"], categories=["math"], tasks_per_category=1))
    assert completed(events).scores[0].cost_micros is None


async def test_cost_is_unknown_if_the_price_is_unknown(bench: "Bench") -> None:
    bench.provider.price = None
    await bench.catalog.refresh()
    events = await run(bench, BenchmarkPlan(["small"], categories=["math"], tasks_per_category=1))
    assert completed(events).scores[0].cost_micros is None


@pytest.mark.parametrize("grade", [math.nan, 1.5, -0.1, "nonsense", ValueError("a defect")])
async def test_a_grader_that_fails_is_a_failure_of_the_task(
    bench: "Bench", grade: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def graded(task: BenchmarkTask, answer: str) -> object:
        if isinstance(grade, Exception):
            raise grade
        return grade

    monkeypatch.setattr(bench.suites["sums"], "grade", graded)
    events = await run(bench, BenchmarkPlan(["large"], categories=["math"], tasks_per_category=1))
    [event] = progress(events)
    assert event.error is not None
    assert event.error.reason == "INTERNAL"
    assert completed(events).scores[0].failures == 1


async def test_closing_cancels_every_call_and_keeps_the_results(bench: "Bench") -> None:
    bench.provider.faults["large"] = hanging
    events = bench.runner.run(BenchmarkPlan(categories=["math"], tasks_per_category=4))
    async with asyncio.timeout(20):
        assert isinstance(await anext(events), BenchmarkStarted)
        assert isinstance(await anext(events), BenchmarkProgress)
        assert bench.provider.running["large"] > 0
        await events.aclose()
    assert bench.provider.running.total() == 0
    [summary] = await bench.database.benchmarks.summaries()
    assert summary.model == "acme/small"


async def test_cancelling_the_reader_cancels_every_call(bench: "Bench") -> None:
    started = asyncio.Semaphore(0)

    async def noted(request: GenerateRequest) -> AsyncGenerator[ProviderEvent, None]:
        started.release()
        async for event in hanging(request):
            yield event

    bench.provider.faults |= {"large": noted, "small": noted}
    reader = asyncio.create_task(run(bench, BenchmarkPlan(concurrency=4)))
    for _ in range(4):
        await started.acquire()
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader
    assert bench.provider.running.total() == 0


async def test_a_result_that_cannot_be_stored_ends_the_run(bench: "Bench") -> None:
    await bench.database.write(metadata.drop_all)
    with pytest.raises(StorageUnavailable):
        await run(bench, BenchmarkPlan())
    assert bench.provider.running.total() == 0


async def test_failed_tasks_are_stored_with_their_reason(bench: "Bench") -> None:
    bench.provider.faults["large"] = rate_limited
    await run(bench, BenchmarkPlan(["large"], categories=["math"], tasks_per_category=1))
    async with bench.database._backend.reader.connect() as connection:
        row = (await connection.execute(text("SELECT score, error_reason, input_tokens FROM benchmark_results"))).one()
    assert tuple(row) == (None, "RATE_LIMITED", 7)


async def test_calls_of_tools_are_part_of_the_answer_that_is_graded(bench: "Bench") -> None:
    async def calls(request: GenerateRequest) -> AsyncGenerator[ProviderEvent, None]:
        yield TextDelta("I look it up.")
        yield ToolCallDelta(0, "1", "find")
        yield ToolCallDelta(1, "2", "pay", '{"cents": ')
        yield ToolCallDelta(0, arguments='{"day": "Friday"}')
        yield ToolCallDelta(1, arguments="3}")
        yield Finished(FinishReason.TOOL_CALLS)

    bench.provider.faults["large"] = calls
    done = completed(await run(bench, BenchmarkPlan(["large"], categories=["math"], tasks_per_category=1)))
    [(_, answer)] = await bench.database.benchmark_runs.results(done.run_id)
    assert answer is not None
    assert answer.answer.startswith("I look it up.\n")
    assert calls_in(read(answer.answer).blocks) == [("find", {"day": "Friday"}), ("pay", {"cents": 3})]


async def test_an_adaptive_run_ends_when_no_task_can_change_a_choice(bench: "Bench") -> None:
    bench.provider.faults["small"] = wrong
    events = await run(bench, BenchmarkPlan(tasks_per_category=30, seed=4, adaptive=True))
    started, done = events[0], completed(events)
    assert isinstance(started, BenchmarkStarted)
    assert (started.adaptive, started.total_tasks) == (True, 120)
    assert 2 <= len(progress(events)) < 40
    assert done.end is RunEnd.SETTLED
    assert [(each.choice.category, each.choice.model, each.choice.rival) for each in done.choices] == [
        ("coding", "acme/large", "acme/small"),
        ("math", "acme/large", "acme/small"),
    ]
    assert all(each.choice.certainty > 0.8 and each.certainty_before == pytest.approx(0.5) for each in done.choices)
    stored = await bench.database.benchmark_runs.get(done.run_id)
    assert stored is not None
    assert stored.ended_at is not None


async def test_an_adaptive_run_goes_on_as_one(bench: "Bench") -> None:
    plan = BenchmarkPlan(tasks_per_category=30, seed=4, adaptive=True, max_requests=3, concurrency=1)
    first = completed(await run(bench, plan))
    assert (first.end, bench.provider.calls.total()) == (RunEnd.LIMIT_REACHED, 3)
    events = await run(bench, BenchmarkPlan(resume=first.run_id, max_requests=10))
    assert isinstance(events[0], BenchmarkStarted)
    assert (events[0].adaptive, events[0].completed_tasks) == (True, 3)
    assert bench.provider.calls.total() <= 10
    assert len({event.task_id for event in progress(events)}) <= 7


async def test_a_model_whose_calls_all_fail_does_not_take_the_whole_run(bench: "Bench") -> None:
    bench.provider.faults["small"] = broken
    done = completed(await run(bench, BenchmarkPlan(tasks_per_category=200, seed=4, adaptive=True)))
    assert done.end is RunEnd.SETTLED
    assert bench.provider.calls["small"] < 200


async def test_what_routing_would_choose_is_said_of_every_run(bench: "Bench") -> None:
    bench.provider.faults["large"] = wrong
    done = completed(await run(bench, BenchmarkPlan(categories=["math"], tasks_per_category=5, seed=4)))
    [settled] = done.choices
    assert (settled.choice.category, settled.choice.model, done.end) == ("math", "acme/small", RunEnd.ALL_DONE)
    assert settled.choice.certainty > settled.certainty_before


async def test_the_features_of_each_graded_task_are_kept_once_with_what_models_did_in_it(bench: "Bench") -> None:
    await run(bench, BenchmarkPlan(categories=["math"], tasks_per_category=3, seed=1, models=["acme/large"]))
    await bench.runner.reread()
    tasks = bench.database.benchmarks.tasks
    kept = [from_json(features) for features in tasks.features.values()]
    assert [one.categories for one in kept if one] == [{"math": 1.0}] * 3
    assert {model: (sorted(numbers), [*scores]) for model, (numbers, scores) in tasks.scores.items()} == {
        "acme/large": (sorted(tasks.features), [1.0] * 3)
    }
    await run(bench, BenchmarkPlan(categories=["math"], tasks_per_category=3, seed=1))
    assert bench.database.benchmarks.tasks.features == tasks.features
