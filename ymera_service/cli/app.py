"""All commands. The module of a command is imported when that command is used, as each needs large libraries."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from ymera_service.cli import print_version

NAMES = (
    "ask",
    "chat",
    "route",
    "count",
    "explain",
    "history",
    "feedback",
    "replay",
    "beliefs",
    "experiments",
    "usage",
    "benchmark",
    "models",
    "plugins",
    "health",
    "serve",
    "config",
    "callers",
    "keys",
)
"""In the order of the help page. Each is a module of `commands` with a function of this name, or with `app` if it is a
group of commands."""
EXIT_CODES = "Exit codes: 0 success · 1 failure · 2 wrong command line, configuration or request · 130 interrupted."


class _Commands(Mapping[str, Any]):
    def __getitem__(self, name: str) -> Any:
        if name not in NAMES:
            raise KeyError(name)
        module = import_module(f"ymera_service.cli.commands.{name}")
        group = getattr(module, "app", None)
        if group is None:
            group = typer.Typer(add_completion=False, rich_markup_mode="rich")
            group.command(name)(getattr(module, name))
        command = typer.main.get_command(group)
        command.name = name
        return command

    def __iter__(self) -> Iterator[str]:
        return iter(NAMES)

    def __len__(self) -> int:
        return len(NAMES)


class _ImportedWhenUsed(TyperGroup):
    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = _Commands()  # type: ignore[assignment]  # nothing is added to it

    def list_commands(self, ctx: object) -> list[str]:
        """Returns the names; typer's own would import the commands."""
        return list(NAMES)


app = typer.Typer(
    name="ymera",
    cls=_ImportedWhenUsed,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=EXIT_CODES,
)


def _version(wanted: bool) -> None:
    if wanted:
        print_version()
        raise typer.Exit


@app.callback()
def ymera(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Chooses the best model for a prompt, calls it, and explains the choice.

    Every command calls the server at --address (or YMERA_ADDRESS). Without an address it starts a temporary server.
    """
