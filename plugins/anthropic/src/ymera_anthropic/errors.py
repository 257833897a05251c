"""The meaning of Anthropic's error codes and types."""

from collections.abc import Mapping

from ymera_service.sdk.errors import (
    AuthenticationFailed,
    ContextTooLong,
    NotFound,
    PermissionDenied,
    ProviderOverloaded,
    ProviderTimeout,
    QuotaExhausted,
    RateLimited,
)
from ymera_service.sdk.wire.error_reader import ErrorReader, Kind

_BY_CODE: Mapping[str, Kind] = {
    "contract_spend_limit_reached": QuotaExhausted,
    "enforced_spend_limit_reached": QuotaExhausted,
    "linked_organization_billing_unavailable": QuotaExhausted,
    "linked_organization_spend_limit_reached": QuotaExhausted,
    "organization_on_hold": PermissionDenied,
    "ramp_limit_exceeded": RateLimited,
    "request_body_timeout": ProviderTimeout,
    "request_body_too_large_after_decoding": ContextTooLong,
}

_BY_TYPE: Mapping[str, Kind] = {
    "authentication_error": AuthenticationFailed,
    "billing_error": QuotaExhausted,
    "not_found_error": NotFound,
    "overloaded_error": ProviderOverloaded,
    "rate_limit_error": RateLimited,
    "request_too_large": ContextTooLong,
    "timeout_error": ProviderTimeout,
}
"""Types that decide the meaning. For the others, such as `invalid_request_error`, the message's text decides."""

ERRORS = ErrorReader(_BY_CODE, _BY_TYPE)
