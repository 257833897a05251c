"""The typed configuration: one TOML file, overridden by `YMERA_…` environment variables.

`load()` reads `ymera.toml` (or the given file) and the environment, and reports every fault at once. In the
environment, the steps of a path are joined with two underscores: `YMERA_SERVER__ADDRESS=0.0.0.0:50051`.
"""

import difflib
import math
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from ymera_service.sdk.models import Capability

DEFAULT_FILE = Path("ymera.toml")

Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Dollars = Annotated[float, Field(ge=0, le=1_000_000)]


class Section(BaseModel):
    """A table of the configuration file; unknown keys are an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Environment(StrEnum):
    """Where the server runs. Reflection is off in production."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class ServerSettings(Section):
    """The gRPC server."""

    address: str = "127.0.0.1:50051"
    """`host:port`, `[::1]:port` or `unix:/path`; port 0 selects a free port."""
    tls_certificate: Path | None = None
    """PEM file of the server's certificate chain; TLS is on when this and the key are set."""
    tls_private_key: Path | None = None
    tls_client_ca: Path | None = None
    """PEM file of the authorities whose client certificates are accepted; if set, clients must present one."""
    reflection: bool | None = None
    """Server reflection; unset means on in development and off in production."""
    max_message_bytes: Annotated[int, Field(ge=1024)] = 16 * 1024 * 1024
    """The maximum size of a request message."""
    max_concurrent_requests: Annotated[int, Field(ge=1)] = 512
    """The maximum number of requests that are processed at the same time."""
    max_queued_requests: Annotated[int, Field(ge=0)] = 1024
    """The maximum number of requests that wait for a slot; further ones fail with RESOURCE_EXHAUSTED."""
    max_bytes_in_flight: int | None = None
    """The maximum size of all request messages that are under way; unset means a 32nd of the memory, but room for
    at least 2 and at most 8 messages of the maximum size."""
    max_unread_seconds: Seconds = 60
    """How long a streamed message may wait for its caller to read; then the stream is cut off."""
    drain_seconds: Seconds = 30
    """How long requests in progress may continue after SIGTERM."""

    @field_validator("address")
    @classmethod
    def _address_has_a_port(cls, address: str) -> str:
        if not re.fullmatch(r"unix(-abstract)?:.+|.+:\d+", address):
            raise ValueError(f"{address!r} is not a valid address; write host:port, [::1]:port or unix:/path")
        return address

    @model_validator(mode="after")
    def _largest_message_has_room(self) -> "ServerSettings":
        if self.max_bytes_in_flight is not None and self.max_bytes_in_flight < self.max_message_bytes:
            raise ValueError(f"max_bytes_in_flight must be at least max_message_bytes, {self.max_message_bytes}")
        return self

    @model_validator(mode="after")
    def _tls_is_whole(self) -> "ServerSettings":
        if (self.tls_certificate is None) != (self.tls_private_key is None):
            raise ValueError("set both tls_certificate and tls_private_key, or neither")
        if self.tls_client_ca and not self.tls_certificate:
            raise ValueError("tls_client_ca requires tls_certificate and tls_private_key")
        return self


class TransportSettings(Section):
    """HTTP connections to providers."""

    connect_seconds: Seconds = 5
    """The time limit of a connection attempt, including TLS."""
    max_connections_per_host: Annotated[int, Field(ge=1)] | None = None
    """Unset means as many as there are requests at the same time. Waiting for a connection does not count against a
    target, nor for the time limits of a call."""
    max_response_bytes: Annotated[int, Field(ge=1024)] = 64 * 1024 * 1024
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


class BreakerSettings(Section):
    """The circuit breakers, which let targets that keep failing be called after all others, and pauses."""

    failures: Annotated[int, Field(ge=1)] = 5
    """Consecutive failures that open the breaker, of kinds that last: refused connections, keys, credit, timeouts."""
    window: Annotated[int, Field(ge=1, le=200)] = 40
    """The latest calls among which failures of every kind are counted."""
    failure_share: Annotated[float, Field(gt=0, le=1)] = 0.6
    """The share of the window that has to fail to open the breaker, and of the probes to open it again."""
    open_seconds: Seconds = 2
    """How long it stays open the first time; doubled with each further failure, up to `max_open_seconds`."""
    max_open_seconds: Seconds = 15
    half_open_calls: Annotated[int, Field(ge=1)] = 4
    """Calls that test whether the target works again; they go one at a time until one succeeds."""
    max_pause_seconds: Seconds = 60
    """The longest time for which a target is not called because its provider asked for it."""


