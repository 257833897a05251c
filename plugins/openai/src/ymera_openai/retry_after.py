"""When a vendor says to come back."""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from ymera_openai.documents import Json, member, members, text

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_UNIT = r"(milliseconds?|ms|seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h)"
_STEP = re.compile(rf"(\d+(?:\.\d+)?)\s*{_UNIT}", re.IGNORECASE)
_SENTENCE = re.compile(
    r"(?:try again|retry|wait|come back)(?: again)?\s+(?:in|after|for)?\s*(?:about\s+)?"
    rf"((?:\d+(?:\.\d+)?\s*{_UNIT}\s*)+)",
    re.IGNORECASE,
)


def retry_after(headers: Mapping[str, str], message: str, error: Json) -> float | None:
    """Returns the seconds to wait, from the headers or else the error's words; `None` where neither tells."""
    for found in (_milliseconds(headers), _header(headers), _details(error), _words(message)):
        if found is not None and math.isfinite(found):
            return max(found, 0.0)
    return None


def _milliseconds(headers: Mapping[str, str]) -> float | None:
    value = _number(headers.get("retry-after-ms", ""))
    return None if value is None else value / 1000


def _header(headers: Mapping[str, str]) -> float | None:
    value = headers.get("retry-after", "")
    seconds = _number(value)
    if seconds is not None or not value:
        return seconds
    then = _date(value)
    # The server's own clock, where it tells it: ours may be off.
    now = _date(headers.get("date", "")) or datetime.now(UTC)
    return None if then is None else (then - now).total_seconds()


def _number(value: str) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None


def _date(value: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(value)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _details(error: Json) -> float | None:
    """Reads Google's RetryInfo and OpenRouter's metadata."""
    for detail in members(error, "details"):
        if delay := text(detail, "retryDelay"):
            return _seconds(delay)
    waited = member(error, "metadata").get("retry_after_seconds")
    return float(waited) if isinstance(waited, int | float) else None


def _words(message: str) -> float | None:
    found = _SENTENCE.search(message)
    return _seconds(found[1]) if found else None


def _seconds(amount: str) -> float | None:
    steps = _STEP.findall(amount)
    return sum(float(number) * _unit(name) for number, name in steps) if steps else None


def _unit(name: str) -> float:
    name = name.lower()
    return _UNITS["ms"] if name.startswith(("ms", "mil")) else _UNITS[name[0]]
