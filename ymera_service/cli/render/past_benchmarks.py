"""Past runs of benchmarks: a table of runs, and the results of one with what was asked and answered."""

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.padding import Padding
from ymera.v1.benchmarks_pb2 import BenchmarkFinding, BenchmarkResult, BenchmarkRun

from ymera_service.cli.render.figures import cost, duration
from ymera_service.cli.render.tables import table
from ymera_service.cli.render.text import clean

_INDENT = (0, 0, 0, 2)
_FIGURES = ("models", "tasks", "failed", "cost")


def runs(past: Sequence[BenchmarkRun]) -> Iterator[RenderableType]:
    """Shows runs, one row each."""
    if not past:
        yield clean("Nothing was measured yet. `ymera benchmark` measures the models.")
        return
    rows = [
        [
            each.start_time.ToDatetime().isoformat(" ", "minutes"),
            each.run_id,
            "done" if each.HasField("end_time") else "unfinished",
            f"{len(each.models):,}",
            f"{each.completed_tasks:,} of {each.total_tasks:,}",
            f"{each.failures:,}",
            cost(each.usage),
            ", ".join(each.suites),
        ]
        for each in past
    ]
    yield table(
        ["when (UTC)", "run", "state", *_FIGURES, "suites"],
        rows,
        right=_FIGURES,
        drops=["suites", "models", "failed", "cost", "when (UTC)", "tasks", "state"],
    )


def results(found: Sequence[BenchmarkResult], *, more: bool) -> Iterator[RenderableType]:
    """Shows results with what was asked, what was answered, and what the grading found."""
    if not found:
        yield clean("No matching result is stored.")
    for number, each in enumerate(found):
        if number:
            yield clean("")
        yield from _result(each)
    if more:
        yield clean("")
        yield clean("There are more; -n shows more of them.", "dim")


def _result(result: BenchmarkResult) -> Iterator[RenderableType]:
    score = f"{result.score:.2f}" if result.HasField("score") else result.error_reason or "not graded"
    yield clean(f"{result.model} · {result.suite} {result.task_id} · {score} · {duration(result.duration)}", "bold")
    if not result.HasField("answer"):
        yield Padding(clean("The answer is no longer kept.", "dim"), _INDENT)
        return
    for label, text in (("asked:", result.answer.prompt), ("answered:", result.answer.answer or "(nothing)")):
        yield Padding(clean(label, "dim"), _INDENT)
        yield Padding(clean(text), (0, 0, 0, 4))
    for finding in result.answer.findings:
        yield Padding(_finding(finding), _INDENT)


def _finding(finding: BenchmarkFinding) -> RenderableType:
    sign, style = ("✓", "green") if finding.passed else ("✗", "red")
    return clean(f"{sign} {finding.name}{f': {finding.detail}' if finding.detail else ''}", style)
