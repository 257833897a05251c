"""The state of the server, as data."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ymera_service import __version__
from ymera_service.catalog import Catalog
from ymera_service.plugins import Plugins, PluginState, PluginStatus
from ymera_service.plugins.conduct import Conduct
from ymera_service.plugins.dormancy import missing
from ymera_service.plugins.wording import words
from ymera_service.resilience.breaker import BreakerReport, Breakers, BreakerState
from ymera_service.resilience.memory import ByteBudget
from ymera_service.resilience.pauses import PauseReport
from ymera_service.resilience.reliability import ReliabilityReport
from ymera_service.resilience.slots import LimitReport, Slots
from ymera_service.resilience.spare import Spare
from ymera_service.routing.learning.drift import Drift
from ymera_service.sdk.errors import YmeraError
from ymera_service.sdk.models import Kind, Model
from ymera_service.serving.background import Background, BackgroundReport
from ymera_service.serving.calls import Calls
from ymera_service.serving.listing import is_available
from ymera_service.storage import Database, Recorder

PING_SECONDS = 2.0
"""How long storage may take to answer."""
MAX_UNRELIABLE = 20
"""Unreliable targets of a provider that are named."""
MAX_DRIFTS = 20
"""Changes of quality that are named."""
MAX_CAUSES = 3
"""Causes that the sentence on the whole names."""

GET_MODELS = "set a vendor's key, such as OPENAI_API_KEY, or start a local server, such as Ollama"


class Status(StrEnum):
    """The state of a thing."""

    OK = "ok"
    DEGRADED = "degraded"
    UNAVAILABLE = "unavailable"
    DISABLED = "disabled"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class PartHealth:
    """The state of a plugin, of storage or of background work; `detail` says what is wrong."""

    name: str
    status: Status
    detail: str = ""


@dataclass(frozen=True, slots=True)
class BackgroundHealth(PartHealth):
    """The state of background work."""

    restarts: int = 0


@dataclass(frozen=True, slots=True)
class ProviderHealth(PartHealth):
    """The state of a provider: how many models it offers, its breakers that are not closed, what is paused, and
    its targets that fail more often than is usual.

    `listing_is_stale` says that its models are those of an earlier listing, as the latest one failed or was empty, and
    `listed_at` when that was.
    """

    models: int = 0
    breakers: tuple[BreakerReport, ...] = ()
    pauses: tuple[PauseReport, ...] = ()
    listing_is_stale: bool = False
    listed_at: datetime | None = None
    unreliable: tuple[ReliabilityReport, ...] = ()


@dataclass(frozen=True, slots=True)
class QualityDrift:
    """How the judged answers of a model to requests of a category changed of late."""

    model: str
    category: str
    drift: Drift


@dataclass(frozen=True, slots=True)
class HealthReport:
    """The state of everything. `uptime` is in seconds; `detail` says what to do about the state as a whole."""

    status: Status
    detail: str
    version: str
    uptime: float
    providers: tuple[ProviderHealth, ...]
    plugins: tuple[PartHealth, ...]
    storage: PartHealth
    network: PartHealth
    background: tuple[BackgroundHealth, ...]
    in_flight: int
    queued: int
    limits: tuple[LimitReport, ...]
    simulator_only: bool
    drifts: tuple[QualityDrift, ...] = ()


class Health:
    """Looks at the parts of the server. `clock` is monotonic, in seconds."""

    def __init__(
        self,
        *,
        plugins: Plugins,
        catalog: Catalog,
        breakers: Breakers,
        database: Database,
        recorder: Recorder,
        slots: Slots,
        spare: Spare,
        budget: ByteBudget,
        calls: Calls,
        background: Background,
        clock: Callable[[], float],
        other_problem: Callable[[], str] = lambda: "",
        drifts: Callable[[], Mapping[tuple[str, str], Drift]] = dict,
    ) -> None:
        self._plugins = plugins
        self._catalog = catalog
        self._breakers = breakers
        self._database = database
        self._recorder = recorder
        self._slots = slots
        self._spare = spare
        self._budget = budget
        self._calls = calls
        self._background = background
        self._clock = clock
        self._ready_at = clock()
        self._other_problem = other_problem
        self._drifts = drifts

    async def serving(self) -> bool:
        """Whether a request has a chance: the same as a report whose status is not UNAVAILABLE."""
        return (await self.report()).status is not Status.UNAVAILABLE

    async def report(self) -> HealthReport:
        """Returns the state of everything."""
        storage = await self._storage()
        models = _answering_models(self._catalog.snapshot.models.values())
        providers = tuple(self._providers(models))
        plugins = tuple(plugin_health(plugin, self._plugins.conduct) for plugin in self._plugins.registry.plugins)
        background = tuple(map(_background_health, self._background.report()))
        may_answer = self._may_answer(models)
        simulator_only = bool(may_answer) and all(model.info.simulated for model in may_answer)
        broken = self._outage(storage, providers, served=bool(may_answer))
        network = self._network()
        requests, *targets = self._slots.report()
        limits = (requests, *self._other_limits(), *targets)
        flaw = _flaw((network, *providers, *plugins, storage, *background)) or self._other_problem() or _wait(targets)
        detail = broken or flaw or (f"only the simulator answers; {GET_MODELS}" if simulator_only else "")
        return HealthReport(
            status=Status.UNAVAILABLE if broken else Status.DEGRADED if flaw else Status.OK,
            detail=detail,
            version=__version__,
            uptime=self._clock() - self._ready_at,
            providers=providers,
            plugins=plugins,
            storage=storage,
            network=network,
            background=background,
            in_flight=self._slots.in_flight,
            queued=self._slots.queued,
            limits=limits,
            simulator_only=simulator_only,
            drifts=_worst_first(self._drifts()),
        )

    def _other_limits(self) -> Iterable[LimitReport]:
        yield LimitReport("request bytes", self._budget.held, self._budget.limit)
        yield LimitReport("benchmark tasks", self._spare.held, self._spare.limit)

    def _may_answer(self, models: Sequence[Model]) -> Sequence[Model]:
        """Returns the models that routing would choose from now, for a request without preferences.

        As in routing, simulated ones are out if there are real ones, whether these can be called or not, or
        if a provider could not list its models, which may well be real.
        """
        real = [model for model in models if not model.info.simulated]
        if not real and self._catalog.snapshot.provider_errors:
            return ()
        hopeless = self._breakers.hopeless_domains()
        return [model for model in real or models if is_available(model, hopeless)]

    def _outage(self, storage: PartHealth, providers: Sequence[ProviderHealth], *, served: bool) -> str:
        """Returns why no request can be served and what to do about it; empty if requests can be served."""
        if self._calls.draining:
            return "the server is stopping"
        if storage.status is Status.UNAVAILABLE:
            return f"requests can't be recorded: {storage.detail}"
        return "" if served else _why_no_model(providers, self._catalog.snapshot.provider_errors)

    def _providers(self, models: Sequence[Model]) -> Iterable[ProviderHealth]:
        errors, hopeless = self._catalog.snapshot.provider_errors, self._breakers.hopeless_domains()
        reports, pauses, offers = self._breakers.report(), self._breakers.pauses.report(), _by_provider(models)
        unreliable = self._breakers.reliability.report()
        for name, provider in sorted(self._plugins.registry.providers.items()):
            own, error = offers.get(name, ()), errors.get(name, "")
            breakers = tuple(report for report in reports if _belongs(report.domain, name))
            paused = tuple(report for report in pauses if _belongs(report.domain, name))
            status = _provider_status(own, hopeless, error=error, flawed=_is_flawed(breakers, paused, error))
            if lacking := missing(provider):
                yield ProviderHealth(name, Status.ABSENT, lacking)
            else:
                detail = error or ("" if own else "offers no models now; a local server may not be running")
                yield ProviderHealth(
                    name,
                    status,
                    detail,
                    len(own),
                    breakers,
                    paused,
                    listing_is_stale=bool(error and own),
                    listed_at=self._catalog.listed_at(name),
                    unreliable=tuple([report for report in unreliable if _belongs(report.pool, name)][:MAX_UNRELIABLE]),
                )

    def _network(self) -> PartHealth:
        problem = self._breakers.network.problem
        return PartHealth("network", Status.DEGRADED if problem else Status.OK, problem)

    async def _storage(self) -> PartHealth:
        name = self._database.backend
        try:
            async with asyncio.timeout(PING_SECONDS):
                await self._database.ping()
        except YmeraError as error:
            return PartHealth(name, Status.UNAVAILABLE, error.message)
        except TimeoutError:
            return PartHealth(name, Status.UNAVAILABLE, f"did not answer within {PING_SECONDS:g} s")
        # A database on a full disk can still be read.
        if problem := self._recorder.problem:
            return PartHealth(name, Status.UNAVAILABLE, problem)
        damage = self._database.damage
        return PartHealth(name, Status.DEGRADED if damage else Status.OK, damage)


def _worst_first(drifts: Mapping[tuple[str, str], Drift]) -> tuple[QualityDrift, ...]:
    found = [QualityDrift(model, category, drift) for (model, category), drift in drifts.items()]
    return tuple(sorted(found, key=lambda one: (one.drift.after - one.drift.before, one.model))[:MAX_DRIFTS])


_FLAWED = {Status.DEGRADED, Status.UNAVAILABLE}


def _answering_models(models: Iterable[Model]) -> Sequence[Model]:
    return [model for model in models if model.info.kind is Kind.GENERATE]


def _by_provider(models: Iterable[Model]) -> Mapping[str, Sequence[Model]]:
    offers: dict[str, list[Model]] = {}
    for model in models:
        offers.setdefault(model.provider, []).append(model)
    return offers


def _belongs(domain: str, provider: str) -> bool:
    """Returns whether a domain is one of a provider's: its name is the first part."""
    return domain.startswith((f"{provider}/", f"{provider}#", f"{provider}@"))


