"""RoutingService: past decisions."""

from collections.abc import Mapping

from ymera.v1 import routing_pb2 as pb

from ymera_service.api.convert import Fields
from ymera_service.api.convert.routing import execution_fields
from ymera_service.api.handlers import Method, Unary
from ymera_service.serving.calls import Call
from ymera_service.serving.history import History

SERVICE = pb.DESCRIPTOR.services_by_name["RoutingService"].full_name


class RoutingServicer:
    """Converts, calls, converts."""

    def __init__(self, history: History) -> None:
        self._history = history

    def methods(self) -> Mapping[str, Method]:
        """Returns the methods by their names in the contract."""
        return {"GetExecution": Unary(pb.GetExecutionRequest, self.get_execution)}

    async def get_execution(self, request: pb.GetExecutionRequest, call: Call) -> pb.GetExecutionResponse:
        """Returns one past request."""
        fields: Fields = {"execution": execution_fields(await self._history.find(request.request_id, call.caller))}
        return pb.GetExecutionResponse(**fields)
