"""AdminService: what the server is made of."""

from collections.abc import Mapping

from ymera.v1 import admin_pb2 as pb

from ymera_service.api.convert.health import plugin_message
from ymera_service.api.handlers import Method, Unary
from ymera_service.plugins import Plugins
from ymera_service.serving.calls import Call

SERVICE = pb.DESCRIPTOR.services_by_name["AdminService"].full_name


class AdminServicer:
    """Converts, calls, converts."""

    def __init__(self, plugins: Plugins) -> None:
        self._plugins = plugins

    def methods(self) -> Mapping[str, Method]:
        """Returns the methods by their names in the contract."""
        return {"ListPlugins": Unary(pb.ListPluginsRequest, self.list_plugins)}

    async def list_plugins(self, request: pb.ListPluginsRequest, call: Call) -> pb.ListPluginsResponse:
        """Returns every plugin that was found, in the order of their names."""
        return pb.ListPluginsResponse(plugins=[plugin_message(plugin) for plugin in self._plugins.registry.plugins])
