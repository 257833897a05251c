"""The plugins that were found and what they offer, as data."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, TypeVar

from ymera_service.plugins.dormancy import is_dormant
from ymera_service.plugins.settings import SettingView
from ymera_service.sdk.benchmarks import BenchmarkSuite
from ymera_service.sdk.classifiers import Classifier
from ymera_service.sdk.components import Component
from ymera_service.sdk.facts import FactSource
from ymera_service.sdk.policies import RoutingPolicy
from ymera_service.sdk.priors import QualityPrior
from ymera_service.sdk.providers import Provider

C = TypeVar("C", bound=Component)


@dataclass(frozen=True, slots=True)
class ComponentKind:
    """A kind of component: its name, the hook that registers it, and its base class."""

    name: str
    hook: str
    base: type[Component]


KINDS = (
    ComponentKind("provider", "ymera_register_providers", Provider),
    ComponentKind("classifier", "ymera_register_classifiers", Classifier),
    ComponentKind("prior", "ymera_register_priors", QualityPrior),
    ComponentKind("policy", "ymera_register_policies", RoutingPolicy),
    ComponentKind("facts", "ymera_register_facts", FactSource),
    ComponentKind("benchmark", "ymera_register_benchmarks", BenchmarkSuite),
)
"""Every kind of component. A further kind is a line here and a hook in `sdk.hookspecs`."""


class PluginState(StrEnum):
    """The state of a plugin."""

    ACTIVE = "active"
    QUARANTINED = "quarantined"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class Registration:
    """Something a plugin registered: `kind` is "provider", "classifier", "prior", "policy", "facts" or "benchmark"."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name!r}"


@dataclass(frozen=True, slots=True)
class PluginStatus:
    """A plugin that was found, and its state.

    Attributes:
        name: The name of its entry point.
        distribution: The distribution that it was installed from.
        version: That distribution's version.
        state: Whether it is in use.
        detail: Why it is quarantined or disabled, what was refused, or why it registers nothing; else empty.
        registrations: What it registered.
        refused: Whether something that it registered is not used.
        origin: Where its distribution was installed from.
        hooks: The hooks that it implements.
        settings: Its settings, without secrets.
        idle: Why it would register nothing.
    """

    name: str
    distribution: str
    version: str
    state: PluginState
    detail: str = ""
    registrations: tuple[Registration, ...] = ()
    refused: bool = False
    origin: str = ""
    hooks: tuple[str, ...] = ()
    settings: tuple[SettingView, ...] = ()
    idle: str = ""


@dataclass(frozen=True, slots=True)
class Registry:
    """What all plugins offer.

    Attributes:
        components: For each base class of `KINDS`, the components by name.
        found: Every plugin that was found, with all that it registered.
        packages: The top-level packages of plugins' code, each with the plugin's name.
    """

    components: Mapping[type[Component], Mapping[str, Any]]
    found: tuple[PluginStatus, ...]
    packages: Mapping[str, str] = field(default_factory=dict)

    def of(self, base: type[C]) -> Mapping[str, C]:
        """Returns the components of a kind by name."""
        return self.components.get(base, {})

    @property
    def plugins(self) -> tuple[PluginStatus, ...]:
        """Every plugin that was found, without providers that have no key now."""
        dormant = {Registration("provider", name) for name in self.all_providers.keys() - self.providers.keys()}
        return tuple(_without(plugin, dormant) for plugin in self.found) if dormant else self.found

    @property
    def providers(self) -> Mapping[str, Provider]:
        """The providers by name, without those that have no key now."""
        return {name: one for name, one in self.all_providers.items() if not is_dormant(one)}

    @property
    def all_providers(self) -> Mapping[str, Provider]:
        """The providers by name."""
        return self.of(Provider)  # type: ignore[type-abstract]  # used as a key only

    @property
    def classifiers(self) -> Mapping[str, Classifier]:
        """The classifiers by name."""
        return self.of(Classifier)  # type: ignore[type-abstract]  # used as a key only

    @property
    def priors(self) -> Mapping[str, QualityPrior]:
        """The priors by name."""
        return self.of(QualityPrior)  # type: ignore[type-abstract]  # used as a key only

    @property
    def policies(self) -> Mapping[str, RoutingPolicy]:
        """The policies by name."""
        return self.of(RoutingPolicy)  # type: ignore[type-abstract]  # used as a key only

    @property
    def facts(self) -> Mapping[str, FactSource]:
        """The sources of facts about models, by name."""
        return self.of(FactSource)  # type: ignore[type-abstract]  # used as a key only

    @property
    def suites(self) -> Mapping[str, BenchmarkSuite]:
        """The benchmark suites by name."""
        return self.of(BenchmarkSuite)  # type: ignore[type-abstract]  # used as a key only


def _without(plugin: PluginStatus, dormant: Collection[Registration]) -> PluginStatus:
    left = tuple(one for one in plugin.registrations if one not in dormant)
    if len(left) == len(plugin.registrations):
        return plugin
    return replace(plugin, registrations=left, detail=plugin.detail or ("" if left else plugin.idle))
