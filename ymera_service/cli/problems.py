"""Describes what went wrong, as text for people and as JSON for programs."""

import re
from collections.abc import Iterator, Mapping
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
"""The exit code if the command line, the configuration or the request is wrong."""

_STATUS_KEY = "grpc-status-details-bin"
_UNREACHABLE = "Start one with `ymera serve`, or omit --address and YMERA_ADDRESS to start a temporary server."
_UNTRUSTED = "Set the variable YMERA_TLS_CA to a PEM file of the authorities to trust."
_NO_TLS = "Write its address without https://, if what is sent may be read on the way."
_TLS = "If it uses TLS, write its address as https://{}."
_CLIENT = "If it asks for client certificates, set YMERA_TLS_CERTIFICATE and YMERA_TLS_KEY to PEM files."
REMEDIES = {
    "MODEL_NOT_FOUND": "`ymera models` lists the models on offer.",
    "SUITE_NOT_FOUND": "`ymera plugins` lists the benchmark suites.",
    "EXPERIMENT_NOT_FOUND": "`ymera experiments list` lists those that the server is configured with.",
    "EXECUTION_NOT_FOUND": "`ymera history` lists the latest requests with their ids.",
    "NO_ELIGIBLE_MODEL": "`ymera route` with fewer constraints shows the candidates and their scores.",
    "MODEL_NOT_PERMITTED": "`ymera route` without a model shows those that your key may use.",
    "NOT_ADMINISTRATOR": "Use the key of an administrator, or call without --address on the server's machine.",
    "KEY_NOT_FOUND": "`ymera keys list` lists the keys.",
    "VAULT_LOCKED": "`ymera keys master-key` makes a master key; set it as YMERA_VAULT__MASTER_KEY for the server.",
    "UNAUTHENTICATED": "Set the variable YMERA_API_KEY, or --api-key-file; `ymera callers add` makes a key.",
    "PROVIDER_AUTHENTICATION": "Check the provider's key in the server's environment or configuration.",
}
_NONE_LIKE_IT = "; ListModels returns the models on offer"
_VARIABLES = {
    r"openai/|gpt-|o\d|chatgpt": "OPENAI_API_KEY",
    r"anthropic/|claude": "ANTHROPIC_API_KEY",
    r"gemini/|google/|gemini-|gemma": "GEMINI_API_KEY",
    r"mistral/|mistral-|ministral|codestral": "MISTRAL_API_KEY",
    r"deepseek": "DEEPSEEK_API_KEY",
    r"xai/|grok": "XAI_API_KEY",
    r"groq/": "GROQ_API_KEY",
    r"cohere/|command-|embed-v|rerank-v": "COHERE_API_KEY",
    r"bedrock/|([a-z]+\.)?(amazon|anthropic)\.": "AWS_BEARER_TOKEN_BEDROCK",
    r"voyage": "VOYAGE_API_KEY",
    r"jina": "JINA_API_KEY",
    r"openrouter/": "OPENROUTER_API_KEY",
}
"""The variable with which the models of a vendor are offered, by what their names begin with."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What went wrong. `notes` are further lines for people: the single faults, and the remedy."""

    message: str
    notes: tuple[str, ...] = ()
    reason: str = ""
    request_id: str = ""
    exit_code: int = FAILED
    facts: dict[str, Any] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """Returns the problem as a JSON document."""
        known = {"reason": self.reason, "request_id": self.request_id, **self.facts}
        return {"error": {"message": self.message, **{name: value for name, value in known.items() if value}}}


class CommandFailed(Exception):
    """A command failed for a reason that can be shown to its user."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def wrong(message: str, *notes: str) -> CommandFailed:
    """Returns the error of a command with wrong input."""
    return CommandFailed(Problem(message, notes, exit_code=WRONG))


def of_rpc(error: grpc.aio.AioRpcError, server: str) -> Problem:
    """Returns the problem that a failed call reports, including its `google.rpc` details."""
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
    delay = retry.retry_delay if retry.HasField("retry_delay") else None
    return Problem(
        _in_words(status.message, info.reason, info.metadata),
        (*faults, *_key_of(status.message, info.metadata), *_remedies(info.reason, delay)),
        info.reason,
        request.request_id,
        WRONG if info.reason == "INVALID_REQUEST" else FAILED,
        {"code": error.code().name, "metadata": dict(info.metadata), "field_violations": violations},
    )


def of_event(error: Error, request_id: str) -> Problem:
    """Returns the problem that the terminal event of a stream reports."""
    delay = error.retry_after if error.HasField("retry_after") else None
    facts = {"metadata": dict(error.metadata)}
    return Problem(error.message, tuple(_remedies(error.reason, delay)), error.reason, request_id, facts=facts)


def _in_words(message: str, reason: str, metadata: Mapping[str, str]) -> str:
    """Returns the message of an unknown model without what only programs know: the field, and the call that lists."""
    if reason != "MODEL_NOT_FOUND":
        return message
    words = message.removeprefix(f"{metadata.get('field', '')}: ").removesuffix(_NONE_LIKE_IT)
    return words.replace("no model has the name", "no model is named", 1)


def _key_of(message: str, metadata: Mapping[str, str]) -> Iterator[str]:
    if message.endswith(_NONE_LIKE_IT):
        for beginning, variable in _VARIABLES.items():
            if re.match(beginning, metadata.get("model", "")):
                yield f"Set {variable} for the server to use models of this vendor."
        if metadata.get("model", "").startswith("ollama/"):
            yield "Start Ollama, and pull the model there with `ollama pull`."


def _remedies(reason: str, delay: Duration | None) -> Iterator[str]:
    if delay is not None:
        yield f"Try again in {duration(delay)}."
    if remedy := REMEDIES.get(reason):
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


def _bare(error: grpc.aio.AioRpcError, server: str) -> Problem:
    """Returns the problem of a status without details, which comes from the gRPC library or from a proxy."""
    words = error.details() or error.code().name
    facts = {"code": error.code().name}
    match error.code():
        case grpc.StatusCode.UNAVAILABLE:
            message, remedy = _unavailable(words, server)
            return Problem(message, (words, remedy), facts=facts)
        case grpc.StatusCode.DEADLINE_EXCEEDED:
            return Problem("the answer took longer than --timeout allows", facts=facts)
        case grpc.StatusCode.UNIMPLEMENTED:
            return Problem(f"the server at {server} does not implement this call", (words,), facts=facts)
        case _:
            return Problem(f"the call failed: {words}", facts=facts)


def _unavailable(words: str, server: str) -> tuple[str, str]:
    """Returns what kept a connection from being made, and the remedy."""
    if "CERTIFICATE_VERIFY_FAILED" in words:
        return f"the certificate of {server} is not trusted", _UNTRUSTED
    if "WRONG_VERSION_NUMBER" in words:
        return f"the server at {server.removeprefix('https://')} does not use TLS", _NO_TLS
    if "Socket closed" in words:
        remedy = _CLIENT if server.startswith("https://") else _TLS.format(server)
        return f"the server at {server} closed the connection", remedy
    return f"no server is reachable at {server}", _UNREACHABLE
