"""Errors hold nothing that can't be sent or stored, and let secrets be taken out of all they say."""

from ymera_service.sdk.errors import FieldViolation, InvalidRequest, ProviderServerError


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
