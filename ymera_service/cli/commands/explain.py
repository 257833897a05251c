"""`ymera explain`"""

from typing import Annotated

import typer
from ymera.v1.routing_pb2 import DecisionView, GetExecutionRequest
from ymera.v1.routing_pb2_grpc import RoutingServiceStub

from ymera_service.cli import options
from ymera_service.cli.connect import Server, connected
from ymera_service.cli.output import Output
from ymera_service.cli.past import latest, whole_id
from ymera_service.cli.problems import wrong
from ymera_service.cli.render.execution import execution, recomputed
from ymera_service.cli.running import run


@options.of_server
def explain(
    request_id: Annotated[
        str, typer.Argument(help="The id that `ymera ask` or `ymera route` printed, or its first 8 digits or more.")
    ] = "",
    *,
    last: Annotated[bool, typer.Option("--last", "-l", help="The latest request.")] = False,
    full: Annotated[
        bool, typer.Option("--full", help="Compute the decision again, to show every candidate and excluded model.")
    ] = False,
    server: Server,
    output: Output,
) -> None:
    """Shows a past request: the decision, the attempts, tokens and cost.

    [dim]ymera explain 019aa3c1-7c5e-7d1a-8a43-5d2f7b9e6c10[/dim]
    [dim]ymera explain --last[/dim]
    """
    with output.reporting():
        if bool(request_id) == last:
            raise wrong("give the id of a request, or --last", "`ymera history` lists the latest ones.")
    run(_explain(request_id, server, output, full=full), output)


async def _explain(request_id: str, server: Server, output: Output, *, full: bool) -> None:
    async with connected(server) as channel:
        name = await (whole_id(channel, request_id) if request_id else latest(channel))
        view = DecisionView.DECISION_VIEW_FULL if full else DecisionView.DECISION_VIEW_BASIC
        found = await RoutingServiceStub(channel).GetExecution(GetExecutionRequest(request_id=name, decision_view=view))
    output.show(found if full else found.execution, *execution(found.execution), *(recomputed(found) if full else ()))
