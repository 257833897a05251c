"""Errors hold nothing that can't be sent or stored, and let secrets be taken out of all they say."""

import pytest

from ymera_service.sdk import errors
from ymera_service.sdk.errors import FieldViolation, InvalidRequest, ProviderServerError, YmeraError
from ymera_service.sdk.failures import Failure


def test_what_can_not_be_encoded_is_replaced() -> None:
    error = ProviderServerError("caf\udce9 ok", type="\ud800", code="x", param="é")
    assert (error.message, error.type, error.code, error.param) == ("caf? ok", "?", "x", "é")
    assert str(error).encode()


def test_redaction_reaches_everything_that_is_shown() -> None:
    def redact(text: str) -> str:
        return text.replace("key", "-")

    failed = ProviderServerError("key", type="key", code="key", param="key")
    failed.redact(redact)
    assert (failed.message, str(failed), failed.type, failed.code, failed.param) == ("-",) * 5
    invalid = InvalidRequest([FieldViolation("prompt", "holds a key"), FieldViolation("prompt", "another key")])
    invalid.redact(redact)
    assert [violation.description for violation in invalid.violations] == ["holds a -", "another -"]


@pytest.mark.parametrize(
    "error",
    [
        errors.RateLimited("slow down", retry_after=2.0),
        errors.DeadlineExceeded("late"),
        errors.NoEligibleModel("none", metadata={"denied": "3"}),
        InvalidRequest([FieldViolation("prompt", "is empty")]),
    ],
    ids=type,
)
def test_an_error_is_rebuilt_from_its_data(error: YmeraError) -> None:
    rebuilt = Failure.of(error).as_error()
    assert type(rebuilt) is type(error)
    assert (rebuilt.metadata, rebuilt.retry_after) == (error.metadata, error.retry_after)
    assert rebuilt.message.endswith(error.message)


def test_an_error_of_an_unknown_kind_becomes_an_internal_one() -> None:
    assert isinstance(Failure("FROM_THE_FUTURE", "what").as_error(), errors.InternalError)