def _is_flawed(breakers: Sequence[BreakerReport], pauses: Sequence[PauseReport], error: str) -> bool:
    """Returns whether anything of a provider does not work now; what failed long ago and was not called since may."""
    return bool(error or pauses) or any(not breaker.is_idle for breaker in breakers)


def _provider_status(models: Sequence[Model], hopeless: Collection[str], *, error: str, flawed: bool) -> Status:
    if not models:
        return Status.UNAVAILABLE if error else Status.ABSENT
    if not any(is_available(model, hopeless) for model in models):
        return Status.UNAVAILABLE
    return Status.DEGRADED if flawed else Status.OK


def _why_no_model(providers: Sequence[ProviderHealth], errors: Collection[str]) -> str:
    """Returns why no model can be called, from what is known of each provider that might have been."""
    involved = [one for one in providers if one.status in _FLAWED or one.name in errors]
    if involved:
        causes = "; ".join(f"{provider.name}: {_cause(provider)}" for provider in involved[:MAX_CAUSES])
        more = f"; and {len(involved) - MAX_CAUSES} more" if len(involved) > MAX_CAUSES else ""
        return f"no model can be called: {causes}{more}"
    if providers:
        return f"no provider offers a model; {GET_MODELS}"
    return f"no provider is registered; install one of the repository's folder `plugins`, and {GET_MODELS}"


