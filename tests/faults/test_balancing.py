"""Of the keys and endpoints of a model, those that are slow, fail or are limited get few calls, and cost no success.

The goal is: 99.9 % of the requests answered, and 99 % of them within 1.5 times of what the good ones take. An open loop
of 20 requests a second, each of which takes half a second at a good target.
"""

from collections.abc import Callable, Sequence
from functools import partial

import pytest
from partial_failure import Behaviour, Outcome, run, simulate

from tests.conftest import Observe
from ymera_service.sdk.errors import AuthenticationFailed, RateLimited
from ymera_service.sdk.targets import Deployment

GOOD, RATE, SECONDS = 0.5, 20, 120
WELL = Behaviour(seconds=GOOD)
SLOW = Behaviour(seconds=5 * GOOD)
FAILING = Behaviour(0.3, GOOD)
LIMITED = Behaviour(seconds=GOOD, per_second=4)
REVOKED = Behaviour(1.0, 0.1, lambda: AuthenticationFailed("the key was revoked"))


def outcome_of(targets: Sequence[Behaviour], places: Sequence[Deployment], observe: Observe) -> Outcome:
    outcome = run(partial(simulate, targets, seconds=SECONDS, places=places, rate=RATE))
    calls = ", ".join(str(outcome.spread[f"p0/m{_name(place)}"]) for place in places)
    observe(
        f"{outcome.success:.2f} % answered, p99 {latest(outcome) / GOOD:.2f} × the good one's,"
        f" {outcome.amplification:.3f} calls per request, spread {calls}"
    )
    return outcome


def _name(place: Deployment) -> str:
    return f"#{place.account}" if place.account else f"@{place.endpoint}"


def latest(outcome: Outcome) -> float:
    """The 99th percentile in seconds."""
    return sorted(outcome.latencies)[int(0.99 * len(outcome.latencies))]


def keys(count: int) -> Sequence[Deployment]:
    return [Deployment(f"key-{number}") for number in range(count)]


def endpoints(count: int) -> Sequence[Deployment]:
    return [Deployment(endpoint=f"place-{number}") for number in range(count)]


CASES = {
    "one of three is slow": [SLOW, WELL, WELL],
    "one of three fails at 30 %": [FAILING, WELL, WELL],
    "one of three is limited": [LIMITED, WELL, WELL],
    "a slow one, one that fails at 30 %, and a limited one beside a good one": [SLOW, FAILING, LIMITED, WELL],
    "one of two is slow": [SLOW, WELL],
}


@pytest.mark.parametrize("places", [keys, endpoints], ids=[" keys", " endpoints"])
@pytest.mark.parametrize("targets", CASES.values(), ids=CASES.keys())
def test_bad_targets_beside_good_ones_cost_neither_success_nor_time(
    targets: Sequence[Behaviour], places: Callable[[int], Sequence[Deployment]], observe: Observe
) -> None:
    outcome = outcome_of(targets, places(len(targets)), observe)
    assert outcome.success >= 99.9
    assert latest(outcome) <= 1.5 * GOOD


def test_a_key_that_says_how_much_is_left_is_not_asked_for_more(observe: Observe) -> None:
    outcome = outcome_of([LIMITED, WELL, WELL], keys(3), observe)
    assert outcome.calls - outcome.requests <= 2  # refused ones


def test_a_call_that_fails_over_finds_the_one_free_key_of_the_next_model(observe: Observe) -> None:
    paused = Behaviour(1.0, 0.01, lambda: RateLimited("slow down", status=429, retry_after=60))
    broken = Behaviour(1.0, 0.01)
    targets, places = [paused] * 7 + [Behaviour(seconds=0.01)], keys(8)
    outcome = run(partial(simulate, targets, seconds=30, places=places, rate=RATE, beside=[broken]))
    observe(str(outcome))
    assert len(outcome.latencies) >= outcome.requests - 1  # the first one may use up its attempts on limited keys
    assert latest(outcome) <= 0.1


@pytest.mark.parametrize("places", [keys, endpoints])
def test_where_all_three_are_bad_every_request_is_answered(
    places: Callable[[int], Sequence[Deployment]], observe: Observe
) -> None:
    outcome = outcome_of([SLOW, FAILING, LIMITED], places(3), observe)
    assert outcome.success >= 99.9
    assert outcome.amplification <= 1.3


def test_of_fifty_keys_five_revoked_and_five_limited_ones_rest_alone(observe: Observe) -> None:
    limited = Behaviour(seconds=GOOD, per_second=0.2)
    places = keys(50)
    outcome = outcome_of([REVOKED] * 5 + [limited] * 5 + [WELL] * 40, places, observe)
    assert outcome.success >= 99.9
    assert latest(outcome) <= 1.5 * GOOD
    calls = [outcome.spread[f"p0/m#{place.account}"] for place in places]
    assert max(calls[:5]) <= 5
    assert outcome.amplification <= 1.02
    mean = sum(calls[10:]) / 40
    assert mean / 1.5 <= min(calls[10:]) <= max(calls[10:]) <= 1.5 * mean
