"""Loads all plugins, settles who keeps which name, and keeps a failing plugin from affecting the others.

Each plugin gets a separate pluggy manager: pluggy's loader stops at the first bad distribution, and one hook that
raises discards the results of all plugins. A plugin that fails or hangs is quarantined with its reason, and the server
starts without it. Wrong *settings* are the operator's mistake and prevent the start; all of them are reported at once.
"""

import contextlib
import difflib
import os
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TextIO

import structlog

from ymera_service.config import ConfigError, ConfigFault, PluginsSettings
from ymera_service.plugins import settings as plugin_settings
from ymera_service.plugins.asking import Asked, PluginRejected, ask
from ymera_service.plugins.claims import DISTRIBUTION, Claims, reserved_for
from ymera_service.plugins.dormancy import NO_VAULT
from ymera_service.plugins.found import FoundPlugin, installed
from ymera_service.plugins.status import KINDS, PluginState, PluginStatus, Registration, Registry
from ymera_service.plugins.wording import trace, words
from ymera_service.sdk.components import Component
from ymera_service.sdk.http import Transport
from ymera_service.sdk.keys import Vault
from ymera_service.sdk.settings import PluginSettings

log = structlog.get_logger(__name__)


def load_plugins(
    settings: PluginsSettings,
    transport: Transport,
    found: Sequence[FoundPlugin] | None = None,
    on_settings: Callable[[PluginSettings], None] = lambda settings: None,
    redact: Callable[[str], str] = str,
    *,
    production: bool = False,
    vault: Vault = NO_VAULT,
) -> Registry:
    """Loads every plugin found and returns what they offer. Blocks; run it in a thread.

    What plugins print meanwhile goes to standard error: standard output belongs to the command that runs.

    Args:
        settings: Which plugins are allowed and disabled, and each plugin's own table.
        transport: What HTTP providers are to use.
        found: The plugins to load; by default those installed.
        on_settings: Called with the settings of each plugin before the plugin gets them, as to learn its secrets.
        redact: Removes secrets from what a plugin says of its failure.
        production: Simulated providers are left out unless they are configured.
        vault: Where further keys of providers are.

    Raises:
        ConfigError: A plugin's settings are wrong, or name a plugin that is not installed.
    """
    loading = _Loading(settings, transport, vault, on_settings, redact, installed() if found is None else found)
    for plugin in loading.found:
        with contextlib.redirect_stdout(_to_stderr()):
            loading.take(plugin)
    loading.check_tables()
    return loading.registry(production=production)


