"""A model as the house knows it."""

from dataclasses import dataclass

from ymera_service.sdk.generation import Usage
from ymera_service.sdk.models import ModelInfo, Price


@dataclass(frozen=True, slots=True)
class Model:
    """A model on offer. `price` is `None` where it is not known."""

    id: str
    """`provider/name`."""
    provider: str
    info: ModelInfo
    price: Price | None

    def cost_micros(self, usage: Usage) -> int | None:
        """Returns what one call costs, in micro-USD, rounded up; `None` where the price is not known."""
        return None if self.price is None else self.price.cost_micros(usage)
