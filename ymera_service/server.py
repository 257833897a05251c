"""The composition root: wires the packages, and takes all down in reverse."""

import asyncio
import gc
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any

import structlog

from ymera_service import __version__
from ymera_service.access.keys import Caller, Callers
from ymera_service.access.master_keys import MasterKeySource
from ymera_service.access.spending import READ_SECONDS, Ledger
from ymera_service.access.vault import Vault
from ymera_service.api import listener
from ymera_service.api.endpoint import SERVICES, GrpcEndpoint
from ymera_service.benchmark.runner import BenchmarkRunner
from ymera_service.benchmark.runs import BENCHMARK_NOTE, unsettled_result
from ymera_service.benchmark.scheduled import CHECK_SECONDS, ScheduledBenchmarks
from ymera_service.catalog import BalancedCatalog, Catalog
from ymera_service.catalog.kept import KeptLists
from ymera_service.config import Environment, ServerSettings, Settings
from ymera_service.execution.building import build_pipeline
from ymera_service.execution.recording import EXECUTION_NOTE
from ymera_service.execution.unsettled import unsettled_execution
from ymera_service.execution.usage_sums import UsageSums
from ymera_service.plugins import FoundPlugin, Plugins, in_use
from ymera_service.plugins.boundary import Boundary
from ymera_service.plugins.containment import end_tasks
from ymera_service.plugins.wording import trace
from ymera_service.resilience.breaker import Breakers
from ymera_service.resilience.loads import Loads
from ymera_service.resilience.memory import ByteBudget, default_limit
from ymera_service.resilience.slots import Slots
from ymera_service.resilience.spare import Spare
from ymera_service.routing.building import build_routing
from ymera_service.routing.learning import Learner
from ymera_service.serving import service
from ymera_service.serving.background import Background
from ymera_service.serving.stopping import FLUSH_SECONDS, Drain
from ymera_service.storage import Readers, Storage
from ymera_service.storage.database import describe
from ymera_service.storage.journal import beside
from ymera_service.telemetry import logs
from ymera_service.telemetry.redaction import Redactor, secrets_in
from ymera_service.transport import HttpTransport

__all__ = ["SERVICES", "Application", "run", "serve"]

log = structlog.get_logger(__name__)

NOTES: Readers = {EXECUTION_NOTE: unsettled_execution, BENCHMARK_NOTE: unsettled_result}
"""How to read what a process that did not end in order noted of its calls."""
END_SECONDS = 3.0
"""How long the process may take to end once the server has stopped."""
YOUNG_OBJECTS = 5_000
"""Objects made and kept between two collections: those of some 20 requests."""
LEARN_SECONDS = 1.0
"""How often routing hears of observations of answers, which other servers may have stored."""
KEYS_SECONDS = 1.0
"""How often a server hears of keys that others have added, rotated or revoked."""
MASTER_KEY_SECONDS = 30.0
"""How often the master keys are read, and a change of them that did not end is continued."""
HEALTH_SECONDS = 0.5
"""How often load balancers hear whether requests can be served."""


class Application:
    """A running server."""

    def __init__(self, endpoint: GrpcEndpoint, drain: Drain, grace: float, catalog: Catalog) -> None:
        self._endpoint = endpoint
        self._catalog = catalog
        self._drain = drain
        self._grace = grace
        self._stopping = asyncio.Lock()
        self._stopped = False

    @property
    def address(self) -> str:
        """Where it listens, with the port it got."""
        return self._endpoint.address

    @property
    def offers(self) -> Mapping[str, int]:
        """How many models each provider offers now, by the provider's name; without those that offer none."""
        return Counter(model.provider for model in self._catalog.snapshot.models.values())

    @classmethod
    @asynccontextmanager
    async def start(
        cls,
        settings: Settings,
        plugins: Sequence[FoundPlugin] | None = None,
        redactor: Redactor | None = None,
    ) -> AsyncIterator["Application"]:
        """Starts everything and serves until the block ends; then drains and takes everything down.

        The server is up even if no provider can be reached. Logging is left to the process's owner.

        Args:
            settings: The whole configuration.
            plugins: The plugins to load; by default those installed.
            redactor: Learns the secrets of plugins' settings; share it with the logs.

        Raises:
            ConfigError: Something configured can't be used, such as the address or a TLS file.
            StorageUnavailable: The database can't be opened.
        """
        redactor = redactor or Redactor.of(settings, os.environ)
        background = Background(redact=redactor, clock=time.monotonic)
        if problem := listener.exposure(settings):
            log.warning("not secure", problem=problem)
        credentials = await asyncio.to_thread(listener.credentials, settings.server)
        async with AsyncExitStack() as stack:
            offered, drain, catalog = await _build(settings, plugins, redactor, background, stack)
            endpoint = GrpcEndpoint(offered, settings.server, credentials, reflected=settings.reflection)
            await endpoint.report_health()
            await endpoint.start()
            app = cls(endpoint, drain, settings.server.drain_seconds + 3 * FLUSH_SECONDS, catalog)
            stack.push_async_callback(app.stop)
            unread = settings.server.max_unread_seconds
            for work in (
                background.every(HEALTH_SECONDS, "health reports", endpoint.report_health),
                background.every(min(1.0, unread / 4), "unread streams", lambda: offered.calls.cut_unread(unread)),
            ):
                await stack.enter_async_context(work)
            yield app

    def hurry(self) -> None:
        """Cuts the draining short: calls under way are ended at once, in order."""
        self._drain.cut_short()

    async def stop(self) -> None:
        """Stops serving: refuses new calls, lets those under way finish in time, and ends the rest in order."""
        async with self._stopping:
            if self._stopped:
                return
            self._drain.refuse()
            await self._endpoint.announce_stop()
            await self._drain.quiet()
            closing = asyncio.create_task(self._endpoint.stop(self._grace))
            await self._drain.finish()
            # What is under way now are watches of health and reflection, which never end unasked.
            await self._endpoint.stop(None)
            await closing
            self._stopped = True


