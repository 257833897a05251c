"""Every error has a gRPC status with details."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import grpc
import pytest
from google.rpc import error_details_pb2 as details  # type: ignore[import-untyped]  # ships no py.typed

from ymera_service.api.status import STATUS, rich_status, status_code
from ymera_service.sdk import errors
from ymera_service.sdk.error_texts import LONGEST_MESSAGE
from ymera_service.sdk.errors import (
    FieldViolation,
    InvalidRequest,
    ProviderError,
    RateLimited,
    YmeraError,
)

README = Path(__file__).parents[3] / "protos" / "README.md"


def leaves(kind: type[YmeraError]) -> set[type[YmeraError]]:
    """Returns the error types that the SDK raises: those without a subclass in the SDK."""
    own = [child for child in kind.__subclasses__() if child.__module__ == errors.__name__]
    return {kind} if not own else set().union(*(leaves(child) for child in own))


LEAVES = sorted(leaves(YmeraError), key=lambda kind: kind.__name__)


def test_exactly_the_leaves_have_a_status() -> None:
    assert STATUS.keys() == set(LEAVES)


def test_reasons_are_unique_constants() -> None:
    reasons = [leaf.reason for leaf in LEAVES]
    assert len(set(reasons)) == len(reasons)
    assert all(reason.isupper() and reason.replace("_", "").isalnum() and len(reason) < 64 for reason in reasons)


@pytest.mark.parametrize("leaf", LEAVES)
def test_every_reason_is_documented_with_its_status(leaf: type[YmeraError]) -> None:
    assert f"| `{leaf.reason}` | `{STATUS[leaf].name}` |" in README.read_text(encoding="utf-8")


def test_the_page_lists_only_existing_reasons() -> None:
    rows = [line.split("`")[1] for line in README.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    assert {row for row in rows if row.isupper()} == {leaf.reason for leaf in LEAVES}


def test_a_plugins_own_error_has_the_status_of_its_leaf() -> None:
    class Throttled(RateLimited):
        reason = "THROTTLED"

    assert status_code(Throttled("slow down")) is grpc.StatusCode.RESOURCE_EXHAUSTED


def test_an_error_from_outside_the_tree_is_internal() -> None:
    class Odd(YmeraError):
        reason = "ODD"

    assert status_code(Odd("odd")) is grpc.StatusCode.INTERNAL


def unpacked(error: YmeraError) -> dict[str, Any]:
    status = rich_status(error, "0190")
    found = {}
    for packed in status.details:
        name = packed.type_url.rpartition(".")[2]
        found[name] = getattr(details, name)()
        assert packed.Unpack(found[name])
    return found


@pytest.mark.parametrize("leaf", LEAVES)
def test_every_error_carries_reason_domain_and_request(leaf: type[YmeraError]) -> None:
    error = InvalidRequest([FieldViolation("a", "b")]) if leaf is InvalidRequest else leaf("what happened")
    found = unpacked(error)
    assert (found["ErrorInfo"].reason, found["ErrorInfo"].domain) == (leaf.reason, "ymera")
    assert found["RequestInfo"].request_id == "0190"
    assert ("QuotaFailure" in found) == (
        status_code(error) is grpc.StatusCode.RESOURCE_EXHAUSTED and "TOO_LARGE" not in leaf.reason
    )


def test_retry_after_is_sent_to_the_nanosecond() -> None:
    delay = unpacked(RateLimited("wait", retry_after=1.25))["RetryInfo"].retry_delay
    assert (delay.seconds, delay.nanos) == (1, 250_000_000)
    assert "RetryInfo" not in unpacked(RateLimited("wait"))


@pytest.mark.parametrize("seconds", [-1.0, 1e20, float("inf"), float("nan")])
def test_a_wait_that_is_not_a_duration_is_not_sent(seconds: float) -> None:
    assert "RetryInfo" not in unpacked(RateLimited("wait", retry_after=seconds))


def test_a_long_message_of_a_provider_is_truncated() -> None:
    error = RateLimited("no " * 1_000_000)
    assert len(error.message) == len(str(error)) == LONGEST_MESSAGE + 1


def test_the_metadata_contains_the_providers_status_type_and_code() -> None:
    error: ProviderError = RateLimited("wait", status=429, type="rate_limit_error", code="slow_down")
    error.metadata["model"] = "openai/gpt"
    assert dict(unpacked(error)["ErrorInfo"].metadata) == {
        "model": "openai/gpt",
        "provider_status": "429",
        "provider_type": "rate_limit_error",
        "provider_code": "slow_down",
    }


def test_details_stay_below_the_limit_of_clients() -> None:
    error = InvalidRequest([FieldViolation("x" * 100, "y" * 10_000) for _ in range(1000)])
    error.metadata["model"] = "z" * 100_000
    status = rich_status(error, "0190")
    assert len(status.SerializeToString()) < 5_500
    assert unpacked(error)["ErrorInfo"].metadata["violations"] == "1000"
    assert unpacked(error)["BadRequest"].field_violations


@pytest.mark.parametrize("sign", ["y", "é", "読", "😀"])
def test_a_message_in_any_script_stays_below_the_limit_of_clients(sign: str) -> None:
    error: ProviderError = RateLimited(sign * 10_000, status=429, type=sign * 1000, code=sign * 1000, param=sign * 1000)
    status = rich_status(error, "0190")
    assert len(quote(status.message)) + len(status.SerializeToString()) * 4 / 3 < 7_000
    assert set(status.message) == {sign}


def test_an_unpaired_surrogate_can_be_sent() -> None:
    assert rich_status(RateLimited("oh \ud83d no", code="\udc00"), "0190").message == "oh ? no"
