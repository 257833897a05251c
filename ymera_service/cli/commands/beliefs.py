"""`ymera beliefs`"""

from typing import Annotated

import typer
from ymera.v1.routing_pb2 import Belief, ListBeliefsRequest, ResetBeliefsRequest
from ymera.v1.routing_pb2_grpc import RoutingServiceStub

from ymera_service.cli import completion, options
from ymera_service.cli.connect import Server, connected
from ymera_service.cli.output import Output
from ymera_service.cli.render.tables import table
from ymera_service.cli.running import run

app = typer.Typer(
    add_completion=False,
    rich_markup_mode="rich",
    help="Lists what routing believes of models, and resets it.",
    no_args_is_help=True,
)

_COLUMNS = ("model", "category", "quality", "evidence")


@app.callback()
def beliefs() -> None:
    """Lists what routing believes of models, and resets it."""


@app.command(name="list")
@options.of_server
def list_beliefs(
    model: Annotated[
        str, typer.Argument(metavar="[MODEL]", help="Only this model or pattern.", autocompletion=completion.models)
    ] = "",
    *,
    server: Server,
    output: Output,
) -> None:
    """Lists the quality of models by category, what it rests on, and how it changed.

    [dim]ymera beliefs list openai/*[/dim]
    [dim]ymera beliefs list --json > beliefs.json[/dim]
    """
    run(_list(model, server, output), output)


async def _list(model: str, server: Server, output: Output) -> None:
    async with connected(server) as channel:
        found = await RoutingServiceStub(channel).ListBeliefs(ListBeliefsRequest(model=model))
    if not found.beliefs:
        output.show(found)
        output.remark("Nothing was measured or judged yet; `ymera benchmark` and `ymera feedback` change that.")
        return
    output.show(found, table(_COLUMNS, map(_row, found.beliefs), folds=["model", "evidence"], drops=["evidence"]))


def _row(belief: Belief) -> list[str]:
    quality = f"{belief.quality:.2f} ± {belief.standard_deviation:.2f}"
    return [belief.model, belief.category, quality, belief.evidence]


@app.command()
@options.of_server
def reset(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="Its id.", autocompletion=completion.models)],
    category: Annotated[str, typer.Argument(metavar="[CATEGORY]", help="Only this one; default all.")] = "",
    *,
    server: Server,
    output: Output,
) -> None:
    """Forgets what a model's answers were judged to be worth until now.

    Results of benchmarks stay, until the next ones replace them.

    [dim]ymera beliefs reset openai/gpt-5-mini coding[/dim]
    """
    run(_reset(model, category, server, output), output)


async def _reset(model: str, category: str, server: Server, output: Output) -> None:
    request = ResetBeliefsRequest(model=model, category=category)
    async with connected(server) as channel:
        done = await RoutingServiceStub(channel).ResetBeliefs(request)
    count = "1 category" if done.categories == 1 else f"{done.categories} categories"
    output.show(done)
    output.remark(f"Forgot the judged answers of {model} in {count}.")
