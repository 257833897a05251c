"""The options that several commands share."""

import math
from collections.abc import Callable
from functools import wraps
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import Annotated

import typer
from ymera.v1.routing_pb2 import RoutingWeights

from ymera_service.cli import completion
from ymera_service.cli.connect import Server
from ymera_service.cli.output import Output
from ymera_service.cli.problems import wrong

PREFERENCES = "Model choice"
SERVER = "Server"
MAX_COUNT = 1_000_000_000
"""The largest number of tokens or calls that an option takes."""
MAX_USD = 1_000_000_000

Address = Annotated[
    str,
    typer.Option(
        envvar="YMERA_ADDRESS",
        metavar="HOST:PORT",
        help="The server to call (also unix:/path, https://host:port); by default a temporary server is started.",
        show_default=False,
        rich_help_panel=SERVER,
    ),
]
ApiKeyFile = Annotated[
    Path | None,
    typer.Option(
        "--api-key-file",
        envvar="YMERA_API_KEY_FILE",
        metavar="FILE",
        help="A file with the key for the server at --address; by default the variable YMERA_API_KEY holds it.",
        show_default=False,
        rich_help_panel=SERVER,
    ),
]
ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="The configuration of the temporary server; default ymera.toml, or the user's.",
        rich_help_panel=SERVER,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, in protobuf's JSON mapping with snake_case names.")]


def of_server(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command the options that say which server to call, and `--json`, in place of `server` and `output`."""

    @wraps(command, assigned=("__module__", "__name__", "__qualname__", "__doc__"))
    def with_options(
        *args: object,
        address: Address = "",
        api_key_file: ApiKeyFile = None,
        config: ConfigFile = None,
        as_json: AsJson = False,
        **own: object,
    ) -> None:
        command(*args, server=Server(address, config, api_key_file), output=Output(as_json), **own)

    shared = signature(with_options, follow_wrapped=False).parameters.values()
    own = [each for each in signature(command).parameters.values() if each.name not in {"server", "output"}]
    keyword_only = [each for each in shared if each.kind is Parameter.KEYWORD_ONLY]
    parameters = [*own, *keyword_only]
    with_options.__signature__ = Signature(parameters)  # type: ignore[attr-defined]  # typer reads it
    with_options.__annotations__ = {each.name: each.annotation for each in parameters}
    return with_options


def _weights(text: str) -> RoutingWeights:
    """Reads `2,1,1` or `quality=2,cost=1`; a weight that is not named is 0."""
    names = ("quality", "speed", "cost")
    parts = [part.strip() for part in text.split(",")]
    if all("=" in part for part in parts):
        named = {name.strip(): value for name, _, value in (part.partition("=") for part in parts)}
        if not named.keys() <= set(names):
            raise typer.BadParameter(f"the weights are {', '.join(names)}")
        parts = [named.get(name, "0") for name in names]
    if len(parts) != len(names):
        raise typer.BadParameter("give three weights, such as 2,1,1 for quality, speed and cost, or quality=2,cost=1")
    return RoutingWeights(**dict(zip(names, map(_positive, parts), strict=True)))


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a number") from None
    if not (math.isfinite(value) and value >= 0):
        raise typer.BadParameter(f"{text} is not 0 or more")
    return value


def usd(text: str) -> int:
    """Reads an amount in USD as micro-USD, rounded down: it is a limit."""
    value = _positive(text.removeprefix("$"))
    if value > MAX_USD:
        raise typer.BadParameter(f"{text} is more than {MAX_USD:,}")
    return math.floor(round(value * 1_000_000, 3))


Prompt = Annotated[
    str | None, typer.Argument(help="The prompt. Piped input goes before it; `-`, or no prompt, means that alone.")
]
System = Annotated[str, typer.Option("--system", "-s", help="System instructions for the model.", show_default=False)]
Models = Annotated[
    list[str] | None,
    typer.Option(
        "--model",
        "-m",
        metavar="MODEL",
        help="Only models of this name or pattern, such as 'openai/*'. Repeatable.",
        autocompletion=completion.models,
        rich_help_panel=PREFERENCES,
    ),
]
Weights = Annotated[
    RoutingWeights | None,
    typer.Option(
        parser=_weights,
        metavar="Q,S,C",
        help="Weights of quality, speed and cost: 2,1,1 or quality=2,cost=1.",
        rich_help_panel=PREFERENCES,
    ),
]
MaxCost = Annotated[
    int | None,
    typer.Option(
        parser=usd,
        metavar="USD",
        help="The maximum expected cost of the answer, such as 0.01.",
        rich_help_panel=PREFERENCES,
    ),
]
Session = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="Continue the conversation of this name, preferably with the model that answered before.",
        show_default=False,
        rich_help_panel=PREFERENCES,
    ),
]
Category = Annotated[
    str,
    typer.Option(
        metavar="CATEGORY",
        help="The category of the task, in place of the one detected; also one that you measured.",
        show_default=False,
        autocompletion=completion.names("categories"),
        rich_help_panel=PREFERENCES,
    ),
]
Labels = Annotated[
    list[str] | None,
    typer.Option(
        "--label",
        metavar="KEY=VALUE",
        help="A label of the request, for `ymera usage` and `ymera history`, such as team=search. Repeatable.",
    ),
]
Effort = Annotated[
    str,
    typer.Option(
        metavar="LEVEL",
        help="How much to think: none, minimal, low, medium, high, xhigh or max.",
        show_default=False,
        autocompletion=completion.efforts,
    ),
]
Fields = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="Any other field of the request, such as top_p=0.9, service_tier=flex or data_regions=eu. Repeatable.",
        autocompletion=completion.fields,
    ),
]
Policy = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="What orders the models, such as best-quality or cheapest-good-enough.",
        show_default=False,
        autocompletion=completion.names("policies"),
        rich_help_panel=PREFERENCES,
    ),
]
PreferFree = Annotated[bool, typer.Option("--prefer-free", help="Prefer free models.", rich_help_panel=PREFERENCES)]


def fields(effort: str, given: list[str] | None) -> list[str]:
    """Returns what `--effort` and `--set` set."""
    return [*([f"reasoning_effort={effort}"] if effort else []), *(given or ())]


def labels(given: list[str] | None) -> dict[str, str]:
    """Returns the labels of `--label KEY=VALUE`.

    Raises:
        CommandFailed: One has no value.
    """
    pairs = [each.partition("=") for each in given or ()]
    if unpaired := [key for key, equals, _ in pairs if not equals]:
        raise wrong(f"{unpaired[0]!r} is not a label", "Write a key and a value, as in --label team=search.")
    return {key: value for key, _, value in pairs}
