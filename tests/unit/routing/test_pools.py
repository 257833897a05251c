"""Targets that differ in their accounts only are ranked as one."""

import pytest

from tests.unit.routing.conftest import Routing
from ymera_service.routing.decision import ExclusionReason, Preferences
from ymera_service.sdk.models import ModelInfo
from ymera_service.sdk.targets import Deployment

KEYS = tuple(f"key-{number}" for number in range(50))
MANY = tuple(map(Deployment, KEYS))


def routing(*deployments: Deployment) -> Routing:
    """A provider with two models at these deployments, and one with a single account."""
    two = [ModelInfo(name, deployments=deployments) for name in ("a", "b")]
    return Routing({"p": two, "q": [ModelInfo("c")]})


def test_fifty_keys_leave_room_for_every_model() -> None:
    selection = routing(*MANY).select()
    assert sorted(target.id for target in selection.ranking) == ["p/a", "p/b", "q/c"]
    assert {pool: len(targets) for pool, targets in selection.accounts.items()} == {"p/a": 50, "p/b": 50}
    assert [target.deployment.account for target in selection.accounts["p/a"]] == list(KEYS)
    assert selection.decision.candidate_count == 3


def test_each_endpoint_is_ranked_for_itself() -> None:
    places = [Deployment(account, endpoint) for endpoint in ("eu", "us") for account in ("one", "two")]
    selection = routing(*places, Deployment("three", "jp")).select()
    assert sorted(target.id for target in selection.ranking) == [
        *(f"p/{model}{place}" for model in "ab" for place in ("#three@jp", "@eu", "@us")),
        "q/c",
    ]


@pytest.mark.parametrize("closed", [["p#key-0"], ["p/a#key-0"], [f"p#{key}" for key in KEYS[1:]]])
def test_a_pool_is_left_while_one_of_its_accounts_is(closed: list[str]) -> None:
    made = routing(*MANY)
    for domains in (made.open_domains, made.paused_domains):
        domains.update(dict.fromkeys(closed, 5.0))
        assert made.decide().candidate_count == 3


def test_a_pool_whose_accounts_are_all_paused_is_paused_until_the_first_is_not() -> None:
    made = routing(*MANY)
    made.paused_domains = {f"p#{key}": 5.0 + number for number, key in enumerate(KEYS)}
    decision = made.decide()
    assert [candidate.target.id for candidate in decision.candidates] == ["q/c"]
    [count] = decision.exclusions
    assert (count.example.reason, count.count) == (ExclusionReason.PAUSED, 2)
    assert count.example.detail == "each of its 50 accounts is paused, as its provider asked, for 5.0 s more"


def test_accounts_that_are_closed_for_different_reasons_close_the_pool() -> None:
    made = routing(Deployment("one"), Deployment("two"))
    made.open_domains = {"p#one": 3.0, "p/a#two": 4.0}
    excluded = {one.target.id: one.detail for one in made.decide().excluded}
    assert excluded == {"p/a": "each of its 2 accounts failed repeatedly; is tried again in 3.0 s"}


@pytest.mark.parametrize("domain", ["p/a", "p@"])
def test_what_fails_whatever_the_account_closes_the_pool(domain: str) -> None:
    made = routing(*MANY)
    made.open_domains = {domain: 3.0}
    assert "p/a" in [one.target.id for one in made.decide().excluded]


def test_the_session_stays_with_the_pool_of_its_target() -> None:
    made = routing(*MANY)
    made.answered("s", "p/b#key-7")
    decision = made.decide(preferences=Preferences(session_id="s"))
    assert decision.session_affinity
    assert decision.candidates[0].target.id == "p/b"
    assert decision.inputs.affinity == "p/b#key-7"


def test_what_one_account_shows_of_the_speed_counts_for_all() -> None:
    made = routing(*MANY)
    made.evidence.observe("p/a", output_tokens=100, time_to_first_token=0.5, duration=2.0)
    latencies = {one.target.id: one.expected_latency for one in made.decide().candidates}
    assert latencies["p/a"] is not None
    assert latencies["p/b"] is None
