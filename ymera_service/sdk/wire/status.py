"""From what a provider tells of a failure to an error: the statuses of HTTP, and a vendor's own words as data."""

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
from ymera_service.sdk.wire.body import plain_text
from ymera_service.sdk.wire.json_reader import read_json
from ymera_service.sdk.wire.retry_after import rate_limit_reset

Kind = type[ProviderError]

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

NO_HEADERS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ErrorReport:
    """What a provider tells of a failure; empty where it does not."""

    message: str = ""
    status: int | None = None
    type: str = ""
    code: str = ""
    param: str = ""
    retry_after: float | None = None
    """Seconds."""

    def error(self, kind: Kind, headers: Mapping[str, str] = NO_HEADERS, now: datetime | None = None) -> ProviderError:
        """Returns the report as an error of a kind; a rate limit lasts until its reset where nothing else is told."""
        wait = self.retry_after
        if wait is None and kind is RateLimited:
            wait = rate_limit_reset(headers, now)
        return kind(
            self.message or self.type or (f"status {self.status}" if self.status else "the provider failed"),
            status=self.status,
            type=self.type or None,
            code=self.code or None,
            param=self.param or None,
            retry_after=wait,
        )


@dataclass(frozen=True, slots=True)
class ErrorTable:
    """Which error a failure is: a vendor's own codes, types and statuses, before the statuses of HTTP."""

    by_code: Mapping[str, Kind] = field(default_factory=dict)
    by_type: Mapping[str, Kind] = field(default_factory=dict)
    by_status: Mapping[int, Kind] = field(default_factory=dict)

    def named(self, report: ErrorReport) -> Kind | None:
        """Returns the kind that the code means, or else the type; `None` where neither is known."""
        return self.by_code.get(report.code) or self.by_type.get(report.type)

    def of_status(self, status: int, default: Kind | None = None) -> Kind:
        """Returns the kind that a status means; `default` stands for one that says no more than 4xx or 5xx."""
        default = default or (InvalidProviderRequest if status < 500 else ProviderServerError)
        return self.by_status.get(status) or _BY_STATUS.get(status, default)


def error_document(body: bytes) -> Any:
    """Returns what the body of a failed response says: its JSON, or the words of any other body. Never raises."""
    try:
        return read_json(body)
    except ProviderError:
        return plain_text(body)
