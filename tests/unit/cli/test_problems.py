"""Failures as text and as JSON."""

import grpc
import pytest
from google.protobuf.any_pb2 import Any
from google.protobuf.duration_pb2 import Duration
from google.rpc import error_details_pb2 as details  # type: ignore[import-untyped]  # ships no types
from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]
from ymera.v1.errors_pb2 import Error

from ymera_service.cli.problems import FAILED, WRONG, of_event, of_rpc

BAD = details.BadRequest(
    field_violations=[
        details.BadRequest.FieldViolation(field="prompt.messages", description="holds none; give one"),
        details.BadRequest.FieldViolation(field="prompt.sampling.top_p", description="is 2; at most 1"),
    ]
)


def failed(code: grpc.StatusCode, text: str, *packed: object, raw: bytes | None = None) -> grpc.aio.AioRpcError:
    status = Status(code=code.value[0], message=text)
    for one in packed:
        detail = Any()
        detail.Pack(one)  # type: ignore[arg-type]
        status.details.append(detail)
    data = status.SerializeToString() if raw is None else raw
    trailing = grpc.aio.Metadata(("grpc-status-details-bin", data)) if packed or raw else grpc.aio.Metadata()
    return grpc.aio.AioRpcError(code, grpc.aio.Metadata(), trailing, details=text)


def test_every_invalid_field_is_listed() -> None:
    info = details.ErrorInfo(reason="INVALID_REQUEST", domain="ymera", metadata={"field": "prompt.messages"})
    request = details.RequestInfo(request_id="r-1")
    problem = of_rpc(failed(grpc.StatusCode.INVALID_ARGUMENT, "two faults", info, BAD, request), "here")
    assert problem.notes == ("prompt.messages: holds none; give one", "prompt.sampling.top_p: is 2; at most 1")
    assert problem.exit_code == WRONG
    assert problem.document() == {
        "error": {
            "message": "two faults",
            "reason": "INVALID_REQUEST",
            "request_id": "r-1",
            "code": "INVALID_ARGUMENT",
            "metadata": {"field": "prompt.messages"},
            "field_violations": [
                {"field": "prompt.messages", "description": "holds none; give one"},
                {"field": "prompt.sampling.top_p", "description": "is 2; at most 1"},
            ],
        }
    }


@pytest.mark.parametrize(
    ("model", "remedy", "notes"),
    [
        ("gpt-5", "ListModels returns the models on offer", ["Set OPENAI_API_KEY for the server"]),
        ("anthropic/*", "ListModels returns the models on offer", ["Set ANTHROPIC_API_KEY for the server"]),
        ("command-a-03-2025", "ListModels returns the models on offer", ["Set COHERE_API_KEY for the server"]),
        ("us.amazon.nova-9", "ListModels returns the models on offer", ["Set AWS_BEARER_TOKEN_BEDROCK for the server"]),
        (
            "ollama/qwen3",
            "ListModels returns the models on offer",
            ["Start Ollama, and pull the model there with `ollama pull`."],
        ),
        ("echo/word", "did you mean echo/words?", []),
    ],
)
def test_an_unknown_model_is_reported_in_the_words_of_a_person(model: str, remedy: str, notes: list[str]) -> None:
    field = "preferences.allow_models[0]"
    info = details.ErrorInfo(reason="MODEL_NOT_FOUND", domain="ymera", metadata={"field": field, "model": model})
    text = f"{field}: no model has the name '{model}'; {remedy}"
    problem = of_rpc(failed(grpc.StatusCode.NOT_FOUND, text, info), "here")
    suggestion = f"; {remedy}" if "did you mean" in remedy else ""
    assert problem.message == f"no model is named '{model}'{suggestion}"
    assert [note.partition(" to use")[0] for note in problem.notes[:-1]] == notes


def test_when_to_try_again_and_what_to_do_is_reported() -> None:
    retry = details.RetryInfo(retry_delay=Duration(seconds=2))
    info = details.ErrorInfo(reason="MODEL_NOT_FOUND", domain="ymera")
    problem = of_rpc(failed(grpc.StatusCode.NOT_FOUND, "no such model", info, retry), "here")
    assert problem.notes == ("Try again in 2.00 s.", "`ymera models` lists the models on offer.")
    assert problem.exit_code == FAILED


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (grpc.StatusCode.UNAVAILABLE, "no server is reachable at host:1"),
        (grpc.StatusCode.DEADLINE_EXCEEDED, "the answer took longer than --timeout allows"),
        (grpc.StatusCode.UNIMPLEMENTED, "the server at host:1 does not implement this call"),
        (grpc.StatusCode.INTERNAL, "the call failed: reported"),
    ],
)
@pytest.mark.parametrize("raw", [None, b"\xff\xff"])
def test_a_status_without_details_is_a_connection_problem(
    code: grpc.StatusCode, message: str, raw: bytes | None
) -> None:
    problem = of_rpc(failed(code, "reported", raw=raw), "host:1")
    assert (problem.message, problem.facts) == (message, {"code": code.name})


def test_a_certificate_that_is_not_trusted_is_distinguished_from_an_unreachable_server() -> None:
    text = "Tls handshake failed: CERTIFICATE_VERIFY_FAILED: self signed certificate"
    assert "authorities to trust" in of_rpc(failed(grpc.StatusCode.UNAVAILABLE, text), "host:1").notes[1]
    assert "ymera serve" in of_rpc(failed(grpc.StatusCode.UNAVAILABLE, "refused"), "host:1").notes[1]


def test_a_streams_last_event_reports_the_same() -> None:
    error = Error(
        reason="PROVIDER_AUTHENTICATION",
        message="no such key",
        metadata={"model": "a/b"},
        retry_after=Duration(seconds=2),
    )
    problem = of_event(error, "r-1")
    assert problem.notes[0] == "Try again in 2.00 s."
    assert "provider's key" in problem.notes[1]
    assert (problem.message, problem.request_id, problem.exit_code) == ("no such key", "r-1", FAILED)
