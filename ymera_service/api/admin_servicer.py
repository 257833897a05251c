"""AdminService: tells what the server is made of."""

from collections.abc import Mapping

from ymera.v1 import admin_pb2 as pb

from ymera_service.api.calls import Call, Method, Unary
from ymera_service.api.convert.health import plugin_message
from ymera_service.plugins import Registry

SERVICE = pb.DESCRIPTOR.services_by_name["AdminService"].full_name


class AdminServicer:
    """Parses, calls, converts."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def methods(self) -> Mapping[str, Method]:
        """Returns the methods by their names in the contract."""
        return {"ListPlugins": Unary(pb.ListPluginsRequest, self.list_plugins)}

    async def list_plugins(self, request: pb.ListPluginsRequest, call: Call) -> pb.ListPluginsResponse:
        """Returns every plugin that was found."""
        plugins = sorted(self._registry.plugins, key=lambda plugin: plugin.name)
        return pb.ListPluginsResponse(plugins=[plugin_message(plugin) for plugin in plugins])
