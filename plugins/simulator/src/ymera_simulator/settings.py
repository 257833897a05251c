"""The table `[plugins.simulator]` of the configuration."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from ymera_service.sdk.models import Capability
from ymera_service.sdk.settings import PluginSettings

Share = Annotated[float, Field(ge=0, le=1)]
NotNegative = Annotated[float, Field(ge=0)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FaultMode(StrEnum):
    """How a call fails."""

    HANG = "hang"
    RESET = "reset"
    RATE_LIMIT = "rate_limit"
    SERVER_ERROR = "server_error"
    OVERLOADED = "overloaded"
    CUT = "cut"
    MALFORMED = "malformed"
    SLOW = "slow"


class FaultSettings(_Table):
    """How often calls of a model fail, and how."""

    mode: FaultMode = FaultMode.SERVER_ERROR
    rate: Share = 1.0
    """The share of calls that fail, from 0 to 1."""
    retry_after: NotNegative | None = None
    """The `retry_after` of `rate_limit` and `overloaded`, in seconds; unset means 1 for `rate_limit`."""
    delay: NotNegative = 5.0
    """Seconds that `slow` adds before the first token, whatever `speed` is."""


class ModelSettings(_Table):
    """Changes a model of the table, or adds one; values that are not set keep their defaults."""

    enabled: bool = True
    skill: dict[str, Share] = {}
    """Category → share of right answers; `default` applies to categories that are not named."""
    first_token_seconds: NotNegative | None = None
    tokens_per_second: Annotated[float, Field(gt=0)] | None = None
    input_price: NotNegative | None = None
    """USD per million tokens."""
    output_price: NotNegative | None = None
    capabilities: frozenset[Capability] | None = None
    context_window: Annotated[int, Field(gt=0)] | None = None
    max_output_tokens: Annotated[int, Field(gt=0)] | None = None


class SimulatorSettings(PluginSettings):
    """The simulator's models, faults and fixed answers."""

    enabled: bool = True
    seed: int = 0
    """Decides which answers are wrong and which calls fail; the same seed gives the same run."""
    speed: NotNegative = 1.0
    """The factor by which models are faster than stated; 0 means no delay at all."""
    scripts: Mapping[str, str] = Field(default={})
    """Words → the answer to every prompt that contains them, ignoring case; the first match is used."""
    models: Mapping[str, ModelSettings] = Field(default={})
    faults: Mapping[str, FaultSettings] = Field(default={})
    """By model name; `*` applies to models that are not named."""
