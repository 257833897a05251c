"""How likely a target's next call succeeds, from its latest calls."""

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from ymera_service.config import BreakerSettings
from ymera_service.resilience.breaker import Breakers
from ymera_service.resilience.reliability import HALF_LIFE, USUAL, WINDOW, Chance, Reliability
from ymera_service.sdk.errors import (
    ConnectionFailed,
    InvalidProviderRequest,
    ProviderError,
    ProviderServerError,
    RateLimited,
)
from ymera_service.sdk.targets import Deployment, Scope, Target

POOL = "acme/one"
TARGET = Target("acme", POOL)
BROKEN = ProviderServerError("broken")


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def call(reliability: Reliability, *, succeeded: bool) -> None:
    if succeeded:
        reliability.succeeded(TARGET)
    else:
        reliability.failed(TARGET, BROKEN)


def called(reliability: Reliability, *, failing_every: int, calls: int) -> Chance | None:
    for number in range(calls):
        call(reliability, succeeded=number % failing_every != 0)
    return reliability.chances().get(POOL)


def test_a_target_that_never_fails_is_not_named() -> None:
    reliability = Reliability(Clock())
    for _ in range(1_000):
        reliability.succeeded(TARGET)
    assert reliability.chances() == {}
    assert reliability.report() == []


def test_one_failure_of_a_target_that_is_not_known_weighs_little() -> None:
    chance = called(Reliability(Clock()), failing_every=1, calls=1)
    assert chance is not None
    assert chance.shortfall == pytest.approx(0.95 - 9.5 / 11, abs=0.001)
    assert chance.deviation == pytest.approx(0.1, abs=0.01)


def test_one_failure_after_many_successes_weighs_nothing() -> None:
    reliability = Reliability(Clock())
    for _ in range(100):
        reliability.succeeded(TARGET)
    reliability.failed(TARGET, BROKEN)
    assert reliability.chances() == {}


def test_one_call_in_five_that_fails_is_seen_within_fifty_calls_and_surer_with_more() -> None:
    few = called(Reliability(Clock()), failing_every=5, calls=50)
    many = called(Reliability(Clock()), failing_every=5, calls=1_000)
    assert few is not None
    assert many is not None
    assert few.mean == pytest.approx(0.83, abs=0.02)
    assert many.mean == pytest.approx(0.81, abs=0.02)
    assert many.deviation < few.deviation < 0.06
    assert many.calls < WINDOW + 1


def test_failures_are_forgotten_with_time_and_with_calls_that_succeed() -> None:
    clock = Clock()
    reliability = Reliability(clock)
    first = called(reliability, failing_every=2, calls=40)
    assert first is not None
    clock.now += HALF_LIFE
    later = reliability.chances()[POOL]
    assert later.calls == pytest.approx(first.calls / 2)
    assert later.failed == pytest.approx(first.failed / 2)
    assert first.mean < later.mean < USUAL
    assert later.deviation > first.deviation
    clock.now += 30 * HALF_LIFE
    assert reliability.chances() == {}
    called(reliability, failing_every=2, calls=40)
    for _ in range(300):
        reliability.succeeded(TARGET)
    assert reliability.chances() == {}


def test_a_snapshot_does_not_change() -> None:
    reliability = Reliability(Clock())
    called(reliability, failing_every=2, calls=10)
    before = reliability.chances()
    kept = dict(before)
    reliability.failed(TARGET, BROKEN)
    reliability.failed(Target("acme", "acme/two"), BROKEN)
    assert before == kept
    assert [report.pool for report in reliability.report()] == [POOL, "acme/two"]


def test_becoming_unreliable_and_recovering_are_each_logged_once() -> None:
    reliability = Reliability(Clock())
    with structlog.testing.capture_logs() as logs:
        called(reliability, failing_every=2, calls=100)
        for _ in range(300):
            reliability.succeeded(TARGET)
    assert [(one["event"], one["target"]) for one in logs] == [
        ("target unreliable", POOL),
        ("target reliable again", POOL),
    ]


@pytest.mark.parametrize(
    ("error", "counts"),
    [
        (ProviderServerError("broken"), True),
        (RateLimited("slow down", retry_after=1), True),
        (InvalidProviderRequest("what?"), False),
    ],
)
def test_failures_that_lie_with_the_target_count(error: ProviderError, counts: bool) -> None:
    breakers = Breakers(BreakerSettings(), Clock())
    breakers.acquire(TARGET).failed(error)
    assert (POOL in breakers.reliability.chances()) == counts


def test_a_network_that_is_down_is_held_against_no_target() -> None:
    breakers = Breakers(BreakerSettings(), Clock())
    lost = ConnectionFailed("no name can be resolved", scope=Scope.NETWORK)
    for target in (Target("acme", "acme/first"), Target("acme", POOL)):
        breakers.acquire(target).failed(lost)
    assert POOL not in breakers.reliability.chances()


def test_the_accounts_of_a_pool_count_together() -> None:
    breakers = Breakers(BreakerSettings(), Clock())
    for account in ("a", "b"):
        breakers.acquire(Target("acme", POOL, Deployment(account))).failed(ProviderServerError("broken"))
        breakers.acquire(Target("acme", POOL, Deployment(account))).succeeded()
    [report] = breakers.reliability.report()
    assert report.pool == POOL
    assert report.chance.calls == pytest.approx(4, abs=0.1)
    assert report.chance.failed == pytest.approx(2, abs=0.1)


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 10_000)), max_size=60))
def test_a_chance_is_a_probability_whatever_happens(calls: list[tuple[bool, float]]) -> None:
    clock = Clock()
    reliability = Reliability(clock)
    for succeeded, passed in calls:
        clock.now += passed
        call(reliability, succeeded=succeeded)
        for chance in reliability.chances().values():
            assert 0 < chance.mean < USUAL
            assert 0 < chance.deviation < 0.5
            assert 0 <= chance.failed <= chance.calls + 1e-9


@pytest.mark.parametrize(("scope", "left"), [(Scope.MODEL, {"acme/two"}), (Scope.ENDPOINT, set[str]())])
def test_what_opens_a_breaker_is_left_to_it(scope: Scope, left: set[str]) -> None:
    breakers = Breakers(BreakerSettings(window=4, failure_share=1), Clock())
    other = Target("acme", "acme/two")
    breakers.acquire(other).failed(BROKEN)
    error = ProviderServerError("broken", scope=scope)
    for _ in range(3):
        breakers.acquire(TARGET).failed(error)
    assert breakers.reliability.chances().keys() == {POOL, "acme/two"}
    breakers.acquire(TARGET).failed(error)
    assert breakers.reliability.chances().keys() == left
    for _ in range(3):
        breakers.acquire(TARGET).failed(error)
    assert breakers.reliability.chances().keys() == left
