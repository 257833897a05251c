"""What headers say is left of rate limits."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ymera_service.plugins.answers import size_of
from ymera_service.sdk.events import Accepted, Headroom
from ymera_service.sdk.wire.rate_limits import headroom

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
OPENAI = {
    "x-ratelimit-limit-requests": "60",
    "x-ratelimit-remaining-requests": "59",
    "x-ratelimit-reset-requests": "1s",
    "x-ratelimit-limit-tokens": "150000",
    "x-ratelimit-remaining-tokens": "15000",
    "x-ratelimit-reset-tokens": "6m0s",
}
ANTHROPIC = {
    "anthropic-ratelimit-requests-limit": "50",
    "anthropic-ratelimit-requests-remaining": "0",
    "anthropic-ratelimit-requests-reset": "2026-11-21T10:00:30Z",
    "anthropic-ratelimit-tokens-limit": "40000",
    "anthropic-ratelimit-tokens-remaining": "30000",
    "anthropic-ratelimit-tokens-reset": "2026-11-21T10:00:10Z",
}


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        (OPENAI, Headroom(0.1, 360.0)),
        (ANTHROPIC, Headroom(0.0, 30.0)),
        (
            {"ratelimitbysize-limit": "500", "ratelimitbysize-remaining": "250", "ratelimitbysize-reset": "60"},
            (0.5, 60),
        ),
        ({"x-ratelimit-limit-req-minute": "100", "x-ratelimit-remaining-req-minute": "99"}, (0.99, None)),
        ({"x-ratelimit-limit": "10", "x-ratelimit-remaining": "19", "x-ratelimit-reset": "2"}, (1.0, 2)),
        ({"ratelimit-limit": "4", "ratelimit-remaining": "1", "ratelimit-reset": "5"}, (0.25, 5)),
        ({"x-ratelimit-limit-requests": "0", "x-ratelimit-remaining-requests": "0"}, None),
        ({"x-ratelimit-remaining-requests": "117"}, None),
        ({"x-ratelimit-limit-requests": "nan", "x-ratelimit-remaining-requests": "1"}, None),
        ({"x-ratelimit-limit-requests": "9", "x-ratelimit-remaining-requests": "inf"}, None),
        ({"x-ratelimit-limit-requests": "9", "x-ratelimit-remaining-requests": "-1"}, None),
        ({"content-type": "application/json"}, None),
        ({}, None),
    ],
)
def test_the_scarcest_limit_counts(
    headers: Mapping[str, str], found: Headroom | tuple[float, float | None] | None
) -> None:
    assert headroom(headers, NOW) == (Headroom(*found) if isinstance(found, tuple) else found)


@given(
    st.dictionaries(
        st.sampled_from(
            [*OPENAI, *ANTHROPIC, "x-ratelimit-remaining", "x-ratelimit-limit", "x-ratelimit-reset", "date"]
        ),
        st.text(max_size=12) | st.integers().map(str) | st.floats().map(str),
    )
)
def test_whatever_is_sent_passes_the_boundary(headers: dict[str, str]) -> None:
    size_of(Accepted((), headroom(headers, NOW)))
