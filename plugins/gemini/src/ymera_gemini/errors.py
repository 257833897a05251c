"""The meaning of Google's errors: `google.rpc.Status` with its details.

See https://ai.google.dev/gemini-api/docs/troubleshooting and `google/rpc/error_details.proto`.
"""

from collections.abc import Mapping
from datetime import datetime

from ymera_service.sdk.errors import (
    AuthenticationFailed,
    NotFound,
    PermissionDenied,
    ProviderError,
    ProviderOverloaded,
    ProviderTimeout,
    QuotaExhausted,
    RateLimited,
)
from ymera_service.sdk.targets import Scope
from ymera_service.sdk.wire.error_reader import ErrorReader, Kind
from ymera_service.sdk.wire.json_reader import Json, member, members, text

_BY_TYPE: Mapping[str, Kind] = {
    "DEADLINE_EXCEEDED": ProviderTimeout,
    "FAILED_PRECONDITION": PermissionDenied,  # the API is not offered in this country, or not without billing
    "NOT_FOUND": NotFound,
    "PERMISSION_DENIED": PermissionDenied,
    "UNAUTHENTICATED": AuthenticationFailed,
    "UNAVAILABLE": ProviderOverloaded,
}
"""Statuses that decide the meaning. For the others, such as `INVALID_ARGUMENT`, details and text decide."""

_BY_REASON: Mapping[str, Kind] = {
    "ACCESS_TOKEN_EXPIRED": AuthenticationFailed,
    "ACCESS_TOKEN_TYPE_UNSUPPORTED": AuthenticationFailed,
    "ACCOUNT_STATE_INVALID": AuthenticationFailed,
    "API_KEY_ANDROID_APP_BLOCKED": AuthenticationFailed,
    "API_KEY_HTTP_REFERRER_BLOCKED": AuthenticationFailed,
    "API_KEY_INVALID": AuthenticationFailed,
    "API_KEY_IOS_APP_BLOCKED": AuthenticationFailed,
    "API_KEY_IP_ADDRESS_BLOCKED": AuthenticationFailed,
    "API_KEY_SERVICE_BLOCKED": AuthenticationFailed,
    "BILLING_DISABLED": QuotaExhausted,
    "CREDENTIALS_MISSING": AuthenticationFailed,
    "RATE_LIMIT_EXCEEDED": RateLimited,
}
"""Reasons in `google.rpc.ErrorInfo`, as `google/api/error_reason.proto` lists them."""


class GoogleErrors(ErrorReader):
    """Reads errors by their details as well."""

    def of_document(
        self,
        document: object,
        status: int | None = None,
        headers: Mapping[str, str] = {},  # never changed
        now: datetime | None = None,
    ) -> ProviderError:
        """See `ErrorReader.of_document`."""
        error = ErrorReader.of_document(self, document, status, headers, now)
        details = members(_status_in(document), "details")
        kind, scope = _kind_of(details, error)
        named = _named_field(details)
        if kind is type(error) and not named:
            return error
        return kind(
            error.message,
            status=error.status,
            type=error.type,
            code=error.code,
            param=error.param or named,
            retry_after=error.retry_after,
            scope=scope,
        )


def _kind_of(details: list[Json], error: ProviderError) -> tuple[Kind, Scope | None]:
    for detail in details:
        if kind := _BY_REASON.get(text(detail, "reason")):
            return kind, None
    if isinstance(error, RateLimited | QuotaExhausted) and _is_of_a_day(details):
        return QuotaExhausted, Scope.TARGET  # each model has a quota of its own
    if "reported as leaked" in error.message:
        return AuthenticationFailed, None
    return type(error), None


def _is_of_a_day(details: list[Json]) -> bool:
    """Returns whether the quota that was exceeded is one of a day, after which no wait of seconds helps."""
    violations = [violation for detail in details for violation in members(detail, "violations")]
    return any("PerDay" in text(violation, "quotaId") for violation in violations)


def _named_field(details: list[Json]) -> str | None:
    fields = [violation for detail in details for violation in members(detail, "fieldViolations")]
    return next((name for violation in fields if (name := text(violation, "field"))), None)


def _status_in(document: object) -> Json:
    if isinstance(document, list):
        document = document[0] if document else {}
    return member(document, "error") if isinstance(document, dict) else {}


ERRORS = GoogleErrors({}, _BY_TYPE)
