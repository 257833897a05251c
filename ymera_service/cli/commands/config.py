"""`ymera config`"""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ymera_service.cli import options
from ymera_service.cli.connect import load_settings, source_of, starting
from ymera_service.cli.output import Output
from ymera_service.cli.problems import wrong
from ymera_service.cli.render.tables import table

if TYPE_CHECKING:
    from ymera_service.config import Settings

app = typer.Typer(
    add_completion=False,
    rich_markup_mode="rich",
    help="Checks, shows or begins the configuration.",
    no_args_is_help=True,
)


@app.callback()
def config() -> None:
    """Checks, shows or begins the configuration."""


@app.command()
def check(
    file: Annotated[
        Path | None, typer.Option("--config", metavar="FILE", help="The file; default ymera.toml, or the user's.")
    ] = None,
    as_json: options.AsJson = False,
) -> None:
    """Reads the configuration, including the environment, and lists every fault at once.

    If there are none, the plugins' own tables, the TLS files and the database
    are checked too. Nothing is changed, and no provider is called.

    [dim]ymera config check --config production.toml[/dim]
    """
    output = Output(as_json)
    with output.reporting():
        settings = load_settings(file)
        source = source_of(file)
        with starting():
            _check(settings, source)
    if as_json:
        output.document({"source": source, "faults": []})
    else:
        typer.echo(f"{source}: no fault found")


@app.command()
def show(
    file: options.ConfigFile = None,
    as_json: options.AsJson = False,
) -> None:
    """Lists every key with its value and its source; secrets are hidden.

    [dim]YMERA_LOG__LEVEL=debug ymera config show | grep log[/dim]
    """
    from ymera_service.config import Source  # noqa: PLC0415  # see `connect`
    from ymera_service.config.showing import values  # noqa: PLC0415
    from ymera_service.telemetry.redaction import without_credentials  # noqa: PLC0415

    output = Output(as_json)
    with output.reporting():
        found = list(values(load_settings(file), Source.of(file)))
    shown = [[each.path, without_credentials(each.value), each.source] for each in found]
    if as_json:
        output.document([dict(zip(("key", "value", "source"), row, strict=True)) for row in shown])
    else:
        output.blocks(table(["key", "value", "source"], shown, folds=["key", "value"], drops=["source"]))


@app.command()
def init(
    file: Annotated[
        Path | None, typer.Option("--config", metavar="FILE", help="The file to write; default the user's.")
    ] = None,
) -> None:
    """Writes a configuration to begin with: every key with its default, commented out.

    [dim]ymera config init --config ymera.toml[/dim]
    """
    from ymera_service.config import user_file  # noqa: PLC0415  # see `connect`
    from ymera_service.config.showing import template  # noqa: PLC0415

    output, path = Output(), file or user_file()
    with output.reporting():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as stream:
                stream.write(template())
        except FileExistsError:
            raise wrong(f"{path} exists already", "It was not changed.") from None
        except OSError as error:
            raise wrong(f"{path} can't be written: {error.strerror}") from None
    typer.echo(f"wrote {path}")


def _check(settings: "Settings", source: str) -> None:
    """Runs the checks that a server runs before it opens a socket or the storage.

    Raises:
        ConfigError: The server would not start; lists every fault.
    """
    from ymera_service.api import listener  # noqa: PLC0415  # no other command needs these
    from ymera_service.config import ConfigError, ConfigFault  # noqa: PLC0415
    from ymera_service.plugins import load_plugins  # noqa: PLC0415
    from ymera_service.routing.building import check_classifiers  # noqa: PLC0415
    from ymera_service.sdk.errors import StorageUnavailable  # noqa: PLC0415
    from ymera_service.storage import Database  # noqa: PLC0415
    from ymera_service.telemetry import logs  # noqa: PLC0415
    from ymera_service.transport import HttpTransport  # noqa: PLC0415

    logs.configure(settings.log.model_copy(update={"level": "error"}))
    faults: list[ConfigFault] = []
    try:
        asyncio.run(Database.check_url(settings.storage.url))
    except StorageUnavailable as error:
        faults.append(ConfigFault("storage.url", error.message))
    for checks in (lambda: listener.exposure(settings), lambda: listener.credentials(settings.server)):
        try:
            checks()
        except ConfigError as error:
            faults.extend(error.faults)
    try:
        check_classifiers(load_plugins(settings.plugins, HttpTransport(settings.transport)), settings.routing)
    except ConfigError as error:
        faults.extend(error.faults)
    if faults:
        raise ConfigError(source, faults)
