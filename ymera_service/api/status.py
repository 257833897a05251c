"""Errors → gRPC statuses with `google.rpc` details, as AIP-193 asks."""

import grpc
from google.protobuf.any_pb2 import Any
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc import error_details_pb2 as details  # type: ignore[import-untyped]  # ships no py.typed
from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]  # as above

from ymera_service.sdk import errors
from ymera_service.sdk.errors import FieldViolation, InvalidRequest, ProviderError, YmeraError

DOMAIN = "ymera"
DETAILS_KEY = "grpc-status-details-bin"

MAX_MESSAGE_BYTES = 512
"""Of a status message, in UTF-8; on the wire a byte may take three. Clients refuse metadata above 8 KiB in all."""
MAX_VIOLATION_BYTES = 2048
MAX_METADATA_BYTES = 256
"""Of one value in an ErrorInfo's metadata."""

STATUS: dict[type[YmeraError], grpc.StatusCode] = {
    errors.InvalidRequest: grpc.StatusCode.INVALID_ARGUMENT,
    errors.Unauthenticated: grpc.StatusCode.UNAUTHENTICATED,
    errors.NotAdministrator: grpc.StatusCode.PERMISSION_DENIED,
    errors.KeyNotFound: grpc.StatusCode.NOT_FOUND,
    errors.CallerRateLimited: grpc.StatusCode.RESOURCE_EXHAUSTED,
    errors.CallerBudgetSpent: grpc.StatusCode.RESOURCE_EXHAUSTED,
    errors.ModelNotPermitted: grpc.StatusCode.PERMISSION_DENIED,
    errors.RequestTooLarge: grpc.StatusCode.RESOURCE_EXHAUSTED,
    errors.ModelNotFound: grpc.StatusCode.NOT_FOUND,
    errors.SuiteNotFound: grpc.StatusCode.NOT_FOUND,
    errors.ExecutionNotFound: grpc.StatusCode.NOT_FOUND,
    errors.ExperimentNotFound: grpc.StatusCode.NOT_FOUND,
    errors.BenchmarkRunNotFound: grpc.StatusCode.NOT_FOUND,
    errors.BenchmarkRunUnderWay: grpc.StatusCode.FAILED_PRECONDITION,
    errors.NoEligibleModel: grpc.StatusCode.FAILED_PRECONDITION,
    errors.NoHealthyModel: grpc.StatusCode.UNAVAILABLE,
    errors.Overloaded: grpc.StatusCode.RESOURCE_EXHAUSTED,
    errors.ShuttingDown: grpc.StatusCode.UNAVAILABLE,
    errors.DeadlineExceeded: grpc.StatusCode.DEADLINE_EXCEEDED,
    errors.Cancelled: grpc.StatusCode.CANCELLED,
    errors.StorageUnavailable: grpc.StatusCode.UNAVAILABLE,
    errors.RecordingUnavailable: grpc.StatusCode.UNAVAILABLE,
    errors.UsageNotSummed: grpc.StatusCode.UNAVAILABLE,
    errors.VaultLocked: grpc.StatusCode.FAILED_PRECONDITION,
    errors.OutcomeUnknown: grpc.StatusCode.FAILED_PRECONDITION,
    errors.InternalError: grpc.StatusCode.INTERNAL,
    # The server's key failed, not the caller's: UNAUTHENTICATED would send the caller to its own credentials.
    errors.AuthenticationFailed: grpc.StatusCode.FAILED_PRECONDITION,
    errors.PermissionDenied: grpc.StatusCode.FAILED_PRECONDITION,
    errors.NotFound: grpc.StatusCode.NOT_FOUND,
    errors.InvalidProviderRequest: grpc.StatusCode.INVALID_ARGUMENT,
    errors.ContextTooLong: grpc.StatusCode.INVALID_ARGUMENT,
    errors.ContentFiltered: grpc.StatusCode.INVALID_ARGUMENT,
    errors.RateLimited: grpc.StatusCode.RESOURCE_EXHAUSTED,
    errors.QuotaExhausted: grpc.StatusCode.RESOURCE_EXHAUSTED,
    errors.ProviderOverloaded: grpc.StatusCode.UNAVAILABLE,
    errors.ProviderServerError: grpc.StatusCode.UNAVAILABLE,
    errors.ProviderTimeout: grpc.StatusCode.DEADLINE_EXCEEDED,
    errors.ConnectionFailed: grpc.StatusCode.UNAVAILABLE,
    errors.MalformedResponse: grpc.StatusCode.UNAVAILABLE,
    errors.StreamInterrupted: grpc.StatusCode.UNAVAILABLE,
}
"""Every leaf of the tree of errors."""