class WeightSettings(Section):
    """The weights of the criteria if the caller sets none; only their proportions matter."""

    quality: Weight = 0.6
    speed: Weight = 0.15
    cost: Weight = 0.25

    @model_validator(mode="after")
    def _one_is_positive(self) -> "WeightSettings":
        if not 0 < self.quality + self.speed + self.cost < math.inf:
            raise ValueError("at least one weight must be above 0, and their sum finite")
        return self


class RoutingSettings(Section):
    """The choice of a model."""

    weights: WeightSettings = WeightSettings()
    classifier: str = "lexical"
    """The name of the classifier to use, as registered by a plugin."""
    prior: str = "published"
    """The name of what says how good models are before they are measured, as registered by a plugin; empty for none."""
    exploration: Annotated[float, Field(ge=0, le=1)] = 0.0
    """The share of requests whose first candidate is chosen at random, so that other models are measured too."""
    max_sessions: Annotated[int, Field(ge=1)] = 10_000
    """The maximum number of sessions whose model is remembered."""


class RateSettings(Section):
    """Prices of tokens in USD per million, as in vendors' price lists."""

    input: Dollars
    output: Dollars
    cache_read: Dollars | None = None
    """For input that is read from the provider's cache; unset means the price of other input."""
    cache_write: Dollars | None = None
    """For input that is written to the provider's cache; unset means the price of other input."""
    reasoning: Dollars | None = None
    """For reasoning output; unset means the price of other output."""


class TierSettings(RateSettings):
    """The prices of long requests; they apply to all tokens of a request, not only to those above the threshold."""

    above: Annotated[int, Field(ge=0)]
    """Input tokens, cached ones included, above which the tier applies."""


class PriceSettings(RateSettings):
    """A model's price."""

    per_request: Dollars = 0
    """USD per call, in addition to its tokens."""
    tiers: tuple[TierSettings, ...] = ()
    """By ascending `above`; the last one whose threshold is exceeded applies."""

    @field_validator("tiers")
    @classmethod
    def _ascending(cls, tiers: tuple[TierSettings, ...]) -> tuple[TierSettings, ...]:
        thresholds = [tier.above for tier in tiers]
        if thresholds != sorted(set(thresholds)):
            raise ValueError(f"`above` must ascend from tier to tier; it is {thresholds}")
        return tiers


class CatalogSettings(Section):
    """The catalogue of models."""

    refresh_seconds: Seconds = 300
    """The interval at which models are listed by providers, and measurements are read from storage."""
    discovery_seconds: Seconds = 3
    """The time limit of a provider's listing; after it, the provider is skipped until the next refresh."""
    prices: dict[str, PriceSettings] = {}
    """Prices by model id, "provider/name"; they take precedence over every price list."""
    capabilities: dict[str, dict[Capability, bool]] = {}
    """Whether models have a capability, by model id or a pattern of ids such as "groq/*"; later tables take precedence
    over earlier ones, and each of them over what a provider states."""


_HOST = r"(?:\[[^\]/?#@]*\]|[^/?#@\[\]:,]*)(?::\d+)?"
_OPTION = r"\w+=[^&#]*"
_POSTGRESQL = re.compile(
    rf"postgresql://(?:[^/?#@\[\]]*@)?{_HOST}(?:,{_HOST})*(?:/[^?#@]*)?(?:\?{_OPTION}(?:&{_OPTION})*)?"
)


