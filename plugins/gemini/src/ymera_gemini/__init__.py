"""Ymera plugin: Google's Gemini API.

In reading order: `provider` (the provider), `dialect` (the API), `requests`, `contents`, `thinking` and `schemas`
(encoding of requests), `adaptations`, `signatures`, `decoder`, `response_reader`, `usage`, `citations` and `errors`
(decoding of responses), `embeddings`, `listing` and `profiles` (the models and the parameters that they accept),
`vertex` and `tokens` (Vertex AI), `settings`.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from ymera_gemini.settings import EndpointSettings, GeminiSettings, VertexSettings
from ymera_service.sdk.hookspecs import PluginDescription, hookimpl
from ymera_service.sdk.http import Endpoint, Transport
from ymera_service.sdk.keys import Keys, Vault
from ymera_service.sdk.later import keyed
from ymera_service.sdk.providers import Provider

if TYPE_CHECKING:
    from ymera_gemini.vertex import VertexProvider

_BASE_URL = "https://generativelanguage.googleapis.com/v1beta"
GEMINI = "gemini"
_KEY_VARIABLES = ("GOOGLE_API_KEY", "GEMINI_API_KEY")
"""In the order in which Google's own clients read them."""
_IDLE = "set GEMINI_API_KEY or plugins.gemini.api_key"
_BASE_URL_VARIABLE = "GOOGLE_GEMINI_BASE_URL"


@hookimpl
def ymera_describe() -> PluginDescription:
    """Returns the settings model."""
    return PluginDescription(settings=GeminiSettings, idle=_IDLE)


@hookimpl
def ymera_register_providers(settings: GeminiSettings, transport: Transport, vault: Vault | None) -> Iterable[Provider]:
    """Offers Gemini, for when there is a key for it, and the further endpoints that are configured."""
    return list(_providers(settings, transport, os.environ, vault))


def _providers(
    settings: GeminiSettings, transport: Transport, environment: Mapping[str, str], vault: Vault | None = None
) -> Iterator[Provider]:
    address = _base_url(settings, environment)
    keys = Keys(
        GEMINI,
        settings.configured_keys(_KEY_VARIABLES, environment),
        vault,
        address=address,
        headers=_credentials,
        variables=_KEY_VARIABLES[::-1],
        missing=_IDLE,
        wanted=bool(settings.model_fields_set - {"endpoints", "vertex"}),
    )
    yield from keyed(keys, vault, lambda: _provider(keys, address, settings, transport))
    for name, table in settings.endpoints.items():
        variable = table.api_key_variable
        configured = table.configured_keys((variable,), environment)
        missing = f"set {variable} or plugins.gemini.endpoints.{name}.api_key" if variable else ""
        keys = Keys(name, configured, vault, address=table.base_url, headers=_credentials, missing=missing)
        facts = {"price_vendor": table.price_vendor}
        yield from keyed(keys, vault, partial(_provider, keys, table.base_url, table, transport, **facts))
    if settings.vertex:
        yield _vertex(settings.vertex, transport, environment)


def _provider(
    keys: Keys, address: str, table: GeminiSettings | EndpointSettings, transport: Transport, **facts: Any
) -> Provider:
    # Imported here so that a server without Gemini starts sooner.
    from ymera_gemini.provider import GeminiProvider  # noqa: PLC0415

    return GeminiProvider(keys.provider, Endpoint(address, accounts=keys), transport, table.models, **facts)


def _vertex(settings: VertexSettings, transport: Transport, environment: Mapping[str, str]) -> "VertexProvider":
    from ymera_gemini.tokens import AccessToken, from_command, from_default_credentials  # noqa: PLC0415
    from ymera_gemini.vertex import VertexProvider, address  # noqa: PLC0415

    addresses = {name: address(settings.project, name, settings.base_url) for name in settings.locations}
    if settings.token_command:
        source = from_command(settings.token_command)
    else:
        source = from_default_credentials(transport, environment, settings.credentials_file)
    return VertexProvider(addresses, AccessToken(source), transport, settings.models)


def _base_url(settings: GeminiSettings, environment: Mapping[str, str]) -> str:
    # Google's own clients append the version to the value of this variable.
    named = environment.get(_BASE_URL_VARIABLE, "").strip().rstrip("/")
    return settings.base_url or (f"{named.removesuffix('/v1beta')}/v1beta" if named else _BASE_URL)


def _credentials(key: str) -> dict[str, str]:
    return {"x-goog-api-key": key}
