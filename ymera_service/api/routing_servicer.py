"""RoutingService: retells past decisions."""

from collections.abc import Mapping

from ymera.v1 import routing_pb2 as pb

from ymera_service.api.calls import Call, Method, Unary
from ymera_service.api.convert import Fields
from ymera_service.api.convert.routing import execution_fields
from ymera_service.api.convert.violations import Violations
from ymera_service.sdk.errors import ExecutionNotFound
from ymera_service.storage import Database

SERVICE = pb.DESCRIPTOR.services_by_name["RoutingService"].full_name


class RoutingServicer:
    """Parses, calls, converts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def methods(self) -> Mapping[str, Method]:
        """Returns the methods by their names in the contract."""
        return {"GetExecution": Unary(pb.GetExecutionRequest, self.get_execution)}

    async def get_execution(self, request: pb.GetExecutionRequest, call: Call) -> pb.GetExecutionResponse:
        """Returns one past request."""
        faults = Violations()
        request_id = faults.text("request_id", request.request_id, required=True, max_length=128)
        faults.check()
        record = await self._database.executions.get(request_id)
        if record is None:
            raise ExecutionNotFound(
                f"no request {request_id!r} is stored; give the request_id of an earlier answer",
                metadata={"field": "request_id", "request_id": request_id},
            )
        fields: Fields = {"execution": execution_fields(record)}
        return pb.GetExecutionResponse(**fields)
