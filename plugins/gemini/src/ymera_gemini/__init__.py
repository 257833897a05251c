"""Ymera plugin: Google's Gemini API.

In reading order: `provider` (the provider), `dialect` (the API), `requests`, `contents`, `thinking` and `schemas`
(encoding of requests), `adaptations`, `signatures`, `decoder`, `response_reader`, `usage`, `citations` and `errors`
(decoding of responses), `embeddings`, `listing` and `profiles` (the models and the parameters that they accept),
`vertex` and `tokens` (Vertex AI), `settings`.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from ymera_gemini.settings import EndpointSettings, GeminiSettings, VertexSettings
from ymera_service.sdk.hookspecs import PluginDescription, hookimpl
from ymera_service.sdk.http import Endpoint, Transport
from ymera_service.sdk.providers import Provider

if TYPE_CHECKING:
    from ymera_gemini.provider import GeminiProvider
    from ymera_gemini.vertex import VertexProvider

_BASE_URL = "https://generativelanguage.googleapis.com/v1beta"
_KEY_VARIABLES = ("GOOGLE_API_KEY", "GEMINI_API_KEY")
"""In the order in which Google's own clients read them."""
_BASE_URL_VARIABLE = "GOOGLE_GEMINI_BASE_URL"


@hookimpl
def ymera_describe() -> PluginDescription:
    """Returns the settings model."""
    return PluginDescription(settings=GeminiSettings, idle="set GEMINI_API_KEY or plugins.gemini.api_key")


@hookimpl
def ymera_register_providers(settings: GeminiSettings, transport: Transport) -> Iterable[Provider]:
    """Offers Gemini if a key for it is set, and the further endpoints that are configured."""
    return list(_providers(settings, transport, os.environ))


def _providers(
    settings: GeminiSettings, transport: Transport, environment: Mapping[str, str]
) -> Iterator["GeminiProvider"]:
    accounts = _accounts(settings)
    key = _key(settings, _KEY_VARIABLES, environment)
    if not (key or accounts or settings.endpoints or settings.vertex):
        return
    # Imported here so that a server without Gemini starts sooner.
    from ymera_gemini.provider import GEMINI, GeminiProvider  # noqa: PLC0415

    if key or accounts:
        endpoint = Endpoint(_base_url(settings, environment), {} if accounts else _credentials(key), accounts)
        yield GeminiProvider(GEMINI, endpoint, transport, settings.models)
    for name, table in settings.endpoints.items():
        key, accounts = _key(table, (table.api_key_variable,), environment), _accounts(table)
        if key or accounts or not table.api_key_variable:
            endpoint = Endpoint(table.base_url, {} if accounts else _credentials(key), accounts)
            yield GeminiProvider(name, endpoint, transport, table.models, price_vendor=table.price_vendor)
    if settings.vertex:
        yield _vertex(settings.vertex, transport, environment)


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


def _key(table: GeminiSettings | EndpointSettings, variables: Iterable[str], environment: Mapping[str, str]) -> str:
    if table.api_key:
        return table.api_key.get_secret_value()
    return next((key for name in variables if (key := environment.get(name, "").strip())), "")


def _accounts(table: GeminiSettings | EndpointSettings) -> dict[str, dict[str, str]]:
    return {name: _credentials(key.get_secret_value()) for name, key in table.api_keys.items()}


def _credentials(key: str) -> dict[str, str]:
    return {"x-goog-api-key": key} if key else {}
