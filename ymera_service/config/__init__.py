"""The typed configuration: one TOML file, overridden by `YMERA_…` environment variables.

`load()` reads a file (the given one, `ymera.toml` in the current folder, or the user's) and the environment, and
reports every fault at once. In the environment, the steps of a path are joined with two underscores:
`YMERA_SERVER__ADDRESS=0.0.0.0:50051`.
"""

from ymera_service.config.balancing import BalancingPolicy, BalancingSettings
from ymera_service.config.benchmark import BenchmarkSettings
from ymera_service.config.choosing import (
    AgentSettings,
    ArmSettings,
    ChoiceSettings,
    ExperimentSettings,
    OverrideSettings,
    Unit,
)
from ymera_service.config.faults import ConfigError, ConfigFault, faults_of
from ymera_service.config.reading import Source, load, user_file
from ymera_service.config.routing import (
    CatalogSettings,
    PriceSettings,
    RateSettings,
    RoutingSettings,
    TierSettings,
    WeightSettings,
)
from ymera_service.config.server import MAX_PORT, AccessSettings, CallerSettings, ServerSettings
from ymera_service.config.settings import (
    BreakerSettings,
    Environment,
    ExecutionSettings,
    LogSettings,
    PluginsSettings,
    Settings,
    TransportSettings,
)
from ymera_service.config.storage import StorageSettings, default_database
from ymera_service.config.texts import validated
from ymera_service.config.vault import VaultSettings, default_master_key_file

__all__ = [
    "MAX_PORT",
    "AccessSettings",
    "AgentSettings",
    "ArmSettings",
    "BalancingPolicy",
    "BalancingSettings",
    "BenchmarkSettings",
    "BreakerSettings",
    "CallerSettings",
    "CatalogSettings",
    "ChoiceSettings",
    "ConfigError",
    "ConfigFault",
    "Environment",
    "ExecutionSettings",
    "ExperimentSettings",
    "LogSettings",
    "OverrideSettings",
    "PluginsSettings",
    "PriceSettings",
    "RateSettings",
    "RoutingSettings",
    "ServerSettings",
    "Settings",
    "Source",
    "StorageSettings",
    "TierSettings",
    "TransportSettings",
    "Unit",
    "VaultSettings",
    "WeightSettings",
    "default_database",
    "default_master_key_file",
    "faults_of",
    "load",
    "user_file",
    "validated",
]
