"""Breakers open after lasting failures in a row or many of any kind, and open together what fails together."""

import random

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from ymera_service.config import BreakerSettings
from ymera_service.resilience.breaker import Breakers, BreakerState, Permit
from ymera_service.sdk.errors import (
    AuthenticationFailed,
    ConnectionFailed,
    InvalidProviderRequest,
    ProviderServerError,
    ProviderTimeout,
    RateLimited,
)
from ymera_service.sdk.targets import Deployment, Scope, Target

SETTINGS = BreakerSettings(failures=3, open_seconds=2, max_open_seconds=15, half_open_calls=1)
TARGET = Target("acme", "acme/one")
BROKEN = ProviderTimeout("broken")
"""Lasting: a few in a row open the breaker."""
FLAKY = ProviderServerError("500")


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def acquired(breakers: Breakers, target: Target = TARGET) -> Permit:
    permit = breakers.try_acquire(target)
    assert permit is not None
    return permit


def opened(clock: Clock) -> Breakers:
    breakers = Breakers(SETTINGS, clock)
    for _ in range(SETTINGS.failures):
        acquired(breakers).failed(BROKEN)
    return breakers


def state_of(breakers: Breakers, domain: str = TARGET.id) -> BreakerState:
    return next((one.state for one in breakers.report() if one.domain == domain), BreakerState.CLOSED)


def test_consecutive_failures_open_it() -> None:
    breakers = Breakers(SETTINGS, Clock())
    acquired(breakers).failed(BROKEN)
    acquired(breakers).failed(BROKEN)
    assert breakers.open_domains() == {}
    acquired(breakers).failed(BROKEN)
    assert breakers.open_domains() == {"acme/one": 2.0}
    assert breakers.try_acquire(TARGET) is None
    [report] = breakers.report()
    assert (report.state, report.scope, report.last_error) == (BreakerState.OPEN, Scope.TARGET, "broken")


def test_a_success_between_failures_keeps_it_closed() -> None:
    breakers = Breakers(SETTINGS, Clock())
    for _ in range(10):
        acquired(breakers).failed(BROKEN)
        acquired(breakers).failed(BROKEN)
        acquired(breakers).succeeded()
    assert breakers.report() == []


@pytest.mark.parametrize("rate", [0.3, 0.5, 0.7])
def test_failures_that_are_independent_do_not_open_a_target_that_answers(rate: float) -> None:
    draw, breakers = random.Random(1), Breakers(BreakerSettings(), Clock())
    for _ in range(2_000):
        if draw.random() < rate:
            acquired(breakers).failed(FLAKY)
        else:
            acquired(breakers).succeeded()
    assert breakers.report() == []


def test_failures_of_any_kind_open_it_when_they_are_almost_all_of_the_window() -> None:
    breakers = Breakers(BreakerSettings(window=10, failure_share=0.8), Clock())
    outcomes = [FLAKY] * 5 + [None] + [FLAKY] * 2
    for error in outcomes:
        acquired(breakers).failed(error) if error else acquired(breakers).succeeded()
    assert breakers.failing_share(TARGET) == 0.7
    assert breakers.report() == []
    acquired(breakers).failed(FLAKY)
    assert set(breakers.open_domains()) == {TARGET.id}


def test_a_window_without_failures_is_forgotten() -> None:
    breakers = Breakers(BreakerSettings(window=3), Clock())
    acquired(breakers).failed(FLAKY)
    for share in (1 / 3, 1 / 3, 1 / 3):
        assert breakers.failing_share(TARGET) == pytest.approx(share)
        acquired(breakers).succeeded()
    assert breakers.failing_share(TARGET) == 0.0


def test_lasting_failures_in_a_row_outweigh_a_window_of_successes() -> None:
    assert opened(Clock()).failing_share(TARGET) == 1.0


def test_a_target_may_be_called_though_it_is_open_and_its_success_closes_it() -> None:
    breakers = opened(Clock())
    breakers.acquire_anyway(TARGET).succeeded()
    assert breakers.report() == []


def test_a_failure_while_open_does_not_prolong_the_wait() -> None:
    clock = Clock()
    breakers = opened(clock)
    before = breakers.open_domains()[TARGET.id]
    clock.now += 1
    breakers.acquire_anyway(TARGET).failed(BROKEN)
    assert breakers.open_domains()[TARGET.id] == pytest.approx(before - 1)


def test_failures_that_the_target_did_not_cause_do_not_count() -> None:
    breakers = Breakers(SETTINGS, Clock())
    for error in [InvalidProviderRequest("x"), RateLimited("x")] * 5:
        acquired(breakers).failed(error)
    assert breakers.report() == []


def test_half_open_allows_one_probe_whose_success_closes_it() -> None:
    clock = Clock()
    breakers = opened(clock)
    clock.now += 2
    assert state_of(breakers) is BreakerState.HALF_OPEN
    assert breakers.open_domains() == {}
    probe = acquired(breakers)
    assert breakers.try_acquire(TARGET) is None
    probe.succeeded()
    assert breakers.report() == []


