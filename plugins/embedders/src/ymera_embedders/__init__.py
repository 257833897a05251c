"""Ymera plugin: vendors whose models embed and rerank alone, such as Voyage and Jina.

In reading order: `vendors` (a row for each), `formats` (requests and replies), `provider`, `settings`.
"""

import os
from collections.abc import Iterator, Mapping

from ymera_embedders.settings import EmbeddersSettings, VendorSettings
from ymera_service.sdk.hookspecs import PluginDescription, hookimpl
from ymera_service.sdk.http import Endpoint, Transport
from ymera_service.sdk.providers import Provider

_DEFAULTS = VendorSettings()


@hookimpl
def ymera_describe() -> PluginDescription:
    """Returns the settings model."""
    return PluginDescription(EmbeddersSettings, (1, 1), idle="set VOYAGE_API_KEY or JINA_API_KEY")


@hookimpl
def ymera_register_providers(settings: EmbeddersSettings, transport: Transport) -> Iterator[Provider]:
    """Offers each vendor whose key is set."""
    return providers(settings, transport, os.environ)


def providers(settings: EmbeddersSettings, transport: Transport, environment: Mapping[str, str]) -> Iterator[Provider]:
    """Yields the vendors that have a key."""
    from ymera_embedders.provider import EmbedderProvider  # noqa: PLC0415  # a server without them starts sooner
    from ymera_embedders.vendors import VENDORS  # noqa: PLC0415

    for vendor in VENDORS.values():
        table = settings.vendors.get(vendor.name, _DEFAULTS)
        accounts = {name: _credentials(key.get_secret_value()) for name, key in table.api_keys.items()}
        key = table.api_key.get_secret_value() if table.api_key else environment.get(vendor.key_variable, "").strip()
        if key or accounts:
            endpoint = Endpoint(table.base_url or vendor.base_url, {} if accounts else _credentials(key), accounts)
            yield EmbedderProvider(vendor, endpoint, transport, table.models)


def _credentials(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}
