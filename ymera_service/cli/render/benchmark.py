"""The scores of a benchmark."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text
from ymera.v1.benchmarks_pb2 import BenchmarkRun
from ymera.v1.ymera_pb2 import BenchmarkCompleted, BenchmarkRequest, BenchmarkScore, BenchmarkStarted

from ymera_service.cli.render.figures import cost, duration, money, seconds
from ymera_service.cli.render.tables import table
from ymera_service.cli.render.text import clean

TASK_SECONDS = 3
"""How long a task is assumed to take: some 100 tokens at the 30 to 100 tokens a second of most models."""
_FIGURES = ("score", "95 % interval", "tasks", "failed", "median time", "cost")


def plan(started: BenchmarkStarted, request: BenchmarkRequest) -> str:
    """Describes what a measurement will do, take and cost."""
    models = len(started.models)
    counted = "1 model" if models == 1 else f"{models:,} models"
    left = started.total_tasks - started.completed_tasks
    each = started.total_tasks // models if models else 0
    done = f", {started.completed_tasks:,} of them done" if started.completed_tasks else ""
    took = seconds(left * TASK_SECONDS / request.concurrency)
    unknown = f", and {started.unpriced_models} models whose price is not known" if started.unpriced_models else ""
    limit = f", at most {money(request.max_cost_micros)}" if request.HasField("max_cost_micros") else ""
    return (
        f"{started.total_tasks:,} tasks: {counted} × {each:,} of {', '.join(started.suites)}, seed {started.seed}"
        f"{done}\n"
        f"expected cost: {money(started.expected_cost_micros)}{unknown}{limit}; models that think cost more\n"
        f"time: about {took}, if a task takes {TASK_SECONDS:g} s and {request.concurrency} run at a time"
    )


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
