"""What sources other than a model's own provider state of it, such as a table of published limits and prices."""

from abc import abstractmethod
from datetime import date

from ymera_service.sdk.components import Component
from ymera_service.sdk.models import ModelInfo


class FactSource(Component):
    """States what is known of models, for what their providers do not state. Since contract 1.1.

    All that are registered are asked, the one with the latest date first. The configuration and what a provider states
    go before them.
    """

    origin: str
    """Where the facts come from, for people: the name of a site or of a repository."""
    taken: date
    """When they were taken from there."""

    @abstractmethod
    def facts(self, provider: str, model: ModelInfo) -> ModelInfo | None:
        """Returns what is known of a model; None if nothing is.

        `unknown` of the result contains the capabilities that the source does not state. A capability that it denies is
        not taken for absent, as such sources lag behind: it counts as unknown unless others deny it, too. Called in a
        thread, for each model of a list that changed: return within microseconds, except the first time.

        Args:
            provider: The provider's name.
            model: The model as its provider offers it.
        """
