"""Classifiers: which category of task a prompt belongs to."""

from abc import abstractmethod
from collections.abc import Mapping

from ymera_service.sdk.components import Component
from ymera_service.sdk.generation import Prompt

CATEGORIES = ("coding", "math", "research", "language", "empathy", "general")
"""The categories every classifier knows; a plugin may add its own."""


class Classifier(Component):
    """Estimates the probability of each category. The configuration's `routing.classifier` names the one in use."""

    @abstractmethod
    def classify(self, prompt: Prompt) -> Mapping[str, float]:
        """Returns category → probability, adding up to 1; never empty.

        Runs on the event loop for every request: it must be pure, fast (well below a millisecond) and without I/O.
        """
