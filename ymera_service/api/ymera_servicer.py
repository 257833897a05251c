"""YmeraService: routes, executes, measures, tells the state."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing

from ymera.v1 import content_pb2, routing_pb2
from ymera.v1 import ymera_pb2 as pb

from ymera_service.api.calls import Call, Method, Streamed, Unary
from ymera_service.api.coalescing import coalesced
from ymera_service.api.convert import Fields
from ymera_service.api.convert.benchmark import benchmark_response, plan_of
from ymera_service.api.convert.content import prompt_of
from ymera_service.api.convert.execution import execute_response, stream_response
from ymera_service.api.convert.routing import decision_fields, preferences_of
from ymera_service.api.convert.violations import Violations
from ymera_service.api.health import HealthReporter
from ymera_service.benchmark.runner import BenchmarkRunner
from ymera_service.execution.events import Completed, Consumption, ExecutionRequest, Terminal, Truncated
from ymera_service.execution.journey import Executor
from ymera_service.telemetry.timing import Phase

SERVICE = pb.DESCRIPTOR.services_by_name["YmeraService"].full_name


class YmeraServicer:
    """Parses, calls, converts."""

    def __init__(self, executor: Executor, runner: BenchmarkRunner, health: HealthReporter) -> None:
        self._executor = executor
        self._runner = runner
        self._health = health

    def methods(self) -> Mapping[str, Method]:
        """Returns the methods by their names in the contract."""
        return {
            "Route": Unary(pb.RouteRequest, self.route),
            "Execute": Unary(pb.ExecuteRequest, self.execute),
            "ExecuteStream": Streamed(pb.ExecuteStreamRequest, self.execute_stream),
            "Benchmark": Streamed(pb.BenchmarkRequest, self.benchmark),
            "Health": Unary(pb.HealthRequest, self.health),
        }

    async def route(self, request: pb.RouteRequest, call: Call) -> pb.RouteResponse:
        """Decides without calling a model."""
        routed = await self._executor.route(_request(request.prompt, request.preferences, call), call.timings)
        fields: Fields = {"decision": decision_fields(routed.decision)}
        return pb.RouteResponse(request_id=routed.request_id, **fields)

    async def execute(self, request: pb.ExecuteRequest, call: Call) -> pb.ExecuteResponse:
        """Returns a whole answer."""
        answer = await self._executor.execute(_request(request.prompt, request.preferences, call), call.timings)
        _note(call, answer.model, answer.consumption)
        return execute_response(answer)

    async def execute_stream(
        self, request: pb.ExecuteStreamRequest, call: Call
    ) -> AsyncGenerator[pb.ExecuteStreamResponse, None]:
        """Sends an answer while it is written; after a terminal event other than completed, raises its error."""
        stream = self._executor.stream(_request(request.prompt, request.preferences, call), call.timings)
        sequence = 0
        async with aclosing(coalesced(stream)) as events:
            async for event in events:
                sequence += 1
                yield stream_response(sequence, event)
                if isinstance(event, Terminal):
                    _settle(event, call)

    async def benchmark(self, request: pb.BenchmarkRequest, call: Call) -> AsyncGenerator[pb.BenchmarkResponse, None]:
        """Measures models, telling of each task."""
        faults = Violations()
        plan = plan_of(request, faults)
        faults.check()
        call.notes["models"] = len(plan.models)
        sequence = 0
        async with aclosing(self._runner.run(plan)) as events:
            async for event in events:
                sequence += 1
                yield benchmark_response(sequence, event)

    async def health(self, request: pb.HealthRequest, call: Call) -> pb.HealthResponse:
        """Tells the state of the server."""
        return await self._health.report()


def _request(prompt: content_pb2.Prompt, preferences: routing_pb2.RoutingPreferences, call: Call) -> ExecutionRequest:
    faults = Violations()
    with call.timings.phase(Phase.GUARDS):
        checked = prompt_of(prompt, faults)
    with call.timings.phase(Phase.ADMIT):
        wanted = preferences_of(preferences, faults)
        faults.check()
    return ExecutionRequest(call.request_id, checked, wanted, call.deadline)


def _settle(event: Terminal, call: Call) -> None:
    """Notes how a stream ended, and raises the error of one that did not complete: it becomes the status."""
    model = event.model if isinstance(event, Completed | Truncated) else ""
    _note(call, model, event.consumption)
    if not isinstance(event, Completed):
        raise event.error


def _note(call: Call, model: str, consumption: Consumption) -> None:
    call.notes["model"] = model
    call.notes["input_tokens"] = consumption.usage.input_tokens
    call.notes["output_tokens"] = consumption.usage.output_tokens
    call.notes["cost_micros"] = consumption.cost_micros
