"""The hooks with which a plugin registers what it offers.

A plugin is a module or object that an entry point of group `ymera` names; the entry point's name is the
plugin's name. All hooks are optional and synchronous, and are called once, at start, never per request. An
implementation may take fewer arguments than its specification. An exception in any of them quarantines only
this plugin; the server still starts.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import pluggy

from ymera_service.sdk.benchmarks import BenchmarkSuite
from ymera_service.sdk.classifiers import Classifier
from ymera_service.sdk.facts import FactSource
from ymera_service.sdk.http import Transport
from ymera_service.sdk.keys import Vault
from ymera_service.sdk.policies import RoutingPolicy
from ymera_service.sdk.priors import QualityPrior
from ymera_service.sdk.providers import Provider
from ymera_service.sdk.settings import PluginSettings

PROJECT = "ymera"
"""The name of the entry-point group and of the pluggy project."""

CONTRACT = (1, 2)
"""The version of this contract, independent of the server's: a plugin written for (1, n) runs on a server
whose contract is (1, m) with m ≥ n."""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@dataclass(frozen=True, slots=True)
class PluginDescription:
    """What the server has to know before it calls any other hook of a plugin.

    Attributes:
        settings: The model of the plugin's table in the configuration.
        contract: The lowest version of the contract that the plugin works with.
        idle: What has to be configured before the plugin registers something, as a sentence; shown if it registers
            nothing.
    """

    settings: type[PluginSettings] = PluginSettings
    contract: tuple[int, int] = (1, 0)
    idle: str = ""


@hookspec
def ymera_describe() -> PluginDescription:  # type: ignore[empty-body]  # a specification has no body
    """Returns which settings the plugin takes and for which contract it was written."""


@hookspec
def ymera_register_providers(  # type: ignore[empty-body]
    settings: PluginSettings, transport: Transport, vault: Vault
) -> Iterable[Provider]:
    """Returns providers. Connections are opened later: in `Provider.start`, or with the first request.

    Also a provider without a key is returned if it has `keys`: it is used once the vault has a key of it.

    Args:
        settings: The plugin's settings, an instance of the model in its description.
        transport: The HTTP client of all providers.
        vault: Keys that operators manage while the server runs, for `Keys`. Since contract 1.1.
    """


@hookspec
def ymera_register_classifiers(settings: PluginSettings) -> Iterable[Classifier]:  # type: ignore[empty-body]
    """Returns classifiers. All of them are in use, each as much as the configuration's `routing.classifiers` says.

    Args:
        settings: The plugin's settings, an instance of the model in its description.
    """


@hookspec
def ymera_register_priors(settings: PluginSettings) -> Iterable[QualityPrior]:  # type: ignore[empty-body]
    """Returns priors. The configuration's `routing.prior` names the one in use."""


@hookspec
def ymera_register_facts(settings: PluginSettings) -> Iterable[FactSource]:  # type: ignore[empty-body]
    """Returns sources of facts about models. All of them are in use. Since contract 1.1."""


@hookspec
def ymera_register_policies(settings: PluginSettings) -> Iterable[RoutingPolicy]:  # type: ignore[empty-body]
    """Returns policies. A request or the configuration's `routing.policy` names the one in use. Since contract 1.2."""


@hookspec
def ymera_register_benchmarks(settings: PluginSettings) -> Iterable[BenchmarkSuite]:  # type: ignore[empty-body]
    """Returns benchmark suites.

    Args:
        settings: The plugin's settings, an instance of the model in its description.
    """
