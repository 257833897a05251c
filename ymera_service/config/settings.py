"""The keys of the configuration, with their types, defaults and bounds."""

import math
import re
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from ymera_service.config.texts import Variables
from ymera_service.sdk.models import Capability

MAX_PORT = 65_535
YEAR = 365 * 24 * 3600
GRPC_SECONDS = 2_000_000
"""23 days: grpc counts milliseconds in 32 bits."""
GRPC_MESSAGE_BYTES = 512 * 1024 * 1024
"""grpc counts bytes in 31 bits, and reads twice as much as is accepted, in order to say what is wrong."""

Seconds = Annotated[float, Field(gt=0, le=YEAR, allow_inf_nan=False)]
GrpcSeconds = Annotated[float, Field(ge=0.001, le=GRPC_SECONDS, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]
Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Dollars = Annotated[float, Field(ge=0, le=1_000_000)]
ModelPattern = Annotated[str, Field(min_length=1, max_length=256)]


class Section(BaseModel):
    """A table of the configuration file; unknown keys are an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Environment(StrEnum):
    """Where the server runs. In production reflection is off, and what is not secure needs `server.insecure`."""

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
    insecure: bool = False
    """Allows a production server to listen beyond this machine without TLS, or without authenticating callers."""
    max_message_bytes: Annotated[int, Field(ge=1024, le=GRPC_MESSAGE_BYTES)] = 16 * 1024 * 1024
    """The maximum size of a request message."""
    max_concurrent_requests: Count = 512
    """The maximum number of requests that are processed at the same time."""
    max_queued_requests: Annotated[int, Field(ge=0, le=1_000_000)] = 1024
    """The maximum number of requests that wait for a slot; further ones fail with RESOURCE_EXHAUSTED."""
    max_bytes_in_flight: int | None = None
    """The maximum size of all request messages that are under way; unset means a 32nd of the memory, but room for
    at least 2 and at most 8 messages of the maximum size."""
    max_unread_seconds: Seconds = 60
    """How long a streamed message may wait for its caller to read; then the stream is cut off."""
    max_connections: Count = 2048
    """The maximum number of connections; further ones are closed at once."""
    handshake_seconds: GrpcSeconds = 10
    """How long a new connection may take for TLS and for the beginning of HTTP/2."""
    connection_idle_seconds: GrpcSeconds = 300
    """How long a connection may be open without a call; clients connect again when they need to."""
    connection_age_seconds: GrpcSeconds = 3600
    """How old a connection may get before its client is asked to connect again, as to another server."""
    connection_grace_seconds: GrpcSeconds = 14_400
    """How long calls that are under way then may continue; the rest is cancelled."""
    drain_seconds: Seconds = 30
    """How long requests in progress may continue after SIGTERM."""

    @field_validator("address")
    @classmethod
    def _address_has_a_port(cls, address: str) -> str:
        if not re.fullmatch(r"unix(-abstract)?:.+|.+:\d{1,9}", address):
            raise ValueError(f"{address!r} is not a valid address; write host:port, [::1]:port or unix:/path")
        port = address.rpartition(":")[2]
        if not address.startswith("unix") and int(port) > MAX_PORT:  # grpc would take its lower 16 bits
            raise ValueError(f"{address!r} is not a valid address: ports go up to {MAX_PORT}")
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


class CallerSettings(Section):
    """A key that callers may use, and whose it is; `ymera callers add` makes one."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    key_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """SHA-256 of the key in hexadecimal; the key itself is not stored."""
    allow_models: Annotated[tuple[ModelPattern, ...], Field(min_length=1, max_length=128)] | None = None
    """The models that it may use, as in a request's `allow_models`, which can only narrow them; unset means all."""
    requests_per_minute: Count | None = None
    """Requests to be executed or measured, at each server; unset means no limit."""


class AccessSettings(Section):
    """Who may call the server."""

    callers: tuple[CallerSettings, ...] = ()
    """If there are any, every call has to present one of these keys. A name may have several, to replace one."""

    @field_validator("callers")
    @classmethod
    def _keys_differ(cls, callers: tuple[CallerSettings, ...]) -> tuple[CallerSettings, ...]:
        names: dict[str, str] = {}
        for caller in callers:
            if caller.key_sha256 in names:
                raise ValueError(f"{names[caller.key_sha256]!r} and {caller.name!r} have the same key")
            names[caller.key_sha256] = caller.name
        return callers

    @field_validator("callers")
    @classmethod
    def _limits_of_a_name_agree(cls, callers: tuple[CallerSettings, ...]) -> tuple[CallerSettings, ...]:
        """Refuses different ones: a key that replaces another must not lift its limits by an oversight."""
        first: dict[str, CallerSettings] = {}
        for caller in callers:
            for limit in ("allow_models", "requests_per_minute"):
                if getattr(first.setdefault(caller.name, caller), limit) != getattr(caller, limit):
                    raise ValueError(f"the keys of {caller.name!r} differ in {limit}; give them the same")
        return callers


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


class WeightSettings(Section):
    """The weights of the criteria if the caller sets none; only their proportions matter.

    If one is set, those that are not are 0, as in a request.
    """

    quality: Weight = 0.72
    speed: Weight = 0.1
    cost: Weight = 0.18

    @model_validator(mode="before")
    @classmethod
    def _others_are_zero(cls, given: Any) -> Any:
        return {"quality": 0, "speed": 0, "cost": 0, **given} if isinstance(given, dict) and given else given

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
    exploration: Annotated[float, Field(ge=0, le=1)] | None = None
    """The share of requests whose first candidate is drawn from the models that may be the best in truth. Unset means a
    tenth of the share of answers that get feedback; 0 means that doubt never counts for a model."""
    features: bool = True
    """Whether features of each request, without its text, are stored with its record, to learn from later."""
    max_sessions: Annotated[int, Field(ge=1, le=10**9)] = 10_000
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

    above: Annotated[int, Field(ge=0, le=10**12)]
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
    regions: dict[str, Annotated[str, Field(min_length=1, max_length=64)]] = {}
    """Where data are processed, such as "eu", by the id of a model or target or a pattern of ids such as "azure/*";
    later ones take precedence, and each of them over what a provider states."""


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
    )

    environment: Environment = Environment.DEVELOPMENT
    server: ServerSettings = ServerSettings()
    access: AccessSettings = AccessSettings()
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
        return Variables(settings_cls), init_settings


def default_database() -> Path:
    """Returns the default path of the database, in the user's data folder."""
    return platformdirs.user_data_path("ymera") / "ymera.db"