def _flaw(parts: Iterable[ProviderHealth | PartHealth]) -> str:
    """Returns what is wrong with the first part that is not as it should be; empty if all are."""
    for part in parts:
        if part.status in _FLAWED:
            cause = _cause(part) if isinstance(part, ProviderHealth) else part.detail
            return f"{part.name}: {cause}"
    return ""


def _wait(targets: Sequence[LimitReport]) -> str:
    """Returns which target most requests wait for; empty if none wait."""
    if not targets:
        return ""
    first = targets[0]
    who = "1 request waits" if first.waiting == 1 else f"{first.waiting} requests wait"
    return f"{who} for {first.name}, which holds {first.in_use} of {first.limit} slots"


def _cause(provider: ProviderHealth) -> str:
    """Returns why a provider can't answer, in its own words as far as they are known."""
    if provider.detail:
        return provider.detail
    first = next((report for report in provider.breakers if report.state is BreakerState.OPEN), None)
    if first is not None:
        return f"{first.last_error} (tried again in {first.retry_after:.0f} s)"
    if provider.pauses and all(report.is_idle for report in provider.breakers):
        return f"paused for {provider.pauses[0].retry_after:.0f} s more: {provider.pauses[0].reason}"
    probed = next((report for report in provider.breakers if not report.is_idle), None)
    if probed is not None:
        return f"{'tried again with the next call' if probed.idle else 'being tried again'}, after: {probed.last_error}"
    return "its models keep failing"


def plugin_health(plugin: PluginStatus, conduct: Conduct) -> PartHealth:
    """Returns the state of a plugin: degraded also if something of it is refused, or if it misbehaved recently."""
    did, recently = conduct.of(plugin.name)
    flawed = plugin.refused or recently
    detail = words("; ".join(filter(None, [plugin.detail, did])))
    return PartHealth(plugin.name, Status.DEGRADED if flawed else _PLUGIN_STATUS[plugin.state], detail)


_PLUGIN_STATUS: Mapping[PluginState, Status] = {
    PluginState.ACTIVE: Status.OK,
    PluginState.QUARANTINED: Status.DEGRADED,
    PluginState.DISABLED: Status.DISABLED,
}


def _background_health(report: BackgroundReport) -> BackgroundHealth:
    status = Status.DEGRADED if report.error else Status.OK
    return BackgroundHealth(report.name, status, report.error or report.progress, restarts=report.restarts)
