"""The meaning of Google's errors: `google.rpc.Status` with its details.

See https://ai.google.dev/gemini-api/docs/troubleshooting and `google/rpc/error_details.proto`.
"""

from collections.abc import Iterator, Mapping

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

    def refined(self, error: ProviderError, document: object) -> ProviderError:
        """Returns the error, as its details specify it."""
        details = members(_status_in(document), "details")
        kind, scope = _kind_of(details, error)
        named = _named_field(details)
        if kind is type(error) and scope is None and not named:
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
    quotas = list(_quotas(details))
    scope = _scope_of(quotas)
    for detail in details:
        if kind := _BY_REASON.get(text(detail, "reason")):
            return kind, scope
    if isinstance(error, RateLimited | QuotaExhausted) and any("PerDay" in quota for quota in quotas):
        return QuotaExhausted, scope  # no wait of seconds helps
    if "reported as leaked" in error.message:
        return AuthenticationFailed, None
    return type(error), scope


def _quotas(details: list[Json]) -> Iterator[str]:
    """Yields the names of the quotas that were exceeded, such as "GenerateRequestsPerDayPerProjectPerModel"."""
    for detail in details:
        names = [text(violation, "quotaId") for violation in members(detail, "violations")]
        yield from filter(None, [*names, text(member(detail, "metadata"), "quota_limit")])


def _scope_of(quotas: list[str]) -> Scope | None:
    """Returns what quotas are counted for, as their names say: each model, or the project, which is the account."""
    if not quotas:
        return None
    return Scope.TARGET if all("Model" in quota for quota in quotas) else Scope.ACCOUNT


def _named_field(details: list[Json]) -> str | None:
    fields = [violation for detail in details for violation in members(detail, "fieldViolations")]
    return next((name for violation in fields if (name := text(violation, "field"))), None)


def _status_in(document: object) -> Json:
    if isinstance(document, list):
        document = document[0] if document else {}
    return member(document, "error") if isinstance(document, dict) else {}


ERRORS = GoogleErrors({}, _BY_TYPE)
