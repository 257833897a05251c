"""The order in which tasks are started."""

from abc import ABC, abstractmethod
from collections import Counter, deque
from collections.abc import Mapping, Sequence

from ymera_service.benchmark.plan import Job
from ymera_service.sdk.benchmarks import BenchmarkSuite, BenchmarkTask
from ymera_service.sdk.models import Model

Tasks = Mapping[str, Sequence[tuple[BenchmarkSuite, BenchmarkTask]]]
"""The tasks of each model by its id."""


class Schedule(ABC):
    """Starts tasks as long as slots are free, and none of a model that rests."""

    def __init__(self, slots: int) -> None:
        self._running: Counter[str] = Counter()
        self._rests_until: dict[str, float] = {}
        self._slots = slots

    def start(self, now: float) -> Job | None:
        """Returns the next task and occupies a slot.

        None if no task or no slot is left, or if all models that have tasks rest.
        """
        if self._running.total() >= self._slots:
            return None
        ready = [model for model in self._wanted() if self._rests_until.get(model, now) <= now]
        if not ready:
            return None
        job = self._next(ready)
        self._running[job.model.id] += 1
        return job

    def finish(self, job: Job) -> None:
        """Frees the slot of a task that was started."""
        self._running[job.model.id] -= 1

    def postpone(self, job: Job, now: float, seconds: float) -> bool:
        """Frees the slot of a task, which is started again; no task of its model is started for this long.

        Returns:
            Whether a rest of the model begins, as it does not rest already.
        """
        model = job.model.id
        self.finish(job)
        self._put_back(job)
        rested = self._rests_until.get(model, now)
        self._rests_until[model] = max(rested, now + seconds)
        return rested <= now

    def wait(self, now: float) -> float | None:
        """Returns the seconds until a model that has tasks has rested, 0 if one does not rest; None without tasks."""
        return min([max(0.0, self._rests_until.get(model, now) - now) for model in self._wanted()], default=None)

    @abstractmethod
    def _wanted(self) -> Sequence[str]:
        """Returns the models of which tasks are to be started."""

    @abstractmethod
    def _next(self, ready: Sequence[str]) -> Job:
        """Takes a task of one of some models that are wanted."""

    @abstractmethod
    def _put_back(self, job: Job) -> None:
        """Takes a task back, to be started again."""


class WholeSchedule(Schedule):
    """Starts every task, and divides the slots among the models: a slow or limited one does not delay the others."""

    def __init__(self, models: Sequence[Model], tasks: Tasks, slots: int) -> None:
        super().__init__(slots)
        self._waiting = {model.id: deque(Job(model, *task) for task in tasks[model.id]) for model in models}

    def _wanted(self) -> Sequence[str]:
        return [model for model, jobs in self._waiting.items() if jobs]

    def _next(self, ready: Sequence[str]) -> Job:
        """Takes the next task of the model that has the fewest running."""
        return self._waiting[min(ready, key=lambda one: (self._running[one], -len(self._waiting[one])))].popleft()

    def _put_back(self, job: Job) -> None:
        self._waiting[job.model.id].appendleft(job)
