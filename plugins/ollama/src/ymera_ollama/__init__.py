"""Ymera plugin: Ollama's native API.

In reading order: `provider` (the provider and its hosts), `dialect` (the API), `requests`, `messages` and `thinking`
(encoding of requests), `adaptations`, `decoder`, `answer_reader` and `errors` (decoding of responses), `embeddings`,
`listing` and `profiles` (the models and what they accept), `addresses` and `settings`.
"""

import os
from collections.abc import Iterable, Iterator, Mapping

from ymera_ollama.addresses import DEFAULT, address_of
from ymera_ollama.provider import OllamaProvider
from ymera_ollama.settings import OllamaSettings
from ymera_service.sdk.hookspecs import PluginDescription, hookimpl
from ymera_service.sdk.http import Transport
from ymera_service.sdk.keys import Keys, Vault
from ymera_service.sdk.later import keyed
from ymera_service.sdk.providers import Provider

OLLAMA, CLOUD = "ollama", "ollama-cloud"
_HOST_VARIABLE = "OLLAMA_HOST"
_KEY_VARIABLE = "OLLAMA_API_KEY"
_CLOUD = "https://ollama.com"


@hookimpl
def ymera_describe() -> PluginDescription:
    """Returns the settings model."""
    return PluginDescription(OllamaSettings, (1, 1), idle="set plugins.ollama.discover_local, or plugins.ollama.hosts")


@hookimpl
def ymera_register_providers(settings: OllamaSettings, transport: Transport, vault: Vault | None) -> Iterable[Provider]:
    """Offers the configured hosts or else the one that is looked for, and Ollama's own for when there is a key."""
    return list(providers(settings, transport, os.environ, vault))


def providers(
    settings: OllamaSettings, transport: Transport, environment: Mapping[str, str], vault: Vault | None = None
) -> Iterator[Provider]:
    """Yields the providers. Keys of the vault are for Ollama's own host alone, as each has one origin."""
    if settings.hosts:
        key = settings.api_key.get_secret_value() if settings.api_key else ""
        yield OllamaProvider(OLLAMA, settings.hosts, transport, settings, key=key)
    elif settings.discover_local:
        address = address_of(environment.get(_HOST_VARIABLE, "").strip(), DEFAULT)
        yield OllamaProvider(OLLAMA, {"": address}, transport, settings, configured=False)
    key, missing = environment.get(_KEY_VARIABLE, "").strip(), f"set {_KEY_VARIABLE}"
    keys = Keys(CLOUD, key, vault, address=_CLOUD, variables=(_KEY_VARIABLE,), missing=missing)
    yield from keyed(
        keys, vault, lambda: OllamaProvider(CLOUD, {"": _CLOUD}, transport, OllamaSettings(), keys=keys, local=False)
    )
