"""Plugins: what they offer is found, loaded and contained here.

Read in this order: `found` (the plugins that are installed), `status` (plugins and what they offer, as data), `asking`
(loads one plugin), `claims` (who keeps a name), `loading` (loads all), `opening` (loads, starts and watches them for a
server), `settings` (a plugin's own table), `boundary` (what a plugin's code does at run time).
"""

from ymera_service.plugins.current import Plugins
from ymera_service.plugins.found import FoundPlugin, installed
from ymera_service.plugins.loading import load_plugins
from ymera_service.plugins.opening import in_use
from ymera_service.plugins.status import PluginState, PluginStatus, Registration, Registry

__all__ = [
    "FoundPlugin",
    "PluginState",
    "PluginStatus",
    "Plugins",
    "Registration",
    "Registry",
    "in_use",
    "installed",
    "load_plugins",
]
