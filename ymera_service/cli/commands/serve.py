"""`ymera serve`"""

from typing import Annotated

import typer

from ymera_service.cli import loaded, options
from ymera_service.cli.connect import load_settings, source_of, starting
from ymera_service.cli.output import Output


def serve(
    config: options.ConfigFile = None,
    address: Annotated[
        str,
        typer.Option(
            metavar="HOST:PORT",
            help="Listen on this address, in place of the configured one; port 0 takes a free port.",
        ),
    ] = "",
) -> None:
    """Runs the server until SIGTERM or Ctrl-C, then finishes the requests in progress and exits.

    It listens on 127.0.0.1:50051 unless configured otherwise. A second Ctrl-C
    stops it immediately. SIGHUP stops it like SIGTERM if it was started on a
    terminal, and is ignored otherwise.

    [dim]ymera serve --config ymera.toml[/dim]
    [dim]YMERA_SERVER__ADDRESS=0.0.0.0:50051 ymera serve[/dim]
    """
    output = Output()
    with output.reporting():
        settings = load_settings(config)
        if address:
            settings = settings.model_copy(update={"server": settings.server.model_copy(update={"address": address})})
        with starting():
            from ymera_service import server  # noqa: PLC0415  # no other command needs it

            server.run(settings, started=lambda _: loaded(), configuration=source_of(config))
