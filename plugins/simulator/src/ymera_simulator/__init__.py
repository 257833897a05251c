"""Ymera plugin: simulated models that compute simple answers, at a stated skill, speed and price.

Read in this order: `settings` and `models` (the models and their properties), `provider` (how a request is answered),
`respondent` (the content of an answer), `solvers` (how answers are computed).
"""

from collections.abc import Iterable

from ymera_service.sdk.hookspecs import PluginDescription, hookimpl
from ymera_service.sdk.providers import Provider
from ymera_service.sdk.settings import PluginSettings
from ymera_simulator.provider import SimulatorProvider
from ymera_simulator.settings import SimulatorSettings

__all__ = ["SimulatorProvider", "SimulatorSettings", "ymera_describe", "ymera_register_providers"]


@hookimpl
def ymera_describe() -> PluginDescription:
    """Returns the settings model of the table `[plugins.simulator]`."""
    return PluginDescription(settings=SimulatorSettings, idle="plugins.simulator.enabled is off")


@hookimpl
def ymera_register_providers(settings: PluginSettings) -> Iterable[Provider]:
    """Offers the simulator, unless it is disabled."""
    assert isinstance(settings, SimulatorSettings)
    return [SimulatorProvider(settings)] if settings.enabled else []
