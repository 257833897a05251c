"""The wait that headers and errors state."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ymera_service.sdk.error_texts import LONGEST_WAIT
from ymera_service.sdk.wire.retry_after import duration, rate_limit_reset, retry_after

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
DATE = "Sat, 21 Nov 2026 10:00:00 GMT"
LATER = "Sat, 21 Nov 2026 10:00:30 GMT"


@pytest.mark.parametrize(
    ("headers", "now", "seconds"),
    [
        ({"retry-after": "12"}, None, 12.0),
        ({"retry-after": " 0.5 "}, None, 0.5),
        ({"retry-after": "-3"}, None, 0.0),
        ({"retry-after-ms": "1500", "retry-after": "2"}, None, 1.5),
        ({"retry-after-ms": "soon", "retry-after": "2"}, None, 2.0),
        ({"retry-after": LATER, "date": DATE}, None, 30.0),
        ({"retry-after": LATER, "date": DATE}, NOW.replace(hour=11), 30.0),
        ({"retry-after": LATER}, NOW, 30.0),
        ({"retry-after": LATER}, NOW.replace(hour=11), 0.0),
        ({"retry-after": LATER}, None, None),
        ({"retry-after": "Sat, 21 Nov 2026 10:00:30"}, NOW, 30.0),
        ({"retry-after": "Sat, 21 Nov 9026 10:00:30 GMT"}, NOW, None),
        ({"retry-after": str(LONGEST_WAIT + 1)}, None, None),
        ({"retry-after": "nan"}, None, None),
        ({"retry-after": "inf"}, None, None),
        ({"retry-after": "soon"}, NOW, None),
        ({}, NOW, None),
    ],
)
def test_retry_after_is_seconds_milliseconds_or_a_date(
    headers: Mapping[str, str], now: datetime | None, seconds: float | None
) -> None:
    assert retry_after(headers, now) == seconds


EPOCH = NOW.timestamp()


@pytest.mark.parametrize(
    ("reset", "seconds"),
    [
        ("6m0s", 360.0),
        ("1.5s", 1.5),
        ("2m59.56s", 179.56),
        ("250ms", 0.25),
        ("1d2h", 93_600.0),
        ("7", 7.0),
        ("0", 0.0),
        (str(EPOCH + 5), 5.0),
        (str(int(EPOCH) * 1000 + 5000), 5.0),
        ("2026-11-21T10:00:30Z", 30.0),
        ("2026-11-21T09:00:30Z", 0.0),
        ("2026-11-21T12:00:30+02:00", 30.0),
        ("2030-11-21T10:00:30Z", None),
        ("soon", None),
        ("", None),
    ],
)
def test_a_reset_is_a_duration_or_a_time(reset: str, seconds: float | None) -> None:
    expected = None if seconds is None else pytest.approx(seconds, abs=1e-3)
    assert rate_limit_reset({"x-ratelimit-reset-tokens": reset}, NOW) == expected
    assert rate_limit_reset({"anthropic-ratelimit-tokens-reset": reset}, NOW) == expected


def test_of_exhausted_limits_the_last_reset_counts() -> None:
    headers = {
        "x-ratelimit-reset-requests": "9m",
        "x-ratelimit-remaining-requests": "3",
        "x-ratelimit-reset-tokens": "20s",
        "x-ratelimit-remaining-tokens": "0",
        "anthropic-ratelimit-input-tokens-reset": "2026-11-21T10:00:30Z",
        "anthropic-ratelimit-input-tokens-remaining": "0",
    }
    assert rate_limit_reset(headers, NOW) == 30
    assert rate_limit_reset(headers | {"date": "Sat, 21 Nov 2026 10:00:29 GMT"}, NOW) == 20
    assert rate_limit_reset(headers) == 20, "a time is ignored without a clock"


@pytest.mark.parametrize("name", ["x-ratelimit-reset", "ratelimitbysize-reset", "ratelimit-reset"])
def test_each_vendors_name_of_the_reset_is_read(name: str) -> None:
    assert rate_limit_reset({name: "19"}) == 19.0


def test_without_an_exhausted_limit_the_first_reset_counts() -> None:
    headers = {"x-ratelimit-reset-requests": "9m", "x-ratelimit-reset-tokens": "20s", "x-ratelimit-limit-tokens": "1"}
    assert rate_limit_reset(headers, NOW) == 20
    assert rate_limit_reset({"x-ratelimit-limit-tokens": "1"}, NOW) is None


@pytest.mark.parametrize(
    ("amount", "seconds"),
    [("5 seconds", 5), ("1 hour 2 mins", 3720), ("20ms", 0.02), ("5", None), ("5 weeks", None), ("in 5s", None)],
)
def test_a_duration_is_read_as_vendors_write_it(amount: str, seconds: float | None) -> None:
    assert duration(amount) == (None if seconds is None else pytest.approx(seconds))


VALUES = (
    st.text(max_size=20)
    | st.floats().map(str)
    | st.integers().map(str)
    | st.datetimes().map(datetime.isoformat)
    | st.text("0123456789.hmsd -+:TZGMT,NovSat", max_size=40)
    | st.tuples(st.integers(0, 10**12), st.integers(0, 99)).map(lambda it: f"Sat, 21 Nov {it[0]} 10:00:{it[1]} GMT")
    | st.integers(-(10**12), 10**12).map(lambda zone: f"Sat, 21 Nov 2026 10:00:00 {zone:+}")
)
NAMES = st.sampled_from(["retry-after", "retry-after-ms", "date", "x-ratelimit-reset", "x-ratelimit-remaining"])


@given(headers=st.dictionaries(NAMES, VALUES), now=st.none() | st.datetimes(timezones=st.just(UTC)))
def test_any_headers_give_a_bounded_wait(headers: dict[str, str], now: datetime | None) -> None:
    for wait in (retry_after(headers, now), rate_limit_reset(headers, now), duration(headers.get("date", ""))):
        assert wait is None or 0 <= wait <= LONGEST_WAIT


def test_a_long_value_is_parsed_quickly() -> None:
    for value in ("1" * 100_000, "1s" * 50_000 + "x", "1 " * 50_000, "1m" * 50_000):
        headers = {"retry-after": value, "x-ratelimit-reset": value, "date": value}
        assert retry_after(headers, NOW) is None
        assert rate_limit_reset(headers, NOW) is None or value.endswith("m")
