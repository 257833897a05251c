"""A provider that asks for time gets it from every request, bounded, in the scope that its error states."""

from datetime import timedelta
from math import inf

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from ymera_service.resilience.pauses import UNSTATED_SECONDS, Pauses
from ymera_service.sdk.errors import ProviderError, ProviderOverloaded, ProviderServerError, RateLimited
from ymera_service.sdk.targets import Deployment, Scope, Target

TARGET = Target("acme", "acme/one", Deployment("key", "eu"))
OTHER = Target("acme", "acme/two", Deployment("key", "us"))
MAX = timedelta(minutes=1).total_seconds()


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (RateLimited("slow down", retry_after=7), 7),
        (ProviderOverloaded("busy", retry_after=7), 7),
        (RateLimited("slow down", retry_after=86_400), MAX),
        (RateLimited("slow down", retry_after=0), 0),
        (RateLimited("slow down"), UNSTATED_SECONDS),
        (ProviderServerError("broken"), 0),
    ],
)
def test_what_a_provider_asks_for_is_kept_up_to_a_limit(error: ProviderError, seconds: float) -> None:
    clock = Clock()
    pauses = Pauses(MAX, clock)
    pauses.observe(TARGET, error)
    assert pauses.remaining(TARGET) == seconds
    assert pauses.domains() == ({TARGET.domain(error.scope): seconds} if seconds else {})
    clock.now += seconds
    assert pauses.remaining(TARGET) == 0
    assert pauses.domains() == {}


@pytest.mark.parametrize(
    ("scope", "domain", "other_too"),
    [(None, TARGET.id, False), (Scope.ACCOUNT, "acme#key", True), (Scope.ENDPOINT, "acme@eu", False)],
)
def test_a_pause_holds_for_what_the_scope_of_the_error_says(scope: Scope | None, domain: str, other_too: bool) -> None:
    pauses = Pauses(MAX, Clock())
    pauses.observe(TARGET, RateLimited("slow down", retry_after=5, scope=scope))
    assert (pauses.remaining(TARGET), pauses.remaining(OTHER)) == (5, 5 if other_too else 0)
    [report] = pauses.report()
    assert (report.domain, report.scope, report.retry_after, report.reason) == (
        domain,
        scope or Scope.TARGET,
        5,
        "slow down",
    )


def test_a_pause_is_logged_once_however_many_calls_are_refused_meanwhile() -> None:
    clock = Clock()
    pauses = Pauses(MAX, clock)
    with structlog.testing.capture_logs() as logs:
        for _ in range(400):
            clock.now += 0.01
            pauses.observe(TARGET, RateLimited("slow down", retry_after=5))
        clock.now += 5
        pauses.observe(TARGET, RateLimited("slow down", retry_after=5))
    assert [(one["event"], one["log_level"], one["seconds"]) for one in logs] == [("target paused", "warning", 5)] * 2


@given(st.lists(st.tuples(st.integers(0, 30), st.none() | st.integers(0, 1_000))))
def test_a_pause_is_never_shortened_and_never_longer_than_the_limit(steps: list[tuple[int, int | None]]) -> None:
    clock = Clock()
    pauses, until = Pauses(MAX, clock), -inf
    for waited, retry_after in steps:
        clock.now += waited
        pauses.observe(TARGET, RateLimited("slow down", retry_after=retry_after))
        until = max(until, clock.now + min(UNSTATED_SECONDS if retry_after is None else retry_after, MAX))
        assert pauses.remaining(TARGET) == max(0.0, until - clock.now) <= MAX
        assert (TARGET.id in pauses.domains()) == (until > clock.now)
