"""The properties and prices of models."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from ymera_service.sdk.generation import Usage
from ymera_service.sdk.targets import Deployment, Target


class Kind(StrEnum):
    """What a model is for."""

    GENERATE = "generate"
    EMBED = "embed"
    RERANK = "rerank"
    MODERATE = "moderate"
    OTHER = "other"
    """Something that Ymera does not support yet, such as images or speech."""


MAX_FIGURE = 10**18
"""The largest figure of a price: a million dollars for a token. Routing computes with prices as floats."""
_MILLION = 1_000_000
STANDARD_TIERS = frozenset({"", "default", "standard", "auto", "on_demand"})
"""Vendors' words, in lower case, for the service tier whose price is the usual one."""


class Capability(StrEnum):
    """What a model can do beyond text in, text out."""

    TOOLS = "tools"
    STRUCTURED_OUTPUT = "structured_output"
    IMAGE_INPUT = "image_input"
    AUDIO_INPUT = "audio_input"
    FILE_INPUT = "file_input"
    REASONING = "reasoning"
    WEB_SEARCH = "web_search"
    CODE_EXECUTION = "code_execution"
    VIDEO_INPUT = "video_input"
    LOGPROBS = "logprobs"


ASSUMABLE = frozenset({*(capability.value for capability in Capability), "context_window", "max_output_tokens"})
"""What `ModelInfo.assumed` may contain."""


@dataclass(frozen=True, slots=True)
class Rates:
    """What tokens cost, in whole micro-USD per million tokens: 3,000,000 is 3 USD.

    Attributes:
        input: For input tokens.
        output: For output tokens.
        cache_read: For input tokens served from the provider's cache; None charges them as input.
        cache_write: For input tokens written to the provider's cache; None charges them as input.
        reasoning: For output tokens spent on reasoning; None charges them as output.

    Raises:
        ValueError: A rate is not an integer from 0 to `MAX_FIGURE`.
    """

    input: int
    output: int
    cache_read: int | None = None
    cache_write: int | None = None
    reasoning: int | None = None

    def __post_init__(self) -> None:
        given = (self.input, self.output, self.cache_read, self.cache_write, self.reasoning)
        _check(*(rate for rate in given if rate is not None))


@dataclass(frozen=True, slots=True)
class Tier(Rates):
    """The rates of requests with a long input. They apply to all tokens, not only to those above the threshold.

    Attributes:
        above_input_tokens: The tier applies to requests with more input tokens than this, cached ones included.
    """

    above_input_tokens: int = field(kw_only=True)

    def __post_init__(self) -> None:
        Rates.__post_init__(self)
        _check(self.above_input_tokens)


