"""Ymera plugin: Anthropic's Messages API.

In reading order: `provider` (the provider), `dialect` (the API), `requests`, `messages` and `signatures` (encoding of
requests), `decoder`, `message_reader` and `errors` (decoding of responses), `listing` and `profiles` (the models and
the parameters that they accept), `settings`.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from ymera_anthropic.settings import AnthropicSettings, OtherEndpointSettings
from ymera_service.sdk.hookspecs import PluginDescription, hookimpl
from ymera_service.sdk.http import Transport
from ymera_service.sdk.providers import Provider

if TYPE_CHECKING:
    from ymera_anthropic.provider import AnthropicProvider

_BASE_URL = "https://api.anthropic.com/v1"


@hookimpl
def ymera_describe() -> PluginDescription:
    """Returns the settings model."""
    return PluginDescription(settings=AnthropicSettings, idle="set ANTHROPIC_API_KEY or plugins.anthropic.api_key")


@hookimpl
def ymera_register_providers(settings: AnthropicSettings, transport: Transport) -> Iterable[Provider]:
    """Offers Anthropic if a key for it is set, and the further endpoints that are configured."""
    return list(_providers(settings, transport, os.environ))


def _providers(
    settings: AnthropicSettings, transport: Transport, environment: Mapping[str, str]
) -> Iterator["AnthropicProvider"]:
    key = settings.api_key.get_secret_value() if settings.api_key else environment.get("ANTHROPIC_API_KEY", "")
    if not key and not settings.endpoints:
        return
    # Imported here so that a server without Anthropic starts sooner.
    from ymera_anthropic.provider import ANTHROPIC, AnthropicProvider, Vendor  # noqa: PLC0415

    if key:
        vendor = Vendor(ANTHROPIC, _base_url(settings, environment), {"x-api-key": key}, ANTHROPIC)
        yield AnthropicProvider(vendor, settings, transport)
    for name, endpoint in settings.endpoints.items():
        key = _key(endpoint, environment)
        if key or not endpoint.api_key_variable:
            credentials = _credentials(endpoint, key)
            vendor = Vendor(name, endpoint.base_url, credentials, endpoint.price_vendor, endpoint.local)
            yield AnthropicProvider(vendor, endpoint, transport)


def _base_url(settings: AnthropicSettings, environment: Mapping[str, str]) -> str:
    # Anthropic's own clients append the version to the value of this variable.
    named = environment.get("ANTHROPIC_BASE_URL", "").rstrip("/")
    return settings.base_url or (f"{named.removesuffix('/v1')}/v1" if named else _BASE_URL)


def _key(endpoint: OtherEndpointSettings, environment: Mapping[str, str]) -> str:
    return endpoint.api_key.get_secret_value() if endpoint.api_key else environment.get(endpoint.api_key_variable, "")


def _credentials(endpoint: OtherEndpointSettings, key: str) -> Mapping[str, str]:
    if not key:
        return {}
    return {"authorization": f"Bearer {key}"} if endpoint.authentication == "bearer" else {"x-api-key": key}
