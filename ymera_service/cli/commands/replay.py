"""`ymera replay`"""

from datetime import datetime
from typing import Annotated

import typer
from ymera.v1.routing_pb2 import ReplayRequest
from ymera.v1.routing_pb2_grpc import RoutingServiceStub

from ymera_service.cli import options
from ymera_service.cli.connect import Server, connected
from ymera_service.cli.output import Output
from ymera_service.cli.render.replay import replayed
from ymera_service.cli.running import run


@options.of_server
def replay(
    *,
    policy: options.Policy = "",
    weights: options.Weights = None,
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M"], help="Only requests from this day or time (UTC) on."),
    ] = None,
    requests: Annotated[
        int, typer.Option("--requests", min=1, max=20_000, help="How many requests, the latest ones.")
    ] = 2_000,
    server: Server,
    output: Output,
) -> None:
    """Estimates what another policy would have come to on past requests.

    Calls no model: decisions are made again from what was recorded, and what was
    observed corrects what routing expects of them. An interval is as wide as the
    recorded choices leave it open.

    [dim]ymera replay --policy cheapest-good-enough[/dim]
    [dim]ymera replay --weights 1,0,3 --since 2026-11-01[/dim]
    """
    with output.reporting():
        request = ReplayRequest(policy=policy, weights=weights, max_requests=requests)
        if since is not None:
            request.start_time.FromDatetime(since)
    run(_replay(request, server, output), output)


async def _replay(request: ReplayRequest, server: Server, output: Output) -> None:
    async with connected(server) as channel:
        found = await RoutingServiceStub(channel).Replay(request)
    output.show(found, *replayed(found))
