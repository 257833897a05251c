"""Price lists: those of `genai-prices`, in the version of the installed package.

Importing the lists takes 0.1 to 0.6 seconds and a failed look-up takes milliseconds, so both run in a thread
when the catalogue is refreshed, and the lists are not imported before a model needs them. The network is not
used.

A list price gives the cost that `genai-prices` calculates, rounded up to whole micro-USD, except that

- rates are rounded to whole micro-USD per million tokens, and a fee per request to whole micro-USD. Few listed
  rates are finer; with them a cost may be off by 1 micro-USD for each 2 million tokens begun;
- a price without a rate for input or for output is unknown, whereas `genai-prices` calculates with 0;
- what `Usage` doesn't count isn't charged: searches, pages, seconds of audio. Tokens of audio, images and
  video cost as much as those of text, and writes to a cache as much as those that are kept the shortest time;
- a price that depends on the day or the hour is that of the latest refresh (`catalog.refresh_seconds`). Service tiers
  such as "flex" and "priority" have prices of their own where the lists state them; batches are not used.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from ymera_service.config import PriceSettings, RateSettings
from ymera_service.sdk.models import STANDARD_TIERS, Kind, ModelInfo, Price, Tier

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo as ListEntry
    from genai_prices.types import ModelPrice, TieredPrices

_Figures = tuple[int, int, int | None, int | None, int | None]
"""The fields of `Rates` in their order."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The entry of a model in a list.

    Attributes:
        price: The price; None if the list does not state one that can be used.
        context_window: In tokens; 0 if the list does not state it.
        since: The day from which the price applies, as 2026-12-31; empty if the list does not state it.
    """

    price: Price | None
    context_window: int
    since: str = ""


_TIER = "service_tier"

UNLISTED = Listing(price=None, context_window=0)


class PriceLists:
    """Looks models up by vendor and name."""

    def __init__(self) -> None:
        self._entries: dict[tuple[str, str], ListEntry | None] = {}

    async def look_up(self, models: Sequence[ModelInfo]) -> dict[str, Listing]:
        """Returns model name → listing for one provider's models; models that are in no list are left out."""
        wanted = [info for info in models if _is_wanted(info)]
        return await asyncio.to_thread(self._listings, wanted) if wanted else {}

    def listing(self, info: ModelInfo) -> Listing:
        """Returns what the lists state of one model, whether it is needed or not. Blocks for up to a second."""
        entry = self._entry(info.price_vendor, info.name) if info.price_vendor else None
        return UNLISTED if entry is None else _listing(entry, info.kind, datetime.now(UTC))

    def _listings(self, wanted: Iterable[ModelInfo]) -> dict[str, Listing]:
        now = datetime.now(UTC)
        entries = [(info, self._entry(info.price_vendor, info.name)) for info in wanted]
        return {info.name: _listing(entry, info.kind, now) for info, entry in entries if entry is not None}

    def _entry(self, vendor: str, name: str) -> "ListEntry | None":
        key = vendor, name
        if key not in self._entries:
            self._entries[key] = _find(vendor, name)
        return self._entries[key]


def configured(settings: PriceSettings) -> Price:
    """Returns a price that the configuration states in USD."""
    tiers = tuple(Tier(*_configured_rates(tier), above_input_tokens=tier.above) for tier in settings.tiers)
    fee, source = _micros(settings.per_request), "configuration"
    served = {
        word.lower(): Price(*_configured_rates(rates), per_request=fee, source=source)
        for word, rates in settings.service_tiers.items()
    }
    return Price(*_configured_rates(settings), per_request=fee, tiers=tiers, service_tiers=served, source=source)


def listed(prices: "ModelPrice", kind: Kind = Kind.GENERATE) -> Price | None:
    """Returns the price that a list states; None if it has no rate for input, or for output of a model that writes."""
    input_price, output_price = prices.input_mtok, prices.output_mtok
    if output_price is None and kind in (Kind.EMBED, Kind.RERANK, Kind.MODERATE):
        output_price = Decimal(0)
    if input_price is None or output_price is None:
        return None

    def rates_at(input_tokens: int) -> _Figures:
        others = (prices.cache_read_mtok, prices.cache_write_mtok, prices.output_reasoning_mtok)
        read, written, reasoned = (None if price is None else _micros(_at(price, input_tokens)) for price in others)
        return (
            _micros(_at(input_price, input_tokens)),
            _micros(_at(output_price, input_tokens)),
            read,
            written,
            reasoned,
        )

    tiers = tuple(Tier(*rates_at(start + 1), above_input_tokens=start) for start in _thresholds(prices))
    fee = _micros(_at(prices.requests_kcount or Decimal(0), 0) / 1000)
    return Price(*rates_at(0), per_request=fee, tiers=tiers, source="genai-prices")


def _is_wanted(info: ModelInfo) -> bool:
    return bool(info.price_vendor) and (info.price is None or not info.context_window)


def _find(vendor: str, name: str) -> "ListEntry | None":
    from genai_prices.data_snapshot import get_snapshot  # noqa: PLC0415  # slow, so in a thread

    try:
        return get_snapshot().find_provider_model(name, None, vendor, None)[1]
    except LookupError:
        return None


def _listing(entry: "ListEntry", kind: Kind, now: datetime) -> Listing:
    price = listed(entry.get_prices(now), kind)
    if price is not None and entry.price_variants:
        price = replace(price, service_tiers=service_tiers_of(entry, kind, now))
    return Listing(price, entry.context_window or 0, _since(entry, now))


def service_tiers_of(entry: "ListEntry", kind: Kind, now: datetime) -> dict[str, Price]:
    """Returns the prices of the service tiers for which an entry has other prices than the usual."""
    words = {variant.when[_TIER] for variant in entry.price_variants or () if variant.when.keys() == {_TIER}}
    prices = {
        word.lower(): entry.get_prices(now, {_TIER: word}) for word in words if word.lower() not in STANDARD_TIERS
    }
    usual = entry.get_prices(now)
    # A variant that is not in force yet has the usual prices: then the tier has no known one.
    listings = {word: listed(price, kind) for word, price in prices.items() if price != usual}
    return {word: price for word, price in listings.items() if price is not None}


def _since(entry: "ListEntry", now: datetime) -> str:
    """Returns the latest day from which a price of the entry applies now."""
    prices = entry.prices if isinstance(entry.prices, list) else []
    starts = [getattr(price.constraint, "start_date", None) for price in prices]
    return max((start.isoformat() for start in starts if start is not None and start <= now.date()), default="")


def _configured_rates(settings: RateSettings) -> _Figures:
    parts = (settings.cache_read, settings.cache_write, settings.reasoning)
    read, written, reasoned = (None if usd is None else _micros(usd) for usd in parts)
    return _micros(settings.input), _micros(settings.output), read, written, reasoned


def _thresholds(prices: "ModelPrice") -> list[int]:
    return sorted({tier.start for price in vars(prices).values() for tier in getattr(price, "tiers", ())})


def _at(price: "Decimal | TieredPrices", input_tokens: int) -> Decimal:
    """Returns the price of a token in a request of that length: the highest tier exceeded applies to all tokens."""
    if isinstance(price, Decimal):
        return price
    return next((tier.price for tier in reversed(price.tiers) if input_tokens > tier.start), price.base)


def _micros(usd: Decimal | float) -> int:
    return round(usd * 1_000_000)
