"""`ymera config`"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ymera_service.cli import options
from ymera_service.cli.connect import load_settings, starting
from ymera_service.cli.output import Output

if TYPE_CHECKING:
    from ymera_service.config import Settings

app = typer.Typer(add_completion=False, rich_markup_mode="rich", help="Checks the configuration.", no_args_is_help=True)


@app.callback()
def config() -> None:
    """Checks the configuration."""


@app.command()
def check(
    file: Annotated[Path | None, typer.Option("--config", metavar="FILE", help="The file; default ymera.toml.")] = None,
    as_json: options.AsJson = False,
) -> None:
    """Reads the configuration, including the environment, and lists every fault at once.

    If there are none, the plugins' own tables and the TLS files are checked
    too. Nothing is started or called.

    [dim]ymera config check --config production.toml[/dim]
    """
    output = Output(as_json)
    with output.reporting():
        settings = load_settings(file)
        with starting():
            _check(settings, _source(file))
    if as_json:
        output.document({"source": _source(file), "faults": []})
    else:
        typer.echo(f"{_source(file)}: no fault found")


def _check(settings: "Settings", source: str) -> None:
    """Runs the checks that a server runs before it opens a socket or the storage.

    Raises:
        ConfigError: The server would not start; lists every fault.
    """
    from ymera_service.api import listener  # noqa: PLC0415  # no other command needs these
    from ymera_service.config import ConfigError, ConfigFault  # noqa: PLC0415
    from ymera_service.plugins import load_plugins  # noqa: PLC0415
    from ymera_service.routing.building import check_classifier  # noqa: PLC0415
    from ymera_service.telemetry import logs  # noqa: PLC0415
    from ymera_service.transport import HttpTransport  # noqa: PLC0415

    logs.configure(settings.log.model_copy(update={"level": "error"}))
    faults: list[ConfigFault] = []
    for checks in (lambda: listener.exposure(settings), lambda: listener.credentials(settings.server)):
        try:
            checks()
        except ConfigError as error:
            faults.extend(error.faults)
    try:
        check_classifier(load_plugins(settings.plugins, HttpTransport(settings.transport)), settings.routing)
    except ConfigError as error:
        faults.extend(error.faults)
    if faults:
        raise ConfigError(source, faults)


def _source(file: Path | None) -> str:
    if file is None and not Path("ymera.toml").exists():
        return "environment and defaults (there is no ymera.toml here)"
    return str(file or "ymera.toml")
