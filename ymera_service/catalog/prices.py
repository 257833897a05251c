"""What price lists say of a model: those of `genai-prices`, as they came with the installed package.

The lists take 0.1 to 0.6 seconds to import and a look-up that fails takes milliseconds, so both happen in
a thread, when the catalogue is refreshed, and the lists are not imported before a model needs them. No
network is used.

A list price may depend on the length of the prompt, the day or the hour. The price taken is that of the
shortest prompts at the time of the refresh; prices per request or per search are left out.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from ymera_service.config import PriceSettings
from ymera_service.sdk.models import ModelInfo, Price

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo as ListEntry
    from genai_prices.types import TieredPrices

_MICROS = 1_000_000


@dataclass(frozen=True, slots=True)
class Listing:
    """What a list says of a model: `context_window` is in tokens, 0 where it does not say."""

    price: Price | None
    context_window: int


UNLISTED = Listing(price=None, context_window=0)


class PriceLists:
    """Looks models up by vendor and name."""

    def __init__(self) -> None:
        self._entries: dict[tuple[str, str], ListEntry | None] = {}

    async def look_up(self, models: Sequence[ModelInfo]) -> dict[str, Listing]:
        """Returns model name → listing for one provider's models; those that no list has are left out."""
        wanted = [(info.price_vendor, info.name) for info in models if _is_wanted(info)]
        return await asyncio.to_thread(self._listings, wanted) if wanted else {}

    def _listings(self, wanted: Iterable[tuple[str, str]]) -> dict[str, Listing]:
        now = datetime.now(UTC)
        entries = {name: self._entry(vendor, name) for vendor, name in wanted}
        return {name: _listing(entry, now) for name, entry in entries.items() if entry is not None}

    def _entry(self, vendor: str, name: str) -> "ListEntry | None":
        key = vendor, name
        if key not in self._entries:
            self._entries[key] = _find(vendor, name)
        return self._entries[key]


def configured(settings: PriceSettings) -> Price:
    """Returns a price that the configuration states in USD per million tokens."""
    cached = None if settings.cached_input is None else round(settings.cached_input * _MICROS)
    return Price(round(settings.input * _MICROS), round(settings.output * _MICROS), cached, source="configuration")


def _is_wanted(info: ModelInfo) -> bool:
    return bool(info.price_vendor) and (info.price is None or not info.context_window)


def _find(vendor: str, name: str) -> "ListEntry | None":
    from genai_prices.data_snapshot import get_snapshot  # noqa: PLC0415  # slow, so in a thread

    try:
        return get_snapshot().find_provider_model(name, None, vendor, None)[1]
    except LookupError:
        return None


def _listing(entry: "ListEntry", now: datetime) -> Listing:
    prices = entry.get_prices(now)
    asked, answered = _micros(prices.input_mtok), _micros(prices.output_mtok)
    if asked is None or answered is None:
        return Listing(None, entry.context_window or 0)
    price = Price(asked, answered, _micros(prices.cache_read_mtok), source="genai-prices")
    return Listing(price, entry.context_window or 0)


def _micros(per_million: "Decimal | TieredPrices | None") -> int | None:
    if per_million is None:
        return None
    base = per_million if isinstance(per_million, Decimal) else per_million.base
    return round(base * _MICROS)
