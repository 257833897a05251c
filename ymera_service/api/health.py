"""Looks at the parts of the server and tells how it is."""

import asyncio
from collections.abc import Callable, Sequence

from ymera.v1 import ymera_pb2 as pb

from ymera_service import __version__
from ymera_service.api.convert import Fields
from ymera_service.api.convert.health import breaker_fields, plugin_health_fields
from ymera_service.api.convert.usage import duration_fields
from ymera_service.catalog import Catalog
from ymera_service.plugins import PluginState, Registry
from ymera_service.resilience.admission import Admission
from ymera_service.resilience.breaker import Breakers, BreakerState
from ymera_service.sdk.errors import YmeraError
from ymera_service.sdk.models import Model
from ymera_service.storage import Database, Recorder

PING_SECONDS = 2.0
"""How long storage may take to give a sign of life."""


class HealthReporter:
    """Tells the state of the server. `clock` is monotonic."""

    def __init__(
        self,
        *,
        registry: Registry,
        catalog: Catalog,
        breakers: Breakers,
        database: Database,
        recorder: Recorder,
        admission: Admission,
        clock: Callable[[], float],
    ) -> None:
        self._registry = registry
        self._catalog = catalog
        self._breakers = breakers
        self._database = database
        self._recorder = recorder
        self._admission = admission
        self._clock = clock
        self._ready_at = clock()
        self.draining = False

    @property
    def serving(self) -> bool:
        """Whether a request has a chance: some model may be called, and the server is not stopping."""
        return not self.draining and any(self._available(model) for model in self._catalog.models.values())

    async def report(self) -> pb.HealthResponse:
        """Returns the state of everything."""
        providers = [self._provider(name) for name in sorted(self._registry.providers)]
        storage = await self._storage()
        models = self._catalog.models.values()
        fields: Fields = {
            "status": self._overall(providers, storage),
            "version": __version__,
            "uptime": duration_fields(self._clock() - self._ready_at),
            "providers": providers,
            "plugins": [plugin_health_fields(plugin) for plugin in self._registry.plugins],
            "storage": storage,
            "in_flight_requests": self._admission.in_flight,
            "queued_requests": self._admission.queued,
            "simulator_only": bool(models) and all(model.info.simulated for model in models),
        }
        return pb.HealthResponse(**fields)

    def _available(self, model: Model) -> bool:
        return self._breakers.of(model.id).state is not BreakerState.OPEN

    def _overall(self, providers: Sequence[Fields], storage: Fields) -> pb.HealthStatus.ValueType:
        if not self.serving or storage["status"] != pb.HEALTH_STATUS_OK:
            return pb.HEALTH_STATUS_UNAVAILABLE
        quarantined = any(plugin.state is PluginState.QUARANTINED for plugin in self._registry.plugins)
        if quarantined or any(provider["status"] != pb.HEALTH_STATUS_OK for provider in providers):
            return pb.HEALTH_STATUS_DEGRADED
        return pb.HEALTH_STATUS_OK

    def _provider(self, name: str) -> Fields:
        models = [model for model in self._catalog.models.values() if model.provider == name]
        tripped = [model.id for model in models if self._breakers.of(model.id).state is not BreakerState.CLOSED]
        error = self._catalog.provider_errors.get(name, "")
        return {
            "provider": name,
            "status": self._provider_status(models, tripped, error),
            "models": len(models),
            "detail": error or ("" if models else "offers no models now"),
            "breakers": [breaker_fields(model, self._breakers.of(model)) for model in tripped],
        }

    def _provider_status(
        self, models: Sequence[Model], tripped: Sequence[str], error: str
    ) -> pb.HealthStatus.ValueType:
        # A provider that offers nothing and says so without an error, such as a local server that is not
        # running, is as it should be.
        if error and not models:
            return pb.HEALTH_STATUS_UNAVAILABLE
        if models and not any(self._available(model) for model in models):
            return pb.HEALTH_STATUS_UNAVAILABLE
        return pb.HEALTH_STATUS_DEGRADED if error or tripped else pb.HEALTH_STATUS_OK

    async def _storage(self) -> Fields:
        status, detail = pb.HEALTH_STATUS_OK, ""
        try:
            async with asyncio.timeout(PING_SECONDS):
                await self._database.ping()
        except YmeraError as error:
            status, detail = pb.HEALTH_STATUS_UNAVAILABLE, error.message
        except TimeoutError:
            status, detail = pb.HEALTH_STATUS_UNAVAILABLE, f"gave no sign of life within {PING_SECONDS:g} s"
        # A full disk answers every question and takes no record.
        if not detail and self._recorder.failure:
            status, detail = pb.HEALTH_STATUS_UNAVAILABLE, self._recorder.failure
        return {"status": status, "backend": self._database.backend, "detail": detail}
