"""A report of usage as a table."""

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from ymera.v1.usage_pb2 import QueryUsageRequest, QueryUsageResponse, UsageDimension, UsageGroup

from ymera_service.cli.render.figures import cost
from ymera_service.cli.render.tables import table
from ymera_service.cli.render.text import clean

NAMES = {
    "day": "USAGE_DIMENSION_DAY",
    "hour": "USAGE_DIMENSION_HOUR",
    "operation": "USAGE_DIMENSION_OPERATION",
    "provider": "USAGE_DIMENSION_PROVIDER",
    "model": "USAGE_DIMENSION_MODEL",
    "key": "USAGE_DIMENSION_ACCOUNT",
    "caller": "USAGE_DIMENSION_CALLER",
    "agent": "USAGE_DIMENSION_AGENT",
}
"""What usage can be grouped by, in the words of the command line."""

_FIELDS = {"key": "account", "agent": "agent_name"}
_FIGURES = ("requests", "attempts", "in", "out", "cost")


def usage_report(request: QueryUsageRequest, report: QueryUsageResponse) -> Iterator[RenderableType]:
    """Shows the groups, their sum and what of it has no price."""
    if not report.total.attempts:
        yield clean(f"No model was called {_period(report)}.")
        return
    columns, rows = rows_of(request, report)
    cells = [[*names, *_figures(group)] for names, group in zip(rows, report.groups, strict=True)]
    if columns and len(rows) > 1:
        cells.append(["total", *[""] * (len(columns) - 1), *_figures(report.total)])
    drops = ["attempts", "out", "in", "requests"]
    yield table([*columns, *_FIGURES], cells, right=_FIGURES, folds=columns, drops=drops)
    if unpriced := report.total.unpriced_attempts:
        yield clean(f"The cost of {unpriced:,} of {report.total.attempts:,} attempts is not known.", "yellow")
    yield clean(_period(report), "dim")


def rows_of(request: QueryUsageRequest, report: QueryUsageResponse) -> tuple[list[str], list[list[str]]]:
    """Returns the names of what a report is grouped by, and the values of each group."""
    numbers = {UsageDimension.Value(number): name for name, number in NAMES.items()}
    dimensions = [numbers[number] for number in request.group_by]
    labels = list(request.group_by_labels)
    rows = [
        [*(_value(group, name) for name in dimensions), *(group.labels.get(key, "") for key in labels)]
        for group in report.groups
    ]
    return [*dimensions, *labels], rows


def _value(group: UsageGroup, name: str) -> str:
    if name in {"day", "hour"}:
        begins = group.start_time.ToDatetime()
        return begins.date().isoformat() if name == "day" else begins.isoformat(" ", "minutes")
    value: str = getattr(group, _FIELDS.get(name, name))
    return value


def _figures(group: UsageGroup) -> Sequence[str]:
    tokens = group.usage
    counts = group.requests, group.attempts, tokens.input_tokens, tokens.output_tokens
    return *(f"{count:,}" for count in counts), cost(tokens)


def _period(report: QueryUsageResponse) -> str:
    begins, ends = (time.ToDatetime().isoformat(" ", "minutes") for time in (report.start_time, report.end_time))
    return f"from {begins} to {ends} UTC"
