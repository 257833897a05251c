"""What is learned of targets from their calls."""

import random

import pytest

from ymera_service.config import BalancingPolicy, BalancingSettings, BreakerSettings
from ymera_service.resilience.balancing import order
from ymera_service.resilience.breaker import Breakers
from ymera_service.resilience.loads import FAILED, LONGEST_REST, MOST_KEPT, RETURNING, Loads
from ymera_service.sdk.errors import AuthenticationFailed, ProviderServerError, RateLimited
from ymera_service.sdk.events import Headroom
from ymera_service.sdk.targets import Deployment, Target

ONE, TWO = (Target("p", "p/m", Deployment(name)) for name in ("one", "two"))
ALONE = Target("p", "p/m")


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def loads(clock: Clock) -> Loads:
    return Loads(BalancingSettings(), clock)


@pytest.fixture
def breakers(clock: Clock, loads: Loads) -> Breakers:
    return Breakers(BreakerSettings(), clock, random.Random(1), loads)


def test_a_latency_rises_at_once_and_falls_slowly(loads: Loads, clock: Clock) -> None:
    loads.took(ONE, 1.0, stream=True)
    loads.took(ONE, 4.0, stream=True)
    assert loads.option(ONE).latency == 4.0
    clock.now += 30
    loads.took(ONE, 1.0, stream=True)
    assert loads.option(ONE).latency == pytest.approx(1 + 3 / 2.718, rel=0.01)
    clock.now += 7
    assert loads.option(ONE).idle == 7
    assert loads.option(ONE, stream=False).latency is None


def test_whole_answers_are_compared_for_their_length(loads: Loads) -> None:
    loads.took(ONE, 0.55, stream=False, output_tokens=5)
    loads.took(TWO, 10.5, stream=False, output_tokens=1000)
    one, two = (loads.option(target, stream=False).latency for target in (ONE, TWO))
    assert one is not None
    assert one == pytest.approx(two, rel=0.01)


def test_what_is_left_fills_up_until_the_reset(loads: Loads, clock: Clock) -> None:
    loads.heard(ONE, Headroom(0.2, 10.0))
    assert loads.option(ONE).headroom == pytest.approx(0.2)
    clock.now += 5
    assert loads.option(ONE).headroom == pytest.approx(0.6)
    assert loads.option(ONE).rest == 0
    clock.now += 5
    assert loads.option(ONE).headroom == 1


@pytest.mark.parametrize(("reset", "rest"), [(10.0, 10.0), (None, 60.0), (3600.0, LONGEST_REST), (0.0, 0.0)])
def test_what_is_used_up_rests_until_its_reset(loads: Loads, clock: Clock, reset: float | None, rest: float) -> None:
    loads.heard(ONE, Headroom(0.0, reset))
    assert loads.option(ONE).rest == rest
    clock.now += rest
    assert loads.option(ONE).rest == 0


def test_a_failure_counts_against_what_its_scope_says(breakers: Breakers, clock: Clock) -> None:
    breakers.acquire(ONE).failed(AuthenticationFailed("no"))
    other = Target("p", "p/other", Deployment("one"))
    assert [breakers.loads.option(each).penalty for each in (ONE, other, TWO)] == [FAILED, FAILED, 1.0]
    clock.now += 70
    assert 1 < breakers.loads.option(ONE).penalty < RETURNING
    clock.now += 600
    breakers.acquire(ONE).failed(ProviderServerError("down"))
    assert [breakers.loads.option(each).penalty for each in (ONE, other, TWO)] == [FAILED, 1.0, 1.0]


def test_what_was_paused_returns_slowly(breakers: Breakers, clock: Clock) -> None:
    breakers.acquire(ONE).failed(RateLimited("slow", retry_after=20))
    clock.now += 20
    assert breakers.loads.option(ONE).penalty == RETURNING
    clock.now += 30
    assert 1.3 < breakers.loads.option(ONE).penalty < 1.4


def test_a_pause_does_not_hide_a_failure(breakers: Breakers) -> None:
    breakers.acquire(ONE).failed(AuthenticationFailed("no"))
    breakers.acquire(ONE).failed(AuthenticationFailed("no", retry_after=1))
    assert breakers.loads.option(ONE).penalty == FAILED


def test_a_request_that_is_refused_does_not_count(breakers: Breakers) -> None:
    permit = breakers.acquire(ONE)
    assert breakers.loads.option(ONE).under_way == 1
    permit.released()
    assert (breakers.loads.option(ONE).under_way, breakers.loads.option(ONE).penalty) == (0, 1.0)


def test_weights_are_those_of_the_account_and_the_endpoint(clock: Clock) -> None:
    loads = Loads(BalancingSettings(weights={"p#one": 2, "p@eu": 3, "p/m#two@eu": 0.5}), clock)
    found = [
        loads.option(Target("p", "p/m", Deployment(account, endpoint))).weight
        for account, endpoint in (("one", "eu"), ("one", "us"), ("two", "eu"), ("three", "us"))
    ]
    assert found == [6, 2, 1.5, 1]


def test_what_returns_after_a_rest_does_not_get_the_calls_that_it_missed(clock: Clock) -> None:
    loads = Loads(BalancingSettings(policy=BalancingPolicy.ROUND_ROBIN), clock)
    for _ in range(100):
        loads.began(ONE)
    called = []
    for _ in range(10):
        options = [loads.option(target) for target in (ONE, TWO)]
        target = (ONE, TWO)[order(options, BalancingPolicy.ROUND_ROBIN, random.Random(1).random)[0]]
        called.append(target)
        loads.began(target)
    assert called.count(TWO) <= 6


def test_the_policy_is_that_of_the_provider(clock: Clock) -> None:
    settings = BalancingSettings(policy=BalancingPolicy.WEIGHTED, providers={"q": BalancingPolicy.PEAK_EWMA})
    loads = Loads(settings, clock)
    assert [loads.policy_of(name) for name in "pq"] == [BalancingPolicy.WEIGHTED, BalancingPolicy.PEAK_EWMA]


def test_memory_is_bounded_and_calls_under_way_are_kept(loads: Loads, clock: Clock) -> None:
    loads.began(ONE)
    for number in range(MOST_KEPT + 5):
        clock.now += 1
        target = Target("p", f"p/{number}", Deployment("one"))
        loads.began(target)
        loads.ended(target)
    assert loads.under_way(ONE) == 1
    assert loads.kept <= MOST_KEPT


def test_what_is_a_models_only_target_is_not_kept(loads: Loads) -> None:
    loads.began(ALONE)
    loads.took(ALONE, 1.0, stream=True)
    loads.ended(ALONE)
    assert loads.kept == 0
