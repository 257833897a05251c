"""The scores of a benchmark."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text
from ymera.v1.benchmarks_pb2 import BenchmarkRun
from ymera.v1.ymera_pb2 import (
    BENCHMARK_END_LIMIT_REACHED,
    BENCHMARK_END_SETTLED,
    BenchmarkCompleted,
    BenchmarkRequest,
    BenchmarkScore,
    BenchmarkStarted,
)

from ymera_service.cli.render.figures import cost, duration, money, seconds
from ymera_service.cli.render.tables import table
from ymera_service.cli.render.text import clean

TASK_SECONDS = 3
"""How long a task is assumed to take: some 100 tokens at the 30 to 100 tokens a second of most models."""
_SURE = ("sure", "before")
_SURE_ENOUGH = 0.9
"""The probability from which on a choice is called sure."""
_WHY = {
    BENCHMARK_END_SETTLED: ", as no other would be likely to change a choice",
    BENCHMARK_END_LIMIT_REACHED: ", within the limits",
}
_FIGURES = ("score", "95 % interval", "tasks", "failed", "median time", "cost")


def plan(started: BenchmarkStarted, request: BenchmarkRequest) -> str:
    """Describes what a measurement will do, take and cost."""
    models = len(started.models)
    counted = "1 model" if models == 1 else f"{models:,} models"
    left = started.total_tasks - started.completed_tasks
    each = (started.total_tasks - started.comparisons) // models if models else 0
    compared = f", and {started.comparisons:,} comparisons of answers" if started.comparisons else ""
    if related := started.related_comparisons:
        compared += f", {related:,} of them by a judge of the family of a compared model, which may prefer its own"
    done = f", {started.completed_tasks:,} of them done" if started.completed_tasks else ""
    took = seconds(left * TASK_SECONDS / request.concurrency)
    unknown = f", and {started.unpriced_models} models whose price is not known" if started.unpriced_models else ""
    limit = "".join(f"; {each}" for each in _limits(request))
    most = "at most " if started.adaptive else ""
    return (
        f"{most}{started.total_tasks:,} tasks: {counted} × {each:,} of {', '.join(started.suites)}, seed {started.seed}"
        f"{done}{compared}\n"
        f"expected cost: {most}{money(started.expected_cost_micros)}{unknown}{limit}; models that think cost more\n"
        f"time: {most or 'about '}{took}, if a task takes {TASK_SECONDS:g} s and {request.concurrency} run at a time"
    )


def _limits(request: BenchmarkRequest) -> Iterator[str]:
    if request.HasField("max_cost_micros"):
        yield f"no more than {money(request.max_cost_micros)}"
    if request.HasField("max_requests"):
        yield f"no more than {request.max_requests:,} calls"
    if request.HasField("max_duration"):
        yield f"no more than {seconds(request.max_duration.seconds)}"


def interrupted(run: BenchmarkRun, resuming: str) -> str:
    """Describes how far a run has come that was interrupted, and with which command it goes on."""
    return (
        f"Interrupted: {run.completed_tasks:,} of {run.total_tasks:,} tasks done, {cost(run.usage)}\n"
        f"To go on: {resuming}"
    )


def scores(done: BenchmarkCompleted) -> Iterator[RenderableType]:
    """Shows one score per model and category."""
    if not done.scores:
        yield clean("Nothing was measured.")
        return
    model = ""
    rows = []
    for each in done.scores:
        rows.append([each.model if each.model != model else "", each.category, *_figures(each)])
        model = each.model
    yield table(
        ["model", "category", *_FIGURES],
        rows,
        right=_FIGURES,
        drops=("95 % interval", "median time", "failed", "tasks", "cost"),
    )


def choices(done: BenchmarkCompleted) -> Iterator[RenderableType]:
    """Shows what would be chosen in each category, and how sure that is."""
    if not done.scores or not done.choices:
        return
    yield clean("")
    rows = [
        [each.category, each.model, _share(each.certainty), _share(each.certainty_before), each.rival or "–"]
        for each in done.choices
    ]
    yield table(
        ["category", "would be chosen", *_SURE, "otherwise most likely"],
        rows,
        right=_SURE,
        drops=("before", "otherwise most likely"),
    )


def ending(done: BenchmarkCompleted) -> str:
    """Describes what was spent, why no more tasks were run, and which choices are still open."""
    tasks = sum(each.tasks + each.failures for each in done.scores)
    spent = money(sum(each.usage.cost_micros for each in done.scores))
    open_ = [each.category for each in done.choices if each.certainty < _SURE_ENOUGH]
    left = f"; not yet sure: {', '.join(open_)}" if open_ else "; all choices are sure" if done.choices else ""
    return f"{tasks:,} tasks were measured for {spent}{_WHY.get(done.end, '')}{left}"


def _share(probability: float) -> str:
    return f"{min(int(probability * 100), 99)} %"


def _figures(score: BenchmarkScore) -> list[str | Text]:
    measured = score.tasks > 0
    return [
        clean(f"{score.score:.2f}", "bold") if measured else "–",
        f"{score.score_low:.2f}–{score.score_high:.2f}" if measured else "",
        str(score.tasks),
        clean(str(score.failures), "red" if score.failures else "dim"),
        duration(score.median_duration) if score.HasField("median_duration") else "",
        cost(score.usage),
    ]
