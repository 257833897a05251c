"""Breakers open after lasting failures in a row or many of any kind, and open together what fails together."""

import random

import pytest
import structlog
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from ymera_service.config import BreakerSettings
from ymera_service.resilience.breaker import HOPELESS_CALLS, HOPELESS_ROWS, IDLE_SECONDS, Breakers, BreakerState
from ymera_service.resilience.permit import Permit
from ymera_service.sdk.errors import (
    AuthenticationFailed,
    ConnectionFailed,
    InvalidProviderRequest,
    ProviderError,
    ProviderServerError,
    ProviderTimeout,
    RateLimited,
)
from ymera_service.sdk.targets import Deployment, Scope, Target

SETTINGS = BreakerSettings(failures=3, open_seconds=2, max_open_seconds=15, half_open_calls=2)
TARGET = Target("acme", "acme/one")
BROKEN = ProviderTimeout("broken")
"""Lasting: a few in a row open the breaker."""
FLAKY = ProviderServerError("500")


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class NoJitter(random.Random):
    def random(self) -> float:
        return 0.0


def breakers_of(clock: Clock, settings: BreakerSettings = SETTINGS) -> Breakers:
    return Breakers(settings, clock, NoJitter())


def opened(clock: Clock, settings: BreakerSettings = SETTINGS) -> Breakers:
    breakers = breakers_of(clock, settings)
    for _ in range(settings.failures):
        breakers.acquire(TARGET).failed(BROKEN)
    return breakers


def state_of(breakers: Breakers, domain: str = TARGET.id) -> BreakerState:
    return next((one.state for one in breakers.report() if one.domain == domain), BreakerState.CLOSED)


def test_consecutive_failures_open_it() -> None:
    breakers = breakers_of(Clock())
    breakers.acquire(TARGET).failed(BROKEN)
    breakers.acquire(TARGET).failed(BROKEN)
    assert breakers.open_domains() == {}
    breakers.acquire(TARGET).failed(BROKEN)
    assert breakers.open_domains() == {"acme/one": 2.0}
    assert not breakers.accepts(TARGET)
    [report] = breakers.report()
    assert (report.state, report.scope, report.last_error) == (BreakerState.OPEN, Scope.MODEL, "broken")


def test_a_success_between_failures_keeps_it_closed() -> None:
    breakers = breakers_of(Clock())
    for _ in range(10):
        breakers.acquire(TARGET).failed(BROKEN)
        breakers.acquire(TARGET).failed(BROKEN)
        breakers.acquire(TARGET).succeeded()
    assert breakers.report() == []


@pytest.mark.parametrize("rate", [0.1, 0.2, 0.3])
def test_failures_that_are_independent_do_not_open_a_target_that_answers_mostly(rate: float) -> None:
    draw, breakers = random.Random(1), breakers_of(Clock(), BreakerSettings())
    for _ in range(2_000):
        if draw.random() < rate:
            breakers.acquire(TARGET).failed(FLAKY)
        else:
            breakers.acquire(TARGET).succeeded()
    assert breakers.report() == []


def test_failures_of_any_kind_open_it_when_they_are_almost_all_of_the_window() -> None:
    breakers = breakers_of(Clock(), BreakerSettings(window=10, failure_share=0.8))
    outcomes = [FLAKY] * 5 + [None] + [FLAKY] * 2
    for error in outcomes:
        breakers.acquire(TARGET).failed(error) if error else breakers.acquire(TARGET).succeeded()
    assert breakers.failing_share(TARGET) == 0.7
    assert breakers.report() == []
    breakers.acquire(TARGET).failed(FLAKY)
    assert set(breakers.open_domains()) == {TARGET.id}


def test_a_target_without_failures_among_its_latest_calls_is_forgotten() -> None:
    breakers = breakers_of(Clock(), BreakerSettings(window=3))
    breakers.acquire(TARGET).failed(FLAKY)
    for share in (1 / 3, 1 / 3, 1 / 3):
        assert breakers.failing_share(TARGET) == pytest.approx(share)
        breakers.acquire(TARGET).succeeded()
    assert breakers.failing_share(TARGET) == 0.0


@pytest.mark.parametrize(("share", "hopeless"), [(0.9, False), (0.95, False), (1.0, True)])
def test_a_target_is_hopeless_only_when_it_does_not_answer_at_all(share: float, hopeless: bool) -> None:
    draw, breakers = random.Random(1), breakers_of(Clock(), BreakerSettings())
    verdicts = []
    for _ in range(3_000):
        permit = breakers.acquire(TARGET)
        permit.failed(FLAKY) if draw.random() < share else permit.succeeded()
        verdicts.append(breakers.is_hopeless(TARGET))
    assert set(verdicts[HOPELESS_CALLS:]) == {hopeless}
    assert not any(verdicts[: HOPELESS_CALLS - 1])


