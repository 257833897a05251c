"""Ymera plugin: a minimal provider that returns the user's message."""

from collections.abc import Iterable
from typing import Annotated

from pydantic import Field

from ymera_echo.provider import EchoProvider
from ymera_service.sdk.hookspecs import PluginDescription, hookimpl
from ymera_service.sdk.providers import Provider
from ymera_service.sdk.settings import PluginSettings


class EchoSettings(PluginSettings):
    """The table `[plugins.echo]`."""

    pause_seconds: Annotated[float, Field(ge=0, le=60)] | None = None
    """The pause before each word, in seconds; unset, the provider is not offered, as no caller expects an echo."""


@hookimpl
def ymera_describe() -> PluginDescription:
    """Returns the settings model."""
    return PluginDescription(settings=EchoSettings, idle="set plugins.echo.pause_seconds")


@hookimpl
def ymera_register_providers(settings: EchoSettings) -> Iterable[Provider]:
    """Offers the provider if `pause_seconds` is set."""
    return [] if settings.pause_seconds is None else [EchoProvider(settings.pause_seconds)]
