"""Finds plugins, collects what each one offers, and keeps a failing one from affecting the others.

Each plugin gets a separate pluggy manager: pluggy's loader stops at the first bad distribution, and one hook that
raises discards the results of all plugins. A plugin that fails, hangs or clashes is quarantined with its reason, and
the server starts without it. Wrong *settings* are the operator's mistake and prevent the start; all of them are
reported at once.
"""

import difflib
import re
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from importlib.metadata import entry_points
from types import MappingProxyType
from typing import Any

import pluggy
import structlog
from pydantic import ValidationError

from ymera_service.config import ConfigError, ConfigFault, PluginsSettings, faults_of
from ymera_service.sdk import hookspecs
from ymera_service.sdk.benchmarks import BenchmarkSuite
from ymera_service.sdk.classifiers import Classifier
from ymera_service.sdk.hookspecs import CONTRACT, PROJECT, PluginDescription
from ymera_service.sdk.http import Transport
from ymera_service.sdk.priors import QualityPrior
from ymera_service.sdk.providers import Provider
from ymera_service.sdk.settings import PluginSettings

log = structlog.get_logger(__name__)

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")

Offer = Provider | Classifier | QualityPrior | BenchmarkSuite


class PluginState(StrEnum):
    """The state of a plugin."""

    ACTIVE = "active"
    QUARANTINED = "quarantined"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class Registration:
    """Something a plugin registered: `kind` is "provider", "classifier", "prior" or "benchmark"."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class PluginStatus:
    """A plugin that was found, and its state; `detail` is why it is quarantined or a provider is left out."""

    name: str
    distribution: str
    version: str
    state: PluginState
    detail: str = ""
    registrations: tuple[Registration, ...] = ()


@dataclass(frozen=True, slots=True)
class Registry:
    """What all plugins offer, by name."""

    providers: Mapping[str, Provider]
    classifiers: Mapping[str, Classifier]
    priors: Mapping[str, QualityPrior]
    suites: Mapping[str, BenchmarkSuite]
    plugins: tuple[PluginStatus, ...]


@dataclass(frozen=True, slots=True)
class FoundPlugin:
    """An installed plugin that is not loaded yet."""

    name: str
    distribution: str
    version: str
    load: Callable[[], object]


class PluginRejected(Exception):
    """A plugin can't be used; the message states the reason."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of object that plugins offer: its name, its hook and its protocol."""

    name: str
    hook: str
    protocol: type


KINDS = (
    Kind("provider", "ymera_register_providers", Provider),
    Kind("classifier", "ymera_register_classifiers", Classifier),
    Kind("prior", "ymera_register_priors", QualityPrior),
    Kind("benchmark", "ymera_register_benchmarks", BenchmarkSuite),
)


def installed() -> list[FoundPlugin]:
    """Returns the plugins of the entry-point group `ymera`, in the order of their names."""
    found = [
        FoundPlugin(
            point.name, point.dist.name if point.dist else "", point.dist.version if point.dist else "", point.load
        )
        for point in entry_points(group=PROJECT)
    ]
    return sorted(found, key=lambda plugin: (plugin.name, plugin.distribution))


def load_plugins(
    settings: PluginsSettings,
    transport: Transport,
    found: Sequence[FoundPlugin] | None = None,
    heed: Callable[[PluginSettings], None] = lambda settings: None,
    redact: Callable[[str], str] = str,
    *,
    production: bool = False,
) -> Registry:
    """Loads every plugin found and returns what they offer. Blocks; run it in a thread.

    Args:
        settings: Which plugins are disabled, and each plugin's own table.
        transport: What HTTP providers are to use.
        found: The plugins to load; by default those installed.
        heed: Called with the settings of each plugin before the plugin gets them, as to learn its secrets.
        redact: Removes secrets from what a plugin says of its failure.
        production: Simulated providers are left out unless they are configured.

    Raises:
        ConfigError: A plugin's settings are wrong, or name a plugin that is not installed.
    """
    loading = _Loading(settings, transport, heed, redact)
    for plugin in installed() if found is None else found:
        loading.take(plugin)
    loading.check_tables()
    loading.leave_out_simulated(production=production)
    return loading.registry()


