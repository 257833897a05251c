"""The order in which tasks are started."""

from collections import Counter, deque
from collections.abc import Sequence

from ymera_service.benchmark.plan import Job
from ymera_service.sdk.benchmarks import BenchmarkSuite, BenchmarkTask
from ymera_service.sdk.models import Model


class Schedule:
    """Divides the slots among the models, so that a slow model does not delay the others."""

    def __init__(
        self, models: Sequence[Model], tasks: Sequence[tuple[BenchmarkSuite, BenchmarkTask]], slots: int
    ) -> None:
        self._waiting = {model.id: deque(Job(model, *task) for task in tasks) for model in models}
        self._running: Counter[str] = Counter()
        self._slots = slots

    def start(self) -> Job | None:
        """Returns the next task, of the model that has the fewest running, and occupies a slot.

        None if there are no more tasks, or no slot is free.
        """
        waiting = [model for model, jobs in self._waiting.items() if jobs]
        if not waiting or self._running.total() >= self._slots:
            return None
        model = min(waiting, key=lambda one: (self._running[one], -len(self._waiting[one])))
        self._running[model] += 1
        return self._waiting[model].popleft()

    def finish(self, job: Job) -> None:
        """Frees the slot of a task that was started."""
        self._running[job.model.id] -= 1
