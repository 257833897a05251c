"""The composition root: builds every part, hands each what it needs, and takes all down in reverse."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import NoReturn

import grpc
import structlog
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as grpc_health
from grpc_reflection.v1alpha import reflection

from ymera_service import __version__
from ymera_service.api import admin_servicer, catalog_servicer, listener, routing_servicer, ymera_servicer
from ymera_service.api.admin_servicer import AdminServicer
from ymera_service.api.calls import Calls
from ymera_service.api.catalog_servicer import CatalogServicer
from ymera_service.api.health import HealthReporter
from ymera_service.api.routing_servicer import RoutingServicer
from ymera_service.api.ymera_servicer import YmeraServicer
from ymera_service.benchmark.runner import BenchmarkRunner
from ymera_service.catalog import Catalog
from ymera_service.config import ConfigError, ConfigFault, RoutingSettings, Settings
from ymera_service.execution.journey import Executor
from ymera_service.plugins import FoundPlugin, Registry, load_plugins
from ymera_service.resilience.admission import Admission
from ymera_service.resilience.breaker import Breakers
from ymera_service.routing.evidence import Evidence
from ymera_service.routing.router import Router
from ymera_service.routing.sessions import Sessions
from ymera_service.sdk.classifiers import Classifier
from ymera_service.sdk.errors import StorageUnavailable
from ymera_service.storage import Database, Recorder
from ymera_service.telemetry import logs
from ymera_service.transport import HttpTransport

log = structlog.get_logger(__name__)

SERVICES = (ymera_servicer.SERVICE, routing_servicer.SERVICE, catalog_servicer.SERVICE, admin_servicer.SERVICE)
FLUSH_SECONDS = 5.0
"""How long the last words of calls that were cut off may take to reach their callers."""
HEALTH_SECONDS = 0.5
"""How often load balancers are told whether a model may be called."""

_SERVING = health_pb2.HealthCheckResponse.SERVING
_NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


class Application:
    """A running server. `address` is where it listens, with the port it really got."""

    def __init__(self, settings: Settings) -> None:
        self.address = settings.server.address
        self._drain_seconds = settings.server.drain_seconds
        self._hurry = asyncio.Event()
        self._admission = Admission(settings.server.max_concurrent_requests, settings.server.max_queued_requests)
        self._breakers = Breakers(settings.breaker, time.monotonic)
        self._balancers = grpc_health.HealthServicer()
        self._calls = Calls(
            default_deadline_seconds=settings.execution.default_deadline_seconds,
            max_message_bytes=settings.server.max_message_bytes,
        )
        self._server = grpc.aio.server(options=listener.options(settings.server))

    @classmethod
    @asynccontextmanager
    async def start(
        cls, settings: Settings, plugins: Sequence[FoundPlugin] | None = None
    ) -> AsyncIterator["Application"]:
        """Starts everything and serves until the block ends; then drains and takes everything down.

        The server is up even if no provider can be reached. Logging is left to the process's owner.

        Args:
            settings: The whole configuration.
            plugins: The plugins to load; by default those installed.

        Raises:
            ConfigError: Something configured can't be used, such as the address or a TLS file.
            StorageUnavailable: The database can't be opened.
        """
        app = cls(settings)
        credentials = await asyncio.to_thread(listener.credentials, settings.server)
        async with AsyncExitStack() as stack:
            await app._build(settings, plugins, stack)
            app._offer(reflected=settings.reflection)
            app.address = listener.listen(app._server, settings.server, credentials)
            await app._server.start()
            stack.push_async_callback(app.stop)
            await stack.enter_async_context(_running(app._tell_balancers()))
            yield app

    async def _build(self, settings: Settings, plugins: Sequence[FoundPlugin] | None, stack: AsyncExitStack) -> None:
        transport = await stack.enter_async_context(HttpTransport(settings.transport))
        self._registry = load_plugins(settings.plugins, transport, plugins)
        classifier = classifier_of(self._registry, settings.routing)
        database = await stack.enter_async_context(Database.open(settings.storage.url))
        recorder = await stack.enter_async_context(Recorder(database))
        catalog = Catalog(self._registry.providers, settings.catalog)
        await catalog.refresh()
        await stack.enter_async_context(_running(catalog.run()))
        evidence, sessions = Evidence(), Sessions(settings.routing.max_sessions)
        evidence.load(await database.benchmarks.summaries())
        await stack.enter_async_context(_running(_reread(evidence, database, settings.catalog.refresh_seconds)))
        self._executor = Executor(
            admission=self._admission,
            router=Router(
                catalog,
                evidence,
                self._breakers,
                classifier,
                settings.routing,
                sessions=sessions,
                categories={category for suite in self._registry.suites.values() for category in suite.categories},
            ),
            catalog=catalog,
            breakers=self._breakers,
            evidence=evidence,
            sessions=sessions,
            recorder=recorder,
            settings=settings.execution,
        )
        self._health = HealthReporter(
            registry=self._registry,
            catalog=catalog,
            breakers=self._breakers,
            database=database,
            recorder=recorder,
            admission=self._admission,
            clock=time.monotonic,
        )
        runner = BenchmarkRunner(catalog, self._registry.suites, recorder, evidence, database)
        ymera = YmeraServicer(self._executor, runner, self._health)
        self._calls.add(ymera_servicer.SERVICE, ymera.methods())
        self._calls.add(routing_servicer.SERVICE, RoutingServicer(database).methods())
        self._calls.add(catalog_servicer.SERVICE, CatalogServicer(catalog, self._breakers, evidence).methods())
        self._calls.add(admin_servicer.SERVICE, AdminServicer(self._registry).methods())

    def _offer(self, *, reflected: bool) -> None:
        self._server.add_generic_rpc_handlers((self._calls,))
        health_pb2_grpc.add_HealthServicer_to_server(self._balancers, self._server)
        if reflected:
            names = (*SERVICES, health_pb2.DESCRIPTOR.services_by_name["Health"].full_name, reflection.SERVICE_NAME)
            reflection.enable_server_reflection(names, self._server)

    async def _tell_balancers(self) -> NoReturn:
        while True:
            state = _SERVING if self._health.serving else _NOT_SERVING
            for service in ("", *SERVICES):
                await self._balancers.set(service, state)
            await asyncio.sleep(HEALTH_SECONDS)

    def hurry(self) -> None:
        """Cuts the draining short: calls under way are cancelled at once."""
        self._hurry.set()

    async def stop(self) -> None:
        """Stops serving: refuses new calls, lets those under way finish in time, and cancels the rest.

        A stream that is cancelled still gets its terminal event, and every execution its record.
        """
        self._health.draining = True
        await self._balancers.enter_graceful_shutdown()
        self._admission.close()
        stopping = asyncio.create_task(self._server.stop(self._drain_seconds + 2 * FLUSH_SECONDS))
        if not await self._drained():
            log.warning("cancelling calls", in_flight=self._admission.in_flight, queued=self._admission.queued)
            await self._cut_off()
        # What is left are watches of health and reflection, which never end by themselves.
        await self._server.stop(None)
        await stopping

    async def _drained(self) -> bool:
        idle = asyncio.ensure_future(self._calls.idle())
        hurry = asyncio.ensure_future(self._hurry.wait())
        try:
            await asyncio.wait({idle, hurry}, timeout=self._drain_seconds, return_when=asyncio.FIRST_COMPLETED)
            return idle.done()
        finally:
            idle.cancel()
            hurry.cancel()

    async def _cut_off(self) -> None:
        """Ends executions in order, with their last event, and whatever else is under way after that."""
        with suppress(TimeoutError):
            async with asyncio.timeout(FLUSH_SECONDS):
                await self._executor.stop()
        self._calls.cancel()
        with suppress(TimeoutError):
            async with asyncio.timeout(FLUSH_SECONDS):
                await self._calls.idle()


async def serve(settings: Settings, started: Callable[[Application], None] = lambda app: None) -> None:
    """Serves until SIGTERM or SIGINT, then drains; a second signal cancels what is under way at once.

    Args:
        settings: The whole configuration.
        started: Called once the server accepts calls, as to print its address.

    Raises:
        ConfigError, StorageUnavailable: As `Application.start`.
    """
    signals: asyncio.Queue[str] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, signals.put_nowait, number.name)
    async with Application.start(settings) as app:
        log.info("serving", address=app.address, version=__version__, environment=settings.environment.value)
        started(app)
        log.info("stopping", signal=await signals.get())
        async with _running(_hurry_on_signal(app, signals)):
            await app.stop()
    log.info("stopped")


async def _hurry_on_signal(app: Application, signals: asyncio.Queue[str]) -> None:
    log.warning("stopping at once", signal=await signals.get())
    app.hurry()


def run(settings: Settings, started: Callable[[Application], None] = lambda app: None) -> None:
    """Runs `serve` on the quickest event loop installed, with logs as configured. For the process's owner."""
    logs.configure(settings.log)
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(serve(settings, started))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    try:
        import uvloop  # noqa: PLC0415  # there is none for Windows
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop


async def _reread(evidence: Evidence, database: Database, seconds: float) -> NoReturn:
    """Takes up, every so many seconds, what others have measured who share the database."""
    while True:
        await asyncio.sleep(seconds)
        try:
            evidence.load(await database.benchmarks.summaries())
        except StorageUnavailable as error:
            log.warning("benchmarks not read", problem=error.message)


@asynccontextmanager
async def _running(work: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """Runs something beside the block, and ends it with the block."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


def classifier_of(registry: Registry, settings: RoutingSettings) -> Classifier | None:
    """Returns the classifier in use; `None` where the one that is used unasked is missing or quarantined.

    Raises:
        ConfigError: The configuration names one that no plugin registers.
    """
    if classifier := registry.classifiers.get(settings.classifier):
        return classifier
    there = ", ".join(sorted(registry.classifiers)) or "none; install ymera-lexical"
    problem = f"no plugin registers a classifier {settings.classifier!r}; there are: {there}"
    if "classifier" in settings.model_fields_set:
        raise ConfigError(listener.CONFIG, [ConfigFault("routing.classifier", problem)])
    log.warning("every task is taken for a general one", problem=problem)
    return None
