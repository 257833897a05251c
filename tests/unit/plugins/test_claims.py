"""A plugin can't take a name, or settings, that belong to another distribution."""

import pytest

from tests.unit.plugins.test_plugins import Good, detail, found, load, state
from ymera_service.config import ConfigError
from ymera_service.plugins import PluginState, Registration


def test_a_newcomer_does_not_get_the_provider_name_of_an_own_plugin() -> None:
    newcomer, real = Good("openai", "aaa"), Good("openai")
    registry = load(found("aaa", newcomer), found("openai", real))
    assert state(registry, "openai") is PluginState.ACTIVE
    assert registry.plugins[0].registrations == (Registration("provider", "aaa"),)
    assert "the name is reserved for ymera-openai" in detail(registry, "ymera-aaa")
    assert registry.plugins[0].refused
    assert set(registry.providers) == {"openai", "aaa"}


def test_a_reserved_name_is_refused_if_the_own_plugin_is_not_installed() -> None:
    registry = load(found("aaa", Good("openai")))
    assert state(registry, "aaa") is PluginState.QUARANTINED
    assert not registry.providers


def test_an_own_plugin_keeps_the_name_of_any_of_its_providers() -> None:
    registry = load(found("aaa", Good("groq")), found("openai", Good("groq")))
    assert "ymera-openai 1.2.3 keeps it" in detail(registry, "ymera-aaa")
    assert state(registry, "openai") is PluginState.ACTIVE


@pytest.mark.parametrize("order", [1, -1])
def test_the_plugin_of_the_name_keeps_it_and_the_alphabet_does_not_matter(order: int) -> None:
    registry = load(*[found("aaa", Good("shared", "other")), found("shared", Good("shared"))][::order])
    both = "ymera-aaa 1.2.3 and ymera-shared 1.2.3 both register a provider 'shared'"
    assert both in detail(registry, "ymera-aaa")
    assert "ymera-shared 1.2.3 keeps it" in detail(registry, "ymera-aaa")
    assert detail(registry, "ymera-shared") == ""
    assert set(registry.providers) == {"shared", "other"}


def test_a_configured_plugin_keeps_a_name() -> None:
    registry = load(found("aaa", Good("shared")), found("beta", Good("shared")), beta={"count": 2})
    assert state(registry, "aaa") is PluginState.QUARANTINED
    assert "ymera-beta 1.2.3 keeps it" in detail(registry, "ymera-aaa")


def test_if_nothing_distinguishes_two_plugins_neither_gets_the_name() -> None:
    registry = load(found("aaa", Good("shared")), found("beta", Good("shared", "b")))
    assert "neither gets it" in detail(registry, "ymera-beta")
    assert set(registry.providers) == {"b"}


def test_two_configured_plugins_are_not_distinguished_by_their_tables() -> None:
    registry = load(found("aaa", Good("shared")), found("beta", Good("shared")), aaa={"count": 2}, beta={"count": 2})
    assert "neither gets it" in detail(registry, "ymera-aaa")
    assert not registry.providers


def test_settings_of_an_own_plugin_are_not_handed_to_another_distribution() -> None:
    thief, real = Good("a"), Good("b")
    registry = load(
        found("openai", thief, "another-openai"), found("openai", real, "Ymera_OpenAI"), openai={"api_key": "k"}
    )
    assert thief.settings is None
    assert real.settings is not None
    assert real.settings.api_key == "k"
    assert "the name is reserved for ymera-openai" in detail(registry, "another-openai")


def test_settings_name_the_distribution_that_they_were_written_for() -> None:
    fork, other = Good("a"), Good("b")
    table = {"api_key": "k", "distribution": "my-acme"}
    registry = load(found("acme", fork, "my-acme"), found("acme", other, "other-acme"), acme=table)
    assert fork.settings is not None
    assert fork.settings.api_key == "k"
    assert other.settings is None
    assert "plugins.acme.distribution names my-acme" in detail(registry, "other-acme")


def test_a_fork_of_an_own_plugin_is_used_if_the_settings_name_it() -> None:
    registry = load(found("openai", Good("acme"), "my-openai"), openai={"distribution": "my-openai"})
    assert set(registry.providers) == {"acme"}


def test_two_plugins_of_one_name_are_both_refused_until_the_settings_name_one() -> None:
    registry = load(found("acme", Good(), "first"), found("acme", Good("x"), "second"))
    for distribution in ("first", "second"):
        assert "first 1.2.3 and second 1.2.3 both name a plugin 'acme'" in detail(registry, distribution)
    assert not registry.providers


def test_a_table_for_a_distribution_that_is_not_installed_is_a_fault() -> None:
    with pytest.raises(ConfigError, match=r"plugins\.acme"):
        load(found("beta", Good("b")), acme={"distribution": "my-acme"})
