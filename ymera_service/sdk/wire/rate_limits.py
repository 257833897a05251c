"""What is left of rate limits, as the headers of a successful response say."""

from collections.abc import Mapping
from datetime import datetime
from math import isfinite

from ymera_service.sdk.events import Headroom
from ymera_service.sdk.wire.retry_after import reset_in


def headroom(headers: Mapping[str, str], now: datetime | None = None) -> Headroom | None:
    """Returns what is left of the limit that is nearest to its end; None if no limit is stated with what is left of it.

    Reads `x-ratelimit-remaining*` with `-limit*` and `-reset*` (OpenAI and those who copy it), Anthropic's
    `anthropic-ratelimit-*-remaining`, Mistral's `ratelimitbysize-remaining` and the IETF's `ratelimit-remaining`. A
    limit of 0 is taken for a missing one, as vendors send it for accounts without a limit.
    """
    found: tuple[float, str] | None = None
    for name, value in headers.items():
        if "ratelimit" in name and "remaining" in name:
            left, limit = _amount(value), _amount(headers.get(name.replace("remaining", "limit"), ""))
            if left is not None and limit:
                share = min(left / limit, 1.0)
                found = min(found or (share, name), (share, name))
    if found is None:
        return None
    return Headroom(found[0], reset_in(headers, found[1].replace("remaining", "reset"), now))


def _amount(value: str) -> float | None:
    """Returns a number of at least 0."""
    try:
        amount = float(value)
    except ValueError:
        return None
    return amount if isfinite(amount) and amount >= 0 else None