class StorageSettings(Section):
    """Where records are stored."""

    url: str = Field(default_factory=lambda: f"sqlite:///{default_database()}", repr=False)
    """`sqlite:///path` or `postgresql://user:password@host/database`."""
    state_folder: Path | None = None
    """Where a server with PostgreSQL notes the calls under way, to account for them after a crash: a folder that
    outlives the process. Unset means the user's state folder. With SQLite they are noted beside the database."""
    retention_days: Annotated[float, Field(ge=0, le=36_500)] = 90
    """Days after which executions are deleted; 0 means never."""
    max_executions: Annotated[int, Field(ge=0, le=10**12)] = 5_000_000
    """The maximum number of executions; the oldest ones are deleted. 0 means no limit."""

    @model_validator(mode="after")
    def _known_database(self) -> "StorageSettings":
        if not self.url.startswith(("sqlite:///", "postgresql://")):
            raise ValueError("the url does not begin with sqlite:/// or postgresql://")
        if self.url.startswith("postgresql://") and not _POSTGRESQL.fullmatch(self.url):
            # Drivers would take a part of the password for the host or port, and show it in their errors.
            remedy = "percent-encode / ? # @ [ ] within user and password"
            raise ValueError(f"the url is not of the form postgresql://user:password@host:port/database; {remedy}")
        return self


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
        nested_model_default_partial_update=True,
    )

    environment: Environment = Environment.DEVELOPMENT
    server: ServerSettings = ServerSettings()
    transport: TransportSettings = TransportSettings()
    execution: ExecutionSettings = ExecutionSettings()
    breaker: BreakerSettings = BreakerSettings()
    routing: RoutingSettings = RoutingSettings()
    catalog: CatalogSettings = CatalogSettings()
    storage: StorageSettings = Field(default_factory=StorageSettings)
    log: LogSettings = LogSettings()
    plugins: PluginsSettings = PluginsSettings()

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
        return env_settings, init_settings


@dataclass(frozen=True, slots=True)
class ConfigFault:
    """One fault: where it is (`server.address`, or `line 3`), and what is wrong."""

    where: str
    problem: str


class ConfigError(Exception):
    """The configuration can't be used; `faults` lists everything that is wrong with it."""

    def __init__(self, source: str, faults: Sequence[ConfigFault]) -> None:
        lines = "\n".join(f"  {fault.where}: {fault.problem}" for fault in faults)
        super().__init__(f"{source}:\n{lines}")
        self.source = source
        self.faults = tuple(faults)


def default_database() -> Path:
    """Returns the default path of the database, in the user's data folder."""
    return platformdirs.user_data_path("ymera") / "ymera.db"


def load(file: Path | None = None) -> Settings:
    """Reads the configuration.

    Args:
        file: The file to read; it must exist. None reads `ymera.toml` in the current folder, if it exists.

    Raises:
        ConfigError: The configuration is not valid; lists every fault of the file and the environment.
    """
    source = "environment" if file is None and not DEFAULT_FILE.exists() else str(file or DEFAULT_FILE)
    document = _read(file)
    try:
        return Settings(**document)
    except ValidationError as error:
        raise ConfigError(source, faults_of(error, Settings)) from None
    except SettingsError as error:
        # A variable holds a whole section; pydantic names the field only within its message.
        name = next((name for name in Settings.model_fields if f'"{name}"' in str(error)), "")
        problem = f"is not a JSON table; set single keys instead, as in YMERA_{name.upper()}__KEY"
        raise ConfigError("environment", [ConfigFault(f"YMERA_{name.upper()}", problem)]) from None


def _read(file: Path | None) -> dict[str, Any]:
    path = file or DEFAULT_FILE
    if file is None and not path.exists():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(str(path), [ConfigFault("file", "does not exist")]) from None
    except OSError as error:
        raise ConfigError(str(path), [ConfigFault("file", f"can't be read: {error.strerror}")]) from None
    except UnicodeDecodeError as error:
        raise ConfigError(str(path), [ConfigFault(f"byte {error.start}", "is not UTF-8")]) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(str(path), [ConfigFault("TOML", str(error))]) from None


def faults_of(error: ValidationError, model: type[BaseModel], prefix: str = "") -> list[ConfigFault]:
    """Converts the errors that pydantic found."""
    return [_fault(details, model, prefix) for details in error.errors()]


def _fault(details: ErrorDetails, model: type[BaseModel], prefix: str) -> ConfigFault:
    path = [str(step) for step in details["loc"]]
    where = ".".join([prefix, *path] if prefix else path) or "file"
    if details["type"] == "extra_forbidden":
        return ConfigFault(where, f"is not a known key{_suggestion(path, model)}")
    problem = details["msg"].removeprefix("Value error, ")
    return ConfigFault(where, problem[:1].lower() + problem[1:])


def _suggestion(path: Sequence[str], model: type[BaseModel]) -> str:
    for step in path[:-1]:
        annotation = model.model_fields[step].annotation if step in model.model_fields else None
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            return ""
        model = annotation
    near = difflib.get_close_matches(path[-1], model.model_fields, n=1)
    return f"; did you mean {near[0]!r}?" if near else ""
