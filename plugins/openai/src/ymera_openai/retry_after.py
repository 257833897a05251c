"""When a vendor says to come back, in headers or in words."""

import re
from collections.abc import Mapping
from datetime import datetime

from ymera_service.sdk.wire.json_reader import Json, member, members, text
from ymera_service.sdk.wire.retry_after import DURATION, bounded, duration, retry_after

_SENTENCE = re.compile(
    rf"(?:try again|retry|wait|come back)(?: again)?\s+(?:in|after|for)?\s*(?:about\s+)?({DURATION})", re.IGNORECASE
)


def wait_of(headers: Mapping[str, str], message: str, error: Json, now: datetime) -> float | None:
    """Returns the seconds to wait, from the headers or else the error's words; `None` where neither tells."""
    waits = (retry_after(headers, now), _details(error), _words(message))
    return next((wait for wait in waits if wait is not None), None)


def _details(error: Json) -> float | None:
    """Reads Google's RetryInfo and OpenRouter's metadata."""
    for detail in members(error, "details"):
        if delay := text(detail, "retryDelay"):
            return duration(delay)
    waited = member(error, "metadata").get("retry_after_seconds")
    return bounded(waited) if isinstance(waited, int | float) else None


def _words(message: str) -> float | None:
    found = _SENTENCE.search(message)
    return duration(found[1]) if found else None
