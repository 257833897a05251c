"""Plugins: `loading` finds them and collects what they offer, `boundary` converts exceptions of their code."""

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