async def _build(
    settings: Settings,
    found: Sequence[FoundPlugin] | None,
    redactor: Redactor,
    background: Background,
    stack: AsyncExitStack,
) -> tuple[service.Service, Drain, Catalog]:
    """Wires everything below the network; what has to be taken down is left to the stack."""
    storage = await stack.enter_async_context(Storage.open(settings.storage, NOTES))
    vault = _vault(settings, storage, redactor)
    await vault.renew()
    plugins = await _plugins(settings, found, redactor, vault, stack)
    loads = Loads(settings.balancing, time.monotonic)
    breakers, boundary = Breakers(settings.breaker, time.monotonic, loads=loads), Boundary(redactor, plugins)
    catalog = Catalog(
        plugins.registry.all_providers,
        settings.catalog,
        storage.recorder.record,
        redact=redactor,
        given_up=plugins.given_up,
        tables=lambda: tuple(plugins.registry.facts.values()),
        kept=KeptLists(beside(settings.storage, "models")),
    )
    routing = build_routing(plugins=plugins, catalog=catalog, breakers=breakers, settings=settings.routing)
    pipeline = build_pipeline(
        routing=routing,
        catalog=catalog,
        breakers=breakers,
        recorder=storage.recorder,
        boundary=boundary,
        slots=Slots(settings.server.max_concurrent_requests, settings.server.max_queued_requests),
        settings=settings.execution,
    )
    runner = BenchmarkRunner(
        catalog=catalog,
        suites=lambda: plugins.registry.suites,
        recorder=storage.recorder,
        evidence=routing.evidence,
        database=storage.database,
        boundary=boundary,
        spare=Spare(pipeline.slots),
        redact=redactor,
        keeps_answers=settings.storage.max_benchmark_answers > 0,
    )
    usage_sums = UsageSums(storage.database)
    server = settings.server
    alone = listener.is_local(server.address) or server.tls_client_ca is not None
    callers = Callers(settings.access.callers, anyone=Caller(administrator=alone))
    ledger = Ledger(callers.budgets, storage.database.usage_hours, lambda: datetime.now(UTC))
    offered = service.build(
        pipeline=pipeline,
        runner=runner,
        plugins=plugins,
        catalog=catalog,
        breakers=breakers,
        routing=routing,
        storage=storage,
        vault=vault,
        redact=redactor,
        usage_sums=usage_sums,
        background=background,
        budget=ByteBudget(await _bytes_in_flight(server)),
        default_deadline_seconds=settings.execution.default_deadline_seconds,
        callers=callers,
    )
    await catalog.restore()
    period = settings.catalog.refresh_seconds
    balanced = BalancedCatalog(catalog, settings.balancing, plugins.registry.all_providers)
    await stack.enter_async_context(background.every(period, "catalog refresh", balanced.refresh, at_once=True))
    await runner.reread()
    scheduled = ScheduledBenchmarks(runner, storage.database, settings.benchmark)
    learner = Learner(storage.database, routing.evidence)
    await learner.reread()
    await ledger.reread()
    await catalog.ready()
    for work in (
        background.every(period, "benchmark results", runner.reread),
        *([background.every(CHECK_SECONDS, "benchmarks", scheduled.turn)] if settings.benchmark.every_hours else []),
        *([] if ledger.is_empty else [background.every(READ_SECONDS, "spending of callers", ledger.reread)]),
        background.every(LEARN_SECONDS, "observations of answers", learner.reread),
        background.every(KEYS_SECONDS, "keys of providers", offered.keys.follow),
        background.every(MASTER_KEY_SECONDS, "master key", offered.keys.renew),
        background.running("observers", pipeline.observers.run),
        background.running("sums of usage", usage_sums.run),
        *(background.running(name, work) for name, work in storage.work.items()),
    ):
        await stack.enter_async_context(work)
    return offered, Drain(offered.calls, pipeline, settings.server.drain_seconds), catalog


