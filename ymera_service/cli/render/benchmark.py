"""The scores of a benchmark."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text
from ymera.v1.ymera_pb2 import BenchmarkCompleted, BenchmarkScore

from ymera_service.cli.render.figures import cost, duration
from ymera_service.cli.render.tables import table
from ymera_service.cli.render.text import clean

_FIGURES = ("score", "95 % interval", "tasks", "failed", "median time", "cost")


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
    yield table(["model", "category", *_FIGURES], rows, right=_FIGURES)


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
