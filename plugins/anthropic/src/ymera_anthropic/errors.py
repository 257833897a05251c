"""What the provider's errors mean. The meaning wins over the status, and the type over the wording."""

import re
from collections.abc import Mapping

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
from ymera_service.sdk.wire.json_reader import Json, member, word
from ymera_service.sdk.wire.retry_after import retry_after
from ymera_service.sdk.wire.status import NO_HEADERS, ErrorReport, ErrorTable, Kind, error_document

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
"""Types that say enough. The others, `invalid_request_error` above all, are looked at more closely."""

_BY_VAGUE_TYPE: Mapping[str, Kind] = {
    "api_error": ProviderServerError,
    "conflict_error": InvalidProviderRequest,
    "invalid_request_error": InvalidProviderRequest,
    "permission_error": PermissionDenied,
}

_KEY = r"(?:x-api-key|api[ _-]?key|bearer token|access token|auth\w* (?:token|header)|credentials?)"

_WORDS: Mapping[Kind, tuple[str, ...]] = {
    QuotaExhausted: (
        r"credit balance|spend(?:ing)? limit|billing|exceeded .{0,20}quota",
        r"(?:out of|insufficient|no|not enough|more) (?:credit|fund|balance|quota)",
        r"(?:specified|monthly) (?:api )?(?:usage|spend)",
    ),
    ContextTooLong: (
        r"(?:prompt|input|request|messages?|context)\b.{0,60}\btoo (?:long|large|many tokens)",
        r"exceeds?.{0,40}\b(?:context|maximum number of tokens|token limit|maximum allowed number of bytes)",
        r"context (?:length|limit|window)\b.{0,40}\bexceed|maximum context length",
    ),
    AuthenticationFailed: (
        rf"(?:invalid|incorrect|missing|expired|malformed|revoked|unknown|disabled|no\b(?: \w+)?) {_KEY}",
        rf"{_KEY}\b.{{0,40}}\b(?:invalid|incorrect|not valid|required|missing|expired|revoked|disabled|not found)",
    ),
    ContentFiltered: (r"content filter|usage policy|safety (?:filter|system|classifier)",),
    NotFound: (
        r"^model: \S+$|model\b.{0,80}\b(?:not found|does not exist|doesn't exist|not available|unknown|retired)",
        r"(?:unknown|invalid|no such) model\b|not a valid model",
    ),
    PermissionDenied: (r"organization has been (?:disabled|suspended)|does not have (?:access|permission)",),
    ProviderOverloaded: (r"^overloaded\b|over capacity|temporarily overloaded",),
}
_BY_WORDS = tuple((re.compile("|".join(patterns), re.IGNORECASE), kind) for kind, patterns in _WORDS.items())

_TABLE = ErrorTable(_BY_CODE, _BY_TYPE)


def decode_error(response: HttpResponse) -> ProviderError:
    """Returns what a response of status 400 or above means."""
    return failure(error_document(response.body), response.status, response.headers)


def failure(document: object, status: int | None = None, headers: Mapping[str, str] = NO_HEADERS) -> ProviderError:
    """Returns what the body of an error means, or an error event of a stream."""
    if isinstance(document, list) and document:
        document = document[0]
    body: Json = document if isinstance(document, dict) else {"error": document}
    told = body.get("error")
    error: Json = told if isinstance(told, dict) else {"message": told or body.get("message") or body.get("detail")}
    code = word(member(error, "details").get("error_code")) or word(error.get("code"))
    message, type_ = word(error.get("message")), word(error.get("type"))
    report = ErrorReport(message, status, type_, code, retry_after=retry_after(headers))
    return report.error(_kind(report), headers)


def _kind(report: ErrorReport) -> Kind:
    if named := _TABLE.named(report):
        return named
    # A limit per minute may speak of tokens and quotas and still is one that passes.
    if report.status != 429:
        for pattern, kind in _BY_WORDS:
            if pattern.search(report.message):
                return kind
    return _TABLE.of_status(report.status or 500, _BY_VAGUE_TYPE.get(report.type))
