"""Experiments and their results."""

from collections.abc import Callable, Iterable, Iterator

from rich.console import RenderableType
from ymera.v1.experiments_pb2 import (
    Experiment,
    ExperimentFigure,
    ExperimentResult,
    ExperimentUnit,
    GetExperimentResponse,
)

from ymera_service.cli.render.figures import word
from ymera_service.cli.render.tables import table
from ymera_service.cli.render.text import clean


def listed(experiments: Iterable[Experiment]) -> RenderableType:
    """Shows experiments, a row for each arm."""
    rows = [
        [each.name, _unit(each.unit), "yes" if each.active else "no", arm.name, f"{arm.share:.0%}", arm.settings]
        for each in experiments
        for arm in each.arms
    ]
    columns = ["experiment", "unit", "active", "arm", "share", "sets"]
    return table(columns, rows, ["share"], folds=["experiment", "sets"], drops=["active", "unit"])


def results(found: GetExperimentResponse) -> Iterator[RenderableType]:
    """Shows the figures of each arm, and how they differ from the first one."""
    experiment = found.experiment
    state = "active" if experiment.active else "ended"
    yield clean(f"{experiment.name}: {state}, by {_unit(experiment.unit)}", "bold")
    if found.sample_ratio_mismatch:
        yield clean(f"The differences can't be trusted; {found.sample_ratio_mismatch}", "yellow")
    yield clean("")
    counts = [[one.arm, one.requests, one.units] for one in found.results]
    yield table(["arm", "requests", "units"], counts, ["requests", "units"])
    rows = [row for name, field, shown in _FIGURES for one in found.results for row in _rows(one, name, field, shown)]
    if not rows:
        return
    yield clean("")
    columns = ["figure", "arm", "mean", "units", "difference", "95 % interval"]
    figures, folds = ["mean", "units", "difference"], ["figure", "95 % interval"]
    yield table(columns, rows, figures, folds=folds, drops=["units", "95 % interval", "mean"])


def _unit(unit: ExperimentUnit.ValueType) -> str:
    return word(ExperimentUnit.Name(unit), "EXPERIMENT_UNIT_")


def _rows(result: ExperimentResult, name: str, field: str, shown: Callable[[float], str]) -> Iterator[list[object]]:
    if not result.HasField(field):  # type: ignore[arg-type]  # one of its fields
        return
    figure: ExperimentFigure = getattr(result, field)
    difference = interval = ""
    if figure.HasField("difference"):
        sign = "+" if figure.difference > 0 else ""
        difference, interval = f"{sign}{shown(figure.difference)}", f"{shown(figure.low)} to {shown(figure.high)}"
    yield [name, result.arm, shown(figure.mean), figure.units, difference, interval]


_FIGURES: list[tuple[str, str, Callable[[float], str]]] = [
    ("quality", "quality", lambda value: f"{value:.3f}"),
    ("cost of a request", "cost_micros", lambda value: f"{'-' if value < 0 else ''}${abs(value) / 1e6:.6f}"),
    ("seconds", "latency_seconds", lambda value: f"{value:.2f}"),
    ("failures", "failures", lambda value: f"{value:.2%}"),
]
