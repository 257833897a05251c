"""Tasks whose answers can be checked."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from ymera_service.sdk.components import Component
from ymera_service.sdk.generation import Prompt


@dataclass(frozen=True, slots=True)
class BenchmarkTask:
    """One task. `id` is unique in its suite and is the same for the same seed."""

    id: str
    category: str
    prompt: Prompt


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check of an answer found.

    Attributes:
        name: What was checked, in a few words, such as "ends with a number".
        passed: Whether the answer passed the check.
        detail: Why, for people, such as "a right answer is 391"; empty if the name says enough.
    """

    name: str
    passed: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Grade:
    """The score of an answer, from 0 (wrong) to 1 (right), and what it rests on, for `ymera benchmark show`."""

    score: float
    findings: Sequence[Finding] = ()


class BenchmarkSuite(Component):
    """Returns tasks, in a thread, and grades answers, on the event loop. Neither is on the request path."""

    categories: Sequence[str]
    """The categories it has tasks for; read once, at start."""

    @abstractmethod
    def tasks(self, category: str, count: int, seed: int) -> Sequence[BenchmarkTask]:
        """Returns up to `count` tasks of a category; the same seed gives the same tasks."""

    @abstractmethod
    async def grade(self, task: BenchmarkTask, answer: str) -> float | Grade:
        """Returns the score of an answer, from 0 (wrong) to 1 (right), alone or with what was found.

        Accepts any text that a model may write.
        """
