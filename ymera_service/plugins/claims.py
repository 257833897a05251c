"""Settles which plugin keeps a name that several claim. The order of names in the alphabet never decides."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from ymera_service.plugins.found import RESERVED, FoundPlugin
from ymera_service.plugins.status import Registration

DISTRIBUTION = "distribution"
"""The key of a plugin's table that names the distribution which the table was written for."""


@dataclass(frozen=True, slots=True)
class Claims:
    """Which distributions the operator and Ymera meant.

    Attributes:
        written_for: Plugin name → the distribution that the plugin's table names.
        configured: The names of plugins that have a table.
    """

    written_for: Mapping[str, str]
    configured: Collection[str]

    def distribution_of(self, name: str) -> str:
        """Returns the only distribution that may use the name of a plugin, and its table; empty if any may."""
        return self.written_for.get(name) or RESERVED.get(name, "")

    def refusal(self, plugin: FoundPlugin, rivals: Sequence[FoundPlugin]) -> str:
        """Returns why a plugin may not use its own name; empty if it may. `rivals` have the same name."""
        meant = self.distribution_of(plugin.name)
        if meant:
            table = f"plugins.{plugin.name}.{DISTRIBUTION}"
            wanted = f"{table} names" if plugin.name in self.written_for else "the name is reserved for"
            return "" if plugin.is_of(meant) else f"{plugin.label} names a plugin {plugin.name!r}: {wanted} {meant}"
        if not rivals:
            return ""
        both = " and ".join(sorted(each.label for each in (plugin, *rivals)))
        return f"{both} both name a plugin {plugin.name!r}; set plugins.{plugin.name}.{DISTRIBUTION} to the one to use"

    def keeper(self, registration: Registration, claimants: Sequence[FoundPlugin]) -> FoundPlugin | None:
        """Returns which plugin keeps a registered name; None if nothing distinguishes the claimants.

        The first of these that distinguishes one decides: it is one of Ymera's own; the plugin itself has the name;
        the configuration has a table for it.
        """
        rules: tuple[Callable[[FoundPlugin], bool], ...] = (
            is_own,
            lambda plugin: plugin.name == registration.name,
            lambda plugin: plugin.name in self.configured,
        )
        for rule in rules:
            if len(preferred := [plugin for plugin in claimants if rule(plugin)]) == 1:
                return preferred[0]
        return None


def is_own(plugin: FoundPlugin) -> bool:
    """Whether it is one of Ymera's own plugins."""
    return any(plugin.is_of(distribution) for distribution in RESERVED.values())


def reserved_for(registration: Registration, plugin: FoundPlugin) -> str:
    """Returns the distribution for which a registered name is reserved; empty if the plugin may use it."""
    distribution = RESERVED.get(registration.name, "")
    return "" if not distribution or is_own(plugin) else distribution
