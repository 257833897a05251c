"""The keys of the choice of a model and of the catalogue that it is made from."""

import math
from typing import Annotated, Any

from pydantic import Field, field_validator, model_validator

from ymera_service.config.sections import Count, Dollars, Seconds, Section, Weight
from ymera_service.sdk.models import Capability


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
    classifiers: dict[str, Weight] = Field(default_factory=dict)
    """How much each classifier counts beside others, by its name as registered by a plugin: 1 unless stated; those
    with 0 are not asked."""
    reading_seconds: Annotated[float, Field(gt=0, le=5)] = 0.05
    """How long a classifier that runs in a thread is waited for; what it returns later is not used."""
    prior: str = "published"
    """The name of what says how good models are before they are measured, as registered by a plugin; empty for none."""
    policy: str = "balanced"
    """The name of what orders the models where a request names no policy, as registered by a plugin."""
    exploration: Annotated[float, Field(ge=0, le=1)] | None = None
    """The share of requests whose first candidate is drawn from the models that may be the best in truth. Unset means a
    tenth of the share of answers that get feedback; 0 means that doubt never counts for a model."""
    features: bool = True
    """Whether features of each request, without its text, are stored with its record, to learn from later, those of
    benchmark tasks, to find requests like them, and those of sessions, so that other servers and later processes go on
    with them."""
    max_sessions: Annotated[int, Field(ge=1, le=10**9)] = 10_000
    """The maximum number of sessions that are remembered: the model of each, and hashes of its latest words."""


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
    service_tiers: dict[str, RateSettings] = Field(default_factory=dict)
    """The prices of calls that the vendor served in another tier, by its word for the tier, such as "flex"."""

    @field_validator("tiers")
    @classmethod
    def _ascending(cls, tiers: tuple[TierSettings, ...]) -> tuple[TierSettings, ...]:
        thresholds = [tier.above for tier in tiers]
        if thresholds != sorted(set(thresholds)):
            raise ValueError(f"`above` must ascend from tier to tier; it is {thresholds}")
        return tiers


class LimitSettings(Section):
    """A model's limits; what is unset comes from elsewhere."""

    context_window: Annotated[int, Field(ge=1, le=2**40)] | None = None
    """Tokens of prompt and answer together."""
    max_output_tokens: Annotated[int, Field(ge=1, le=2**40)] | None = None
    """Tokens of an answer."""
    requests_per_minute: Count | None = None
    """Requests that the provider takes, as of its free models."""
    requests_per_day: Count | None = None


class CatalogSettings(Section):
    """The catalogue of models."""

    refresh_seconds: Seconds = 300
    """The interval at which models are listed by providers, and measurements are read from storage."""
    discovery_seconds: Seconds = 3
    """The time limit of a provider's listing; after it, the provider is skipped until the next refresh."""
    prices: dict[str, PriceSettings] = Field(default_factory=dict)
    """Prices by model id, "provider/name"; they take precedence over every price list."""
    capabilities: dict[str, dict[Capability, bool]] = Field(default_factory=dict)
    """Whether models have a capability, by model id or a pattern of ids such as "groq/*"; later tables take precedence
    over earlier ones, and each of them over what a provider states."""
    limits: dict[str, LimitSettings] = Field(default_factory=dict)
    """Limits of models, by model id or pattern as in `capabilities`."""
    regions: dict[str, Annotated[str, Field(min_length=1, max_length=64)]] = Field(default_factory=dict)
    """Where data are processed, such as "eu", by the id of a model or target or a pattern of ids such as "azure/*";
    later ones take precedence, and each of them over what a provider states."""
