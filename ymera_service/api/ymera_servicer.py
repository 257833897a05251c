"""YmeraService: routes, executes, measures, shows the state."""

from collections.abc import Awaitable, Mapping
from hashlib import blake2b

from google.protobuf.message import Message
from ymera.v1 import ymera_pb2 as pb

from ymera_service.api.convert import Fields
from ymera_service.api.convert.attribution import attribution_of
from ymera_service.api.convert.benchmark import benchmark_response, plan_of
from ymera_service.api.convert.content import prompt_of
from ymera_service.api.convert.execution import execute_response, stream_response
from ymera_service.api.convert.health import health_response
from ymera_service.api.convert.options import options_of
from ymera_service.api.convert.routing import decision_fields, is_full_view, preferences_of
from ymera_service.api.handlers import Method, Streamed, Unary, Write
from ymera_service.execution.facts import ExecutionRequest
from ymera_service.routing.decision import ANY_PREFERENCES
from ymera_service.sdk.context import UNATTRIBUTED
from ymera_service.serving.calls import Call
from ymera_service.serving.checks.violations import Violations
from ymera_service.serving.executions import Asked, request_of
from ymera_service.serving.service import Service

SERVICE = pb.DESCRIPTOR.services_by_name["YmeraService"].full_name


class YmeraServicer:
    """Converts, calls, converts."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def methods(self) -> Mapping[str, Method]:
        """Returns the methods by their names in the contract."""
        return {
            "Route": Unary(pb.RouteRequest, self.route),
            "Execute": Unary(pb.ExecuteRequest, self.execute),
            "ExecuteStream": Streamed(pb.ExecuteStreamRequest, self.execute_stream),
            "Benchmark": Streamed(pb.BenchmarkRequest, self.benchmark),
            "Health": Unary(pb.HealthRequest, self.health, while_draining=True),
        }

    async def route(self, request: pb.RouteRequest, call: Call) -> pb.RouteResponse:
        """Decides without calling a model."""
        decision = await self._service.executions.route(call, _request(request, call))
        fields: Fields = {"decision": decision_fields(decision)}
        return pb.RouteResponse(request_id=call.request_id, **fields)

    async def execute(self, request: pb.ExecuteRequest, call: Call) -> pb.ExecuteResponse:
        """Returns a whole answer."""
        return execute_response(await self._service.executions.execute(call, _request(request, call)))

    def execute_stream(
        self, request: pb.ExecuteStreamRequest, call: Call, write: Write[pb.ExecuteStreamResponse]
    ) -> Awaitable[None]:
        """Sends an answer while it is written; after a terminal event other than completed, raises its error."""
        return self._service.executions.stream(call, _request(request, call), stream_response, write)

    async def benchmark(self, request: pb.BenchmarkRequest, call: Call, write: Write[pb.BenchmarkResponse]) -> None:
        """Measures models, with an event for each task."""
        faults = Violations()
        plan = plan_of(request, faults)
        await self._service.benchmarks.stream(call, plan, faults, benchmark_response, write)

    async def health(self, request: pb.HealthRequest, call: Call) -> pb.HealthResponse:
        """Returns the state of the server."""
        return health_response(await self._service.health.report())


def _request(request: pb.RouteRequest | pb.ExecuteRequest | pb.ExecuteStreamRequest, call: Call) -> ExecutionRequest:
    faults = Violations()
    return request_of(call, _asked(request, faults), faults)


def _asked(request: pb.RouteRequest | pb.ExecuteRequest | pb.ExecuteStreamRequest, faults: Violations) -> Asked:
    prompt = prompt_of(request.prompt, faults)
    preferences = preferences_of(request.preferences, faults) if request.HasField("preferences") else ANY_PREFERENCES
    attribution = attribution_of(request.attribution, faults) if request.HasField("attribution") else UNATTRIBUTED
    full_view = is_full_view(request.decision_view, faults)
    if isinstance(request, pb.RouteRequest):
        return Asked(prompt, preferences, attribution, full_view)
    return Asked(
        prompt,
        preferences,
        attribution,
        full_view,
        request.idempotency_key,
        _fingerprint(request) if request.idempotency_key else "",
        options_of(request.provider_options, faults),
        request.strict,
    )


def _fingerprint(request: Message) -> str:
    """Returns the same for equal requests: those of Execute and ExecuteStream have the same fields."""
    return blake2b(request.SerializeToString(deterministic=True), digest_size=16).hexdigest()
