"""Ymera plugin: OpenAI and every vendor that copies its API.

In the order in which a request meets them: `offers` makes providers of the settings and the environment,
`vendors` and `local` are who there is, `provider` is how they are asked, `chat_completions`, `responses`
and `completions` are the dialects with a decoder each, `errors` is where failures are told, `listing` and
`profiles` are what is known of models.
"""

import os
from collections.abc import Iterable

from ymera_openai.offers import providers
from ymera_openai.settings import OpenAiSettings
from ymera_service.sdk.hookspecs import PluginDescription, hookimpl
from ymera_service.sdk.http import Transport
from ymera_service.sdk.providers import Provider


@hookimpl
def ymera_describe() -> PluginDescription:
    """See `ymera_service.sdk.hookspecs.ymera_describe`."""
    return PluginDescription(settings=OpenAiSettings)


@hookimpl
def ymera_register_providers(settings: OpenAiSettings, transport: Transport) -> Iterable[Provider]:
    """See `ymera_service.sdk.hookspecs.ymera_register_providers`."""
    return list(providers(settings, os.environ, transport))
