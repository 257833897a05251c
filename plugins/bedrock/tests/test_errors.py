"""What Bedrock's errors mean, in responses and within streams."""

from typing import Any

import orjson
import pytest
from ymera_bedrock.decoder import ConverseDecoder
from ymera_bedrock.errors import ERRORS

from ymera_service.sdk import errors
from ymera_service.sdk.errors import ProviderError
from ymera_service.sdk.http import HttpResponse
from ymera_service.sdk.targets import Scope

from .frames import exception, frame

CORAL = ":http://internal.amazon.com/coral/com.amazon.bedrock/"


def of(status: int, type: str = "", message: str = "", **headers: str) -> ProviderError:
    named = {"x-amzn-errortype": type} if type else {}
    return ERRORS.of_response(HttpResponse(status, named | headers, orjson.dumps({"message": message})))


@pytest.mark.parametrize(
    ("status", "type", "message", "kind"),
    [
        (400, "ValidationException", "Malformed input request", errors.InvalidProviderRequest),
        (400, "ValidationException", "The provided model identifier is invalid.", errors.NotFound),
        (400, "ValidationException", "Input is too long for requested model.", errors.ContextTooLong),
        (400, "ValidationException", "prompt is too long: 210000 tokens > 200000 maximum", errors.ContextTooLong),
        (400, "ServiceQuotaExceededException", "Your request exceeds the quota", errors.QuotaExhausted),
        (
            403,
            "AccessDeniedException",
            "You don't have access to the model with the specified model ID.",
            errors.PermissionDenied,
        ),
        (
            403,
            "AccessDeniedException",
            "Authentication failed: Please make sure your API Key is valid.",
            errors.AuthenticationFailed,
        ),
        (403, "AccessDeniedException", "Bearer Token has expired", errors.AuthenticationFailed),
        (403, "UnrecognizedClientException", "The security token is invalid.", errors.AuthenticationFailed),
        (403, "InvalidSignatureException", "Signature expired: 2015", errors.AuthenticationFailed),
        (403, "ExpiredTokenException", "", errors.AuthenticationFailed),
        (404, "ResourceNotFoundException", "Access denied. This Model is marked as Legacy", errors.NotFound),
        (404, "UnknownOperationException", "", errors.NotFound),
        (408, "ModelTimeoutException", "", errors.ProviderTimeout),
        (424, "ModelErrorException", "The model failed", errors.ProviderServerError),
        (429, "ThrottlingException", "Too many requests, please wait before trying again.", errors.RateLimited),
        (
            429,
            "ThrottlingException",
            "Too many tokens per day, please wait before trying again.",
            errors.QuotaExhausted,
        ),
        (429, "ModelNotReadyException", "Model is not ready for inference.", errors.ProviderOverloaded),
        (500, "InternalServerException", "", errors.ProviderServerError),
        (503, "ServiceUnavailableException", "Bedrock is unable to process your request.", errors.ProviderOverloaded),
    ],
)
def test_each_type_has_its_meaning(status: int, type: str, message: str, kind: type[ProviderError]) -> None:
    error = of(status, type + CORAL, message)
    assert (error.__class__, error.status, error.type) == (kind, status, type)
    assert error.message == (message or type)


def test_a_quota_of_a_day_pauses_that_model_alone() -> None:
    assert of(429, "ThrottlingException", "Too many tokens per day").scope is Scope.TARGET
    assert of(429, "ThrottlingException", "Too many requests", **{"retry-after": "3"}).retry_after == 3


@pytest.mark.parametrize(
    ("body", "kind", "type"),
    [
        (
            b'{"__type": "com.amazon.coral.service#ThrottlingException", "message": "slow"}',
            errors.RateLimited,
            "ThrottlingException",
        ),
        (b'{"__type": "ThrottlingException"}', errors.RateLimited, "ThrottlingException"),
        (b'{"Message": "User is not authorized"}', errors.PermissionDenied, None),
        (b"", errors.PermissionDenied, None),
        (b"[7]", errors.PermissionDenied, None),
        (b"<html><title>Forbidden</title></html>", errors.PermissionDenied, None),
    ],
)
def test_a_type_in_the_body_counts_and_any_body_is_read(
    body: bytes, kind: type[ProviderError], type: str | None
) -> None:
    error = ERRORS.of_response(HttpResponse(403, {}, body))
    assert (error.__class__, error.type) == (kind, type)
    assert error.message


def in_stream(frames: bytes) -> ProviderError:
    [error] = ConverseDecoder().feed(frames)
    assert isinstance(error, ProviderError)
    return error


@pytest.mark.parametrize(
    ("type", "document", "kind"),
    [
        ("internalServerException", {"message": "no"}, errors.ProviderServerError),
        ("modelStreamErrorException", {"message": "no"}, errors.ProviderServerError),
        ("modelStreamErrorException", {"message": "no", "originalStatusCode": 429}, errors.RateLimited),
        ("modelStreamErrorException", {"message": "no", "originalStatusCode": 503}, errors.ProviderOverloaded),
        ("modelTimeoutException", {"message": "no"}, errors.ProviderTimeout),
        ("serviceUnavailableException", {"message": "no"}, errors.ProviderOverloaded),
        ("throttlingException", {"message": "no"}, errors.RateLimited),
        ("validationException", {"message": "Input is too long"}, errors.ContextTooLong),
        ("somethingNewException", {"message": "no"}, errors.ProviderServerError),
    ],
)
def test_an_error_within_a_stream_has_its_meaning(type: str, document: Any, kind: type[ProviderError]) -> None:
    error = in_stream(exception(type, document))
    assert isinstance(error, kind)
    assert (error.message, error.type) == (document["message"], type[0].upper() + type[1:])


def test_an_error_without_a_type_is_read_from_its_headers() -> None:
    error = in_stream(frame({":message-type": "error", ":error-code": "500", ":error-message": "It broke."}, b""))
    assert isinstance(error, errors.ProviderServerError)
    assert error.message == "It broke."