def test_each_failed_probe_doubles_the_time_up_to_the_limit() -> None:
    clock = Clock()
    breakers = opened(clock)
    waits = []
    for _ in range(5):
        waits.append(breakers.open_domains()[TARGET.id])
        clock.now += waits[-1]
        acquired(breakers).failed(BROKEN)
    assert waits == [2, 4, 8, 15, 15]


def test_a_probe_that_was_cancelled_allows_the_next_one() -> None:
    clock = Clock()
    breakers = opened(clock)
    clock.now += 2
    acquired(breakers).released()
    assert state_of(breakers) is BreakerState.HALF_OPEN
    acquired(breakers).succeeded()
    assert breakers.report() == []


def test_calls_started_before_it_opened_do_not_count_as_recovery() -> None:
    clock = Clock()
    breakers = Breakers(SETTINGS, clock)
    early_success, early_failure = acquired(breakers), acquired(breakers)
    for _ in range(3):
        acquired(breakers).failed(BROKEN)
    early_success.succeeded()
    assert state_of(breakers) is BreakerState.OPEN
    clock.now += 2
    early_failure.failed(BROKEN)
    assert state_of(breakers) is BreakerState.HALF_OPEN


def test_a_target_that_fails_does_not_affect_other_targets() -> None:
    breakers = opened(Clock())
    assert breakers.try_acquire(Target("acme", "acme/two")) is not None


def test_targets_of_one_endpoint_open_together() -> None:
    here, there = Deployment("key", "eu"), Deployment("key", "us")
    breakers = Breakers(SETTINGS, Clock())
    for model in ("acme/one", "acme/two", "acme/three"):
        acquired(breakers, Target("acme", model, here)).failed(ConnectionFailed("refused"))
    assert set(breakers.open_domains()) == {"acme@eu"}
    assert breakers.try_acquire(Target("acme", "acme/four", here)) is None
    assert breakers.try_acquire(Target("acme", "acme/one", there)) is not None


def test_targets_of_one_account_open_together() -> None:
    mine, yours = Deployment("mine", "eu"), Deployment("yours", "eu")
    breakers = Breakers(SETTINGS, Clock())
    for model in ("acme/one", "acme/two", "acme/three"):
        acquired(breakers, Target("acme", model, mine)).failed(AuthenticationFailed("no"))
    assert set(breakers.open_domains()) == {"acme#mine"}
    assert breakers.try_acquire(Target("acme", "acme/one", mine)) is None
    assert breakers.try_acquire(Target("acme", "acme/one", yours)) is not None


def test_a_provider_can_set_a_wider_scope_of_a_failure() -> None:
    breakers = Breakers(SETTINGS, Clock())
    for _ in range(3):
        acquired(breakers).failed(ConnectionFailed("the region is down", scope=Scope.ENDPOINT))
    assert set(breakers.open_domains()) == {"acme@"}


def test_one_probe_decides_for_all_open_domains() -> None:
    clock = Clock()
    breakers = opened(clock)
    for _ in range(3):
        acquired(breakers, Target("acme", "acme/two")).failed(ConnectionFailed("refused"))
    clock.now += 2
    acquired(breakers).succeeded()
    assert breakers.report() == []


class BreakerMachine(RuleBasedStateMachine):
    """Invariants of the breaker for any order of calls, outcomes and time."""

    permits = Bundle("permits")

    @initialize()
    def start(self) -> None:
        self.clock = Clock()
        self.breakers = Breakers(SETTINGS, self.clock)
        self.probes: set[Permit] = set()

    @rule(target=permits)
    def acquire(self) -> Permit | None:
        state = state_of(self.breakers)
        permit = self.breakers.try_acquire(TARGET)
        assert (permit is None) == (
            state is BreakerState.OPEN or (state is BreakerState.HALF_OPEN and len(self.probes) >= 1)
        )
        if permit is not None and state is BreakerState.HALF_OPEN:
            self.probes.add(permit)
        return permit

    @rule(permit=consumes(permits), verdict=st.sampled_from(["succeeded", "failed", "released"]))
    def settle(self, permit: Permit | None, verdict: str) -> None:
        if permit is None:
            return
        was_probe = permit in self.probes
        self.probes.discard(permit)
        before = state_of(self.breakers)
        getattr(permit, verdict)(*([BROKEN] if verdict == "failed" else []))
        if was_probe and verdict == "succeeded":
            assert state_of(self.breakers) is BreakerState.CLOSED
        if before is BreakerState.OPEN and not was_probe:
            assert state_of(self.breakers) is BreakerState.OPEN

    @rule(seconds=st.floats(0, 20))
    def wait(self, seconds: float) -> None:
        self.clock.now += seconds

    @invariant()
    def the_wait_is_bounded(self) -> None:
        assert all(0 <= wait <= SETTINGS.max_open_seconds for wait in self.breakers.open_domains().values())


TestBreakerMachine = BreakerMachine.TestCase
TestBreakerMachine.settings = hypothesis_settings(deadline=None, max_examples=60)
