"""A server from its start to its end."""

import asyncio
import os
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import structlog

from ymera_service.api import listener
from ymera_service.api.endpoint import GrpcEndpoint
from ymera_service.catalog import Catalog
from ymera_service.config import Settings
from ymera_service.plugins import FoundPlugin
from ymera_service.server.parts import build
from ymera_service.server.upkeep import upkeep
from ymera_service.serving.background import Background
from ymera_service.serving.stopping import FLUSH_SECONDS, Drain
from ymera_service.telemetry.redaction import Redactor

log = structlog.get_logger(__name__)

HEALTH_SECONDS = 0.5
"""How often load balancers are notified whether requests can be served."""


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
            parts = await build(settings, plugins, redactor, background, stack)
            await stack.enter_async_context(upkeep(parts, settings, background))
            calls, drain_seconds = parts.service.calls, settings.server.drain_seconds
            endpoint = GrpcEndpoint(parts.service, settings.server, credentials, reflected=settings.reflection)
            await endpoint.report_health()
            await endpoint.start()
            drain = Drain(calls, parts.pipeline, drain_seconds)
            app = cls(endpoint, drain, drain_seconds + 3 * FLUSH_SECONDS, parts.catalog)
            stack.push_async_callback(app.stop)
            unread = settings.server.max_unread_seconds
            for work in (
                background.every(HEALTH_SECONDS, "health reports", endpoint.report_health),
                background.every(min(1.0, unread / 4), "unread streams", lambda: calls.cut_unread(unread)),
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
