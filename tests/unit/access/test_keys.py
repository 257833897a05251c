"""Callers are identified by keys, of which only hashes are known."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ymera_service.access.keys import LONGEST, Callers, digest, new_key
from ymera_service.config import CallerSettings
from ymera_service.sdk.errors import Unauthenticated

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
    assert CALLERS.identify(authorization) == "checkout"


def test_a_caller_may_have_two_keys_while_one_replaces_the_other() -> None:
    old, new = new_key(), new_key()
    callers = Callers([CallerSettings(name="checkout", key_sha256=digest(key)) for key in (old, new)])
    assert {callers.identify(f"Bearer {key}") for key in (old, new)} == {"checkout"}


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
    assert Callers().identify("Bearer whatever") == ""
    assert not Callers().known
