"""Classifiers: what kind of task a prompt is, what its user feels, how demanding it is, and what it means."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ymera_service.sdk.components import Component
from ymera_service.sdk.generation import Prompt

CATEGORIES = ("coding", "math", "research", "language", "empathy", "general")
"""The categories every classifier knows; a plugin may add its own."""
EMOTIONS = ("anger", "anxiety", "frustration", "joy", "sadness", "shame", "neutral")
"""All emotions. Each stands for those like it: fear and worry for anxiety; grief, loneliness and
disappointment for sadness; guilt and embarrassment for shame; love, relief, thanks and amusement for joy."""
MAX_VECTOR = 1024
"""Figures of a vector."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a classifier makes of a prompt. It leaves at its default what it does not judge.

    Attributes:
        categories: Category → probability, adding up to 1.
        emotions: Emotion of `EMOTIONS` → probability, adding up to 1: what the user feels, which is not what is felt in
            a text that they quote, or in a story.
        complexity: How demanding the request is: 0 for small talk alone, which any model answers well (quality then
            counts little in routing), 0.1 for a known fact, 0.5 for an ordinary task, 1 for what takes an expert many
            steps.
        vector: What the user's last message means: finite figures, at most `MAX_VECTOR`, close to those of messages
            that mean nearly the same, by the cosine of their angle.
    """

    categories: Mapping[str, float] = field(default_factory=dict)
    emotions: Mapping[str, float] = field(default_factory=dict)
    complexity: float | None = None
    vector: Sequence[float] = ()


class Classifier(Component):
    """Reads prompts. All classifiers are in use, and their readings merged.

    Where several classifiers give categories or emotions, the probabilities are their means, and so is the complexity;
    the vector is that of the one that counts most, of several the first by name. How much each one counts is the
    configuration's `routing.classifiers`.

    Attributes:
        categories: All that a reading may have, at most 100; others are ignored. Read once, at start.
        version: Count it up with each change of what the figures mean: vectors of different classifiers or versions are
            not compared.
        off_loop: `read` takes longer than a fraction of a millisecond. It is then called in a thread of its own, for
            one prompt at a time, and its reading is used if it comes within `routing.reading_seconds`.
    """

    categories: Sequence[str] = CATEGORIES
    version: str = "1"
    off_loop: bool = False

    @abstractmethod
    def read(self, prompt: Prompt) -> Reading:
        """Returns what it makes of a prompt.

        Called for every request, on the event loop unless `off_loop` is set: it must return the same for the same
        prompt, and without `off_loop` be fast (well below a millisecond) and without I/O.
        """