@dataclass(slots=True)
class _Loading:
    settings: PluginsSettings
    transport: Transport
    vault: Vault
    on_settings: Callable[[PluginSettings], None]
    redact: Callable[[str], str]
    found: Sequence[FoundPlugin]
    claims: Claims = field(init=False)
    loaded: list[tuple[FoundPlugin, PluginStatus, Asked | None]] = field(default_factory=list)
    faults: list[ConfigFault] = field(default_factory=list)

    def __post_init__(self) -> None:
        tables = self.settings.tables
        self.claims = Claims(
            {name: str(table[DISTRIBUTION]) for name, table in tables.items() if DISTRIBUTION in table}, tables
        )

    def take(self, plugin: FoundPlugin) -> None:
        reason = self._left_out(plugin)
        if reason:
            self.loaded.append((plugin, _status(plugin, PluginState.DISABLED, reason), None))
            return
        try:
            self._check_name(plugin)
            table = {key: value for key, value in self._table(plugin).items() if key != DISTRIBUTION}
            asked = _bounded(
                lambda: ask(plugin, table, self.transport, self.vault, self.on_settings), self.settings.load_seconds
            )
            status = self._active(plugin, asked)
        except Exception as error:  # noqa: BLE001  # whatever a stranger's code raises stays with it
            self.loaded.append((plugin, self._quarantined(plugin, error), None))
        else:
            self.loaded.append((plugin, status, asked))

    def _left_out(self, plugin: FoundPlugin) -> str:
        allowed = self.settings.allow
        if allowed is not None and not any(map(plugin.is_of, allowed)):
            return f"plugins.allow does not list {plugin.distribution}"
        return "plugins.disabled lists it" if plugin.name in self.settings.disabled else ""

    def _check_name(self, plugin: FoundPlugin) -> None:
        rivals = [
            one for one in self.found if one.name == plugin.name and one is not plugin and not self._left_out(one)
        ]
        if refusal := self.claims.refusal(plugin, rivals):
            raise PluginRejected(refusal)

    def _table(self, plugin: FoundPlugin) -> Mapping[str, object]:
        return self.settings.tables.get(plugin.name, {})

    def _quarantined(self, plugin: FoundPlugin, error: Exception) -> PluginStatus:
        if isinstance(error, ConfigError):
            self.faults.extend(error.faults)
        explained = isinstance(error, PluginRejected | ConfigError)
        plain = explained or isinstance(error, plugin_settings.SettingsMissing)
        reason = words(str(error) if plain else error, self.redact)
        facts = {} if explained else {"exception": trace(error, self.redact)}
        log.warning("plugin quarantined", plugin=plugin.name, distribution=plugin.distribution, reason=reason, **facts)
        return _status(plugin, PluginState.QUARANTINED, reason)

    def _active(self, plugin: FoundPlugin, asked: Asked) -> PluginStatus:
        idle = words(asked.why_idle, self.redact)
        return replace(
            _status(plugin, PluginState.ACTIVE, "" if asked.components else idle),
            idle=idle,
            registrations=tuple(asked.components),
            hooks=asked.hooks,
            settings=tuple(plugin_settings.views(plugin.name, asked.settings, os.environ, self.redact)),
        )

    def check_tables(self) -> None:
        known = {plugin.name for plugin in self.found}
        for name in [*self.settings.tables, *self.settings.disabled]:
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                hint = f"; did you mean {near[0]!r}?" if near else ""
                self.faults.append(ConfigFault(f"plugins.{name}", f"no plugin of this name is installed{hint}"))
        if self.faults:
            raise ConfigError("plugin settings", self.faults)

    def registry(self, *, production: bool) -> Registry:
        kept: dict[type[Component], dict[str, Component]] = {kind.base: {} for kind in KINDS}
        bases = {kind.name: kind.base for kind in KINDS}
        statuses: list[PluginStatus] = []
        owners: dict[str, str] = {}
        unwanted = "in production" if production else self._beside_real()
        for plugin, status, asked in self.loaded:
            if asked is None:
                statuses.append(status)
                continue
            owners |= dict.fromkeys(asked.packages, plugin.name)
            refused = {one: problem for one in asked.components if (problem := self._refusal(one, plugin))}
            left_out = asked.simulated if unwanted and plugin.name not in self.settings.tables else frozenset()
            for registration, component in asked.components.items():
                if registration not in refused and registration not in left_out:
                    kept[bases[registration.kind]][registration.name] = component
            statuses.append(_without(_disabled(status, left_out, unwanted), refused))
        statuses.sort(key=lambda one: (one.name, one.distribution))
        frozen = {base: MappingProxyType(components) for base, components in kept.items()}
        return Registry(MappingProxyType(frozen), tuple(statuses), MappingProxyType(owners))

    def _beside_real(self) -> str:
        """Returns where simulated providers are out of place, as a phrase; empty if no real provider is configured."""
        for plugin, _, asked in self.loaded:
            for one in asked.real if asked else ():
                if not self._refusal(one, plugin):
                    return f"where a real provider, such as {one.name}, is configured"
        return ""

    def _refusal(self, registration: Registration, plugin: FoundPlugin) -> str:
        """Returns why a plugin may not register a name; empty if it may."""
        if distribution := reserved_for(registration, plugin):
            return f"{registration} of {plugin.label} is refused: the name is reserved for {distribution}"
        claimants = [one for one, _, asked in self.loaded if asked and registration in asked.components]
        keeper = self.claims.keeper(registration, claimants) if len(claimants) > 1 else plugin
        if keeper is plugin:
            return ""
        both = " and ".join(sorted(one.label for one in claimants))
        kept = f"{keeper.label} keeps it" if keeper else "neither gets it; disable one in plugins.disabled"
        return f"{both} both register a {registration}: {kept}"


def _to_stderr() -> TextIO:
    """Returns a stream of its own: a plugin that wraps standard output closes what it wrapped, which can't be ours."""
    return open(2, "w", buffering=1, errors="backslashreplace", closefd=False)


def _status(plugin: FoundPlugin, state: PluginState, detail: str) -> PluginStatus:
    return PluginStatus(plugin.name, plugin.distribution, plugin.version, state, detail, origin=plugin.origin)


def _disabled(status: PluginStatus, left_out: Collection[Registration], where: str) -> PluginStatus:
    """Returns the status of a plugin of which some providers are left out, as their answers are made up."""
    if not left_out:
        return status
    left = tuple(one for one in status.registrations if one not in left_out)
    names = ", ".join(sorted(one.name for one in left_out))
    verb = "is" if len(left_out) == 1 else "are"
    detail = f"{names} {verb} left out {where}, unless there is a table [plugins.{status.name}]"
    return replace(status, state=status.state if left else PluginState.DISABLED, detail=detail, registrations=left)


def _without(status: PluginStatus, refused: Mapping[Registration, str]) -> PluginStatus:
    """Returns the status of a plugin of which some registrations are refused; the others stay in use."""
    if not refused:
        return status
    for registration, problem in refused.items():
        log.error("registration refused", plugin=status.name, registration=str(registration), reason=problem)
    registered = tuple(one for one in status.registrations if one not in refused)
    state = PluginState.ACTIVE if registered else PluginState.QUARANTINED
    detail = words("; ".join(refused.values()))
    return replace(status, state=state, detail=detail, registrations=registered, refused=True)


def _bounded(ask: Callable[[], Asked], seconds: float) -> Asked:
    """Runs third-party code in a thread with a time limit: an import that hangs can't be interrupted otherwise."""
    outcome: list[Asked | BaseException] = []

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
