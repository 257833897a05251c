"""Ymera plugin: vendors whose models embed and rerank alone, such as Voyage and Jina.

In reading order: `vendors` (a row for each), `formats` (requests and replies), `provider`, `settings`.
"""

import os
from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING

from ymera_embedders.settings import EmbeddersSettings, VendorSettings
from ymera_service.sdk.hookspecs import PluginDescription, hookimpl
from ymera_service.sdk.http import Endpoint, Transport
from ymera_service.sdk.keys import Keys, Vault
from ymera_service.sdk.later import keyed
from ymera_service.sdk.providers import Provider

if TYPE_CHECKING:
    from ymera_embedders.vendors import Vendor

_DEFAULTS = VendorSettings()


@hookimpl
def ymera_describe() -> PluginDescription:
    """Returns the settings model."""
    return PluginDescription(EmbeddersSettings, (1, 1), idle="set VOYAGE_API_KEY or JINA_API_KEY")


@hookimpl
def ymera_register_providers(
    settings: EmbeddersSettings, transport: Transport, vault: Vault | None
) -> Iterator[Provider]:
    """Offers each vendor, for when there is a key for it."""
    return providers(settings, transport, os.environ, vault)


def providers(
    settings: EmbeddersSettings, transport: Transport, environment: Mapping[str, str], vault: Vault | None = None
) -> Iterator[Provider]:
    """Yields the vendors that have a key, or may get one in the vault."""
    from ymera_embedders.vendors import VENDORS  # noqa: PLC0415  # a server without them starts sooner

    for vendor in VENDORS.values():
        table = settings.vendors.get(vendor.name, _DEFAULTS)
        keys = Keys(
            vendor.name,
            table.configured_keys((vendor.key_variable,), environment),
            vault,
            address=table.base_url or vendor.base_url,
            variables=(vendor.key_variable,),
            missing=f"set {vendor.key_variable} or plugins.embedders.vendors.{vendor.name}.api_key",
            wanted=vendor.name in settings.vendors,
        )
        yield from keyed(keys, vault, partial(_provider, vendor, table, keys, transport))


def _provider(vendor: "Vendor", table: VendorSettings, keys: Keys, transport: Transport) -> Provider:
    from ymera_embedders.provider import EmbedderProvider  # noqa: PLC0415  # see above

    endpoint = Endpoint(table.base_url or vendor.base_url, accounts=keys)
    return EmbedderProvider(vendor, endpoint, transport, table.models)
