"""What errors mean that no recording holds, and odd shapes of them."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ymera_openai.errors import ERRORS, decode_error, in_body

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


def error(status: int, body: Any, headers: dict[str, str] | None = None) -> ProviderError:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return decode_error(HttpResponse(status, headers or {}, content))


def words(message: str, **fields: object) -> dict[str, object]:
    return {"error": {"message": message, **fields}}


MEANINGS = [
    (
        400,
        words(
            "This model's maximum context length is 8192 tokens. However, you requested 9000.",
            code="context_length_exceeded",
        ),
        ContextTooLong,
    ),
    (400, words("the request exceeds the available context size. try increasing the context size"), ContextTooLong),
    (400, words("prompt is too long: 213462 tokens > 200000 maximum"), ContextTooLong),
    (400, words("Range of input length should be [1, 30720]", code="invalid_parameter_error"), ContextTooLong),
    (
        422,
        words("Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Too many input tokens"),
        ContextTooLong,
    ),
    (
        400,
        words("This model's maximum prompt length is 131072 but the request contains 200000 tokens."),
        ContextTooLong,
    ),
    (400, words("Your request exceeded model token limit: 8192"), ContextTooLong),
    (400, words("Prompt exceeds max length", code="1261"), ContextTooLong),
    (413, words("Request Entity Too Large"), ContextTooLong),
    (
        429,
        words(
            "You exceeded your current quota, please check your plan and billing details.", code="insufficient_quota"
        ),
        QuotaExhausted,
    ),
    (402, words("Insufficient Balance"), QuotaExhausted),
    (429, words("余额不足或无可用资源包,请充值。", code="1113"), QuotaExhausted),
    (
        403,
        words("Your team has either used all available credits or reached its monthly spending limit."),
        QuotaExhausted,
    ),
    (429, words("You exceeded your current quota. Please retry in 12.5s."), RateLimited),
    (429, words("Quota exceeded for requests per minute"), RateLimited),
    (
        429,
        words("Rate limit reached on tokens per min (TPM): Limit 30000, Used 29000. Please try again in 1.2s."),
        RateLimited,
    ),
    (
        429,
        words(
            "Request too large for gpt-4o on tokens per min (TPM): Limit 1, Requested 30.", code="rate_limit_exceeded"
        ),
        RateLimited,
    ),
    (429, words("The engine is currently overloaded, please try again later"), ProviderOverloaded),
    (
        429,
        {
            "object": "error",
            "message": "Service tier capacity exceeded for this model.",
            "type": "service_tier_capacity_exceeded",
            "code": "3505",
        },
        ProviderOverloaded,
    ),
    (503, words("The server is overloaded or not ready yet."), ProviderOverloaded),
    (503, b"", ProviderOverloaded),
    (529, words("Overloaded"), ProviderOverloaded),
    (500, words("The model is overloaded. Please try again later."), ProviderOverloaded),
    (400, words("API key not valid. Please pass a valid API key."), AuthenticationFailed),
    (403, words("Invalid API key"), AuthenticationFailed),
    (401, b"", AuthenticationFailed),
    (403, words("You do not have access to this organization"), PermissionDenied),
    (403, words("Input was flagged by moderation", metadata={"reasons": ["violence"]}), ContentFiltered),
    (
        400,
        words(
            "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
            code="content_filter",
        ),
        ContentFiltered,
    ),
    (
        400,
        words("Your request was rejected as a result of our safety system.", code="moderation_blocked"),
        ContentFiltered,
    ),
    (400, words("Input data may contain inappropriate content.", code="data_inspection_failed"), ContentFiltered),
    (400, words("Model Not Exist"), NotFound),
    (400, words("meta/llama-9 is not a valid model ID"), NotFound),
    (
        400,
        words(
            "The model `mixtral-8x7b` has been decommissioned and is no longer supported.", code="model_decommissioned"
        ),
        NotFound,
    ),
    (404, words("Not Found"), NotFound),
    (
        400,
        words("Unsupported parameter: 'max_tokens' is not supported with this model.", code="unsupported_parameter"),
        InvalidProviderRequest,
    ),
    (
        400,
        words("max_tokens is too large: 100000. This model supports at most 16384 completion tokens."),
        InvalidProviderRequest,
    ),
    (
        422,
        {"detail": [{"loc": ["body", "n"], "msg": "value is not a valid integer", "type": "type_error.integer"}]},
        InvalidProviderRequest,
    ),
    (501, words("This server does not support this"), InvalidProviderRequest),
    (405, b"Method Not Allowed", InvalidProviderRequest),
    (500, words("The server had an error while processing your request."), ProviderServerError),
    (502, b"<html><head><title>502 Bad Gateway</title></head></html>", ProviderServerError),
    (504, b"<html><head><title>504 Gateway Time-out</title></head></html>", ProviderTimeout),
    (408, words("Request timed out"), ProviderTimeout),
    (524, b"error code: 524", ProviderTimeout),
]


@pytest.mark.parametrize(("status", "body", "kind"), MEANINGS)
def test_the_meaning_goes_before_the_status(status: int, body: Any, kind: type[ProviderError]) -> None:
    found = error(status, body)
    assert type(found) is kind
    assert found.status == status


SHAPES: list[tuple[Any, str]] = [
    ({"error": "No such thing"}, "No such thing"),
    ({"error": {"error": {"message": "No such thing"}}}, "No such thing"),
    ({"errors": [{"message": "No such thing"}]}, "No such thing"),
    ([{"error": {"message": "No such thing"}}], "No such thing"),
    ({"detail": "No such thing"}, "No such thing"),
    ({"detail": {"message": "No such thing"}}, "No such thing"),
    ({"detail": [{"msg": "No such thing", "loc": ["body"]}]}, "No such thing"),
    ({"message": "No such thing"}, "No such thing"),
    ("No such thing", "No such thing"),
    (b"No such thing", "No such thing"),
    (b"<html><body><h1>No such</h1>\n thing</body></html>", "No such thing"),
    (b"<title>No such thing</title>", "No such thing"),
    (b"", "status 400"),
    ({}, "status 400"),
    ([], "status 400"),
    (None, "status 400"),
    (7, "status 400"),
    ({"error": None}, "status 400"),
    (b"\xff\xfe", "\ufffd\ufffd"),
]


@pytest.mark.parametrize(("body", "message"), SHAPES)
def test_a_body_of_any_shape_gives_its_message(body: Any, message: str) -> None:
    found = error(400, body)
    assert (type(found), found.message) == (InvalidProviderRequest, message)


def test_type_code_and_param_are_kept() -> None:
    found = error(400, words("No", type="invalid_request_error", code=7, param="messages[0]"))
    assert (found.type, found.code, found.param) == ("invalid_request_error", "7", "messages[0]")


WAITS = [
    ({"retry-after": "7"}, "", 7.0),
    ({"retry-after": "7", "retry-after-ms": "250"}, "", 0.25),
    ({"retry-after": "Fri, 20 Nov 2026 10:00:30 GMT", "date": "Fri, 20 Nov 2026 10:00:00 GMT"}, "", 30.0),
    ({"retry-after": "Fri, 20 Nov 2026 09:00:00 GMT", "date": "Fri, 20 Nov 2026 10:00:00 GMT"}, "", 0.0),
    ({"retry-after": "soon"}, "Please try again in 1.2s.", 1.2),
    ({"retry-after": "nan"}, "", None),
    ({}, "Please try again in 20ms.", 0.02),
    ({}, "Please try again in 6m0s.", 360.0),
    ({}, "Please try again in 1h2m3.5s.", 3723.5),
    ({}, "Please retry after 5 seconds.", 5.0),
    ({}, "Please retry in 12.5s.", 12.5),
    ({}, "Please try again later.", None),
]


@pytest.mark.parametrize(("headers", "message", "seconds"), WAITS)
def test_the_time_to_wait_is_read(headers: dict[str, str], message: str, seconds: float | None) -> None:
    found = error(429, words(message or "Too many requests"), headers).retry_after
    assert found == (None if seconds is None else pytest.approx(seconds))


def test_googles_retry_info_is_read() -> None:
    assert error(429, words("Slow down", details=[{"retryDelay": "34s"}])).retry_after == 34


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ('{"error":{"message":"Too slow","code":429}}', RateLimited),
        ('{"error":{"message":"Rate limit exceeded","code":"rate_limit_exceeded"}}', RateLimited),
        ('{"type":"error","code":"server_error","message":"Oh"}', ProviderServerError),
        ('{"error":{"type":"overloaded_error","message":"Overloaded"}}', ProviderOverloaded),
        ('{"error":{"type":"invalid_request_error","message":"No"}}', InvalidProviderRequest),
        ("upstream request timeout", ProviderTimeout),
        ("[]", ProviderServerError),
    ],
)
def test_an_error_within_a_stream_is_reported_without_a_status(data: str, kind: type[ProviderError]) -> None:
    assert type(ERRORS.of_data(data)) is kind


@pytest.mark.parametrize("body", [{"choices": []}, {"error": None, "choices": []}, {"error": {}}, {"id": "x"}, 7])
def test_an_answer_is_not_an_error(body: object) -> None:
    assert in_body(body) is None


def test_a_long_page_is_shortened() -> None:
    assert len(error(500, b"x" * 1_000_000).message) <= 2000


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(("error", "message", "code", "type", "detail", "errors", "metadata", "details", "status")),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.integers(400, 599), json_values | st.binary(max_size=200), st.text(max_size=12))
def test_no_body_makes_decoding_an_error_raise(status: int, body: Any, wait: str) -> None:
    assert error(status, body, {"retry-after": wait}).message
