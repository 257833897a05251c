"""The typed configuration: one TOML file, overridden by `YMERA_…` environment variables.

`load()` reads `ymera.toml` (or the given file) and the environment, and reports every fault at once. In the
environment, the steps of a path are joined with two underscores: `YMERA_SERVER__ADDRESS=0.0.0.0:50051`.
"""

from ymera_service.config.reading import DEFAULT_FILE, ConfigError, ConfigFault, faults_of, load
from ymera_service.config.settings import (
    MAX_PORT,
    AccessSettings,
    BreakerSettings,
    CallerSettings,
    CatalogSettings,
    Environment,
    ExecutionSettings,
    LogSettings,
    PluginsSettings,
    PriceSettings,
    RateSettings,
    RoutingSettings,
    ServerSettings,
    Settings,
    StorageSettings,
    TierSettings,
    TransportSettings,
    WeightSettings,
    default_database,
)

__all__ = [
    "DEFAULT_FILE",
    "MAX_PORT",
    "AccessSettings",
    "BreakerSettings",
    "CallerSettings",
    "CatalogSettings",
    "ConfigError",
    "ConfigFault",
    "Environment",
    "ExecutionSettings",
    "LogSettings",
    "PluginsSettings",
    "PriceSettings",
    "RateSettings",
    "RoutingSettings",
    "ServerSettings",
    "Settings",
    "StorageSettings",
    "TierSettings",
    "TransportSettings",
    "WeightSettings",
    "default_database",
    "faults_of",
    "load",
]
