"""Ymera plugin: Cohere's API.

In reading order: `provider`, `dialect` (answers), `requests` and `messages` (encoding), `adaptations`, `decoder`,
`message_reader` and `errors` (decoding), `embeddings`, `reranking`, `listing`, `settings`.
"""

import os
from collections.abc import Iterable, Mapping

from ymera_cohere.provider import COHERE, CohereProvider
from ymera_cohere.settings import CohereSettings
from ymera_service.sdk.hookspecs import PluginDescription, hookimpl
from ymera_service.sdk.http import Endpoint, Transport
from ymera_service.sdk.keys import Keys, Vault
from ymera_service.sdk.later import keyed
from ymera_service.sdk.providers import Provider

_BASE_URL = "https://api.cohere.com"
_KEY_VARIABLES = ("COHERE_API_KEY", "CO_API_KEY")
"""The first one that is set is used."""
_IDLE = "set COHERE_API_KEY or plugins.cohere.api_key"


@hookimpl
def ymera_describe() -> PluginDescription:
    """Returns the settings model."""
    return PluginDescription(CohereSettings, (1, 1), idle=_IDLE)


@hookimpl
def ymera_register_providers(settings: CohereSettings, transport: Transport, vault: Vault | None) -> Iterable[Provider]:
    """Offers Cohere, for when there is a key for it."""
    return providers(settings, transport, os.environ, vault)


def providers(
    settings: CohereSettings, transport: Transport, environment: Mapping[str, str], vault: Vault | None = None
) -> Iterable[Provider]:
    """Returns the provider; none without a key and a vault that may get one."""
    configured = settings.configured_keys(_KEY_VARIABLES, environment)
    wanted = bool(settings.model_fields_set)
    address = settings.base_url or _BASE_URL
    keys = Keys(COHERE, configured, vault, address=address, variables=_KEY_VARIABLES, missing=_IDLE, wanted=wanted)
    endpoint = Endpoint(address, accounts=keys)
    return keyed(keys, vault, lambda: CohereProvider(endpoint, transport, settings.models))
