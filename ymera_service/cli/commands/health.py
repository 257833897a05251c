"""`ymera health`"""

import typer
from ymera.v1.ymera_pb2 import HealthRequest, HealthStatus
from ymera.v1.ymera_pb2_grpc import YmeraServiceStub

from ymera_service.cli import options
from ymera_service.cli.connect import Server, connected
from ymera_service.cli.output import Output
from ymera_service.cli.problems import FAILED
from ymera_service.cli.render.health import health as report
from ymera_service.cli.running import run


@options.of_server
def health(server: Server, output: Output) -> None:
    """Shows the state of the server, its storage, providers, plugins and background tasks.

    Exits with 1 if the server can't serve any request.
    """
    run(_health(server, output), output)


async def _health(server: Server, output: Output) -> None:
    async with connected(server) as channel:
        state = await YmeraServiceStub(channel).Health(HealthRequest())
    output.show(state, *report(state))
    if state.status == HealthStatus.HEALTH_STATUS_UNAVAILABLE:
        raise typer.Exit(FAILED)
