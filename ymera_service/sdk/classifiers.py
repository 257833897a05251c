"""Classifiers: which category of task a prompt belongs to."""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from ymera_service.sdk.generation import Prompt

CATEGORIES = ("coding", "math", "research", "language", "empathy", "general")
"""The categories every classifier knows; a plugin may add its own."""


@runtime_checkable
class Classifier(Protocol):
    """Estimates the probability of each category.

    Runs on the event loop for every request: it must be pure, fast (well below a millisecond) and without I/O.
    """

    @property
    def name(self) -> str:
        """The classifier's name, which the configuration selects."""
        ...

    def classify(self, prompt: Prompt) -> Mapping[str, float]:
        """Returns category → probability, adding up to 1; never empty."""
        ...
