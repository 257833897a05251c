"""The order of targets: untried ones by rank, then those that may be retried; for each turn separately."""

from datetime import UTC, datetime

import pytest

from ymera_service.execution.facts import Attempt, Execution, ExecutionRequest
from ymera_service.execution.failover import choices
from ymera_service.routing.decision import Preferences
from ymera_service.sdk.content import user
from ymera_service.sdk.errors import AuthenticationFailed, ProviderError, ProviderServerError, RateLimited
from ymera_service.sdk.failures import Failure
from ymera_service.sdk.generation import FinishReason, Prompt
from ymera_service.sdk.targets import Deployment, Target

A, B, C = (Target("acme", f"acme/{name}") for name in "abc")
RANKING = (A, B, C)
BROKEN = ProviderServerError("broken")


def execution() -> Execution:
    request = ExecutionRequest("id", Prompt((user("hi"),)), Preferences(), deadline=0)
    return Execution(request, stream=True, created_at=datetime.now(UTC), began=0).with_turn()


def tried(execution: Execution, target: Target, error: ProviderError | None) -> Execution:
    number = len(execution.turns[-1].attempts) + 1
    failure = Failure.of(error) if error else None
    retryable = error is not None and error.retryable
    finish_reason = None if error else FinishReason.STOP
    attempt = Attempt(number, target, 0.0, 0.1, finish_reason=finish_reason, error=failure, retryable=retryable)
    return execution.with_attempt(attempt)


def next_of(execution: Execution) -> list[tuple[str, int]]:
    return [(choice.target.id, choice.retry) for choice in choices(RANKING, execution)]


def test_targets_are_tried_in_the_order_of_their_rank() -> None:
    assert next_of(execution()) == [("acme/a", 0), ("acme/b", 0), ("acme/c", 0)]


def test_a_target_that_may_recover_comes_after_all_that_were_not_tried() -> None:
    assert next_of(tried(execution(), A, BROKEN)) == [("acme/b", 0), ("acme/c", 0), ("acme/a", 1)]


def test_the_best_of_those_that_may_recover_is_retried_first() -> None:
    all_failed = execution()
    for target in (A, B, C):
        all_failed = tried(all_failed, target, BROKEN)
    assert next_of(all_failed) == [("acme/a", 1), ("acme/b", 1), ("acme/c", 1)]
    assert next_of(tried(all_failed, A, BROKEN))[0] == ("acme/a", 2)


def test_a_target_that_will_not_recover_is_not_called_again() -> None:
    all_failed = tried(tried(execution(), A, AuthenticationFailed("no")), B, BROKEN)
    assert next_of(all_failed) == [("acme/c", 0), ("acme/b", 1)]


def test_a_retry_of_a_limited_target_says_so() -> None:
    [*_, last] = choices(RANKING, tried(execution(), A, RateLimited("slow", retry_after=7)))
    assert (last.target, last.limited) == (A, True)


def test_a_further_turn_keeps_its_target_and_has_all_its_attempts() -> None:
    first = tried(tried(execution(), A, BROKEN), B, None)
    assert next_of(first.with_turn()) == [("acme/b", 0), ("acme/a", 0), ("acme/c", 0)]


def test_deployments_of_one_model_are_different_targets() -> None:
    east, west = (Target("acme", "acme/a", Deployment(endpoint=name)) for name in ("east", "west"))
    failed = tried(execution(), east, BROKEN)
    assert [choice.target for choice in choices((east, west), failed)] == [west, east]


@pytest.mark.parametrize("turns", [1, 2])
def test_an_unknown_turn_changes_nothing(turns: int) -> None:
    present = execution()
    for _ in range(turns - 1):
        present = present.with_turn()
    assert next_of(present) == [("acme/a", 0), ("acme/b", 0), ("acme/c", 0)]