def test_one_success_gives_hope_again() -> None:
    breakers = breakers_of(Clock(), BreakerSettings())
    for _ in range(HOPELESS_CALLS):
        breakers.acquire(TARGET).failed(FLAKY)
    assert breakers.is_hopeless(TARGET)
    breakers.acquire(TARGET).succeeded()
    assert not breakers.is_hopeless(TARGET)


def test_lasting_failures_in_a_row_take_all_hope_soon() -> None:
    breakers = opened(Clock())
    for _ in range(SETTINGS.failures, HOPELESS_ROWS * SETTINGS.failures):
        assert not breakers.is_hopeless(TARGET)
        breakers.acquire(TARGET).failed(BROKEN)
    assert breakers.is_hopeless(TARGET)


def test_lasting_failures_in_a_row_outweigh_a_window_of_successes() -> None:
    assert opened(Clock()).failing_share(TARGET) == 1.0


def test_a_target_may_be_called_though_it_is_open_and_enough_answers_close_it() -> None:
    breakers = opened(Clock())
    breakers.acquire(TARGET).succeeded()
    assert state_of(breakers) is BreakerState.OPEN
    breakers.acquire(TARGET).succeeded()
    assert breakers.report() == []


def test_a_failure_while_open_does_not_prolong_the_wait() -> None:
    clock = Clock()
    breakers = opened(clock)
    before = breakers.open_domains()[TARGET.id]
    clock.now += 1
    breakers.acquire(TARGET).failed(BROKEN)
    assert breakers.open_domains()[TARGET.id] == pytest.approx(before - 1)


def test_failures_that_the_target_did_not_cause_do_not_count() -> None:
    breakers = breakers_of(Clock())
    for error in [InvalidProviderRequest("x"), RateLimited("x")] * 5:
        breakers.acquire(TARGET).failed(error)
    assert breakers.report() == []


def test_half_open_lets_one_probe_through_and_more_once_it_has_answered() -> None:
    clock = Clock()
    breakers = opened(clock, BreakerSettings(failures=3, half_open_calls=3))
    clock.now += 2
    assert state_of(breakers) is BreakerState.HALF_OPEN
    assert breakers.open_domains() == {}
    first = breakers.acquire(TARGET)
    assert not breakers.accepts(TARGET)
    first.succeeded()
    second = breakers.acquire(TARGET)
    assert breakers.accepts(TARGET)
    third = breakers.acquire(TARGET)
    assert not breakers.accepts(TARGET)
    second.succeeded()
    assert state_of(breakers) is BreakerState.HALF_OPEN
    third.succeeded()
    assert breakers.report() == []


@pytest.mark.parametrize(
    ("answers", "state"),
    [("1111", BreakerState.CLOSED), ("0110", BreakerState.CLOSED), ("1000", BreakerState.OPEN)],
)
def test_the_share_of_probes_that_answer_decides(answers: str, state: BreakerState) -> None:
    clock = Clock()
    breakers = opened(clock, BreakerSettings(failures=3, half_open_calls=4, failure_share=0.6))
    clock.now += 2
    for answer in answers:
        assert state_of(breakers) is BreakerState.HALF_OPEN
        permit = breakers.acquire(TARGET)
        permit.succeeded() if answer == "1" else permit.failed(FLAKY)
    assert state_of(breakers) is state


def test_a_probe_that_fails_for_a_lasting_reason_decides_at_once() -> None:
    clock = Clock()
    breakers = opened(clock, BreakerSettings(failures=3, half_open_calls=4))
    clock.now += 2
    breakers.acquire(TARGET).failed(BROKEN)
    assert breakers.open_domains()[TARGET.id] == 4


def test_targets_open_for_up_to_a_quarter_less_than_their_time_so_that_they_do_not_return_together() -> None:
    breakers = Breakers(BreakerSettings(failures=1, open_seconds=8), Clock(), random.Random(1))
    for number in range(100):
        breakers.acquire(Target("acme", f"acme/{number}")).failed(BROKEN)
    waits = sorted(breakers.open_domains().values())
    assert 6 <= waits[0] < 6.2
    assert 7.8 < waits[-1] <= 8


