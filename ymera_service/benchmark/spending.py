"""What a run will probably cost, and the limit of what it may cost."""

from collections.abc import Iterable, Sequence

from ymera_service.benchmark.measuring import Measurement
from ymera_service.benchmark.plan import Job
from ymera_service.routing.estimate import expected_usage, prompt_tokens
from ymera_service.sdk.benchmarks import BenchmarkTask
from ymera_service.sdk.generation import Usage
from ymera_service.sdk.models import Model


class Spending:
    """The cost of a run so far, with the expected cost of the calls under way, in micro-USD."""

    def __init__(self, limit: int | None, spent: int = 0) -> None:
        """Takes the limit of the whole run, and what it has cost before it was interrupted."""
        self._limit = limit
        self._committed = spent
        self.exhausted = False
        """Whether a task did not fit into what was left; no other is started after it."""

    def commit(self, job: Job) -> bool:
        """Sets the expected cost of a task aside; returns False if it does not fit into what is left."""
        expected = _expected(job)
        if self._limit is not None and self._committed + expected > self._limit:
            self.exhausted = True
            return False
        self._committed += expected
        return True

    def release(self, job: Job) -> None:
        """Takes back what was set aside for a task that was refused."""
        self._committed -= _expected(job)

    def settle(self, done: Measurement) -> None:
        """Replaces the expected cost of a task by what it did cost, if that is known."""
        if done.cost_micros is not None:
            self._committed += done.cost_micros - _expected(done.job)


def usage_of(task: BenchmarkTask) -> Usage:
    """Returns what a call for a task will probably consume."""
    return expected_usage(prompt_tokens(task.prompt), task.prompt.sampling.max_output_tokens or 0)


def expected_cost(models: Sequence[Model], tasks: Iterable[BenchmarkTask]) -> int:
    """Returns the expected cost of all tasks for all models whose price is known."""
    usages = [usage_of(task) for task in tasks]
    return sum(model.cost_micros(usage) or 0 for model in models for usage in usages)


def _expected(job: Job) -> int:
    return job.model.cost_micros(usage_of(job.task)) or 0
