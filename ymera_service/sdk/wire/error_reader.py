"""The meaning of a provider's error: a vendor's codes take precedence over its wording, and that over its status."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from ymera_service.sdk.errors import (
    AuthenticationFailed,
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
from ymera_service.sdk.wire.body import plain_text
from ymera_service.sdk.wire.json_reader import Json, member, read_json, text, word
from ymera_service.sdk.wire.retry_after import rate_limit_reset, retry_after, wait_within
from ymera_service.sdk.wire.wording import kind_of_words

Kind = type[ProviderError]

_NO_HEADERS: Mapping[str, str] = MappingProxyType({})
_LONGEST_MESSAGE = 2000

_BY_STATUS: Mapping[int, Kind] = {
    401: AuthenticationFailed,
    402: QuotaExhausted,
    403: PermissionDenied,
    404: NotFound,
    408: ProviderTimeout,
    410: NotFound,
    413: ContextTooLong,
    429: RateLimited,
    501: InvalidProviderRequest,
    503: ProviderOverloaded,
    504: ProviderTimeout,
    522: ProviderTimeout,
    524: ProviderTimeout,
    529: ProviderOverloaded,
}


@dataclass(frozen=True, slots=True)
class ErrorReader:
    """Reads a vendor's errors; the vendor's codes, types and statuses are given as data. Its methods never raise."""

    by_code: Mapping[str, Kind] = field(default_factory=dict)
    by_type: Mapping[str, Kind] = field(default_factory=dict)
    by_status: Mapping[int, Kind] = field(default_factory=dict)

    def of_response(self, response: HttpResponse, now: datetime | None = None) -> ProviderError:
        """Returns the error of a response with status 400 or above, for any body.

        If nothing else states how long to wait, a rate limit lasts until its reset. Dates in headers are compared with
        the server's clock, or else with `now`.
        """
        return self.of_document(_document(response.body), response.status, response.headers, now)

    def of_data(self, data: str) -> ProviderError:
        """Returns the error that the data of an error event describes."""
        return self.of_document(_document(data.encode()))

    def of_document(
        self,
        document: object,
        status: int | None = None,
        headers: Mapping[str, str] = _NO_HEADERS,
        now: datetime | None = None,
    ) -> ProviderError:
        """Returns the error that a document of any shape describes; the document may contain the status."""
        top, error = _locate(document)
        message = _message(document, top, error)
        type_ = word(error.get("type")) or word(error.get("status"))
        code = word(member(error, "details").get("error_code")) or word(error.get("code")) or word(top.get("code"))
        status = _status_within(error) if status is None else status
        wait = retry_after(headers, now)
        wait = wait_within(error, message) if wait is None else wait
        words = f"{type_} {code} {text(member(error, 'innererror'), 'code')} {_upstream(error)} {message}".lower()
        kind = self.by_code.get(code) or self.by_type.get(type_) or kind_of_words(words, status, wait)
        kind = kind or self._of_status(status or 500)
        if wait is None and kind is RateLimited:
            wait = rate_limit_reset(headers, now)
        found = kind(
            message or type_ or (f"status {status}" if status else "the provider failed"),
            status=status,
            type=type_ or None,
            code=code or None,
            param=text(error, "param") or None,
            retry_after=wait,
        )
        return self.refined(found, document)

    def refined(self, error: ProviderError, document: object) -> ProviderError:
        """Returns the error, or another one that a vendor's own sentences or details call for; for subclasses."""
        return error

    def _of_status(self, status: int) -> Kind:
        default = InvalidProviderRequest if status < 500 else ProviderServerError
        return self.by_status.get(status) or _BY_STATUS.get(status, default)


def _document(body: bytes) -> Any:
    try:
        return read_json(body)
    except ProviderError:
        return plain_text(body)


def _locate(document: object) -> tuple[Json, Json]:
    """Returns the outermost object and the one that describes the error; they may be the same."""
    if isinstance(document, list):
        document = document[0] if document else {}
    if not isinstance(document, dict):
        return {}, {}
    error = document
    for _ in range(3):
        inner = error.get("error") or error.get("errors") or error.get("detail")
        if isinstance(inner, list):
            inner = inner[0] if inner else None
        if not isinstance(inner, dict):
            break
        error = inner
    # Gateways use the outer type "error", which carries no information.
    if error is document and error.get("type") == "error":
        error = {name: value for name, value in error.items() if name != "type"}
    return document, error


def _message(document: object, top: Json, error: Json) -> str:
    for holder in (error, top):
        for name in ("message", "msg", "error", "detail", "error_message", "errors"):
            found = holder.get(name)
            if isinstance(found, list) and found:
                found = found[0]
            if isinstance(found, str) and found.strip():
                return found.strip()[:_LONGEST_MESSAGE]
    return document.strip()[:_LONGEST_MESSAGE] if isinstance(document, str) else ""


def _upstream(error: Json) -> str:
    """Returns the upstream's error that a gateway passes on, which is more precise than the gateway's message."""
    return word(member(error, "metadata").get("raw"))[:_LONGEST_MESSAGE]


def _status_within(error: Json) -> int | None:
    for name in ("status_code", "code", "status", "http_code"):
        value = word(error.get(name))
        if value.isascii() and value.isdigit() and 400 <= int(value) <= 599:
            return int(value)
    return None
