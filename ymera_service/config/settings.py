"""The whole configuration: its tables, with their types, defaults and bounds."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from ymera_service.config.balancing import BalancingSettings
from ymera_service.config.benchmark import BenchmarkSettings
from ymera_service.config.choosing import AgentSettings, ExperimentSettings, Name, Text
from ymera_service.config.routing import CatalogSettings, RoutingSettings
from ymera_service.config.sections import Count, Seconds, Section
from ymera_service.config.server import AccessSettings, ServerSettings
from ymera_service.config.storage import StorageSettings
from ymera_service.config.texts import Variables
from ymera_service.config.vault import VaultSettings


class Environment(StrEnum):
    """Where the server runs. In production reflection is off, and what is not secure needs `server.insecure`."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class TransportSettings(Section):
    """HTTP connections to providers."""

    connect_seconds: Seconds = 5
    """The time limit of a connection attempt, including TLS."""
    max_connections_per_host: Count | None = None
    """Unset means as many as there are requests at the same time. Waiting for a connection does not count against a
    target, nor for the time limits of a call."""
    max_response_bytes: Annotated[int, Field(ge=1024, le=2**40)] = 64 * 1024 * 1024
    """The maximum size of a provider's response body."""


class ExecutionSettings(Section):
    """The execution of a request."""

    max_attempts: Annotated[int, Field(ge=1, le=16)] = 6
    """The maximum number of provider calls for one request, including the first."""
    max_slow_attempts: Annotated[int, Field(ge=1, le=16)] = 4
    """The maximum number once one of them took more than a second to fail."""
    first_token_seconds: Seconds = 60
    """How long a provider may send nothing of a streamed answer before the next target is tried. Thinking and
    keep-alives count as signs of progress."""
    thinking_seconds: Seconds = 600
    """How long a provider may send only such signs of progress, without any part of an answer."""
    idle_seconds: Seconds = 60
    """How long a provider may pause within its answer."""
    unary_seconds: Seconds = 180
    """The time limit of an answer that is not streamed."""
    default_deadline_seconds: Seconds = 600
    """The deadline of requests whose caller sets none."""
    hedging: bool = False
    """Calls a second target beside one that has not begun its answer within its usual time, unless a request says
    otherwise; the first to begin goes on. It is charged to the retry budget, and costs what both consume."""


class BreakerSettings(Section):
    """The circuit breakers, which let targets that keep failing be called after all others, and pauses."""

    failures: Count = 5
    """Consecutive failures that open the breaker, of kinds that last: refused connections, keys, credit, timeouts."""
    window: Annotated[int, Field(ge=1, le=200)] = 40
    """The latest calls among which failures of every kind are counted."""
    failure_share: Annotated[float, Field(gt=0, le=1)] = 0.6
    """The share of the window that has to fail to open the breaker, and of the probes to open it again."""
    open_seconds: Seconds = 2
    """How long it stays open the first time; doubled with each further failure, up to `max_open_seconds`."""
    max_open_seconds: Seconds = 15
    half_open_calls: Count = 4
    """Calls that test whether the target works again; they go one at a time until one succeeds."""
    max_pause_seconds: Seconds = 60
    """The longest time for which a target is not called because its provider asked for it."""


class LogSettings(Section):
    """The log, which goes to standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "console", "json"] = "auto"
    """`auto` means console on a terminal, otherwise JSON."""


class PluginsSettings(BaseModel):
    """Which plugins are used, and a table `[plugins.<name>]` for each one that is configured.

    The key `distribution` of a plugin's table names the distribution for which the table was written: a plugin of
    another distribution does not get it.
    """

    model_config = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[str, dict[str, Any]] = Field(init=False)

    allow: tuple[str, ...] | None = None
    """The distributions whose plugins are loaded, such as "ymera-openai"; unset, all that are installed."""
    disabled: tuple[str, ...] = ()
    """The names of plugins that are not loaded."""
    load_seconds: Seconds = 10
    """The time limit of loading a plugin; after it, the plugin is quarantined."""

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        """Leaves out what is in plugins' tables: only plugins know what of it is secret."""
        yield from {name: getattr(self, name) for name in type(self).model_fields}.items()
        yield "tables", list(self.tables)

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise TypeError("settings are not pickled, as they may hold secrets")

    @property
    def tables(self) -> Mapping[str, dict[str, Any]]:
        """The plugins' own tables by plugin name; each is validated by its plugin's settings model."""
        return self.__pydantic_extra__


class Settings(BaseSettings):
    """The whole configuration."""

    model_config = SettingsConfigDict(
        env_prefix="YMERA_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
    )

    environment: Environment = Environment.DEVELOPMENT
    agents: dict[Text, AgentSettings] = Field(default_factory=dict)
    """By the name of the agent, as requests give it."""
    experiments: dict[Name, ExperimentSettings] = Field(default_factory=dict)
    """A request takes part in the first one of the file that it meets the conditions of."""
    server: ServerSettings = ServerSettings()
    access: AccessSettings = AccessSettings()
    vault: VaultSettings = VaultSettings()
    transport: TransportSettings = TransportSettings()
    execution: ExecutionSettings = ExecutionSettings()
    breaker: BreakerSettings = BreakerSettings()
    balancing: BalancingSettings = BalancingSettings()
    benchmark: BenchmarkSettings = BenchmarkSettings()
    routing: RoutingSettings = RoutingSettings()
    catalog: CatalogSettings = CatalogSettings()
    storage: StorageSettings = Field(default_factory=StorageSettings)
    log: LogSettings = LogSettings()
    plugins: PluginsSettings = PluginsSettings()

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise TypeError("settings are not pickled, as they may hold secrets")

    @property
    def reflection(self) -> bool:
        """Whether server reflection is on."""
        if self.server.reflection is not None:
            return self.server.reflection
        return self.environment is Environment.DEVELOPMENT

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Gives the environment precedence over the file, whose contents are the initial values."""
        return Variables(settings_cls), init_settings