def _vault(settings: Settings, storage: Storage, redactor: Redactor) -> Vault:
    """Returns the vault. On the database of one machine, a master key is made with the first key; others share one."""
    source, creates = MasterKeySource(settings.vault), storage.database.backend == "sqlite"
    return Vault(storage.database.provider_keys, source, learn=redactor.learn, creates=creates)


async def _plugins(
    settings: Settings,
    found: Sequence[FoundPlugin] | None,
    redactor: Redactor,
    vault: Vault,
    stack: AsyncExitStack,
) -> Plugins:
    """Loads the plugins, and opens the HTTP transport of their providers."""
    transport = await stack.enter_async_context(HttpTransport(settings.transport))
    return await stack.enter_async_context(
        in_use(
            settings.plugins,
            transport,
            found,
            heed=lambda given: redactor.learn(secrets_in(given)),
            redact=redactor,
            production=settings.environment is Environment.PRODUCTION,
            vault=vault,
        )
    )


async def _bytes_in_flight(settings: ServerSettings) -> int:
    if settings.max_bytes_in_flight is not None:
        return settings.max_bytes_in_flight
    return await asyncio.to_thread(default_limit, settings.max_message_bytes)


async def serve(
    settings: Settings,
    started: Callable[[Application], None] = lambda app: None,
    redactor: Redactor | None = None,
    configuration: str = "",
) -> None:
    """Serves until SIGTERM or SIGINT, then drains; a second signal cuts the draining short.

    SIGHUP does the same if the server was started on a terminal, which has then been closed. Otherwise it is ignored,
    as it would be meant to apply a changed configuration, which takes a restart.

    Args:
        settings: The whole configuration.
        started: Called once the server accepts calls, as to print its address.
        redactor: See `Application.start`.
        configuration: What the configuration was read from, for the log.

    Raises:
        ConfigError, StorageUnavailable: As `Application.start`.
    """
    signals: asyncio.Queue[str] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, signals.put_nowait, number.name)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # `nohup` ignores it
        hung_up = signals.put_nowait if os.isatty(0) else _ignore
        loop.add_signal_handler(signal.SIGHUP, hung_up, signal.SIGHUP.name)
    async with Application.start(settings, redactor=redactor) as app:
        log.info(
            "serving",
            address=app.address,
            tls=settings.server.tls_certificate is not None,
            database=describe(settings.storage.url),
            configuration=configuration,
            models=dict(app.offers),
            version=__version__,
            environment=settings.environment.value,
        )
        started(app)
        log.info("stopping", signal=await signals.get())
        stopping = asyncio.create_task(app.stop())
        second = asyncio.create_task(signals.get())
        await asyncio.wait({stopping, second}, return_when=asyncio.FIRST_COMPLETED)
        if second.done():
            log.warning("stopping at once", signal=second.result())
            app.hurry()
        second.cancel()
        await stopping
    log.info("stopped")


def _ignore(name: str) -> None:
    log.warning("signal ignored", signal=name, remedy="restart the server to apply a changed configuration")


def run(settings: Settings, started: Callable[[Application], None] = lambda app: None, configuration: str = "") -> None:
    """Runs `serve` on the quickest event loop installed, with logs as configured. For the process's owner."""
    redactor = Redactor.of(settings, os.environ)
    logs.configure(settings.log, redactor.line)

    def begun(app: Application) -> None:
        started(app)  # the command line freezes here what its imports made, so that nothing of it is gone through
        _spare_the_collector()

    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        _complete(runner.get_loop(), serve(settings, begun, redactor, configuration))
        _end_within(END_SECONDS)
        if left := runner.run(end_tasks()):
            # Everything is recorded and closed. To close the loop would be to wait for these without end.
            log.error("tasks left, as they ignore their cancellation", functions=left)
            os._exit(0)


def _complete(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, None]) -> None:
    """Runs the loop until the work is done. A plugin's own task or callback that raises `SystemExit` or
    `KeyboardInterrupt` stops the loop, so it is started again."""
    task = loop.create_task(work)
    while not task.done():
        try:
            loop.run_until_complete(task)
        except (SystemExit, KeyboardInterrupt) as error:
            if task.done():
                raise
            # Written once the loop runs again: signals are lost while it does not.
            loop.call_soon(
                partial(log.error, "event loop stopped by a plugin, and started again", exception=trace(error))
            )


def _end_within(seconds: float) -> None:
    """Ends the process after this time if it has not ended yet: all calls have ended and all records are written, but
    the event loop waits for tasks that ignore their cancellation, and Python for threads, for as long as they run."""

    def end() -> None:
        log.warning("ending, though tasks or threads of a plugin are still running", seconds=seconds)
        os._exit(0)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()


def _spare_the_collector() -> None:
    """Makes the collector of cycles run less often, and never over what the server has made at its start.

    Requests leave almost no cycles, but one in three started a collection, which went through everything that all
    requests under way had made: 5 % of the CPU time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, *gc.get_threshold()[1:])


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    try:
        import uvloop  # noqa: PLC0415  # not available for Windows
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop
