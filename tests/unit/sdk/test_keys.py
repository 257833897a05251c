"""A provider is called with the keys of the moment: those that are configured, and those of the vault."""

import pickle
from collections.abc import Mapping

import pytest

from ymera_service.sdk.errors import AuthenticationFailed
from ymera_service.sdk.http import Endpoint, HttpRequest
from ymera_service.sdk.keys import CONFIGURED, Keys, bearer, origin_of
from ymera_service.sdk.targets import Deployment

URL = "https://api.acme.test/v1"
REQUEST = HttpRequest("GET", "/models")


class Shelf:
    """A vault whose keys a test changes."""

    def __init__(self, **stored: str) -> None:
        self.stored: Mapping[str, str] = stored

    def accounts(self, provider: str, origin: str) -> Mapping[str, str]:
        return self.stored if (provider, origin) == ("acme", "https://api.acme.test") else {}


def keys(configured: str | Mapping[str, str] = "", shelf: Shelf | None = None, missing: str = "set a key") -> Keys:
    return Keys("acme", configured, shelf, address=URL, missing=missing, variables=("ACME_API_KEY",))


def accounts(found: Keys) -> dict[str, Mapping[str, str]]:
    return dict(found)


def test_the_only_key_has_no_name() -> None:
    assert accounts(keys("one")) == {"": bearer("one")}
    assert accounts(keys({"a": "one", "b": "two"})) == {"a": bearer("one"), "b": bearer("two")}
    assert keys("one").known


def test_keys_of_the_vault_join_those_that_are_configured_and_leave_again() -> None:
    shelf = Shelf()
    found = keys("mine", shelf)
    shelf.stored = {"work": "stored"}
    assert accounts(found) == {"work": bearer("stored"), CONFIGURED: bearer("mine")}
    assert found.configured == {CONFIGURED: "mine"}
    shelf.stored = {"work": "rotated"}
    assert found["work"] == bearer("rotated")
    shelf.stored = {}
    assert accounts(found) == {"": bearer("mine")}


def test_a_call_that_was_planned_before_keys_came_or_went_still_has_its_key() -> None:
    shelf = Shelf()
    found = keys("mine", shelf)
    assert found[CONFIGURED] == found[""] == bearer("mine")
    shelf.stored = {"work": "stored"}
    assert found[CONFIGURED] == found[""] == bearer("mine")


def test_a_configured_key_goes_before_one_of_the_vault_with_the_same_name() -> None:
    assert accounts(keys({"work": "mine"}, Shelf(work="stored"))) == {"work": bearer("mine")}


def test_a_provider_that_needs_a_key_has_no_account_without_one() -> None:
    shelf = Shelf()
    found = keys("", shelf)
    endpoint = Endpoint(URL, accounts=found)
    assert (accounts(found), found.known) == ({}, False)
    with pytest.raises(AuthenticationFailed, match="set a key"):
        endpoint.resolve(REQUEST)
    shelf.stored = {"work": "stored"}
    assert endpoint.deployments == (Deployment("work"),)
    assert endpoint.resolve(REQUEST, "work").headers == bearer("stored")
    shelf.stored = {"home": "other"}
    with pytest.raises(AuthenticationFailed, match="account 'work' does not exist"):
        endpoint.resolve(REQUEST, "work")


def test_one_that_needs_none_is_called_without() -> None:
    endpoint = Endpoint(URL, accounts=keys("", missing=""))
    assert endpoint.deployments == (Deployment(),)
    assert endpoint.resolve(REQUEST).headers == {}


def test_a_request_without_any_account_has_the_headers_of_the_endpoint_alone() -> None:
    endpoint = Endpoint(URL, {"x-version": "1"}, keys("mine"))
    assert endpoint.anonymous(REQUEST).headers == {"x-version": "1"}


def test_keys_are_not_sent_to_another_origin_than_they_were_added_for() -> None:
    moved = Keys("acme", "", Shelf(work="stored"), address="https://elsewhere.test/v1", missing="set a key")
    assert accounts(moved) == {}


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://api.acme.test/v1", "https://api.acme.test"),
        ("HTTPS://API.acme.test:8443", "https://api.acme.test:8443"),
        ("http://user:password@[::1]:80/v1?x=y", "http://[::1]:80"),
    ],
)
def test_an_origin_is_scheme_host_and_port(url: str, origin: str) -> None:
    assert origin_of(url) == origin


def test_keys_are_neither_shown_nor_pickled() -> None:
    found = keys("sk-secret", Shelf(work="sk-stored"))
    assert len(found) == 2
    assert "sk-" not in repr(found) + repr(Endpoint(URL, accounts=found))
    with pytest.raises(TypeError):
        pickle.dumps(found)
