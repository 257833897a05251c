"""Plugins: `loading` finds them and asks what they offer, `boundary` reads what they raise later."""

from ymera_service.plugins.current import Plugins
from ymera_service.plugins.loading import (
    FoundPlugin,
    PluginState,
    PluginStatus,
    Registration,
    Registry,
    installed,
    load_plugins,
)

__all__ = [
    "FoundPlugin",
    "PluginState",
    "PluginStatus",
    "Plugins",
    "Registration",
    "Registry",
    "installed",
    "load_plugins",
]