@dataclass(frozen=True, slots=True)
class Price(Rates):
    """The price of a model: `Price(input=3_000_000, output=15_000_000)`. A free model has rates of 0.

    An unknown price is None instead of a `Price`, never 0.

    To calculate the cost of one request for thousands of models, avoid a call per model: a price without `tiers` is
    itself a `Rates`, so `cost_micros(Usage(n, m))` is

        rates = price.rates_at(n) if price.tiers else price
        price.per_request - (-(n * rates.input + m * rates.output) // 1_000_000)

    Attributes:
        per_request: Micro-USD for each call, in addition to its tokens.
        tiers: The rates of longer inputs, by ascending threshold; the highest one exceeded applies.
        service_tiers: The prices of calls in other service tiers, by the provider's word for the tier in lower case,
            such as "flex". A tier that is not among them has no known price, unless `STANDARD_TIERS` has it.
        source: The source of the price: "provider", "configuration", "local", "genai-prices", or the name of a source
            of facts.

    Raises:
        ValueError: A figure is not an integer from 0 to `MAX_FIGURE`, or the tiers are not in ascending order.
    """

    per_request: int = field(default=0, kw_only=True)
    tiers: tuple[Tier, ...] = field(default=(), kw_only=True)
    service_tiers: Mapping[str, "Price"] = field(default_factory=dict, kw_only=True, hash=False)
    source: str = field(default="provider", kw_only=True)

    def __post_init__(self) -> None:
        Rates.__post_init__(self)
        _check(self.per_request)
        thresholds = [tier.above_input_tokens for tier in self.tiers]
        if thresholds != sorted(set(thresholds)):
            raise ValueError(f"the tiers of a price are not in ascending order: {thresholds}")

    @property
    def is_free(self) -> bool:
        """Whether no request costs anything."""
        return not any((self.input, self.output, self.per_request, self.reasoning, self.cache_write, *self.tiers))

    def in_tier(self, service_tier: str) -> "Price | None":
        """Returns the price of a call that was served in a tier, by the provider's word; None if it is not known."""
        word = service_tier.lower()
        return self if word in STANDARD_TIERS else self.service_tiers.get(word)

    def rates_at(self, input_tokens: int) -> Rates:
        """Returns the rates that apply to a request with this number of input tokens."""
        rates: Rates = self
        for tier in self.tiers:
            if input_tokens > tier.above_input_tokens:
                rates = tier
        return rates

    def cost_micros(self, usage: Usage) -> int:
        """Returns what one call with this usage costs, in micro-USD, rounded up.

        Cached tokens are part of the input and reasoning tokens part of the output; if a provider reports more
        tokens of a part than of the whole, the part is charged in full.
        """
        rates = self.rates_at(usage.input_tokens)
        read, written = usage.cache_read_input_tokens, usage.cache_creation_input_tokens
        reasoning = usage.reasoning_output_tokens
        total = max(usage.input_tokens - read - written, 0) * rates.input
        total += read * (rates.input if rates.cache_read is None else rates.cache_read)
        total += written * (rates.input if rates.cache_write is None else rates.cache_write)
        total += max(usage.output_tokens - reasoning, 0) * rates.output
        total += reasoning * (rates.output if rates.reasoning is None else rates.reasoning)
        return self.per_request - (-total // _MILLION)


def _check(*figures: int) -> None:
    for figure in figures:
        if not isinstance(figure, int) or not 0 <= figure <= MAX_FIGURE:
            raise ValueError(
                f"a figure of a price is {figure!r:.40}; it must be an integer from 0 to 10**18, in micro-USD"
            )


@dataclass(frozen=True, slots=True)
class RequestLimits:
    """How many requests a provider takes for a model; 0 if not known."""

    per_minute: int = 0
    per_day: int = 0


UNKNOWN_LIMITS = RequestLimits()


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model as its provider offers it, or what some other source states of it.

    Attributes:
        name: The provider's name of the model, as it is sent in a request.
        kind: What it is for; only models of kind `GENERATE` answer prompts.
        deployments: The accounts and endpoints at which it can be called, each of which is a target.
        capabilities: What it is known to do beyond text.
        unknown: What it may or may not do: routing ranks it behind models that are known to, and tries it. A capability
            in neither set is one that it is known to lack.
        context_window: Tokens of prompt and answer together; 0 if not known.
        max_output_tokens: Tokens of an answer; 0 if not known.
        price: None leaves it to the catalogue's price list.
        price_vendor: The vendor whose price list applies, by its name in `genai-prices`; empty for no list.
        simulated: Its answers are generated by a simulator.
        local: It runs on the operator's own server.
        stated_quality: Category → share of right answers, from 0 to 1, as its provider states it. Routing uses it
            until the model is measured.
        max_batch_inputs: Texts that one call of `embed` takes; 0 if not known.
        max_batch_tokens: Tokens that they may have together; 0 if not known.
        efforts: The values of reasoning effort that it accepts, in the provider's words; None if not known.
        deprecated: Whether its provider has announced its end; None if not known.
        retires: The day from which it is not offered any more, as 2026-12-31; empty if not known.
        limits: How many requests its provider takes. Since contract 1.1.
        assumed: What of this the provider concludes from the model's name, rather than from a listing or its own
            documents: a part of `ASSUMABLE`. A table of published facts takes precedence. Since contract 1.1.
    """

    name: str
    kind: Kind = field(default=Kind.GENERATE, kw_only=True)
    deployments: tuple[Deployment, ...] = field(default=(Deployment(),), kw_only=True)
    capabilities: frozenset[Capability] = frozenset()
    context_window: int = 0
    max_output_tokens: int = 0
    price: Price | None = None
    price_vendor: str = ""
    simulated: bool = False
    local: bool = False
    stated_quality: Mapping[str, float] = field(default_factory=dict)
    unknown: frozenset[Capability] = field(default=frozenset(), kw_only=True)
    max_batch_inputs: int = field(default=0, kw_only=True)
    max_batch_tokens: int = field(default=0, kw_only=True)
    efforts: tuple[str, ...] | None = field(default=None, kw_only=True)
    deprecated: bool | None = field(default=None, kw_only=True)
    retires: str = field(default="", kw_only=True)
    limits: RequestLimits = field(default=UNKNOWN_LIMITS, kw_only=True)
    assumed: frozenset[str] = field(default=frozenset(), kw_only=True)


@dataclass(frozen=True, slots=True)
class Model:
    """A model in the catalogue. `price` is None if it is not known, which does not mean free."""

    id: str
    """`provider/name`."""
    provider: str
    info: ModelInfo
    price: Price | None
    targets: tuple[Target, ...] = ()

    @property
    def is_free(self) -> bool:
        """Whether its price is known and 0, as of models on the operator's own server."""
        return self.price is not None and self.price.is_free

    def cost_micros(self, usage: Usage, service_tier: str = "") -> int | None:
        """Returns what one call costs in micro-USD, rounded up; None if the price is not known.

        Args:
            usage: What it consumed.
            service_tier: The provider's word for the tier that it was served in; empty for the standard one.
        """
        price = self.price if self.price is None or not service_tier else self.price.in_tier(service_tier)
        return None if price is None else price.cost_micros(usage)
