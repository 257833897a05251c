"""What went wrong, in words and for programs."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2 as details  # type: ignore[import-untyped]  # ships no types
from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]  # ships no types
from ymera.v1.errors_pb2 import Error

from ymera_service.cli.render.figures import duration

FAILED = 1
WRONG = 2
"""The exit code where the command line, the configuration or the request is wrong."""

_STATUS_KEY = "grpc-status-details-bin"
_NOBODY_THERE = "Start one with `ymera serve`, or leave out --address and YMERA_ADDRESS to use none."
_UNTRUSTED = "Let the variable GRPC_DEFAULT_SSL_ROOTS_FILE_PATH name a PEM file of the authorities to trust."
_REMEDIES = {
    "MODEL_NOT_FOUND": "`ymera models` lists the models that there are.",
    "SUITE_NOT_FOUND": "`ymera plugins` lists the benchmark suites that there are.",
    "EXECUTION_NOT_FOUND": "`ymera ask` prints a request's id at the end of its last line.",
    "NO_ELIGIBLE_MODEL": "`ymera route` with fewer constraints shows what each model would bring.",
    "PROVIDER_AUTHENTICATION": "Check the provider's key in the server's environment or configuration.",
}


@dataclass(frozen=True, slots=True)
class Failure:
    """What went wrong. `notes` are further lines for people: each fault, and the remedy."""

    message: str
    notes: tuple[str, ...] = ()
    reason: str = ""
    request_id: str = ""
    exit_code: int = FAILED
    facts: dict[str, Any] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """Returns it for programs."""
        known = {"reason": self.reason, "request_id": self.request_id, **self.facts}
        return {"error": {"message": self.message, **{name: value for name, value in known.items() if value}}}


class CommandFailed(Exception):
    """A command can't go on, for a reason that its user can understand."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def wrong(message: str, *notes: str) -> CommandFailed:
    """Returns the error of a command that was given something wrong."""
    return CommandFailed(Failure(message, notes, exit_code=WRONG))


def of_rpc(error: grpc.aio.AioRpcError, server: str) -> Failure:
    """Returns what a failed call says, with the `google.rpc` details that came with it."""
    status = _rich_status(error)
    if status is None:
        return _bare(error, server)
    info, bad_request, retry, request = (
        _detail(status, kind)
        for kind in (details.ErrorInfo, details.BadRequest, details.RetryInfo, details.RequestInfo)
    )
    assert isinstance(info, details.ErrorInfo)
    assert isinstance(bad_request, details.BadRequest)
    assert isinstance(retry, details.RetryInfo)
    assert isinstance(request, details.RequestInfo)
    violations = [{"field": one.field, "description": one.description} for one in bad_request.field_violations]
    faults = [f"{one['field']}: {one['description']}" for one in violations] if len(violations) > 1 else []
    return Failure(
        status.message,
        (*faults, *_remedies(info.reason, retry.retry_delay if retry.HasField("retry_delay") else None)),
        info.reason,
        request.request_id,
        WRONG if info.reason == "INVALID_REQUEST" else FAILED,
        {"code": error.code().name, "metadata": dict(info.metadata), "field_violations": violations},
    )


def of_event(error: Error, request_id: str) -> Failure:
    """Returns what the terminal event of a stream says."""
    delay = error.retry_after if error.HasField("retry_after") else None
    facts = {"metadata": dict(error.metadata)}
    return Failure(error.message, tuple(_remedies(error.reason, delay)), error.reason, request_id, facts=facts)


def _remedies(reason: str, delay: Duration | None) -> Iterator[str]:
    if delay is not None:
        yield f"Try again in {duration(delay)}."
    if remedy := _REMEDIES.get(reason):
        yield remedy


def _rich_status(error: grpc.aio.AioRpcError) -> Status | None:
    for key, value in error.trailing_metadata() or ():
        if key == _STATUS_KEY and isinstance(value, bytes):
            try:
                return Status.FromString(value)
            except DecodeError:
                return None
    return None


def _detail(status: Status, kind: type[Any]) -> Any:
    detail = kind()
    for packed in status.details:
        if packed.Unpack(detail):
            return detail
    return detail


def _bare(error: grpc.aio.AioRpcError, server: str) -> Failure:
    """Returns what a status without details means: it comes from grpc itself or from something in between."""
    words = error.details() or error.code().name
    facts = {"code": error.code().name}
    match error.code():
        case grpc.StatusCode.UNAVAILABLE:
            remedy = _UNTRUSTED if "CERTIFICATE_VERIFY_FAILED" in words else _NOBODY_THERE
            return Failure(f"no server can be reached at {server}", (words, remedy), facts=facts)
        case grpc.StatusCode.DEADLINE_EXCEEDED:
            return Failure("the answer took longer than --timeout allows", facts=facts)
        case grpc.StatusCode.UNIMPLEMENTED:
            return Failure(f"the server at {server} does not know this call", (words,), facts=facts)
        case _:
            return Failure(f"the call failed: {words}", facts=facts)
