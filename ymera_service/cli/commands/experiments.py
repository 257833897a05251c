"""`ymera experiments`"""

from typing import Annotated

import typer
from ymera.v1.experiments_pb2 import GetExperimentRequest, ListExperimentsRequest
from ymera.v1.routing_pb2_grpc import RoutingServiceStub

from ymera_service.cli import options
from ymera_service.cli.connect import Server, connected
from ymera_service.cli.output import Output
from ymera_service.cli.render.experiments import listed, results
from ymera_service.cli.running import run

app = typer.Typer(
    add_completion=False,
    rich_markup_mode="rich",
    help="Compares policies, models or weights on requests as they come.",
    no_args_is_help=True,
)


@app.callback()
def experiments() -> None:
    """Compares policies, models or weights on requests as they come."""


@app.command(name="list")
@options.of_server
def list_experiments(server: Server, output: Output) -> None:
    """Lists the experiments of the server's configuration, with their arms.

    [dim]ymera experiments list[/dim]
    """
    run(_list(server, output), output)


async def _list(server: Server, output: Output) -> None:
    async with connected(server) as channel:
        found = await RoutingServiceStub(channel).ListExperiments(ListExperimentsRequest())
    if not found.experiments:
        output.show(found)
        output.remark("No experiment is configured; a table [experiments.NAME] in ymera.toml adds one.")
        return
    output.show(found, listed(found.experiments))


@app.command()
@options.of_server
def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its name in the configuration.")],
    *,
    server: Server,
    output: Output,
) -> None:
    """Shows the results of an experiment by arm, and how the arms differ.

    The intervals hold however often they are looked at: an experiment may be
    ended as soon as one of them leaves out 0.

    [dim]ymera experiments show cheaper[/dim]
    """
    run(_show(name, server, output), output)


async def _show(name: str, server: Server, output: Output) -> None:
    async with connected(server) as channel:
        found = await RoutingServiceStub(channel).GetExperiment(GetExperimentRequest(name=name))
    output.show(found, *results(found))
