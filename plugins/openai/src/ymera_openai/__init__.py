"""Ymera plugin: OpenAI and other vendors with a compatible API.

In reading order: `offers` creates providers from the settings and the environment; `vendors` and `local` list the
vendors and the local servers; `provider` is the provider; `chat_completions`, `responses` and `completions` are the
dialects, each with a decoder; `errors` classifies errors; `listing` and `profiles` describe models.
"""

import os
from collections.abc import Iterable

from ymera_openai.offers import providers
from ymera_openai.settings import OpenAiSettings
from ymera_service.sdk.hookspecs import PluginDescription, hookimpl
from ymera_service.sdk.http import Transport
from ymera_service.sdk.keys import Vault
from ymera_service.sdk.providers import Provider


@hookimpl
def ymera_describe() -> PluginDescription:
    """See `ymera_service.sdk.hookspecs.ymera_describe`."""
    return PluginDescription(
        settings=OpenAiSettings, idle="set a vendor's key, such as OPENAI_API_KEY, or start a local server"
    )


@hookimpl
def ymera_register_providers(settings: OpenAiSettings, transport: Transport, vault: Vault | None) -> Iterable[Provider]:
    """See `ymera_service.sdk.hookspecs.ymera_register_providers`."""
    return list(providers(settings, os.environ, transport, vault))