def test_opening_and_closing_are_logged_once_however_often_probes_fail() -> None:
    clock = Clock()
    with structlog.testing.capture_logs() as logs:
        breakers = opened(clock)
        for _ in range(5):
            clock.now += 20
            breakers.acquire(TARGET).failed(BROKEN)
        clock.now += 20
        breakers.acquire(TARGET).succeeded()
        breakers.acquire(TARGET).succeeded()
    assert [(one["event"], one["log_level"]) for one in logs] == [
        ("breaker opened", "warning"),
        ("breaker closed", "warning"),
    ]


def test_each_failed_probe_doubles_the_time_up_to_the_limit() -> None:
    clock = Clock()
    breakers = opened(clock)
    waits = []
    for _ in range(5):
        waits.append(breakers.open_domains()[TARGET.id])
        clock.now += waits[-1]
        breakers.acquire(TARGET).failed(BROKEN)
    assert waits == [2, 4, 8, 15, 15]


def test_a_probe_that_was_cancelled_allows_the_next_one() -> None:
    clock = Clock()
    breakers = opened(clock)
    clock.now += 2
    breakers.acquire(TARGET).released()
    assert state_of(breakers) is BreakerState.HALF_OPEN
    assert breakers.accepts(TARGET)


def test_a_half_open_breaker_says_for_how_long_nothing_was_called_and_goes_on_probing_one_at_a_time() -> None:
    clock = Clock()
    breakers = opened(clock)
    assert breakers.report()[0].idle == 0
    clock.now += 2 + 70
    [report] = breakers.report()
    assert (report.state, report.idle, report.is_idle) == (BreakerState.HALF_OPEN, 70, True)
    probe = breakers.acquire(TARGET)
    assert not breakers.accepts(TARGET)
    assert breakers.report()[0].idle == 0
    clock.now += 5
    probe.succeeded()
    clock.now += IDLE_SECONDS - 1
    [report] = breakers.report()
    assert (report.idle, report.is_idle) == (IDLE_SECONDS - 1, False)


def test_probes_of_long_ago_do_not_decide() -> None:
    clock = Clock()
    breakers = opened(clock, BreakerSettings(failures=3, half_open_calls=4))
    clock.now += 2
    for _ in range(3):
        breakers.acquire(TARGET).failed(FLAKY)
    clock.now += IDLE_SECONDS
    breakers.acquire(TARGET).failed(FLAKY)
    assert state_of(breakers) is BreakerState.HALF_OPEN
    for _ in range(3):
        breakers.acquire(TARGET).succeeded()
    assert breakers.report() == []


def test_calls_started_before_it_opened_do_not_count_as_recovery() -> None:
    clock = Clock()
    breakers = breakers_of(clock)
    early_success, early_failure = breakers.acquire(TARGET), breakers.acquire(TARGET)
    for _ in range(3):
        breakers.acquire(TARGET).failed(BROKEN)
    early_success.succeeded()
    assert state_of(breakers) is BreakerState.OPEN
    clock.now += 2
    early_failure.failed(BROKEN)
    assert state_of(breakers) is BreakerState.HALF_OPEN


def test_a_target_that_fails_does_not_affect_other_targets() -> None:
    breakers = opened(Clock())
    assert breakers.accepts(Target("acme", "acme/two"))


def test_targets_of_one_endpoint_open_together() -> None:
    here, there = Deployment("key", "eu"), Deployment("key", "us")
    breakers = breakers_of(Clock())
    for model in ("acme/one", "acme/two", "acme/three"):
        breakers.acquire(Target("acme", model, here)).failed(ConnectionFailed("refused"))
    assert set(breakers.open_domains()) == {"acme@eu"}
    assert not breakers.accepts(Target("acme", "acme/four", here))
    assert breakers.accepts(Target("acme", "acme/one", there))


def test_targets_of_one_account_open_together() -> None:
    mine, yours = Deployment("mine", "eu"), Deployment("yours", "eu")
    breakers = breakers_of(Clock())
    for model in ("acme/one", "acme/two", "acme/three"):
        breakers.acquire(Target("acme", model, mine)).failed(AuthenticationFailed("no"))
    assert set(breakers.open_domains()) == {"acme#mine"}
    assert not breakers.accepts(Target("acme", "acme/one", mine))
    assert breakers.accepts(Target("acme", "acme/one", yours))


def test_a_key_that_is_refused_rests_at_once_and_alone() -> None:
    mine, yours = (Target("acme", "acme/one", Deployment(account)) for account in ("mine", "yours"))
    breakers = breakers_of(Clock())
    breakers.acquire(mine).failed(AuthenticationFailed("no"))
    assert set(breakers.open_domains()) == {"acme#mine"}
    assert breakers.accepts(yours)


