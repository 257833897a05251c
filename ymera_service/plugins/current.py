"""The registry that is currently in use."""

from dataclasses import dataclass

from ymera_service.plugins.status import Registry


@dataclass(slots=True)
class Plugins:
    """What plugins offer. `registry` is read at each use, so that a reload can replace it."""

    registry: Registry
