"""What the provider's errors mean. The meaning wins over the status, and the type over the wording."""

import math
import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

import orjson

from ymera_anthropic.fields import Record
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

Kind = type[ProviderError]

_LONGEST_MESSAGE = 500

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

_BY_STATUS: Mapping[int, Kind] = {
    401: AuthenticationFailed,
    402: QuotaExhausted,
    403: PermissionDenied,
    404: NotFound,
    408: ProviderTimeout,
    413: ContextTooLong,
    429: RateLimited,
    501: InvalidProviderRequest,
    503: ProviderOverloaded,
    504: ProviderTimeout,
    522: ProviderTimeout,
    524: ProviderTimeout,
    529: ProviderOverloaded,
}


def decode_error(response: HttpResponse) -> ProviderError:
    """Returns what a response of status 400 or above means."""
    body = _body(response.body)
    if not body:
        words = response.body.decode(errors="replace").strip()
        body = {"error": {"message": words[:_LONGEST_MESSAGE] if not words.startswith("<") else ""}}
    return failure(body, response.status, retry_after(response.headers))


def failure(body: Record, status: int | None = None, wait: float | None = None) -> ProviderError:
    """Returns what the body of an error means, or an error event of a stream."""
    told = body.get("error")
    error: Record = told if isinstance(told, dict) else {"message": told or body.get("message") or body.get("detail")}
    details = error.get("details")
    name = _word(error.get("type"))
    code = _word(details.get("error_code") if isinstance(details, dict) else None) or _word(error.get("code"))
    message = _word(error.get("message")) or name or (f"HTTP {status}" if status else "an error without a message")
    kind = _kind(status, name, code, message)
    return kind(message, status=status, type=name or None, code=code or None, retry_after=wait)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Returns the seconds to wait, where the headers tell."""
    if (milliseconds := _number(headers.get("retry-after-ms", ""))) is not None:
        return milliseconds / 1000
    value = headers.get("retry-after", "")
    seconds = _number(value)
    return seconds if seconds is not None else _until(value, headers.get("date", ""))


def _kind(status: int | None, type: str, code: str, message: str) -> Kind:
    if code in _BY_CODE:
        return _BY_CODE[code]
    if type in _BY_TYPE:
        return _BY_TYPE[type]
    # A limit per minute may speak of tokens and quotas and still is one that passes.
    if status != 429:
        for pattern, kind in _BY_WORDS:
            if pattern.search(message):
                return kind
    status = status or 500
    unknown = ProviderServerError if status >= 500 else InvalidProviderRequest
    return _BY_STATUS.get(status) or _BY_VAGUE_TYPE.get(type, unknown)


def _body(content: bytes) -> Record:
    try:
        body = orjson.loads(content)
    except orjson.JSONDecodeError:
        return {}
    if isinstance(body, list) and body:
        body = body[0]
    return body if isinstance(body, dict) else {}


def _word(value: object) -> str:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _number(value: str) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return max(number, 0.0) if math.isfinite(number) else None


def _until(then: str, now: str) -> float | None:
    """Measures by the provider's own clock; without it a date tells nothing certain."""
    try:
        return max((parsedate_to_datetime(then) - parsedate_to_datetime(now)).total_seconds(), 0.0)
    except (TypeError, ValueError):
        return None
