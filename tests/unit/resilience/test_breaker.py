"""Circuit breakers open after failures in a row, and let a counted few through before they close."""

from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from ymera_service.config import BreakerSettings
from ymera_service.resilience.breaker import Breaker, Breakers, BreakerState, Permit

SETTINGS = BreakerSettings(failures=3, open_seconds=2, max_open_seconds=15, half_open_calls=1)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def state_of(breaker: Breaker) -> BreakerState:
    return breaker.state


def acquired(breaker: Breaker) -> Permit:
    permit = breaker.try_acquire()
    assert permit is not None
    return permit


def opened(clock: Clock) -> Breaker:
    breaker = Breaker(SETTINGS, clock)
    for _ in range(SETTINGS.failures):
        acquired(breaker).failed()
    return breaker


def test_failures_in_a_row_open_it() -> None:
    breaker = Breaker(SETTINGS, Clock())
    acquired(breaker).failed()
    acquired(breaker).failed()
    assert state_of(breaker) is BreakerState.CLOSED
    acquired(breaker).failed()
    assert state_of(breaker) is BreakerState.OPEN
    assert breaker.try_acquire() is None
    assert breaker.retry_after == 2


def test_a_success_between_failures_keeps_it_closed() -> None:
    breaker = Breaker(SETTINGS, Clock())
    for _ in range(10):
        acquired(breaker).failed()
        acquired(breaker).failed()
        acquired(breaker).succeeded()
    assert state_of(breaker) is BreakerState.CLOSED


def test_half_open_lets_one_probe_through_and_its_success_closes() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now += 2
    assert state_of(breaker) is BreakerState.HALF_OPEN
    probe = acquired(breaker)
    assert breaker.try_acquire() is None
    probe.succeeded()
    assert state_of(breaker) is BreakerState.CLOSED


def test_each_failed_probe_doubles_the_time_up_to_the_limit() -> None:
    clock = Clock()
    breaker = opened(clock)
    waits = []
    for _ in range(5):
        waits.append(breaker.retry_after)
        clock.now += breaker.retry_after
        acquired(breaker).failed()
    assert waits == [2, 4, 8, 15, 15]


def test_a_probe_that_was_called_off_frees_its_place() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now += 2
    acquired(breaker).released()
    assert state_of(breaker) is BreakerState.HALF_OPEN
    acquired(breaker).succeeded()
    assert state_of(breaker) is BreakerState.CLOSED


def test_calls_begun_before_it_opened_say_nothing_of_recovery() -> None:
    clock = Clock()
    breaker = Breaker(SETTINGS, clock)
    early_success, early_failure = acquired(breaker), acquired(breaker)
    for _ in range(3):
        acquired(breaker).failed()
    early_success.succeeded()
    assert state_of(breaker) is BreakerState.OPEN
    clock.now += 2
    early_failure.failed()
    assert state_of(breaker) is BreakerState.HALF_OPEN


def test_each_model_has_a_breaker_of_its_own() -> None:
    breakers = Breakers(SETTINGS, Clock())
    for _ in range(3):
        acquired(breakers.of("a/x")).failed()
    assert breakers.of("a/x").state is BreakerState.OPEN
    assert breakers.of("a/y").state is BreakerState.CLOSED


class BreakerMachine(RuleBasedStateMachine):
    """Whatever the order of calls, verdicts and time, the breaker keeps its promises."""

    permits = Bundle("permits")

    @initialize()
    def start(self) -> None:
        self.clock = Clock()
        self.breaker = Breaker(SETTINGS, self.clock)
        self.probes: set[Permit] = set()

    @rule(target=permits)
    def acquire(self) -> Permit | None:
        state = self.breaker.state
        permit = self.breaker.try_acquire()
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
        before = self.breaker.state
        getattr(permit, verdict)()
        if was_probe and verdict == "succeeded":
            assert state_of(self.breaker) is BreakerState.CLOSED
        if before is BreakerState.OPEN and not was_probe:
            assert state_of(self.breaker) is BreakerState.OPEN

    @rule(seconds=st.floats(0, 20))
    def wait(self, seconds: float) -> None:
        self.clock.now += seconds

    @invariant()
    def the_wait_is_bounded(self) -> None:
        assert 0 <= self.breaker.retry_after <= SETTINGS.max_open_seconds


TestBreakerMachine = BreakerMachine.TestCase
TestBreakerMachine.settings = hypothesis_settings(deadline=None, max_examples=60)
