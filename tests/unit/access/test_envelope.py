"""Secrets are encrypted with keys of their own, which a master key encrypts, and can't be changed or moved."""

import base64
import copy
import os
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ymera_service.access.envelope import MasterKeys, NotAMasterKey, Sealed, Unreadable, new_master_key

MASTER = MasterKeys.read(new_master_key())
OWNERS = st.lists(st.text(max_size=20), max_size=4)
SECRETS = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)


@given(secret=SECRETS, owner=OWNERS)
def test_what_is_sealed_is_opened_with_the_same_owner(secret: str, owner: list[str]) -> None:
    sealed = MASTER.seal(secret, owner)
    assert MASTER.open(sealed, owner) == secret
    assert MASTER.open(copy.copy(sealed), tuple(owner)) == secret


@given(secret=st.text(st.characters(codec="ascii"), min_size=8, max_size=300), owner=OWNERS)
def test_neither_the_secret_nor_its_data_key_is_in_what_is_stored(secret: str, owner: list[str]) -> None:
    one, other = MASTER.seal(secret, owner), MASTER.seal(secret, owner)
    assert secret.encode() not in one.data_key + one.ciphertext
    assert one.ciphertext != other.ciphertext
    assert one.data_key != other.data_key
    assert secret not in repr(one)


@given(owner=OWNERS, other=OWNERS)
def test_a_secret_is_not_opened_in_the_place_of_another(owner: list[str], other: list[str]) -> None:
    sealed = MASTER.seal("secret", owner)
    if owner == other:
        assert MASTER.open(sealed, other) == "secret"
    else:
        with pytest.raises(Unreadable):
            MASTER.open(sealed, other)
        with pytest.raises(Unreadable):
            MASTER.rewrap(sealed, other)


def test_parts_of_the_owner_are_distinguished() -> None:
    sealed = MASTER.seal("secret", ("ab", "c"))
    for other in [("a", "bc"), ("abc",), ("abc", ""), ("", "ab", "c")]:
        with pytest.raises(Unreadable):
            MASTER.open(sealed, other)


@given(data=st.data())
def test_nothing_changed_or_cut_off_is_opened(data: st.DataObject) -> None:
    sealed = MASTER.seal("secret of some length", ("id", "provider"))
    part = data.draw(st.sampled_from(["data_key", "ciphertext"]))
    value: bytes = getattr(sealed, part)
    if data.draw(st.booleans()):
        changed = value[: data.draw(st.integers(0, len(value) - 1))]
    else:
        index = data.draw(st.integers(0, len(value) - 1))
        changed = value[:index] + bytes([value[index] ^ data.draw(st.integers(1, 255))]) + value[index + 1 :]
    parts = {"data_key": sealed.data_key, "ciphertext": sealed.ciphertext, part: changed}
    with pytest.raises(Unreadable):
        MASTER.open(Sealed(sealed.master_key_id, **parts), ("id", "provider"))


def test_the_two_halves_of_an_envelope_are_not_taken_for_each_other() -> None:
    one, other = MASTER.seal("one", ("x",)), MASTER.seal("other", ("x",))
    for data_key, ciphertext in [(one.data_key, other.ciphertext), (one.ciphertext, one.data_key)]:
        with pytest.raises(Unreadable):
            MASTER.open(Sealed(MASTER.current, data_key, ciphertext), ("x",))


def test_without_the_master_key_nothing_is_opened() -> None:
    other = MasterKeys.read(new_master_key())
    sealed = MASTER.seal("secret", ())
    with pytest.raises(Unreadable, match="not configured"):
        other.open(sealed, ())
    with pytest.raises(Unreadable, match="belongs to another"):
        other.open(Sealed(other.current, sealed.data_key, sealed.ciphertext), ())


def test_a_new_master_key_encrypts_the_data_key_and_leaves_the_secret() -> None:
    old, new = new_master_key(), new_master_key()
    sealed = MasterKeys.read(old).seal("secret", ("x",))
    both = MasterKeys.read(f"{new}\n{old}\n")
    rewrapped = both.rewrap(sealed, ("x",))
    assert rewrapped.ciphertext == sealed.ciphertext
    assert rewrapped.master_key_id == both.current != sealed.master_key_id
    assert MasterKeys.read(new).open(rewrapped, ("x",)) == "secret"
    assert both.open(sealed, ("x",)) == "secret"


def test_a_master_key_is_read_in_base64_and_in_hexadecimal() -> None:
    key = os.urandom(32)
    forms = [
        base64.b64encode(key).decode(),
        base64.urlsafe_b64encode(key).decode(),
        base64.urlsafe_b64encode(key).decode().rstrip("="),
        key.hex(),
        key.hex().upper(),
    ]
    assert len({MasterKeys.read(form).current for form in forms}) == 1


@pytest.mark.parametrize("text", ["", " \n", "secret", "x" * 43 + "!", base64.b64encode(b"x" * 31).decode(), "é" * 43])
def test_anything_else_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(NotAMasterKey) as caught:
        MasterKeys.read(text)
    assert not text.strip() or text.strip() not in str(caught.value)


def test_master_keys_are_neither_shown_nor_pickled() -> None:
    text = new_master_key()
    keys = MasterKeys.read(text)
    assert text.rstrip("=") not in repr(keys)
    assert keys.current in repr(keys)
    with pytest.raises(TypeError):
        pickle.dumps(keys)
