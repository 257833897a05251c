"""`ymera usage`"""

import csv
import re
import sys
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from ymera.v1.usage_pb2 import (
    CompareBillsRequest,
    CompareBillsResponse,
    QueryUsageRequest,
    QueryUsageResponse,
    UsageDimension,
    UsageFilter,
)
from ymera.v1.usage_pb2_grpc import UsageServiceStub

from ymera_service.cli import completion, options
from ymera_service.cli.connect import Server, connected
from ymera_service.cli.output import Output
from ymera_service.cli.problems import wrong
from ymera_service.cli.render.bills import bills_report, difference
from ymera_service.cli.render.usage import NAMES, rows_of, usage_report
from ymera_service.cli.running import run

_PAGE = 1000
_BY = "model"
_AGO = re.compile(r"(\d{1,5})([hdw])")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


_By = Annotated[
    str,
    typer.Option(
        metavar="WHAT,…",
        help=f"What to group by: {', '.join(NAMES)}, and label:KEY for the values of a label. Empty means one sum.",
    ),
]
_Since = Annotated[
    str, typer.Option(metavar="TIME", help="From when on: a date, or a time ago, such as 12h, 7d or 4w.")
]
_Until = Annotated[
    str, typer.Option(metavar="TIME", help="Up to when, in the same form; by default now.", show_default=False)
]
_Model = Annotated[
    str,
    typer.Option(
        "--model", "-m", metavar="MODEL", help="Only of the model with this id.", autocompletion=completion.models
    ),
]
_Label = Annotated[
    list[str] | None, typer.Option(metavar="KEY=VALUE", help="Only of requests with this label. Repeatable.")
]
_Billed = Annotated[
    bool,
    typer.Option(
        "--billed", help="Compare each day's cost with what vendors bill, where they can be asked. For administrators."
    ),
]
_AsCsv = Annotated[bool, typer.Option("--csv", help="Print CSV, with the cost in micro-USD.")]


@options.of_server
def usage(
    *,
    by: _By = _BY,
    since: _Since = "30d",
    until: _Until = "",
    model: _Model = "",
    label: _Label = None,
    billed: _Billed = False,
    as_csv: _AsCsv = False,
    server: Server,
    output: Output,
) -> None:
    """Sums what calls of models consumed and cost, benchmarks included.

    The sums are of whole hours. Attempts whose price is not known are counted, and are not in the cost.

    [dim]ymera usage --by day,model --since 7d · ymera usage --by label:team,key --csv · ymera usage --billed[/dim]
    """
    if billed:
        with output.reporting():
            _check_alone(by, model, label)
            wanted = _bills_request(since, until)
        run(_bills(wanted, server, output, as_csv=as_csv), output)
        return
    with output.reporting():
        request = _request(by, since, until, UsageFilter(model=model, labels=options.labels(label)))
    run(_usage(request, server, output, as_csv=as_csv), output)


async def _usage(request: QueryUsageRequest, server: Server, output: Output, *, as_csv: bool) -> None:
    async with connected(server) as channel:
        stub = UsageServiceStub(channel)
        report = await stub.QueryUsage(request)
        while report.next_page_token:
            request.page_token = report.next_page_token
            page = await stub.QueryUsage(request)
            report.groups.extend(page.groups)
            report.next_page_token = page.next_page_token
    if as_csv:
        _print_csv(request, report)
    else:
        output.show(report, *usage_report(request, report))


def _request(by: str, since: str, until: str, wanted: UsageFilter) -> QueryUsageRequest:
    names = [name.strip() for name in by.split(",") if name.strip()]
    labels = [name.removeprefix("label:") for name in names if name.startswith("label:")]
    request = QueryUsageRequest(filter=wanted, page_size=_PAGE, group_by_labels=labels)
    for name in names:
        if name in NAMES:
            request.group_by.append(UsageDimension.Value(NAMES[name]))
        elif not name.startswith("label:"):
            raise wrong(f"usage can't be grouped by {name!r}", f"Choose from {', '.join(NAMES)} and label:KEY.")
    request.start_time.FromDatetime(_time(since))
    if until:
        request.end_time.FromDatetime(_time(until))
    return request


def _check_alone(by: str, model: str, label: list[str] | None) -> None:
    """Vendors bill a day as a whole."""
    if by != _BY or model or label:
        raise wrong("--billed compares whole days", "Leave out --by, --model and --label.")


def _bills_request(since: str, until: str) -> CompareBillsRequest:
    request = CompareBillsRequest()
    request.start_time.FromDatetime(_time(since))
    if until:
        request.end_time.FromDatetime(_time(until))
    return request


async def _bills(request: CompareBillsRequest, server: Server, output: Output, *, as_csv: bool) -> None:
    async with connected(server) as channel:
        comparison = await UsageServiceStub(channel).CompareBills(request)
    if as_csv:
        _print_bills(comparison)
    else:
        output.show(comparison, *bills_report(comparison))


def _print_bills(comparison: CompareBillsResponse) -> None:
    for each in comparison.unbilled:
        print(f"{each.provider}: {each.reason}", file=sys.stderr)
    writer = csv.writer(sys.stdout)
    writer.writerow(["day", "provider", "recorded_micros", "billed_micros", "difference_micros", "unpriced_attempts"])
    for day in comparison.days:
        recorded = day.recorded_micros if day.HasField("recorded_micros") else None
        billed = day.billed_micros if day.HasField("billed_micros") else None
        figures = ("" if each is None else each for each in (recorded, billed, difference(day)))
        begins = day.start_time.ToDatetime().date().isoformat()
        writer.writerow([begins, day.provider, *figures, day.unpriced_attempts])


def _time(text: str) -> datetime:
    if ago := _AGO.fullmatch(text):
        return datetime.now(UTC) - int(ago[1]) * _UNITS[ago[2]]
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise wrong(f"{text!r} is not a time", "Write a date such as 2026-11-01, or a time ago such as 7d.") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _print_csv(request: QueryUsageRequest, report: QueryUsageResponse) -> None:
    columns, rows = rows_of(request, report)
    figures = ("requests", "attempts", "input_tokens", "output_tokens", "cost_micros", "unpriced_attempts")
    writer = csv.writer(sys.stdout)
    writer.writerow([*columns, *figures])
    for names, group in zip(rows, report.groups, strict=True):
        tokens = group.usage
        cost = tokens.cost_micros if tokens.HasField("cost_micros") else ""
        counts = group.requests, group.attempts, tokens.input_tokens, tokens.output_tokens, cost
        writer.writerow([*names, *counts, group.unpriced_attempts])
