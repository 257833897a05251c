"""The options that several commands take."""

import math
from pathlib import Path
from typing import Annotated

import typer
from ymera.v1.routing_pb2 import RoutingWeights

PREFERENCES = "Which model"
SERVER = "Server"

Address = Annotated[
    str,
    typer.Option(
        envvar="YMERA_ADDRESS",
        metavar="HOST:PORT",
        help="Call the server there (or unix:/path, https://host:port); otherwise the command starts its own.",
        show_default=False,
        rich_help_panel=SERVER,
    ),
]
ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="The configuration of the command's own server; ymera.toml unless given.",
        rich_help_panel=SERVER,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON: protobuf's form, snake_case names.")]


def _weights(text: str) -> RoutingWeights:
    """Reads `2,1,1` or `quality=2,cost=1`; what is not named is 0."""
    names = ("quality", "speed", "cost")
    parts = [part.strip() for part in text.split(",")]
    if all("=" in part for part in parts):
        named = {name.strip(): value for name, _, value in (part.partition("=") for part in parts)}
        if not named.keys() <= set(names):
            raise typer.BadParameter(f"the weights are called {', '.join(names)}")
        parts = [named.get(name, "0") for name in names]
    if len(parts) != len(names):
        raise typer.BadParameter("give three, such as 2,1,1 for quality, speed and cost, or quality=2,cost=1")
    return RoutingWeights(**dict(zip(names, map(_positive, parts), strict=True)))


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a number") from None
    if not (math.isfinite(value) and value >= 0):
        raise typer.BadParameter(f"{text} has to be 0 or more")
    return value


def _usd(text: str) -> int:
    """Reads an amount in USD as micro-USD, rounded down: it is a limit."""
    return math.floor(round(_positive(text.removeprefix("$")) * 1_000_000, 3))


Models = Annotated[
    list[str] | None,
    typer.Option(
        "--model",
        metavar="MODEL",
        help="Only this model, or models such as 'openai/*'; may be repeated.",
        rich_help_panel=PREFERENCES,
    ),
]
Weights = Annotated[
    RoutingWeights | None,
    typer.Option(
        parser=_weights,
        metavar="Q,S,C",
        help="How much quality, speed and cost count: 2,1,1 or quality=2,cost=1.",
        rich_help_panel=PREFERENCES,
    ),
]
MaxCost = Annotated[
    int | None,
    typer.Option(
        parser=_usd,
        metavar="USD",
        help="The most that the answer may be expected to cost, such as 0.01.",
        rich_help_panel=PREFERENCES,
    ),
]
Session = Annotated[
    str,
    typer.Option(
        metavar="ID",
        help="Stay with the model that answered this session before.",
        show_default=False,
        rich_help_panel=PREFERENCES,
    ),
]
PreferFree = Annotated[bool, typer.Option("--prefer-free", help="Free models first.", rich_help_panel=PREFERENCES)]