_QUOTAS = {
    errors.CallerRateLimited: "requests of the caller per minute",
    errors.CallerBudgetSpent: "spending of the caller",
    errors.Overloaded: "requests at a time",
    errors.RateLimited: "requests or tokens per time at the provider",
    errors.QuotaExhausted: "credit at the provider",
}
_PROVIDER_FACTS = ("status", "type", "code", "param")


def status_code(error: YmeraError) -> grpc.StatusCode:
    """Returns the status of an error; a plugin's own subclass has that of the leaf it derives from."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), grpc.StatusCode.INTERNAL)


def rich_status(error: YmeraError, request_id: str) -> Status:
    """Returns the status of an error with everything that is known of it."""
    packed = [_pack(detail) for detail in _details(error, request_id)]
    number: int = status_code(error).value[0]
    return Status(code=number, message=_cut(error.message, MAX_MESSAGE_BYTES), details=packed)


def _cut(text: str, size: int) -> str:
    """Returns what fits of a text into this many bytes; half of a surrogate pair becomes "?"."""
    return text[:size].encode(errors="replace")[:size].decode(errors="ignore")


def _pack(detail: Message) -> Any:
    return Any(type_url=f"type.googleapis.com/{detail.DESCRIPTOR.full_name}", value=detail.SerializeToString())


def _details(error: YmeraError, request_id: str) -> list[Message]:
    found: list[Message] = [details.ErrorInfo(reason=error.reason, domain=DOMAIN, metadata=_metadata(error))]
    if isinstance(error, InvalidRequest):
        found.append(_bad_request(error.violations))
    if error.retry_after is not None:
        delay = Duration()
        delay.FromNanoseconds(round(error.retry_after * 1e9))
        found.append(details.RetryInfo(retry_delay=delay))
    if subject := next((text for kind, text in _QUOTAS.items() if isinstance(error, kind)), ""):
        violation = details.QuotaFailure.Violation(subject=subject, description=_cut(error.message, MAX_MESSAGE_BYTES))
        found.append(details.QuotaFailure(violations=[violation]))
    found.append(details.RequestInfo(request_id=request_id))
    return found


def _metadata(error: YmeraError) -> dict[str, str]:
    facts = {key: _cut(str(value), MAX_METADATA_BYTES) for key, value in error.metadata.items()}
    if isinstance(error, InvalidRequest):
        facts["violations"] = str(len(error.violations))
    if isinstance(error, ProviderError):
        given = {f"provider_{name}": getattr(error, name) for name in _PROVIDER_FACTS}
        facts.update({name: _cut(str(value), MAX_METADATA_BYTES) for name, value in given.items() if value is not None})
    return facts


def _bad_request(violations: tuple[FieldViolation, ...]) -> details.BadRequest:
    """Lists the violations, as many as fit: ErrorInfo says how many there are in all."""
    request = details.BadRequest()
    for violation in violations:
        request.field_violations.add(field=violation.field, description=_cut(violation.description, MAX_MESSAGE_BYTES))
        if request.ByteSize() > MAX_VIOLATION_BYTES:
            del request.field_violations[-1]
            break
    return request
