"""All commands."""

from typing import Annotated

import typer

from ymera_service import __version__
from ymera_service.cli.commands import ask, benchmark, callers, config, explain, health, models, plugins, route, serve

EXIT_CODES = "Exit codes: 0 success · 1 failure · 2 wrong command line, configuration or request · 130 interrupted."

app = typer.Typer(
    name="ymera",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=EXIT_CODES,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"ymera {__version__}")
        raise typer.Exit


@app.callback()
def ymera(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Chooses the best model for a prompt, calls it, and explains the choice.

    Every command calls the server at --address (or YMERA_ADDRESS). Without an address it starts a temporary server.
    """


app.command()(ask.ask)
app.command()(route.route)
app.command()(explain.explain)
app.command()(benchmark.benchmark)
app.command()(models.models)
app.add_typer(plugins.app, name="plugins")
app.command()(health.health)
app.command()(serve.serve)
app.add_typer(config.app, name="config")
app.add_typer(callers.app, name="callers")
