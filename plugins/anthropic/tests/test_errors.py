"""Errors are classified by their meaning."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ymera_anthropic.dialect import MessagesDialect
from ymera_anthropic.errors import ERRORS

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
from ymera_service.sdk.wire.retry_after import retry_after

INVALID = "invalid_request_error"


def error(status: int, type: str, message: str, headers: Mapping[str, str] | None = None, **more: Any) -> ProviderError:
    body = {"type": "error", "error": {"type": type, "message": message, **more}, "request_id": "req_1"}
    return ERRORS.of_response(HttpResponse(status, headers or {}, orjson.dumps(body)))


def test_a_limit_lasts_until_the_reset_in_the_headers_by_our_clock_if_the_server_sends_none() -> None:
    soon = (datetime.now(UTC) + timedelta(seconds=90)).isoformat(timespec="seconds").replace("+00:00", "Z")
    headers = {"anthropic-ratelimit-requests-reset": soon, "anthropic-ratelimit-requests-remaining": "0"}
    body = b'{"type":"error","error":{"type":"rate_limit_error","message":"Slow down"}}'
    limited = MessagesDialect("2023-06-01").decode_error(HttpResponse(429, headers, body))
    assert isinstance(limited, RateLimited)
    assert limited.retry_after == pytest.approx(90, abs=20)


MEANINGS: list[tuple[type[ProviderError], int, str, str]] = [
    (AuthenticationFailed, 401, "authentication_error", "invalid x-api-key"),
    (AuthenticationFailed, 401, "authentication_error", "This API key has expired."),
    (AuthenticationFailed, 400, INVALID, "x-api-key header is required"),
    (AuthenticationFailed, 403, "permission_error", "Invalid API key provided."),
    (PermissionDenied, 403, "permission_error", "Your API key does not have permission to use the specified resource."),
    (PermissionDenied, 400, INVALID, "This organization has been disabled."),
    (NotFound, 404, "not_found_error", "model: claude-nonsense"),
    (NotFound, 404, "not_found_error", "Not found"),
    (NotFound, 400, INVALID, "claude-nonsense is not a valid model ID"),
    (NotFound, 400, INVALID, "The model claude-nonsense does not exist"),
    (ContextTooLong, 400, INVALID, "prompt is too long: 208310 tokens > 200000 maximum"),
    (
        ContextTooLong,
        400,
        INVALID,
        "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000, decrease input length",
    ),
    (ContextTooLong, 500, "api_error", "Prompt is too long"),
    (ContextTooLong, 413, "request_too_large", "Request exceeds the maximum allowed number of bytes."),
    (ContextTooLong, 413, INVALID, "Prompt is too long"),
    (QuotaExhausted, 402, "billing_error", "There's an issue with your payment information."),
    (
        QuotaExhausted,
        400,
        INVALID,
        "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade.",
    ),
    (
        QuotaExhausted,
        400,
        INVALID,
        "You have reached your specified API usage limits. You will regain access on 2026-12-01 at 00:00 UTC.",
    ),
    (
        RateLimited,
        429,
        "rate_limit_error",
        "This request would exceed your organization's rate limit of 40,000 input tokens per minute: prompt too long.",
    ),
    (RateLimited, 429, "rate_limit_error", "Number of request tokens has exceeded your daily quota"),
    (ContentFiltered, 400, INVALID, "Output blocked by content filtering policy"),
    (ProviderOverloaded, 529, "overloaded_error", "Overloaded"),
    (ProviderOverloaded, 500, "api_error", "Overloaded"),
    (ProviderServerError, 500, "api_error", "Internal server error"),
    (ProviderTimeout, 504, "timeout_error", "The request timed out"),
    (ProviderTimeout, 504, "api_error", "Gateway timeout"),
    (InvalidProviderRequest, 400, INVALID, "temperature: range: 0..1"),
    (
        InvalidProviderRequest,
        400,
        INVALID,
        "max_tokens: 100000 > 64000, which is the maximum allowed number of output tokens",
    ),
    (
        InvalidProviderRequest,
        400,
        INVALID,
        'messages.1: `tool_use` ids were found without `tool_result` blocks: "toolu_1"',
    ),
    (InvalidProviderRequest, 400, INVALID, "temperature: `temperature` is deprecated for this model."),
    (InvalidProviderRequest, 400, INVALID, "messages: text content blocks must be non-empty"),
    (InvalidProviderRequest, 400, INVALID, "tools.0.custom.input_schema: Input does not match the expected shape."),
    (InvalidProviderRequest, 409, "conflict_error", "The resource was modified."),
    (InvalidProviderRequest, 422, "an error yet to come", "Something is not right."),
]


@pytest.mark.parametrize(("kind", "status", "type", "message"), MEANINGS)
def test_an_error_has_its_meaning(kind: type[ProviderError], status: int, type: str, message: str) -> None:
    failure = error(status, type, message)
    assert failure.__class__ is kind
    assert (failure.status, failure.type, failure.message, failure.code) == (status, type, message, None)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("enforced_spend_limit_reached", QuotaExhausted),
        ("contract_spend_limit_reached", QuotaExhausted),
        ("ramp_limit_exceeded", RateLimited),
        ("a code yet to come", RateLimited),
    ],
)
def test_a_code_says_more_than_the_type(code: str, kind: type[ProviderError]) -> None:
    failure = error(429, "rate_limit_error", "Too much", details={"error_code": code})
    assert isinstance(failure, kind)
    assert failure.code == code


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, InvalidProviderRequest),
        (401, AuthenticationFailed),
        (402, QuotaExhausted),
        (403, PermissionDenied),
        (404, NotFound),
        (408, ProviderTimeout),
        (413, ContextTooLong),
        (418, InvalidProviderRequest),
        (429, RateLimited),
        (500, ProviderServerError),
        (501, InvalidProviderRequest),
        (502, ProviderServerError),
        (503, ProviderOverloaded),
        (504, ProviderTimeout),
        (529, ProviderOverloaded),
    ],
)
def test_a_body_that_says_nothing_leaves_it_to_the_status(status: int, kind: type[ProviderError]) -> None:
    for body in (b"", b"<html><h1>Sorry</h1></html>", b"{}", b"[]", b'{"error": null}', b"\xff\xfe"):
        failure = ERRORS.of_response(HttpResponse(status, {}, body))
        assert failure.__class__ is kind, body
        assert failure.message


def test_a_body_of_plain_words_is_the_message() -> None:
    assert ERRORS.of_response(HttpResponse(502, {}, b" upstream connect error \n")).message == "upstream connect error"


def test_other_vendors_write_errors_their_own_way() -> None:
    failure = ERRORS.of_document({"error": {"message": "No cookie auth credentials found", "code": 401}}, 401)
    assert isinstance(failure, AuthenticationFailed)
    assert (failure.message, failure.code) == ("No cookie auth credentials found", "401")
    assert ERRORS.of_document({"error": "model not found"}, 400).__class__ is NotFound
    assert ERRORS.of_document({"message": "Forbidden"}, 403).message == "Forbidden"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "12"}, 12.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after-ms": "1500", "retry-after": "2"}, 1.5),
        ({"retry-after": "Sat, 21 Nov 2026 10:00:30 GMT", "date": "Sat, 21 Nov 2026 10:00:00 GMT"}, 30.0),
        ({"retry-after": "Sat, 21 Nov 2026 10:00:30 GMT"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({}, None),
    ],
)
def test_the_headers_state_when_to_try_again(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds
    assert error(429, "rate_limit_error", "Slow down", headers).retry_after == seconds


@given(
    status=st.integers(400, 599),
    body=st.binary(max_size=100)
    | st.recursive(
        st.none() | st.booleans() | st.integers(0, 9) | st.text(max_size=9),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["error", "type", "message", "details", "error_code", "code", "detail"]), inner
            )
        ),
    ).map(orjson.dumps),
    wait=st.text(max_size=9) | st.floats().map(str),
)
def test_no_error_response_fails_to_be_read(status: int, body: bytes, wait: str) -> None:
    failure = ERRORS.of_response(HttpResponse(status, {"retry-after": wait, "date": wait}, body))
    assert failure.message
    assert failure.status == status
