"""The meaning of Bedrock's errors, of responses and within streams.

See https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ymera_service.sdk.errors import (
    AuthenticationFailed,
    ContextTooLong,
    NotFound,
    ProviderError,
    ProviderOverloaded,
    ProviderServerError,
    ProviderTimeout,
    QuotaExhausted,
    RateLimited,
)
from ymera_service.sdk.http import HttpResponse
from ymera_service.sdk.targets import Scope
from ymera_service.sdk.wire.body import plain_text
from ymera_service.sdk.wire.error_reader import ErrorReader, Kind
from ymera_service.sdk.wire.json_reader import Json, count, read_json, text

_BY_TYPE: Mapping[str, Kind] = {
    "ExpiredToken": AuthenticationFailed,
    "ExpiredTokenException": AuthenticationFailed,
    "IncompleteSignatureException": AuthenticationFailed,
    "InternalServerException": ProviderServerError,
    "InvalidClientTokenId": AuthenticationFailed,
    "InvalidSignatureException": AuthenticationFailed,
    "MissingAuthenticationTokenException": AuthenticationFailed,
    "ModelErrorException": ProviderServerError,
    "ModelNotReadyException": ProviderOverloaded,
    "ModelStreamErrorException": ProviderServerError,
    "ModelTimeoutException": ProviderTimeout,
    "ResourceNotFoundException": NotFound,
    "ServiceQuotaExceededException": QuotaExhausted,
    "ServiceUnavailableException": ProviderOverloaded,
    "SignatureDoesNotMatch": AuthenticationFailed,
    "ThrottlingException": RateLimited,
    "UnknownOperationException": NotFound,
    "UnrecognizedClientException": AuthenticationFailed,
}
"""Types that decide the meaning. For the others, such as `ValidationException`, text and status decide."""

_PASSED_ON = frozenset({"ModelErrorException", "ModelStreamErrorException"})
"""Types that pass an error of the model's own server on, whose status is then more precise."""
_OF_ORIGINAL: Mapping[int, Kind] = {408: ProviderTimeout, 429: RateLimited, 503: ProviderOverloaded}

_WORDINGS: tuple[tuple[re.Pattern[str], tuple[int | None, ...], Kind], ...] = (
    (
        re.compile(r"model identifier is invalid|could not resolve the foundation model|end of its life"),
        (None, 400, 404),
        NotFound,
    ),
    (
        re.compile(r"input tokens exceed|input is too long|expected maxlength|prompt is too long"),
        (None, 400),
        ContextTooLong,
    ),
    (re.compile(r"api key is valid|bearer token|security token"), (400, 403), AuthenticationFailed),
)
"""In order, with the statuses that the wording overrides; None means an error within a stream."""
_PER_DAY = re.compile(r"per day|daily")


class BedrockErrors(ErrorReader):
    """Reads the type in a header or in the event, which is not in the body."""

    def of_response(self, response: HttpResponse, now: datetime | None = None) -> ProviderError:
        """See `ErrorReader.of_response`."""
        body = _body_of(response.body)
        named = response.headers.get("x-amzn-errortype", "") or text(body, "__type")
        type_ = named.partition(":")[0].rpartition("#")[2]
        return self._typed(type_, body, response.status, response.headers, now)

    def of_exception(self, type: str, payload: bytes) -> ProviderError:
        """Returns the error that a stream ends with; its `type` begins with a small letter."""
        return self._typed(type[:1].upper() + type[1:], _body_of(payload))

    def _typed(
        self,
        type_: str,
        body: Json,
        status: int | None = None,
        headers: Mapping[str, str] = {},  # never changed
        now: datetime | None = None,
    ) -> ProviderError:
        message = text(body, "message") or text(body, "Message")
        document: dict[str, Any] = {**body, "type": type_} | ({"message": message} if message else {})
        error = self.of_document(document, status, headers, now)
        kind, scope = _kind_of(type_, error, count(body, "originalStatusCode"))
        return kind(
            error.message,
            status=error.status,
            type=error.type,
            code=error.code,
            param=error.param,
            retry_after=error.retry_after,
            scope=scope,
        )


def _kind_of(type_: str, error: ProviderError, original: int | None) -> tuple[Kind, Scope | None]:
    words = error.message.lower()
    if type_ in _PASSED_ON:
        return _OF_ORIGINAL.get(original or 0, type(error)), None
    if type_ == "ServiceQuotaExceededException" or (isinstance(error, RateLimited) and _PER_DAY.search(words)):
        return QuotaExhausted, Scope.TARGET  # quotas are counted for each model, and no wait of seconds helps
    if type_ in _BY_TYPE:
        return type(error), None
    fitting = (kind for pattern, statuses, kind in _WORDINGS if error.status in statuses and pattern.search(words))
    return next(fitting, type(error)), None


def _body_of(body: bytes) -> Json:
    """Returns the object of a body; any other body becomes its message."""
    try:
        found = read_json(body)
    except ProviderError:
        found = plain_text(body)
    if isinstance(found, list):
        found = found[0] if found else None
    if isinstance(found, dict):
        return found
    return {"message": found} if isinstance(found, str) else {}


ERRORS = BedrockErrors({}, _BY_TYPE)
