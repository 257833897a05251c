"""While this machine's own network is down no target is to blame, and it is said once."""

import structlog

from ymera_service.config import BreakerSettings
from ymera_service.resilience.breaker import Breakers
from ymera_service.sdk.errors import ConnectionFailed, ProviderServerError
from ymera_service.sdk.targets import Scope, Target

TARGETS = [Target(f"vendor{number}", f"vendor{number}/m") for number in range(3)]
UNRESOLVED = ConnectionFailed("no name can be resolved", scope=Scope.NETWORK)


def breakers_of() -> Breakers:
    return Breakers(BreakerSettings(failures=3), lambda: 0.0)


def test_an_outage_of_the_network_opens_nothing_and_is_logged_once() -> None:
    breakers = breakers_of()
    with structlog.testing.capture_logs() as logs:
        for target in TARGETS * 10:
            breakers.acquire(target).failed(UNRESOLVED)
        assert breakers.network.problem == "no name can be resolved"
        assert all(breakers.accepts(target) for target in TARGETS)
        breakers.acquire(TARGETS[0]).succeeded()
    assert breakers.network.problem == ""
    assert breakers.report() == []
    assert [(one["event"], one["log_level"]) for one in logs] == [
        ("network failed", "warning"),
        ("network works again", "warning"),
    ]


def test_an_endpoint_that_fails_while_others_answer_is_to_blame() -> None:
    broken, well, _ = TARGETS
    breakers = breakers_of()
    for _ in range(3):
        breakers.acquire(broken).failed(UNRESOLVED)
        breakers.acquire(well).succeeded()
    assert breakers.network.problem == ""
    [report] = breakers.report()
    assert (report.domain, report.scope) == ("vendor0@", Scope.ENDPOINT)


def test_an_error_that_a_provider_sent_shows_that_the_network_works() -> None:
    broken, well, _ = TARGETS
    breakers = breakers_of()
    for _ in range(2):
        breakers.acquire(broken).failed(UNRESOLVED)
    assert breakers.network.problem
    breakers.acquire(well).failed(ProviderServerError("500", status=500))
    assert breakers.network.problem == ""
