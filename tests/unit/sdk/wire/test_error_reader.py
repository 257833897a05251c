"""Errors of any shape get the right type."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ymera_service.sdk.errors import (
    AuthenticationFailed,
    ContentFiltered,
    ContextTooLong,
    InvalidProviderRequest,
    NotFound,
    PermissionDenied,
    ProviderError,
    ProviderOverloaded,
    ProviderServerError,
    ProviderTimeout,
    QuotaExhausted,
    RateLimited,
)
from ymera_service.sdk.http import HttpResponse
from ymera_service.sdk.wire.error_reader import ErrorReader

PLAIN = ErrorReader()
OWN = ErrorReader({"e7": QuotaExhausted}, {"slow": RateLimited}, {400: NotFound})
NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, InvalidProviderRequest),
        (401, AuthenticationFailed),
        (402, QuotaExhausted),
        (403, PermissionDenied),
        (404, NotFound),
        (408, ProviderTimeout),
        (410, NotFound),
        (413, ContextTooLong),
        (418, InvalidProviderRequest),
        (429, RateLimited),
        (500, ProviderServerError),
        (501, InvalidProviderRequest),
        (502, ProviderServerError),
        (503, ProviderOverloaded),
        (504, ProviderTimeout),
        (522, ProviderTimeout),
        (524, ProviderTimeout),
        (529, ProviderOverloaded),
    ],
)
@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"null", b"<html></html>", b"\xff", b'{"error": null}'])
def test_without_information_in_the_body_the_status_decides(
    status: int, kind: type[ProviderError], body: bytes
) -> None:
    error = PLAIN.of_response(HttpResponse(status, {}, body))
    assert (type(error), error.status) == (kind, status)
    assert error.message


def test_a_vendors_code_takes_precedence_over_its_type_and_that_over_wording_and_status() -> None:
    document = {"code": "e7", "type": "slow", "message": "overloaded"}
    assert type(OWN.of_document(document, 400)) is QuotaExhausted
    assert type(OWN.of_document({**document, "code": "other"}, 400)) is RateLimited
    assert type(OWN.of_document({"message": "invalid api key"}, 400)) is AuthenticationFailed
    assert type(OWN.of_document({"message": "sorry"}, 400)) is NotFound


@pytest.mark.parametrize(
    ("words", "status", "kind"),
    [
        ("prompt is too long", 500, ContextTooLong),
        ("prompt is too long", 429, RateLimited),
        ("not enough credits", 403, QuotaExhausted),
        ("exceeded its quota", 429, QuotaExhausted),
        ("exceeded its quota, retry in 5s", 429, RateLimited),
        ("overloaded", 429, ProviderOverloaded),
        ("overloaded", 400, InvalidProviderRequest),
        ("invalid api key", 404, NotFound),
        ("invalid api key", 429, RateLimited),
        ("blocked by content filtering", 400, ContentFiltered),
        ("unknown model", 500, NotFound),
        ("unknown model", 403, PermissionDenied),
        ("this organization has been disabled", 400, PermissionDenied),
        ("too many requests", None, RateLimited),
        ("invalid_request_error", None, InvalidProviderRequest),
        ("deadline exceeded", None, ProviderTimeout),
        ("it broke", None, ProviderServerError),
    ],
)
def test_wording_takes_precedence_over_the_statuses_that_it_overrides(
    words: str, status: int | None, kind: type[ProviderError]
) -> None:
    assert type(PLAIN.of_document({"error": {"message": words}}, status)) is kind


@pytest.mark.parametrize(
    "body", [{"message": "x", "code": 7}, {"error": {"message": "x", "code": 7}}, [{"message": "x", "code": 7}]]
)
def test_an_error_is_found_in_any_shape(body: Any) -> None:
    error = PLAIN.of_response(HttpResponse(400, {}, b"\xef\xbb\xbf" + orjson.dumps(body)))
    assert (error.message, error.code) == ("x", "7")


def test_the_message_of_a_proxys_page_is_its_title() -> None:
    page = b"<html><title>Bad gateway</title><body>nginx</body></html>"
    assert PLAIN.of_response(HttpResponse(502, {}, page)).message == "Bad gateway"
    assert PLAIN.of_data("upstream request timeout").message == "upstream request timeout"


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, None),
        ({"x-ratelimit-reset-tokens": "6m0s"}, 360),
        ({"x-ratelimit-reset-tokens": "6m0s", "retry-after": "7"}, 7),
        ({"anthropic-ratelimit-tokens-reset": "2026-11-21T10:00:30Z"}, 30),
    ],
)
def test_a_rate_limit_without_another_wait_lasts_until_its_reset(headers: dict[str, str], wait: int | None) -> None:
    assert PLAIN.of_response(HttpResponse(429, headers, b""), NOW).retry_after == wait
    assert PLAIN.of_response(HttpResponse(500, headers, b""), NOW).retry_after == (7 if wait == 7 else None)


SHAPES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 10**6) | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "error",
                    "errors",
                    "detail",
                    "details",
                    "message",
                    "msg",
                    "type",
                    "code",
                    "status",
                    "metadata",
                    "innererror",
                ]
            ),
            inner,
        )
    ),
)


@given(document=SHAPES, status=st.none() | st.integers(400, 599), body=st.binary(max_size=50))
def test_reading_never_raises(document: Any, status: int | None, body: bytes) -> None:
    assert PLAIN.of_document(document, status).message
    assert PLAIN.of_response(HttpResponse(status or 500, {}, orjson.dumps(document))).message
    assert OWN.of_response(HttpResponse(status or 500, {"retry-after": "x"}, body)).message
