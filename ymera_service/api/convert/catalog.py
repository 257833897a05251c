"""Models, and the pages in which they are listed."""

import base64
import binascii
import zlib
from collections.abc import Mapping

from ymera.v1 import catalog_pb2 as pb

from ymera_service.api.convert import Fields
from ymera_service.api.convert.routing import CAPABILITY_NUMBERS
from ymera_service.api.convert.usage import duration_fields
from ymera_service.api.convert.violations import Violations
from ymera_service.sdk.models import Model, Price, Rates
from ymera_service.storage.records import BenchmarkSummary

DEFAULT_PAGE = 100
MAX_PAGE = 1000


def page_size_of(size: int, faults: Violations) -> int:
    """Returns how many items a page holds at most."""
    if size < 0:
        faults.add("page_size", "is negative; 0 means 100, and at most 1,000 are returned")
    return min(size or DEFAULT_PAGE, MAX_PAGE)


def page_token(after: str, scope: str) -> str:
    """Returns the token of the page that follows an item; it is good for the same `scope` only."""
    payload = after.encode()
    return base64.urlsafe_b64encode(_checksum(payload, scope) + payload).decode()


def page_start(token: str, scope: str, faults: Violations) -> str:
    """Returns the item after which a page starts; empty for the first page."""
    if not token:
        return ""
    try:
        raw = base64.b64decode(token, altchars=b"-_", validate=True)
        checksum, payload = raw[:4], raw[4:]
        if checksum == _checksum(payload, scope):
            return payload.decode()
    except (binascii.Error, ValueError):
        pass
    faults.add("page_token", "was not given by this server for this filter; use next_page_token as it came, or none")
    return ""


def _checksum(payload: bytes, scope: str) -> bytes:
    return zlib.crc32(payload, zlib.crc32(scope.encode())).to_bytes(4, "big")


def model_message(model: Model, measured: Mapping[str, BenchmarkSummary], *, available: bool) -> pb.Model:
    """Returns a model and what is known of it; `measured` is by category."""
    info = model.info
    fields: Fields = {
        "id": model.id,
        "provider": model.provider,
        "capabilities": sorted(CAPABILITY_NUMBERS[capability] for capability in info.capabilities),
        "context_window": info.context_window,
        "max_output_tokens": info.max_output_tokens,
        "price": None if model.price is None else _price(model.price),
        "simulated": info.simulated,
        "local": info.local,
        "measured": [_measured(measured[category]) for category in sorted(measured)],
        "available": available,
    }
    return pb.Model(**fields)


def _price(price: Price) -> Fields:
    return _rates(price) | {
        "source": price.source,
        "micros_per_request": price.per_request,
        "tiers": [_rates(tier) | {"above_input_tokens": tier.above_input_tokens} for tier in price.tiers],
    }


def _rates(rates: Rates) -> Fields:
    return {
        "input_micros_per_million": rates.input,
        "output_micros_per_million": rates.output,
        "cache_read_micros_per_million": rates.cache_read,
        "cache_write_micros_per_million": rates.cache_write,
        "reasoning_micros_per_million": rates.reasoning,
    }


def _measured(summary: BenchmarkSummary) -> Fields:
    return {
        "category": summary.category,
        "score": summary.score,
        "tasks": summary.tasks,
        "median_duration": duration_fields(summary.median_duration),
    }
