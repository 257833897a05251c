"""Ymera plugin: Anthropic's Messages API.

In reading order: `provider` (the provider), `dialect` (the API), `requests`, `messages` and `signatures` (encoding of
requests), `decoder`, `message_reader` and `errors` (decoding of responses), `listing` and `profiles` (the models and
the parameters that they accept), `settings`.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from ymera_anthropic.settings import AnthropicSettings, EndpointSettings, OtherEndpointSettings
from ymera_service.sdk.billing import AdminKey
from ymera_service.sdk.hookspecs import PluginDescription, hookimpl
from ymera_service.sdk.http import Transport
from ymera_service.sdk.keys import Keys, Vault, bearer
from ymera_service.sdk.later import keyed
from ymera_service.sdk.providers import Provider

_BASE_URL = "https://api.anthropic.com/v1"
ANTHROPIC = "anthropic"
_KEY_VARIABLE = "ANTHROPIC_API_KEY"
_ADMIN_VARIABLE = "ANTHROPIC_ADMIN_KEY"
_IDLE = f"set {_KEY_VARIABLE} or plugins.anthropic.api_key"


@hookimpl
def ymera_describe() -> PluginDescription:
    """Returns the settings model."""
    return PluginDescription(settings=AnthropicSettings, idle=_IDLE)


@hookimpl
def ymera_register_providers(
    settings: AnthropicSettings, transport: Transport, vault: Vault | None
) -> Iterable[Provider]:
    """Offers Anthropic, for when there is a key for it, and the further endpoints that are configured."""
    return list(_providers(settings, transport, os.environ, vault))


def _providers(
    settings: AnthropicSettings, transport: Transport, environment: Mapping[str, str], vault: Vault | None = None
) -> Iterator[Provider]:
    address = _base_url(settings, environment)
    keys = Keys(
        ANTHROPIC,
        settings.configured_keys((_KEY_VARIABLE,), environment),
        vault,
        address=address,
        headers=_x_api_key,
        variables=(_KEY_VARIABLE,),
        missing=_IDLE,
        wanted=bool(settings.model_fields_set - {"endpoints"}),
    )
    facts = {"price_vendor": ANTHROPIC, "admin": _admin(settings, environment)}
    yield from keyed(keys, vault, lambda: _provider(keys, address, settings, transport, **facts))
    for name, endpoint in settings.endpoints.items():
        variable = endpoint.api_key_variable
        keys = Keys(
            name,
            endpoint.configured_keys((variable,), environment),
            vault,
            address=endpoint.base_url,
            headers=bearer if endpoint.authentication == "bearer" else _x_api_key,
            missing=f"set {variable} or plugins.anthropic.endpoints.{name}.api_key" if variable else "",
        )
        yield from keyed(keys, vault, partial(_further, keys, endpoint, transport))


def _further(keys: Keys, endpoint: OtherEndpointSettings, transport: Transport) -> Provider:
    facts = {"price_vendor": endpoint.price_vendor, "local": endpoint.local}
    return _provider(keys, endpoint.base_url, endpoint, transport, **facts)


def _provider(keys: Keys, address: str, settings: EndpointSettings, transport: Transport, **facts: Any) -> Provider:
    # Imported here so that a server without Anthropic starts sooner.
    from ymera_anthropic.provider import AnthropicProvider, Vendor  # noqa: PLC0415

    return AnthropicProvider(Vendor(keys.provider, address, keys, **facts), settings, transport)


def _base_url(settings: AnthropicSettings, environment: Mapping[str, str]) -> str:
    # Anthropic's own clients append the version to the value of this variable.
    named = environment.get("ANTHROPIC_BASE_URL", "").rstrip("/")
    return settings.base_url or (f"{named.removesuffix('/v1')}/v1" if named else _BASE_URL)


def _admin(settings: AnthropicSettings, environment: Mapping[str, str]) -> AdminKey:
    """Returns the key for bills. That of the environment is not sent to an address that the settings name."""
    key = settings.admin_key.get_secret_value() if settings.admin_key else ""
    if not settings.base_url:
        key = key or environment.get(_ADMIN_VARIABLE, "").strip()
    setting = "plugins.anthropic.admin_key"
    either = setting if settings.base_url else f"{_ADMIN_VARIABLE} or {setting}"
    return AdminKey(_x_api_key(key) if key else {}, f"set {either} to a key of the vendor's administration")


def _x_api_key(key: str) -> Mapping[str, str]:
    return {"x-api-key": key}
