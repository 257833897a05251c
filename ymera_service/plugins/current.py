"""The registry that is currently in use."""

from dataclasses import dataclass, field

from ymera_service.plugins.conduct import Conduct
from ymera_service.plugins.status import Registration, Registry


@dataclass(slots=True)
class Plugins:
    """What plugins offer, and what they did. `registry` is read at each use, so that a reload can replace it."""

    registry: Registry
    conduct: Conduct = field(default_factory=Conduct)

    def given_up(self, registration: Registration, place: str) -> None:
        """Counts a call of a component that did not end when it was cancelled."""
        plugin = next((one.name for one in self.registry.found if registration in one.registrations), "")
        self.conduct.given_up(plugin or registration.name, place)
