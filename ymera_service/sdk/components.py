"""What every object that a plugin registers has in common."""

from abc import ABC


class Component(ABC):
    """The base class of providers, classifiers and benchmark suites.

    What a later contract adds has a default here or in the subclass, so that plugins written for this one keep working.
    """

    name: str
    """The name, which is unique among components of its kind: lower-case letters, digits and hyphens."""

    async def start(self) -> None:
        """Acquires what the component needs while the server runs. Called once, before any other method.

        An exception excludes the component, and its plugin's status shows the reason; the server still starts.
        """
        return

    async def close(self) -> None:
        """Releases everything and leaves nothing running. May be called twice, or without `start`."""
        return
