"""Runs that were interrupted go on where they were, on one server at a time."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.unit.benchmark.runs import completed, progress, run
from ymera_service.benchmark.own import OwnSuite, OwnTask
from ymera_service.benchmark.resuming import LEASE_SECONDS, RENEW_SECONDS, RunLease
from ymera_service.benchmark.runner import BenchmarkPlan, BenchmarkStarted
from ymera_service.benchmark.runs import LONGEST_TEXT, StoredPlan, findings_from_json, shortened
from ymera_service.sdk.benchmarks import Finding
from ymera_service.sdk.content import user
from ymera_service.sdk.errors import BenchmarkRunNotFound, BenchmarkRunUnderWay, InvalidRequest, ModelNotFound
from ymera_service.sdk.events import Finished, ProviderEvent, TextDelta
from ymera_service.sdk.generation import FinishReason, GenerateRequest

if TYPE_CHECKING:
    from tests.unit.benchmark.conftest import Bench

PLAN = BenchmarkPlan(categories=["math"], tasks_per_category=6, seed=4, concurrency=1)
OWN = OwnSuite(
    "mine", "support", [OwnTask(str(number), [user(f"{number}+1")], [str(number + 1)]) for number in range(4)]
)


async def interrupted(bench: "Bench", plan: BenchmarkPlan, after: int) -> str:
    """Begins a run, and closes it after this many tasks; returns its id."""
    async with asyncio.timeout(20), aclosing(bench.runner.run(plan)) as events:
        async for event in events:
            if isinstance(event, BenchmarkStarted):
                run_id = event.run_id
            if len(progress([event])) and event.completed_tasks >= after:  # type: ignore[union-attr]  # it is progress
                return run_id
    raise AssertionError("it was not interrupted")


async def test_a_run_goes_on_where_it_was(bench: "Bench") -> None:
    whole = completed(await run(bench, PLAN))
    bench.provider.calls.clear()
    run_id = await interrupted(bench, PLAN, after=5)
    [stored] = await bench.database.benchmark_runs.latest(limit=1)
    assert (stored.run_id, stored.ended_at) == (run_id, None)
    events = await run(bench, BenchmarkPlan(resume=run_id, concurrency=2))
    started, rest = events[0], progress(events)
    assert isinstance(started, BenchmarkStarted)
    assert (started.run_id, started.seed, started.total_tasks) == (run_id, 4, 12)
    assert started.completed_tasks + len(rest) == 12
    assert [event.completed_tasks for event in rest] == list(range(started.completed_tasks + 1, 13))
    assert bench.provider.calls.total() == 12, "a task was repeated"
    again = completed(events)
    assert [(one.model, one.tasks + one.failures) for one in again.scores] == [
        (one.model, one.tasks) for one in whole.scores
    ]
    done = await bench.database.benchmark_runs.get(run_id)
    assert done is not None
    assert done.ended_at is not None


async def test_a_run_that_is_done_only_says_its_scores(bench: "Bench") -> None:
    events = await run(bench, PLAN)
    bench.provider.calls.clear()
    assert await run(bench, BenchmarkPlan(resume=completed(events).run_id)) == [
        BenchmarkStarted(completed(events).run_id, ["acme/large", "acme/small"], ["sums"], 12, 0, 0, 4, 12),
        completed(events),
    ]
    assert not bench.provider.calls


async def test_what_was_spent_before_counts_towards_the_limit(bench: "Bench") -> None:
    [planned, _] = await run(bench, BenchmarkPlan(["large"], categories=["math"], tasks_per_category=1, plan_only=True))
    assert isinstance(planned, BenchmarkStarted)
    limit = 5 * planned.expected_cost_micros
    events = await run(
        bench,
        BenchmarkPlan(["large"], categories=["math"], tasks_per_category=900, max_cost_micros=limit, concurrency=1),
    )
    done, calls = completed(events), bench.provider.calls.total()
    assert 5 < calls < 900
    again = await run(bench, BenchmarkPlan(resume=done.run_id, concurrency=1))
    assert (bench.provider.calls.total(), completed(again).scores) == (calls, done.scores)
    more = completed(await run(bench, BenchmarkPlan(resume=done.run_id, max_cost_micros=2 * limit)))
    assert more.scores[0].cost_micros is not None
    assert limit < more.scores[0].cost_micros <= 2 * limit


async def test_models_that_are_no_longer_offered_are_left_out(bench: "Bench") -> None:
    run_id = await interrupted(bench, PLAN, after=1)
    bench.provider.names = ("small",)
    await bench.catalog.refresh()
    assert completed(await run(bench, BenchmarkPlan(resume=run_id))).scores[-1].model == "acme/small"
    bench.provider.names = ("other",)
    await bench.catalog.refresh()
    with pytest.raises(ModelNotFound):
        await run(bench, BenchmarkPlan(resume=run_id))
    assert bench.provider.calls["other"] == 0


async def test_own_tasks_have_to_be_given_again(bench: "Bench") -> None:
    run_id = await interrupted(bench, BenchmarkPlan(["large"], own_suite=OWN, concurrency=1), after=2)
    for wrong in (None, OwnSuite("other", "support", OWN.own_tasks)):
        with pytest.raises(InvalidRequest, match="mine"):
            await run(bench, BenchmarkPlan(resume=run_id, own_suite=wrong))
    assert completed(await run(bench, BenchmarkPlan(resume=run_id, own_suite=OWN))).scores[0].category == "support"
    assert bench.provider.calls.total() == 4
    with pytest.raises(InvalidRequest, match="own_suite"):
        await run(bench, BenchmarkPlan(resume=await interrupted(bench, PLAN, after=1), own_suite=OWN))


async def test_a_run_of_another_caller_is_not_found(bench: "Bench") -> None:
    run_id = completed(await run(bench, PLAN)).run_id
    for plan in (BenchmarkPlan(resume=run_id, caller="other"), BenchmarkPlan(resume="none")):
        with pytest.raises(BenchmarkRunNotFound):
            await run(bench, plan)


async def test_a_run_is_under_way_once(bench: "Bench") -> None:
    async with aclosing(bench.runner.run(PLAN)) as events:
        started = await anext(events)
        assert isinstance(started, BenchmarkStarted)
        lease = RunLease(bench.database.leases, started.run_id, clock=iter([0.0, 0.0, 99.0]).__next__)
        with pytest.raises(BenchmarkRunUnderWay):
            await lease.__aenter__()
    async with RunLease(bench.database.leases, started.run_id):
        pass


async def test_a_lease_is_waited_for_and_ends_by_itself(bench: "Bench") -> None:
    start, elapsed = datetime(2026, 1, 1, tzinfo=UTC), 0.0

    async def sleep(seconds: float) -> None:
        nonlocal elapsed
        elapsed += seconds

    def lease() -> RunLease:
        return RunLease(
            bench.database.leases,
            "run",
            now=lambda: start + timedelta(seconds=elapsed),
            clock=lambda: elapsed,
            sleep=sleep,
        )

    killed = lease()
    await killed.__aenter__()
    async with lease() as other:  # as the first one was killed and does not renew it
        assert LEASE_SECONDS <= elapsed <= LEASE_SECONDS + 2
        elapsed += RENEW_SECONDS
        await other.renew()
        elapsed += LEASE_SECONDS - 1
        with pytest.raises(BenchmarkRunUnderWay):
            await killed.renew()


async def test_what_was_asked_and_answered_is_kept_without_secrets(bench: "Bench") -> None:
    async def leaks(request: GenerateRequest) -> AsyncGenerator[ProviderEvent, None]:
        yield TextDelta("the key is sk-very-secret\0")
        yield Finished(FinishReason.STOP)

    bench.provider.faults["large"] = leaks
    bench.runner._redact = lambda text: text.replace("sk-very-secret", "[redacted]")
    run_id = completed(await run(bench, BenchmarkPlan(categories=["math"], tasks_per_category=1))).run_id
    [(large, answer), (_, other)] = await bench.database.benchmark_runs.results(run_id)
    assert answer is not None
    assert other is not None
    assert (large.score, answer.answer) == (0.0, "the key is [redacted]\ufffd")
    assert other.prompt.startswith("0+")
    bench.runner._keeps_answers = False
    run_id = completed(await run(bench, BenchmarkPlan(categories=["math"], tasks_per_category=1))).run_id
    assert [answer for _, answer in await bench.database.benchmark_runs.results(run_id)] == [None, None]


async def test_own_tasks_say_which_check_failed(bench: "Bench") -> None:
    task = OwnTask("1", [user("1+1")], ["2"], contains=["two"])
    run_id = completed(await run(bench, BenchmarkPlan(["large"], own_suite=OwnSuite("my", "sums", [task])))).run_id
    [(result, answer)] = await bench.database.benchmark_runs.results(run_id)
    assert answer is not None
    assert result.score == 0
    assert findings_from_json(answer.findings) == [Finding("answers", True), Finding("contains", False, "two")]


def test_long_texts_keep_beginning_and_end() -> None:
    text = "a" * 2000 + "b" * 10_000 + "c" * 6000
    short = shortened(text)
    assert len(short) < LONGEST_TEXT + 60
    assert (short[:2000], short[-6000:]) == (text[:2000], text[-6000:])
    assert "10,000 characters left out" in short
    assert shortened(text[:LONGEST_TEXT]) == text[:LONGEST_TEXT]


def test_a_plan_is_read_as_it_was_stored() -> None:
    plan = StoredPlan(["p/a"], ["basics"], ["math"], 5, 7, 10, 100, "")
    assert StoredPlan.from_json(plan.to_json()) == plan
