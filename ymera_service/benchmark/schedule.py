"""Which task is next."""

from collections import Counter, deque
from collections.abc import Sequence

from ymera_service.benchmark.plan import Job
from ymera_service.sdk.benchmarks import BenchmarkSuite, BenchmarkTask
from ymera_service.sdk.models import Model


class Schedule:
    """Gives each model its share of the slots: a slow one fills its own and delays no other."""

    def __init__(
        self, models: Sequence[Model], tasks: Sequence[tuple[BenchmarkSuite, BenchmarkTask]], slots: int
    ) -> None:
        self._ahead = {model.id: deque(Job(model, *task) for task in tasks) for model in models}
        self._running: Counter[str] = Counter()
        self._slots = slots

    def start(self) -> Job | None:
        """Takes the next task, of the model that has fewest running.

        None if no task is left, or no slot is free.
        """
        waiting = [model for model, jobs in self._ahead.items() if jobs]
        if not waiting or self._running.total() >= self._slots:
            return None
        model = min(waiting, key=lambda one: (self._running[one], -len(self._ahead[one])))
        self._running[model] += 1
        return self._ahead[model].popleft()

    def finish(self, job: Job) -> None:
        """Frees the slot of a task that was taken."""
        self._running[job.model.id] -= 1
