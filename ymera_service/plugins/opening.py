"""Loads the plugins of a server, starts what they offer, and watches over them until it ends."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from ymera_service.config import PluginsSettings
from ymera_service.plugins.components import started
from ymera_service.plugins.current import Plugins
from ymera_service.plugins.dormancy import NO_VAULT
from ymera_service.plugins.found import FoundPlugin
from ymera_service.plugins.loading import load_plugins
from ymera_service.plugins.watchdog import Watchdog
from ymera_service.sdk.http import Transport
from ymera_service.sdk.keys import Vault
from ymera_service.sdk.settings import PluginSettings


@asynccontextmanager
async def in_use(
    settings: PluginsSettings,
    transport: Transport,
    found: Sequence[FoundPlugin] | None = None,
    *,
    on_settings: Callable[[PluginSettings], None] = lambda settings: None,
    redact: Callable[[str], str] = str,
    production: bool = False,
    vault: Vault = NO_VAULT,
) -> AsyncIterator[Plugins]:
    """Gives the plugins while they are in use; see `load_plugins` for the arguments.

    Raises:
        ConfigError: A plugin's settings are wrong, or name a plugin that is not installed.
    """
    # Loading imports and runs strangers' code, which may block.
    registry = await asyncio.to_thread(
        load_plugins, settings, transport, found, on_settings, redact, production=production, vault=vault
    )
    plugins = Plugins(registry)
    async with Watchdog(plugins).running(), started(registry, redact) as plugins.registry:
        yield plugins
