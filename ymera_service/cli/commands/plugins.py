"""`ymera plugins`"""

from ymera.v1.admin_pb2 import ListPluginsRequest
from ymera.v1.admin_pb2_grpc import AdminServiceStub

from ymera_service.cli import options
from ymera_service.cli.connect import Target, connected
from ymera_service.cli.output import Output
from ymera_service.cli.render import catalog
from ymera_service.cli.running import run


def plugins(
    address: options.Address = "",
    api_key_file: options.ApiKeyFile = None,
    config: options.ConfigFile = None,
    as_json: options.AsJson = False,
) -> None:
    """Lists the plugins: package and version, state, what each registered, or why it is not used."""
    output = Output(as_json)
    run(_plugins(Target(address, config, api_key_file), output), output)


async def _plugins(target: Target, output: Output) -> None:
    async with connected(target) as channel:
        found = await AdminServiceStub(channel).ListPlugins(ListPluginsRequest())
    output.show(found, *catalog.plugins(found.plugins))