@dataclass(slots=True)
class _Loading:
    settings: PluginsSettings
    transport: Transport
    heed: Callable[[PluginSettings], None]
    redact: Callable[[str], str]
    offers: dict[str, dict[str, Any]] = field(default_factory=lambda: {kind.name: {} for kind in KINDS})
    owners: dict[Registration, FoundPlugin] = field(default_factory=dict)
    plugins: dict[str, tuple[FoundPlugin, PluginStatus]] = field(default_factory=dict)
    clashing: list[PluginStatus] = field(default_factory=list)
    faults: list[ConfigFault] = field(default_factory=list)

    def take(self, plugin: FoundPlugin) -> None:
        if plugin.name in self.plugins:
            reason = f"{_origin(self.plugins[plugin.name][0])} and {_origin(plugin)} both name a plugin {plugin.name!r}"
            self.clashing.append(_quarantined(plugin, reason))
            return
        self.plugins[plugin.name] = plugin, self._status(plugin)

    def _status(self, plugin: FoundPlugin) -> PluginStatus:
        if plugin.name in self.settings.disabled:
            return PluginStatus(plugin.name, plugin.distribution, plugin.version, PluginState.DISABLED)
        try:
            offers = _bounded(lambda: self._ask(plugin), self.settings.load_seconds)
            self._check_clashes(plugin, offers)
        except ConfigError as error:
            self.faults.extend(error.faults)
            return _quarantined(plugin, self.redact(str(error)))
        except PluginRejected as error:
            return _quarantined(plugin, self.redact(str(error)))
        except Exception as error:  # noqa: BLE001  # whatever a stranger's code raises stays with it
            return _quarantined(plugin, self.redact(f"{type(error).__name__}: {error}"))
        for registration, offer in offers.items():
            self.offers[registration.kind][registration.name] = offer
            self.owners[registration] = plugin
        return PluginStatus(
            plugin.name, plugin.distribution, plugin.version, PluginState.ACTIVE, registrations=tuple(offers)
        )

    def _ask(self, plugin: FoundPlugin) -> dict[Registration, Offer]:
        manager = pluggy.PluginManager(PROJECT)
        manager.add_hookspecs(hookspecs)
        manager.register(plugin.load(), plugin.name)
        manager.check_pending()
        description = _describe(manager)
        table = self.settings.tables.get(plugin.name, {})
        settings = _settings(plugin.name, description.settings, table)
        self.heed(settings)
        context = {"settings": settings, "transport": self.transport}
        return dict(_offers(manager, context))

    def _check_clashes(self, plugin: FoundPlugin, offers: Iterable[Registration]) -> None:
        for registration in offers:
            if owner := self.owners.get(registration):
                raise PluginRejected(
                    f"{_origin(owner)} and {_origin(plugin)} both register a {registration.kind} {registration.name!r}"
                )

    def check_tables(self) -> None:
        for name in [*self.settings.tables, *self.settings.disabled]:
            if name not in self.plugins:
                near = difflib.get_close_matches(name, self.plugins, n=1)
                hint = f"; did you mean {near[0]!r}?" if near else ""
                self.faults.append(ConfigFault(f"plugins.{name}", f"no plugin of this name is installed{hint}"))
        if self.faults:
            raise ConfigError("plugin settings", self.faults)

    def leave_out_simulated(self, *, production: bool) -> None:
        """Removes simulated providers where their answers could be taken for real ones, unless they are configured."""
        providers: dict[str, Provider] = self.offers["provider"]
        real = next((one.name for one in providers.values() if one.configured and not one.simulated), "")
        reason = "in production" if production else f"where a real provider, such as {real}, is configured"
        if not (production or real):
            return
        for name in [one.name for one in providers.values() if one.simulated]:
            registration = Registration("provider", name)
            plugin = self.owners[registration]
            if plugin.name not in self.settings.tables:
                del providers[name]
                detail = f"{name} is left out {reason}, unless there is a table [plugins.{plugin.name}]"
                self._disable(plugin, registration, detail)

    def _disable(self, plugin: FoundPlugin, registration: Registration, detail: str) -> None:
        status = self.plugins[plugin.name][1]
        left = tuple(each for each in status.registrations if each != registration)
        state = status.state if left else PluginState.DISABLED
        self.plugins[plugin.name] = plugin, replace(status, state=state, detail=detail, registrations=left)

    def registry(self) -> Registry:
        statuses = sorted([status for _, status in self.plugins.values()] + self.clashing, key=lambda one: one.name)
        return Registry(
            MappingProxyType(self.offers["provider"]),
            MappingProxyType(self.offers["classifier"]),
            MappingProxyType(self.offers["prior"]),
            MappingProxyType(self.offers["benchmark"]),
            tuple(statuses),
        )


