"""How calls are spread over the accounts of a model, and what the failure of one means for the others."""

import random
from collections import Counter
from datetime import UTC, datetime

import pytest

from tests.unit.routing.conftest import Routing
from ymera_service.config import BreakerSettings
from ymera_service.execution.accounts import COMPARED, MOST, Accounts
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


def spread(routing: Routing, accounts: Accounts, session: str = "", allow: str = "p/a") -> list[Target]:
    selection = routing.select(preferences=Preferences(allow_models=(allow,), session_id=session))
    affinity = selection.decision.inputs.affinity
    return list(accounts.spread(selection.ranking, selection.accounts, affinity=affinity))


def test_a_model_with_one_account_is_called_as_it_is(routing: Routing, accounts: Accounts) -> None:
    assert spread(routing, accounts, allow="q/b") == [Target("q", "q/b")]


def test_calls_are_spread_evenly_over_many_accounts(routing: Routing, accounts: Accounts, breakers: Breakers) -> None:
    permits = []
    for _ in range(200):
        first, *others = spread(routing, accounts)
        assert len(others) == MOST - 1
        permits.append(breakers.acquire(first))
    calls = [breakers.loads.under_way(Target("p", "p/a", Deployment(key))) for key in KEYS]
    assert (min(calls) >= 3, max(calls) <= 5, sum(calls)) == (True, True, 200)
    for permit in permits:
        permit.released()
    assert not any(breakers.loads.under_way(Target("p", "p/a", Deployment(key))) for key in KEYS)


def test_among_few_accounts_the_one_with_the_fewest_calls_is_called(breakers: Breakers, accounts: Accounts) -> None:
    few = Routing({"p": [ModelInfo("a", deployments=tuple(map(Deployment, KEYS[:COMPARED])))]})
    for _ in range(3 * COMPARED):
        breakers.acquire(spread(few, accounts)[0])
    calls = Counter(breakers.loads.under_way(Target("p", "p/a", Deployment(key))) for key in KEYS)
    assert calls == {3: COMPARED, 0: 50 - COMPARED}


@pytest.mark.parametrize("free", [1, 3])
def test_the_last_free_accounts_of_many_are_found(
    routing: Routing, accounts: Accounts, breakers: Breakers, free: int
) -> None:
    for key in KEYS[free:]:
        breakers.acquire(Target("p", "p/a", Deployment(key))).failed(RateLimited("slow", retry_after=9))
    for _ in range(50):
        assert {target.deployment.account for target in spread(routing, accounts)[:free]} == set(KEYS[:free])


def test_accounts_of_every_pool_are_compared(breakers: Breakers, accounts: Accounts) -> None:
    deployments = tuple(map(Deployment, KEYS))
    two = Routing({"p": [ModelInfo("a", deployments=deployments), ModelInfo("b", deployments=deployments)]})
    selection = two.select()
    for pool in selection.accounts.values():
        for target in pool[2:]:
            breakers.acquire(target).failed(RateLimited("slow", retry_after=9))
    for _ in range(50):
        found = accounts.spread(selection.ranking, selection.accounts)
        firsts = [next(target for target in found if target.pool == pool.pool) for pool in selection.ranking]
        assert {target.deployment.account for target in firsts} <= set(KEYS[:2])


@pytest.mark.parametrize("paused", [0, 3])
def test_only_what_the_first_call_needs_is_compared(breakers: Breakers, accounts: Accounts, paused: int) -> None:
    deployments = tuple(map(Deployment, KEYS[:3]))
    many = Routing({"p": [ModelInfo(name, deployments=deployments) for name in "abc"]})
    selection = many.select()
    pools = [selection.accounts[pool.pool] for pool in selection.ranking]
    for target in pools[0][:paused]:
        breakers.acquire(target).failed(RateLimited("slow", retry_after=9))
    for pool in pools:
        for target in pool[:2]:
            breakers.acquire(target)
    found = accounts.spread(selection.ranking, selection.accounts, first=True)
    firsts = [next(target for target in found if target.pool == pool.pool) for pool in selection.ranking]
    free, any_one = "key-2", "key-0"
    expected = [free, any_one, any_one] if not paused else [free, free, free]
    assert [target.deployment.account for target in firsts[1 if paused else 0 :]] == expected[1 if paused else 0 :]


def test_endpoints_of_a_model_are_compared_and_each_stays_in_reach(breakers: Breakers, accounts: Accounts) -> None:
    places = [
        Deployment(key, endpoint) for endpoint in ("eu", "us", "jp") for key in KEYS[: 50 if endpoint == "us" else 1]
    ]
    selection = Routing({"p": [ModelInfo("a", deployments=tuple(places))]}).select()
    assert len(selection.ranking) == 3
    for target in (each for pool in selection.accounts.values() for each in pool):
        breakers.loads.took(target, 1.0, stream=True)
    breakers.loads.took(Target("p", "p/a", Deployment("key-0", "jp")), 0.1, stream=True)
    found = accounts.spread(selection.ranking, selection.accounts)
    assert found[0].deployment.endpoint == "jp"
    assert {target.deployment.endpoint for target in found} == {"eu", "us", "jp"}
    assert MOST <= len(found) <= MOST + 2


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
    assert all(spread(routing, accounts, "s")[0] == own for _ in range(50))
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
