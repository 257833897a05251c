"""Callers are identified by keys, of which only hashes are known."""

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from ymera_service.access.keys import ANYONE, LONGEST, Callers, digest, new_key
from ymera_service.config import AccessSettings, CallerSettings
from ymera_service.sdk.errors import CallerRateLimited, Unauthenticated

KEY = "ymera_" + "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"  # not drawn: it is part of tests' names
CALLERS = Callers([CallerSettings(name="checkout", key_sha256=digest(KEY))])


def test_a_key_is_long_random_and_recognisable() -> None:
    keys = {new_key() for _ in range(1000)}
    assert len(keys) == 1000
    assert all(key.startswith("ymera_") and len(key) == len("ymera_") + 43 for key in keys)


def test_what_is_stored_is_the_sha256_of_the_key() -> None:
    assert digest(KEY) == hashlib.sha256(KEY.encode()).hexdigest()


@pytest.mark.parametrize("authorization", [f"Bearer {KEY}", f"bearer {KEY}", f"Bearer  {KEY} "])
def test_a_known_key_names_its_caller(authorization: str) -> None:
    assert CALLERS.identify(authorization).name == "checkout"


def test_a_caller_may_have_two_keys_while_one_replaces_the_other() -> None:
    old, new = new_key(), new_key()
    callers = Callers([CallerSettings(name="checkout", key_sha256=digest(key)) for key in (old, new)])
    assert {callers.identify(f"Bearer {key}").name for key in (old, new)} == {"checkout"}


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        KEY,
        f"Basic {KEY}",
        "Bearer",
        "Bearer ",
        f"Bearer {KEY}x",
        f"Bearer {digest(KEY)}",
        "Bearer " + "x" * LONGEST,
    ],
)
def test_anything_else_is_refused_and_not_repeated(authorization: str) -> None:
    with pytest.raises(Unauthenticated) as caught:
        CALLERS.identify(authorization)
    assert caught.value.reason == "UNAUTHENTICATED"
    assert KEY not in caught.value.message


@given(st.text())
def test_no_text_is_a_key_by_chance(text: str) -> None:
    with pytest.raises(Unauthenticated):
        CALLERS.identify(text)


def test_without_keys_any_caller_may_call() -> None:
    assert Callers().identify("Bearer whatever") is ANYONE
    assert not Callers().known


def limited(name: str, key: str, **limits: Any) -> CallerSettings:
    return CallerSettings(name=name, key_sha256=digest(key), **limits)


def test_all_keys_of_a_name_share_its_limit_and_other_names_have_their_own() -> None:
    now = 0
    old, new, other = "old", "new", "other"
    entries = [limited("checkout", old, requests_per_minute=2), limited("checkout", new, requests_per_minute=2)]
    callers = Callers([*entries, limited("search", other, requests_per_minute=1)], lambda: now)
    callers.identify(f"Bearer {old}").admit()
    callers.identify(f"Bearer {new}").admit()
    with pytest.raises(CallerRateLimited) as caught:
        callers.identify(f"Bearer {old}").admit()
    assert caught.value.retry_after == 30.0
    assert caught.value.metadata == {"caller": "checkout", "requests_per_minute": "2"}
    callers.identify(f"Bearer {other}").admit()
    now = 30 * 10**9
    callers.identify(f"Bearer {new}").admit()
    with pytest.raises(CallerRateLimited):
        callers.identify(f"Bearer {old}").admit()


def test_without_limits_a_caller_may_send_what_it_likes() -> None:
    caller = Callers([limited("checkout", KEY)]).identify(f"Bearer {KEY}")
    for _ in range(10_000):
        caller.admit()
    assert caller.allow_models == ()


@pytest.mark.parametrize("limit", [{"requests_per_minute": 5}, {"allow_models": ["p/*"]}])
def test_keys_of_one_name_have_the_same_limits(limit: dict[str, Any]) -> None:
    first = {"name": "checkout", "key_sha256": digest("old"), **limit}
    second = {"name": "checkout", "key_sha256": digest("new")}
    with pytest.raises(ValidationError, match=f"'checkout' differ in {next(iter(limit))}"):
        AccessSettings.model_validate({"callers": [first, second]})
    assert AccessSettings.model_validate(
        {"callers": [first, second | limit, second | {"name": "x", "key_sha256": "0" * 64}]}
    )


@pytest.mark.parametrize(
    "limit",
    [
        {"requests_per_minute": 0},
        {"requests_per_minute": 1_000_001},
        {"allow_models": []},
        {"allow_models": [""]},
        {"allow_models": ["p/*"] * 129},
    ],
)
def test_a_limit_that_means_nothing_is_refused(limit: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        limited("checkout", KEY, **limit)
