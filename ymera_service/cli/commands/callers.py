"""`ymera callers`"""

import json
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any

import grpc
import typer
from pydantic import ValidationError
from ymera.v1.usage_pb2 import QueryUsageRequest, UsageDimension, UsageGroup
from ymera.v1.usage_pb2_grpc import UsageServiceStub

from ymera_service.cli import completion, options
from ymera_service.cli.connect import Server, connected, load_settings
from ymera_service.cli.output import Output
from ymera_service.cli.problems import wrong
from ymera_service.cli.render.callers import CallerLine, callers_report
from ymera_service.cli.running import run
from ymera_service.config import CallerSettings, faults_of

app = typer.Typer(
    add_completion=False,
    rich_markup_mode="rich",
    help="Makes keys for those who may call the server, and lists their limits.",
    no_args_is_help=True,
)

_AllowModels = Annotated[
    list[str] | None,
    typer.Option(
        metavar="MODEL",
        help="The only models that the caller may use, by name or pattern such as 'openai/*'. Repeatable; default all.",
        autocompletion=completion.models,
    ),
]
_RequestsPerMinute = Annotated[
    int | None,
    typer.Option(
        min=1, metavar="N", help="How many requests per minute the caller may send to be executed. Default: no limit."
    ),
]

_SpendPerDay = Annotated[
    float | None,
    typer.Option(metavar="USD", help="What its requests may cost per day (UTC), in US dollars. Default: no limit."),
]
_SpendPerMonth = Annotated[float | None, typer.Option(metavar="USD", help="What they may cost per month (UTC).")]

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@app.callback()
def callers() -> None:
    """Makes keys for those who may call the server, and lists their limits."""


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="Whose key it is: letters, digits, dots, dashes and underscores.")],
    write_to: Annotated[
        Path | None,
        typer.Option("--config", metavar="FILE", help="Append the entry to this configuration file, and check it."),
    ] = None,
    allow_models: _AllowModels = None,
    requests_per_minute: _RequestsPerMinute = None,
    *,
    spend_per_day: _SpendPerDay = None,
    spend_per_month: _SpendPerMonth = None,
) -> None:
    """Makes a key and prints it once, with its entry for the configuration, which holds only a hash.

    The key goes to standard output, everything else to standard error. It is in
    force when the server has started with the new configuration; from then
    on every call has to present a key.

    [dim]ymera callers add checkout[/dim]
    [dim]ymera callers add checkout --config ymera.toml > checkout.key[/dim]
    [dim]ymera callers add trial --allow-models 'groq/*' --requests-per-minute 20 --spend-per-day 0.50[/dim]
    """
    from ymera_service.access.keys import digest, new_key  # noqa: PLC0415  # no other command needs it

    output = Output()
    with output.reporting():
        if not NAME.fullmatch(name):
            raise wrong(
                f"{name!r} is not a valid name",
                "Begin with a letter or digit; use letters, digits, '.', '-' and '_', up to 64 of them.",
            )
        key = new_key()
        limits = {
            "allow_models": allow_models or None,
            "requests_per_minute": requests_per_minute,
            "spend_per_day": spend_per_day,
            "spend_per_month": spend_per_month,
        }
        entry = _entry(name, digest(key), {limit: value for limit, value in limits.items() if value is not None})
        if write_to is None:
            output.remark(f"Add this to the configuration and restart the server:\n\n{entry}")
        else:
            _append(entry, write_to)
            output.remark(f"{write_to} has the entry now; restart the server.")
        output.remark("This is the key; it is not shown again:")
        print(key)


@app.command("list")
@options.of_server
def list_(server: Server, output: Output) -> None:
    """Lists the callers of the configuration with their limits and what they have spent.

    Of a server that asks for keys, a caller's key shows what that caller has spent.
    """
    run(_list(server, output), output)


async def _list(server: Server, output: Output) -> None:
    configured = load_settings(server.config).access.callers
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    async with connected(server) as channel:
        day, month = [await _spent(channel, start) for start in (today, today.replace(day=1))]
    lines = [_line(name, list(keys), day, month) for name, keys in groupby(sorted(configured, key=_name), _name)]
    if output.as_json:
        output.document({"callers": [line.document() for line in lines]})
    else:
        output.blocks(*callers_report(lines))


def _name(caller: CallerSettings) -> str:
    return caller.name


async def _spent(channel: grpc.aio.Channel, start: datetime) -> Mapping[str, UsageGroup]:
    """Returns what each caller consumed from a time on."""
    request = QueryUsageRequest(group_by=[UsageDimension.USAGE_DIMENSION_CALLER])
    request.start_time.FromDatetime(start)
    groups: dict[str, UsageGroup] = {}
    while True:
        report = await UsageServiceStub(channel).QueryUsage(request)
        groups |= {group.caller: group for group in report.groups}
        if not report.next_page_token:
            return groups
        request.page_token = report.next_page_token


def _line(
    name: str, keys: Sequence[CallerSettings], day: Mapping[str, UsageGroup], month: Mapping[str, UsageGroup]
) -> CallerLine:
    limits, nothing = keys[0], UsageGroup()
    return CallerLine(
        name,
        len(keys),
        limits.allow_models,
        limits.requests_per_minute,
        _micros(limits.spend_per_day),
        _micros(limits.spend_per_month),
        day.get(name, nothing).usage.cost_micros,
        month.get(name, nothing).usage.cost_micros,
        month.get(name, nothing).unpriced_attempts,
    )


def _micros(usd: float | None) -> int | None:
    return None if usd is None else round(usd * 1_000_000)


def _entry(name: str, key_sha256: str, limits: Mapping[str, Any]) -> str:
    """Returns the table of a key in TOML.

    Raises:
        CommandFailed: A limit is not valid.
    """
    try:
        CallerSettings.model_validate({"name": name, "key_sha256": key_sha256, **limits})
    except ValidationError as error:
        faults = [f"{fault.where}: {fault.problem}" for fault in faults_of(error, CallerSettings)]
        raise wrong("the limits are not valid", *faults) from None
    entry = {"name": name, "key_sha256": key_sha256, **limits}
    # JSON writes texts, numbers and lists as TOML does.
    lines = [f"{key} = {json.dumps(value)}" for key, value in entry.items()]
    return "\n".join(["[[access.callers]]", *lines, ""])


def _append(entry: str, file: Path) -> None:
    """Appends an entry to a configuration file; the file changes only as a whole, and only if it remains valid.

    Raises:
        CommandFailed: The file can't be read or written, or it would not be valid.
    """
    load_settings(file)
    before = file.read_text(encoding="utf-8")
    try:
        descriptor, draft = tempfile.mkstemp(prefix=f"{file.name}.", dir=file.resolve().parent)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(f"{before.rstrip()}\n\n{entry}".lstrip())
        Path(draft).chmod(file.stat().st_mode)
        try:
            load_settings(Path(draft))
            Path(draft).replace(file.resolve())
        finally:
            Path(draft).unlink(missing_ok=True)
    except OSError as error:
        raise wrong(f"{file} can't be changed: {error.strerror}") from None
