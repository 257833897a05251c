"""How calls are spread over the accounts of a model, and what the failure of one means for the others."""

import random
from collections import Counter
from datetime import UTC, datetime

import pytest

from tests.unit.routing.conftest import Routing
from ymera_service.config import BreakerSettings
from ymera_service.execution.accounts import MOST_ACCOUNTS, Accounts
from ymera_service.execution.facts import Attempt, Execution, ExecutionRequest
from ymera_service.execution.failover import choices
from ymera_service.resilience.breaker import Breakers
from ymera_service.routing.decision import Preferences
from ymera_service.sdk.content import user
from ymera_service.sdk.errors import (
    AuthenticationFailed,
    NotFound,
    ProviderError,
    ProviderServerError,
    QuotaExhausted,
    RateLimited,
)
from ymera_service.sdk.failures import Failure
from ymera_service.sdk.generation import Prompt
from ymera_service.sdk.models import ModelInfo
from ymera_service.sdk.targets import Deployment, Target

KEYS = tuple(f"key-{number}" for number in range(50))


@pytest.fixture
def routing() -> Routing:
    deployments = tuple(map(Deployment, KEYS))
    return Routing({"p": [ModelInfo("a", deployments=deployments)], "q": [ModelInfo("b")]})


@pytest.fixture
def breakers() -> Breakers:
    return Breakers(BreakerSettings(), lambda: 0.0, random.Random(1))  # jitter


@pytest.fixture
def accounts(breakers: Breakers) -> Accounts:
    return Accounts(breakers, random.Random(1))  # a test's data


def spread(routing: Routing, accounts: Accounts, session: str = "") -> list[Target]:
    selection = routing.select(preferences=Preferences(allow_models=("p/a",), session_id=session))
    return list(accounts.spread(selection))


def test_a_model_with_one_account_is_called_as_it_is(routing: Routing, accounts: Accounts) -> None:
    selection = routing.select(preferences=Preferences(allow_models=("q/b",)))
    assert accounts.spread(selection) == selection.ranking


def test_the_account_with_the_fewest_calls_is_called_next(
    routing: Routing, accounts: Accounts, breakers: Breakers
) -> None:
    permits = []
    for _ in range(200):
        first, *others = spread(routing, accounts)
        assert len(others) == MOST_ACCOUNTS - 1
        permits.append(breakers.acquire(first))
    calls = Counter(breakers.under_way(Target("p", "p/a", Deployment(key))) for key in KEYS)
    assert calls == {4: 50}
    for permit in permits:
        permit.released()
    assert not any(breakers.under_way(Target("p", "p/a", Deployment(key))) for key in KEYS)


@pytest.mark.parametrize("refusal", [AuthenticationFailed("no"), QuotaExhausted("spent"), RateLimited("slow")])
def test_a_refused_account_rests_alone(
    routing: Routing, accounts: Accounts, breakers: Breakers, refusal: ProviderError
) -> None:
    refused = spread(routing, accounts)[0]
    for _ in range(20):
        breakers.acquire(refused).failed(refusal)
    assert all(refused not in spread(routing, accounts) for _ in range(100))


def test_the_session_keeps_its_account_while_that_may_be_called(
    routing: Routing, accounts: Accounts, breakers: Breakers
) -> None:
    own = Target("p", "p/a", Deployment("key-7"))
    routing.answered("s", own.id)
    breakers.acquire(own)
    assert spread(routing, accounts, "s")[0] == own
    breakers.acquire(own).failed(RateLimited("slow", retry_after=5))
    assert own not in spread(routing, accounts, "s")


def test_what_fails_whatever_the_account_opens_one_breaker(breakers: Breakers) -> None:
    for key in KEYS:
        breakers.acquire(Target("p", "p/a", Deployment(key))).failed(ProviderServerError("down"))
    assert list(breakers.open_domains()) == ["p/a"]
    assert not any(breakers.accepts(Target("p", "p/a", Deployment(key))) for key in KEYS)
    assert breakers.accepts(Target("p", "p/b", Deployment("key-0")))


FIRST, SECOND, OTHER = Target("p", "p/a", Deployment("one")), Target("p", "p/a", Deployment("two")), Target("q", "q/b")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (RateLimited("slow"), [(SECOND, 0), (OTHER, 0), (FIRST, 1)]),
        (AuthenticationFailed("no"), [(SECOND, 0), (OTHER, 0)]),
        (ProviderServerError("down"), [(OTHER, 0), (SECOND, 1), (FIRST, 1)]),
        (NotFound("no such model"), [(OTHER, 0)]),
    ],
)
def test_another_account_is_another_target_only_if_the_account_was_refused(
    error: ProviderError, expected: list[tuple[Target, int]]
) -> None:
    request = ExecutionRequest("id", Prompt((user("hi"),)), Preferences(), deadline=0)
    execution = Execution(request, stream=True, created_at=datetime.now(UTC), began=0).with_turn()
    attempt = Attempt(1, FIRST, 0.0, 0.1, error=Failure.of(error), retryable=error.retryable)
    found = choices((FIRST, SECOND, OTHER), execution.with_attempt(attempt))
    assert [(choice.target, choice.retry) for choice in found] == expected
