"""The order in which tasks are started."""

from collections import Counter, deque
from collections.abc import Mapping, Sequence

from ymera_service.benchmark.plan import Job
from ymera_service.sdk.benchmarks import BenchmarkSuite, BenchmarkTask
from ymera_service.sdk.models import Model


class Schedule:
    """Divides the slots among the models, so that a slow or limited model does not delay the others."""

    def __init__(
        self,
        models: Sequence[Model],
        tasks: Mapping[str, Sequence[tuple[BenchmarkSuite, BenchmarkTask]]],
        slots: int,
    ) -> None:
        """Takes the tasks of each model by its id."""
        self._waiting = {model.id: deque(Job(model, *task) for task in tasks[model.id]) for model in models}
        self._running: Counter[str] = Counter()
        self._rests_until: dict[str, float] = {}
        self._slots = slots

    def start(self, now: float) -> Job | None:
        """Returns the next task, of the model that has the fewest running, and occupies a slot.

        None if there are no more tasks, no slot is free, or all models that have tasks rest.
        """
        waiting = [model for model, jobs in self._waiting.items() if jobs and self._rests_until.get(model, now) <= now]
        if not waiting or self._running.total() >= self._slots:
            return None
        model = min(waiting, key=lambda one: (self._running[one], -len(self._waiting[one])))
        self._running[model] += 1
        return self._waiting[model].popleft()

    def finish(self, job: Job) -> None:
        """Frees the slot of a task that was started."""
        self._running[job.model.id] -= 1

    def postpone(self, job: Job, now: float, seconds: float) -> bool:
        """Frees the slot of a task, which is started again; no task of its model is started for so long.

        Returns:
            Whether a rest of the model begins, as it does not rest already.
        """
        model = job.model.id
        self.finish(job)
        self._waiting[model].appendleft(job)
        rested = self._rests_until.get(model, now)
        self._rests_until[model] = max(rested, now + seconds)
        return rested <= now

    def wait(self, now: float) -> float | None:
        """Returns the seconds until a model that has tasks has rested, 0 if one does not rest; None without tasks."""
        waits = [max(0.0, self._rests_until.get(model, now) - now) for model, jobs in self._waiting.items() if jobs]
        return min(waits, default=None)
