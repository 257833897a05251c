"""What is known of a model."""

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
    """Something that can't be asked for yet, such as drawing or speech."""


class Capability(StrEnum):
    """What a model can do beyond text in, text out."""

    TOOLS = "tools"
    STRUCTURED_OUTPUT = "structured_output"
    IMAGE_INPUT = "image_input"
    AUDIO_INPUT = "audio_input"
    FILE_INPUT = "file_input"
    REASONING = "reasoning"


@dataclass(frozen=True, slots=True)
class Price:
    """Micro-USD per million tokens. `cached_input` is the input price where it is not told apart."""

    input: int
    output: int
    cached_input: int | None = None
    source: str = "provider"


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model as its provider offers it.

    Attributes:
        name: The provider's own name, as it goes into a request.
        kind: What it is for; only models that generate answer prompts.
        deployments: The accounts and endpoints at which it can be called, each of which is a target.
        capabilities: What it can do beyond text.
        context_window: Tokens of prompt and answer together; 0 where not known.
        max_output_tokens: Tokens of an answer; 0 where not known.
        price: `None` leaves it to the catalogue's price list.
        price_vendor: Whose price list applies, in the names of `genai-prices`; empty for no list.
        simulated: Its answers are made up by a simulator.
        local: It runs on a server of the caller's own.
        stated_quality: Category → share of right answers, from 0 to 1, as its provider states it. Routing goes by
            it until the model is measured.
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


@dataclass(frozen=True, slots=True)
class Model:
    """A model in the catalogue. `price` is None where it is not known, which is not free."""

    id: str
    """`provider/name`."""
    provider: str
    info: ModelInfo
    price: Price | None
    targets: tuple[Target, ...] = ()

    def cost_micros(self, usage: Usage) -> int | None:
        """Returns the price of a usage in micro-USD, rounded up; None where the price is not known."""
        if self.price is None:
            return None
        cached = usage.cache_read_input_tokens
        cached_rate = self.price.input if self.price.cached_input is None else self.price.cached_input
        micros = (usage.input_tokens - cached) * self.price.input + cached * cached_rate
        micros += usage.output_tokens * self.price.output
        return -(-max(micros, 0) // 1_000_000)
