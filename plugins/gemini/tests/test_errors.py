"""What Google's errors mean."""

from typing import Any

import orjson
import pytest
from ymera_gemini.errors import ERRORS

from ymera_service.sdk import errors
from ymera_service.sdk.errors import ProviderError
from ymera_service.sdk.http import HttpResponse
from ymera_service.sdk.targets import Scope

INFO = "type.googleapis.com/google.rpc.ErrorInfo"
QUOTA = "type.googleapis.com/google.rpc.QuotaFailure"
RETRY = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "33.5s"}


def error_of(http_status: int, status: str, message: str, *details: Any) -> ProviderError:
    error = {"code": http_status, "message": message, "status": status, "details": details}
    return ERRORS.of_response(HttpResponse(http_status, {}, orjson.dumps({"error": error})))


def info(reason: str) -> dict[str, str]:
    return {"@type": INFO, "reason": reason, "domain": "googleapis.com"}


def quota(name: str) -> dict[str, Any]:
    return {"@type": QUOTA, "violations": [{"quotaId": name, "quotaValue": "10"}]}


EXCEEDED = "You exceeded your current quota, please check your plan and billing details."
PER_MINUTE = quota("GenerateRequestsPerMinutePerProjectPerModel-FreeTier")
PER_DAY = quota("GenerateRequestsPerDayPerProjectPerModel-FreeTier")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (error_of(400, "INVALID_ARGUMENT", "API key not valid.", info("API_KEY_INVALID")), errors.AuthenticationFailed),
        (error_of(403, "PERMISSION_DENIED", "Blocked.", info("API_KEY_SERVICE_BLOCKED")), errors.AuthenticationFailed),
        (error_of(403, "PERMISSION_DENIED", "Your API key was reported as leaked."), errors.AuthenticationFailed),
        (error_of(403, "PERMISSION_DENIED", "No access.", info("SERVICE_DISABLED")), errors.PermissionDenied),
        (error_of(403, "PERMISSION_DENIED", "No billing.", info("BILLING_DISABLED")), errors.QuotaExhausted),
        (
            error_of(401, "UNAUTHENTICATED", "Invalid credentials.", info("ACCESS_TOKEN_EXPIRED")),
            errors.AuthenticationFailed,
        ),
        (error_of(400, "FAILED_PRECONDITION", "User location is not supported."), errors.PermissionDenied),
        (error_of(400, "INVALID_ARGUMENT", "Bad value."), errors.InvalidProviderRequest),
        (
            error_of(
                400,
                "INVALID_ARGUMENT",
                "The input token count (1048577) exceeds the maximum number of tokens allowed (1048576).",
            ),
            errors.ContextTooLong,
        ),
        (error_of(404, "NOT_FOUND", "models/x is not found."), errors.NotFound),
        (error_of(429, "RESOURCE_EXHAUSTED", "Resource exhausted. Please try again later."), errors.RateLimited),
        (error_of(429, "RESOURCE_EXHAUSTED", EXCEEDED, PER_MINUTE, RETRY), errors.RateLimited),
        (error_of(429, "RESOURCE_EXHAUSTED", EXCEEDED, PER_DAY, RETRY), errors.QuotaExhausted),
        (error_of(429, "RESOURCE_EXHAUSTED", EXCEEDED), errors.QuotaExhausted),
        (error_of(500, "INTERNAL", "An internal error has occurred."), errors.ProviderServerError),
        (error_of(503, "UNAVAILABLE", "The model is overloaded."), errors.ProviderOverloaded),
        (error_of(504, "DEADLINE_EXCEEDED", "The request timed out."), errors.ProviderTimeout),
    ],
)
def test_an_error_has_its_meaning(error: ProviderError, kind: type[ProviderError]) -> None:
    assert type(error) is kind


def test_a_limit_says_when_to_come_back() -> None:
    limited = error_of(429, "RESOURCE_EXHAUSTED", EXCEEDED, PER_MINUTE, RETRY)
    assert (limited.retry_after, limited.scope) == (33.5, Scope.TARGET)
    assert (limited.status, limited.type, limited.code) == (429, "RESOURCE_EXHAUSTED", "429")


def test_the_quota_of_a_day_is_that_of_the_model_alone() -> None:
    spent = error_of(429, "RESOURCE_EXHAUSTED", EXCEEDED, PER_DAY, RETRY)
    assert (spent.scope, spent.retry_after) == (Scope.TARGET, 33.5)
    assert error_of(403, "PERMISSION_DENIED", "No.", info("BILLING_DISABLED")).scope is Scope.ACCOUNT


def limit(name: str) -> dict[str, Any]:
    return {**info("RATE_LIMIT_EXCEEDED"), "metadata": {"quota_limit": name, "quota_location": "us-west4"}}


@pytest.mark.parametrize(
    ("detail", "scope"),
    [
        (PER_MINUTE, Scope.TARGET),
        (quota("GenerateContentInputTokensPerModelPerMinute-FreeTier"), Scope.TARGET),
        (quota("GenerateRequestsPerMinutePerProjectPerBaseModel"), Scope.TARGET),
        (quota("GenerateRequestsPerMinutePerProject"), Scope.ACCOUNT),
        (limit("GenerateContentRequestsPerMinutePerProjectPerRegion"), Scope.ACCOUNT),
        (limit("GenerateContentRequestsPerMinutePerProjectPerModel"), Scope.TARGET),
        (quota(""), Scope.TARGET),
        (info("RATE_LIMIT_EXCEEDED"), Scope.TARGET),
    ],
)
def test_a_limit_holds_for_the_model_or_the_project_as_its_name_says(detail: Any, scope: Scope) -> None:
    limited = error_of(429, "RESOURCE_EXHAUSTED", "Resource exhausted.", detail)
    assert (type(limited), limited.scope) == (errors.RateLimited, scope)


def test_of_several_limits_that_of_the_project_decides() -> None:
    both = {"@type": QUOTA, "violations": [*PER_MINUTE["violations"], {"quotaId": "RequestsPerMinutePerProject"}]}
    assert error_of(429, "RESOURCE_EXHAUSTED", EXCEEDED, both, RETRY).scope is Scope.ACCOUNT


def test_the_quota_of_a_day_may_be_that_of_the_project() -> None:
    spent = error_of(429, "RESOURCE_EXHAUSTED", EXCEEDED, quota("GenerateRequestsPerDayPerProject"), RETRY)
    assert (type(spent), spent.scope) == (errors.QuotaExhausted, Scope.ACCOUNT)


def test_the_field_that_is_wrong_is_named() -> None:
    violation = {"field": "generation_config.top_k", "description": "must be positive"}
    details = {"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [violation]}
    assert error_of(400, "INVALID_ARGUMENT", "Bad.", details).param == "generation_config.top_k"


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"[[]]", b"null", b'{"error": {"details": 7}}', b'{"error": {"details": [7, {"violations": 1}]}}'],
)
def test_any_body_is_an_error(body: bytes) -> None:
    assert isinstance(ERRORS.of_response(HttpResponse(500, {}, body)), ProviderError)