def _describe(manager: pluggy.PluginManager) -> PluginDescription:
    results = manager.hook.ymera_describe()
    description = results[0] if results else PluginDescription()
    if not isinstance(description, PluginDescription):
        raise PluginRejected(f"ymera_describe returned {type(description).__name__}, not a PluginDescription")
    major, minor = description.contract
    if major != CONTRACT[0] or minor > CONTRACT[1]:
        implemented = ".".join(map(str, CONTRACT))
        raise PluginRejected(f"it requires contract {major}.{minor}; this server implements {implemented}")
    return description


def _settings(name: str, model: type[PluginSettings], table: Mapping[str, object]) -> PluginSettings:
    try:
        return model.model_validate(table)
    except ValidationError as error:
        raise ConfigError(name, faults_of(error, model, f"plugins.{name}")) from None


def _offers(manager: pluggy.PluginManager, context: Mapping[str, object]) -> Iterable[tuple[Registration, Offer]]:
    seen: set[Registration] = set()
    for kind in KINDS:
        hook = getattr(manager.hook, kind.hook)
        wanted = {name: context[name] for name in hook.spec.argnames}
        for offer in (offer for result in hook(**wanted) for offer in result):
            registration = _registration(kind, offer)
            if registration in seen:
                raise PluginRejected(f"it registers the {kind.name} {registration.name!r} twice")
            seen.add(registration)
            yield registration, offer


def _registration(kind: Kind, offer: object) -> Registration:
    if not isinstance(offer, kind.protocol):
        raise PluginRejected(f"{kind.hook} offered {type(offer).__name__}, which is not a {kind.protocol.__name__}")
    name = offer.name  # type: ignore[attr-defined]  # every protocol has a name
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise PluginRejected(
            f"the name {name!r} of a {kind.name} has other characters than lower-case letters, digits and hyphens"
        )
    return Registration(kind.name, name)


def _quarantined(plugin: FoundPlugin, reason: str) -> PluginStatus:
    log.warning("plugin quarantined", plugin=plugin.name, distribution=plugin.distribution, reason=reason)
    return PluginStatus(plugin.name, plugin.distribution, plugin.version, PluginState.QUARANTINED, reason)


def _origin(plugin: FoundPlugin) -> str:
    return f"{plugin.distribution} {plugin.version}".strip() or plugin.name


def _bounded(ask: Callable[[], dict[Registration, Offer]], seconds: float) -> dict[Registration, Offer]:
    """Runs third-party code in a thread with a time limit: an import that hangs can't be interrupted otherwise."""
    outcome: list[dict[Registration, Offer] | BaseException] = []

    def run() -> None:
        try:
            outcome.append(ask())
        except BaseException as error:  # noqa: BLE001  # a plugin may call sys.exit
            outcome.append(error)

    thread = threading.Thread(target=run, name="load-plugin", daemon=True)
    thread.start()
    thread.join(seconds)
    if not outcome:
        raise PluginRejected(f"it did not load within {seconds:g} s")
    if isinstance(result := outcome[0], Exception):
        raise result
    if isinstance(result, BaseException):
        raise PluginRejected(f"it stopped with {type(result).__name__} while loading")
    return result
