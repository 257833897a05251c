"""Ymera plugin: The smallest provider: it says what it was told."""

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
    """How long it waits before each word; unset, it is not offered, as nobody expects an echo from a model."""


@hookimpl
def ymera_describe() -> PluginDescription:
    """Says what it can be configured with."""
    return PluginDescription(settings=EchoSettings)


@hookimpl
def ymera_register_providers(settings: EchoSettings) -> Iterable[Provider]:
    """Offers the echo where it was asked for."""
    return [] if settings.pause_seconds is None else [EchoProvider(settings.pause_seconds)]
