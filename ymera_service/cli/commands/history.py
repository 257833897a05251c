"""`ymera history`"""

from typing import Annotated

import typer
from ymera.v1.routing_pb2 import ExecutionFilter, ListExecutionsRequest
from ymera.v1.routing_pb2_grpc import RoutingServiceStub

from ymera_service.cli import completion, options
from ymera_service.cli.connect import Server, connected
from ymera_service.cli.output import Output
from ymera_service.cli.render.execution import history as listed
from ymera_service.cli.running import run


@options.of_server
def history(
    *,
    number: Annotated[int, typer.Option("-n", "--number", min=1, max=1000, help="How many requests to list.")] = 20,
    model: Annotated[
        str,
        typer.Option(
            "--model",
            "-m",
            metavar="MODEL",
            help="Only answers of the model with this id.",
            autocompletion=completion.models,
        ),
    ] = "",
    label: Annotated[
        list[str] | None, typer.Option(metavar="KEY=VALUE", help="Only requests with this label. Repeatable.")
    ] = None,
    server: Server,
    output: Output,
) -> None:
    """Lists past requests, the latest first: id, model, tokens, cost and time.

    [dim]ymera history -n 5 --label team=search[/dim]
    """
    with output.reporting():
        wanted = ExecutionFilter(model=model, labels=options.labels(label))
    request = ListExecutionsRequest(page_size=number, filter=wanted)
    run(_history(request, server, output), output)


async def _history(request: ListExecutionsRequest, server: Server, output: Output) -> None:
    async with connected(server) as channel:
        page = await RoutingServiceStub(channel).ListExecutions(request)
    output.show(page, *listed(page.executions))
