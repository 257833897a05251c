"""Ymera plugin: Cohere's API.

In reading order: `provider`, `dialect` (answers), `requests` and `messages` (encoding), `adaptations`, `decoder`,
`message_reader` and `errors` (decoding), `embeddings`, `reranking`, `listing`, `settings`.
"""

import os
from collections.abc import Iterable, Mapping

from ymera_cohere.provider import CohereProvider
from ymera_cohere.settings import CohereSettings
from ymera_service.sdk.hookspecs import PluginDescription, hookimpl
from ymera_service.sdk.http import Endpoint, Transport
from ymera_service.sdk.providers import Provider

_BASE_URL = "https://api.cohere.com"
_KEY_VARIABLES = ("COHERE_API_KEY", "CO_API_KEY")
"""The first one that is set is used."""


@hookimpl
def ymera_describe() -> PluginDescription:
    """Returns the settings model."""
    return PluginDescription(CohereSettings, (1, 1), idle="set COHERE_API_KEY or plugins.cohere.api_key")


@hookimpl
def ymera_register_providers(settings: CohereSettings, transport: Transport) -> Iterable[Provider]:
    """Offers Cohere if a key for it is set."""
    return providers(settings, transport, os.environ)


def providers(settings: CohereSettings, transport: Transport, environment: Mapping[str, str]) -> Iterable[Provider]:
    """Returns the provider; none without a key."""
    accounts = {name: _credentials(key.get_secret_value()) for name, key in settings.api_keys.items()}
    named = (environment.get(name, "").strip() for name in _KEY_VARIABLES)
    key = settings.api_key.get_secret_value() if settings.api_key else next(filter(None, named), "")
    if not key and not accounts:
        return []
    endpoint = Endpoint(settings.base_url or _BASE_URL, {} if accounts else _credentials(key), accounts)
    return [CohereProvider(endpoint, transport, settings.models)]


def _credentials(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}