def test_what_an_account_did_is_forgotten_with_its_key() -> None:
    mine, yours = (Target("acme", "acme/one", Deployment(account, "eu")) for account in ("mine", "yours"))
    breakers = breakers_of(Clock())
    for target in (mine, yours):
        breakers.acquire(target).failed(AuthenticationFailed("no"))
        breakers.acquire(target).failed(RateLimited("slow down", retry_after=9))
    breakers.forget("acme", "mine")
    assert breakers.accepts(mine)
    assert not breakers.pauses.remaining(mine)
    assert not breakers.accepts(yours)
    assert breakers.pauses.remaining(yours)
    breakers.forget("acm", "yours")
    breakers.forget("acme", "")
    assert not breakers.accepts(yours)


def test_a_provider_can_set_a_wider_scope_of_a_failure() -> None:
    breakers = breakers_of(Clock())
    for _ in range(3):
        breakers.acquire(TARGET).failed(ConnectionFailed("the region is down", scope=Scope.ENDPOINT))
    assert set(breakers.open_domains()) == {"acme@"}


def test_a_probe_counts_for_all_open_domains() -> None:
    clock = Clock()
    breakers = opened(clock)
    for _ in range(3):
        breakers.acquire(Target("acme", "acme/two")).failed(ConnectionFailed("refused"))
    clock.now += 2
    breakers.acquire(TARGET).succeeded()
    breakers.acquire(TARGET).succeeded()
    assert breakers.report() == []


class BreakerMachine(RuleBasedStateMachine):
    """Invariants of the breaker for any order of calls, outcomes and time."""

    permits = Bundle("permits")

    @initialize()
    def start(self) -> None:
        self.clock = Clock()
        self.breakers = Breakers(SETTINGS, self.clock, random.Random(1))

    @rule(target=permits)
    def acquire(self) -> tuple[Permit, BreakerState]:
        state, accepts = state_of(self.breakers), self.breakers.accepts(TARGET)
        assert accepts == (state is BreakerState.CLOSED) or state is BreakerState.HALF_OPEN
        return self.breakers.acquire(TARGET), state

    @rule(
        held=consumes(permits),
        error=st.sampled_from([None, BROKEN, FLAKY, RateLimited("x"), InvalidProviderRequest("x")]),
    )
    def settle(self, held: tuple[Permit, BreakerState], error: ProviderError | None) -> None:
        permit, began = held
        before, wait = state_of(self.breakers), self.breakers.open_domains().get(TARGET.id, 0.0)
        permit.failed(error) if error else permit.succeeded()
        after = state_of(self.breakers)
        if error is None:
            assert after in {before, BreakerState.CLOSED}
        elif not error.trips_breaker:
            assert after is before
        elif error.lasting:
            assert after in {before, BreakerState.OPEN}
        if before is not BreakerState.CLOSED and began is BreakerState.CLOSED:
            assert after is before
        if before is after is BreakerState.OPEN:
            assert self.breakers.open_domains()[TARGET.id] <= wait

    @rule(held=consumes(permits))
    def release(self, held: tuple[Permit, BreakerState]) -> None:
        before = state_of(self.breakers)
        held[0].released()
        assert state_of(self.breakers) is before

    @rule(seconds=st.floats(0, 20))
    def wait(self, seconds: float) -> None:
        before = state_of(self.breakers)
        self.clock.now += seconds
        after = state_of(self.breakers)
        assert after is before or (before, after) == (BreakerState.OPEN, BreakerState.HALF_OPEN)

    @rule()
    def answers_again(self) -> None:
        """From any state, time and answers close it."""
        self.clock.now += SETTINGS.max_open_seconds
        for _ in range(2 * SETTINGS.half_open_calls):
            self.breakers.acquire(TARGET).succeeded()
        assert state_of(self.breakers) is BreakerState.CLOSED

    @invariant()
    def the_wait_is_bounded(self) -> None:
        assert all(0 <= wait <= SETTINGS.max_open_seconds for wait in self.breakers.open_domains().values())

    @invariant()
    def what_is_closed_accepts_calls(self) -> None:
        assert state_of(self.breakers) is not BreakerState.CLOSED or self.breakers.accepts(TARGET)


TestBreakerMachine = BreakerMachine.TestCase
TestBreakerMachine.settings = hypothesis_settings(max_examples=60)
