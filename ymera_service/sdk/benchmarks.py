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


class BenchmarkSuite(Component):
    """Returns tasks, in a thread, and grades answers, on the event loop. Neither is on the request path."""

    categories: Sequence[str]
    """The categories it has tasks for; read once, at start."""

    @abstractmethod
    def tasks(self, category: str, count: int, seed: int) -> Sequence[BenchmarkTask]:
        """Returns up to `count` tasks of a category; the same seed gives the same tasks."""

    @abstractmethod
    async def grade(self, task: BenchmarkTask, answer: str) -> float:
        """Returns the score of an answer, from 0 (wrong) to 1 (right). Accepts any text that a model may write."""
