"""What kind of task a prompt is."""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from ymera_service.sdk.generation import Prompt

CATEGORIES = ("coding", "math", "research", "language", "empathy", "general")
"""The categories every classifier knows; a plugin may add its own."""


@runtime_checkable
class Classifier(Protocol):
    """Tells how likely each category is.

    Runs on the request's hot path and on the event loop: pure, quick (well below a millisecond), no I/O.
    """

    @property
    def name(self) -> str:
        """The classifier's name, chosen in the configuration."""
        ...

    def classify(self, prompt: Prompt) -> Mapping[str, float]:
        """Returns category → probability, adding up to 1; never empty."""
        ...
