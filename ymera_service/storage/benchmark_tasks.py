"""What is kept of benchmark tasks beside the results of models: what their prompts are like."""

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from ymera_service.storage.tables import benchmark_tasks

KEPT = 2_000
"""The tasks that retention keeps, the latest ones: with 1,000 models, routing takes 20 MB for what they did in them."""

Task = tuple[str, str]
"""Suite and task id."""


@dataclass(frozen=True, slots=True)
class TaskFeatures:
    """The features of a task's prompt: JSON, as `routing.prompts.features` writes it. Later ones replace these."""

    suite: str
    task_id: str
    created_at: datetime
    features: bytes


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredTasks:
    """The tasks whose features are kept, each once, and what models did in them.

    Attributes:
        features: Number of a task → its features, as they are stored.
        scores: Model → the numbers of the tasks that it did, and its scores there. Tasks that are not kept any more may
            be among them.
    """

    features: Mapping[int, bytes] = field(default_factory=dict)
    scores: Mapping[str, tuple[Sequence[int], Sequence[float]]] = field(default_factory=dict)


class KeptTasks:
    """Collects measured tasks as they are read."""

    def __init__(self) -> None:
        self._numbers: dict[Task, int] = {}
        """Of the tasks that are kept, the oldest first; a number is never given twice."""
        self._given = 0
        self._features: dict[int, bytes] = {}
        self._scores: dict[str, tuple[Sequence[int], Sequence[float]]] = {}
        self._measured: MeasuredTasks | None = None

    @property
    def measured(self) -> MeasuredTasks:
        """All of it; the same object until there is more."""
        if self._measured is None:
            self._measured = MeasuredTasks(self._features.copy(), self._scores.copy())
        return self._measured

    async def read(self, connection: AsyncConnection, since: datetime) -> None:
        """Reads the features that were stored then or later."""
        query = (
            select(benchmark_tasks)
            .where(benchmark_tasks.c.created_at >= since)
            .order_by(benchmark_tasks.c.created_at.desc())
            .limit(KEPT)
        )
        for row in reversed((await connection.execute(query)).all()):
            self._describe((row.suite, row.task_id), row.features)
        while len(self._numbers) > KEPT:
            del self._features[self._numbers.pop(next(iter(self._numbers)))]

    def take(self, model: str, scores: Mapping[Task, float]) -> None:
        """Takes what a model did in tasks, in place of what was known of it."""
        known = [(number, score) for task, score in scores.items() if (number := self._numbers.get(task)) is not None]
        made = array("q", [number for number, _ in known]), array("f", [score for _, score in known])
        if self._scores.get(model, (array("q"), array("f"))) != made:
            self._scores[model] = made
            self._measured = None

    def _describe(self, task: Task, features: bytes) -> None:
        number = self._numbers.pop(task, None)
        if number is None:
            number = self._given = self._given + 1
        self._numbers[task] = number
        if self._features.get(number) != features:
            self._features[number] = features
            self._measured = None
