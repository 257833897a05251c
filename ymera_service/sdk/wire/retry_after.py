"""When to try again, as stated in headers and errors. All results are seconds from 0 to a year."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from ymera_service.sdk.error_texts import LONGEST_WAIT

if TYPE_CHECKING:
    from ymera_service.sdk.wire.json_reader import Json

_DURATION_PATTERN = (
    r"(?:\d+(?:\.\d+)?\s*"
    r"(?:milliseconds?|ms|seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d)(?![a-z])\s*)+"
)
_DURATION = re.compile(_DURATION_PATTERN, re.IGNORECASE)
_SENTENCE = re.compile(
    r"(?:try again|retry|wait|come back)(?: again)?\s+(?:in|after|for)?\s*(?:about\s+)?"
    rf"({_DURATION_PATTERN})",
    re.IGNORECASE,
)
_STEP = re.compile(r"([\d.]+)\s*([a-z]+)", re.IGNORECASE)
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_RESET = re.compile(r"x-ratelimit-reset(-.+)?|anthropic-ratelimit-.+-reset|ratelimit(bysize)?-reset")
_FIRST_EPOCH = 1e9
"""A larger number of seconds is a time since 1970, not a wait."""
_FIRST_EPOCH_MILLISECONDS = 1e11


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Returns the seconds that `retry-after-ms` or `retry-after` states, or None.

    A date is compared with the server's clock, its header `date`, or else with `now`; without either it is ignored.
    """
    milliseconds = _number(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return bounded(milliseconds / 1000)
    value = headers.get("retry-after", "")
    seconds = _number(value)
    if seconds is None:
        seconds = _until(_time(parsedate_to_datetime, value), _clock(headers, now))
    return bounded(seconds)


def rate_limit_reset(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Returns the seconds until all exhausted rate limits are reset, or None.

    If no limit is reported as exhausted, the earliest reset counts. Reads `x-ratelimit-reset*`, Anthropic's
    `anthropic-ratelimit-*-reset`, Mistral's `ratelimitbysize-reset` and the IETF's `ratelimit-reset`: durations
    such as `6m0s`, seconds, seconds or milliseconds since 1970, RFC 3339.
    """
    clock = _clock(headers, now)
    waits = {
        name: wait
        for name, value in headers.items()
        if _RESET.fullmatch(name) and (wait := bounded(_reset(value.strip(), clock))) is not None
    }
    used_up = [
        wait for name, wait in waits.items() if _number(headers.get(name.replace("reset", "remaining"), "")) == 0
    ]
    return max(used_up) if used_up else min(waits.values(), default=None)


def reset_in(headers: Mapping[str, str], name: str, now: datetime | None = None) -> float | None:
    """Returns the seconds until the reset that the header of a name states, in any form of `rate_limit_reset`."""
    return bounded(_reset(headers.get(name, "").strip(), _clock(headers, now)))


def wait_within(error: "Json", message: str) -> float | None:
    """Returns the seconds to wait that an error states: in Google's details, OpenRouter's metadata or its message."""
    # Needs the extra `wire`, which a plugin that reads headers only does not have.
    from ymera_service.sdk.wire.json_reader import member, members, text  # noqa: PLC0415

    for detail in members(error, "details"):
        if delay := text(detail, "retryDelay"):
            return duration(delay)
    waited = member(error, "metadata").get("retry_after_seconds")
    if isinstance(waited, int | float):
        return bounded(waited)
    found = _SENTENCE.search(message)
    return duration(found[1]) if found else None


def duration(amount: str) -> float | None:
    """Returns the seconds of a duration such as `6m0s`, `1.5s`, `250ms` or `5 seconds`."""
    if not _DURATION.fullmatch(amount.strip()):
        return None
    return bounded(sum(float(number) * _unit(name.lower()) for number, name in _STEP.findall(amount)))


def bounded(seconds: float | None) -> float | None:
    """Returns the seconds to wait: at least 0; None for more than a year, or for NaN or None."""
    if seconds is None or not seconds <= LONGEST_WAIT:
        return None
    return max(seconds, 0.0)


def _reset(value: str, clock: datetime | None) -> float | None:
    number = _number(value)
    if number is None:
        wait = duration(value)
        return wait if wait is not None else _until(_time(datetime.fromisoformat, value), clock)
    if number < _FIRST_EPOCH:
        return number
    seconds = number / 1000 if number >= _FIRST_EPOCH_MILLISECONDS else number
    return seconds - clock.timestamp() if clock else None


def _clock(headers: Mapping[str, str], now: datetime | None) -> datetime | None:
    return _time(parsedate_to_datetime, headers.get("date", "")) or now


def _until(then: datetime | None, clock: datetime | None) -> float | None:
    return (then - clock).total_seconds() if then and clock else None


def _number(value: str) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None


def _time(parse: Callable[[str], datetime], value: str) -> datetime | None:
    try:
        time = parse(value)
    except (ArithmeticError, LookupError, TypeError, ValueError):  # the errors that parsing HTTP dates may raise
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _unit(name: str) -> float:
    return _UNITS["ms"] if name.startswith(("ms", "mil")) else _UNITS[name[0]]
