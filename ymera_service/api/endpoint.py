"""The gRPC server: our services, the standard health service, and reflection, on one socket."""

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as grpc_health

from ymera_service.api import (
    admin_servicer,
    benchmark_servicer,
    catalog_servicer,
    feedback_servicer,
    inference_servicer,
    key_servicer,
    listener,
    routing_servicer,
    usage_servicer,
    ymera_servicer,
)
from ymera_service.api.admin_servicer import AdminServicer
from ymera_service.api.benchmark_servicer import BenchmarkServicer
from ymera_service.api.catalog_servicer import CatalogServicer
from ymera_service.api.feedback_servicer import FeedbackServicer
from ymera_service.api.handlers import Handlers
from ymera_service.api.inference_servicer import InferenceServicer
from ymera_service.api.key_servicer import KeyServicer
from ymera_service.api.routing_servicer import RoutingServicer
from ymera_service.api.usage_servicer import UsageServicer
from ymera_service.api.ymera_servicer import YmeraServicer
from ymera_service.config import ServerSettings
from ymera_service.serving.service import Service

SERVICES = tuple(
    [
        each.SERVICE
        for each in (
            ymera_servicer,
            inference_servicer,
            routing_servicer,
            feedback_servicer,
            benchmark_servicer,
            catalog_servicer,
            usage_servicer,
            admin_servicer,
            key_servicer,
        )
    ]
)

_SERVING = health_pb2.HealthCheckResponse.SERVING
_NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


class GrpcEndpoint:
    """A service offered over gRPC. `address` is where it listens, with the port it got."""

    def __init__(
        self,
        service: Service,
        settings: ServerSettings,
        credentials: grpc.ServerCredentials | None,
        *,
        reflected: bool,
    ) -> None:
        self.address = settings.address
        self._health = service.health
        self._settings = settings
        self._credentials = credentials
        self._balancers = grpc_health.HealthServicer()
        self._server = grpc.aio.server(options=listener.options(settings))
        self._server.add_generic_rpc_handlers((_handlers(service, settings.max_message_bytes),))
        health_pb2_grpc.add_HealthServicer_to_server(self._balancers, self._server)
        if reflected:
            from grpc_reflection.v1alpha import reflection  # noqa: PLC0415  # the server of a command needs none

            names = (*SERVICES, health_pb2.DESCRIPTOR.services_by_name["Health"].full_name, reflection.SERVICE_NAME)
            reflection.enable_server_reflection(names, self._server)

    async def start(self) -> None:
        """Listens and serves from then on.

        Raises:
            ConfigError: The address can't be listened on.
        """
        self.address = listener.listen(self._server, self._settings, self._credentials)
        await self._server.start()

    async def report_health(self) -> None:
        """Reports to load balancers whether requests can be served."""
        state = _SERVING if await self._health.serving() else _NOT_SERVING
        for name in ("", *SERVICES):
            await self._balancers.set(name, state)

    async def announce_stop(self) -> None:
        """Reports that nothing more can be served, whatever `report_health` finds later."""
        await self._balancers.enter_graceful_shutdown()

    async def stop(self, seconds: float | None) -> None:
        """Closes the socket and has clients connect elsewhere; calls under way may take this many seconds more.

        Calls that arrive in this moment end as cancelled, which is grpc's doing: refuse calls in `serving`
        first, for long enough that clients have noticed.
        """
        await self._server.stop(seconds)


def _handlers(service: Service, max_message_bytes: int) -> Handlers:
    handlers = Handlers(service.calls, max_message_bytes, service.budget)
    handlers.add(ymera_servicer.SERVICE, YmeraServicer(service).methods())
    handlers.add(inference_servicer.SERVICE, InferenceServicer(service.inference).methods())
    handlers.add(
        routing_servicer.SERVICE,
        RoutingServicer(service.history, service.replay, service.beliefs, service.experiments).methods(),
    )
    handlers.add(feedback_servicer.SERVICE, FeedbackServicer(service.feedback).methods())
    handlers.add(benchmark_servicer.SERVICE, BenchmarkServicer(service.past_benchmarks).methods())
    handlers.add(catalog_servicer.SERVICE, CatalogServicer(service.listing, service.changes).methods())
    handlers.add(usage_servicer.SERVICE, UsageServicer(service.usage, service.bills).methods())
    handlers.add(admin_servicer.SERVICE, AdminServicer(service.plugins).methods())
    handlers.add(key_servicer.SERVICE, KeyServicer(service.keys).methods())
    return handlers
