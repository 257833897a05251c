"""The registry that is in use now."""

from dataclasses import dataclass

from ymera_service.plugins.loading import Registry


@dataclass(slots=True)
class Plugins:
    """What plugins offer. Everybody reads `registry` at each use, so that a reload can put another in its place."""

    registry: Registry
