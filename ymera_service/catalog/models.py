"""A model as the house knows it."""

from dataclasses import dataclass

from ymera_service.sdk.generation import Usage
from ymera_service.sdk.models import ModelInfo, Price


@dataclass(frozen=True, slots=True)
class Model:
    """A model on offer. `price` is `None` where nobody knows it."""

    id: str
    """`provider/name`."""
    provider: str
    info: ModelInfo
    price: Price | None

    def cost_micros(self, usage: Usage) -> int | None:
        """Returns the price of a usage in micro-USD, rounded up; `None` where the price is not known."""
        if self.price is None:
            return None
        cached = usage.cache_read_input_tokens
        cached_rate = self.price.input if self.price.cached_input is None else self.price.cached_input
        micros = (usage.input_tokens - cached) * self.price.input + cached * cached_rate
        micros += usage.output_tokens * self.price.output
        return -(-max(micros, 0) // 1_000_000)
