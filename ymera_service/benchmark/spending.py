"""What a run will probably cost, and the limit of what it may cost."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf

from ymera_service.benchmark.judging import judgements_for
from ymera_service.benchmark.measuring import Measurement
from ymera_service.benchmark.plan import Job
from ymera_service.routing.prompts.estimate import TYPICAL_OUTPUT_TOKENS, expected_usage, prompt_tokens
from ymera_service.sdk.benchmarks import BenchmarkTask, PairwiseTask
from ymera_service.sdk.generation import Usage
from ymera_service.sdk.models import Model


@dataclass(frozen=True, slots=True)
class RunLimits:
    """What a run may spend: micro-USD, calls, and seconds after which no task is started. None means no limit."""

    cost_micros: int | None = None
    requests: int | None = None
    seconds: float | None = None


JUDGING_TOKENS = 300
"""Tokens of a judge's prompt besides the message and the answers."""


class Spending:
    """What a run has spent so far, with the expected cost of the calls under way in micro-USD."""

    def __init__(self, limits: RunLimits, *, cost_micros: int = 0, requests: int = 0, now: float = 0.0) -> None:
        """Takes the limits of the whole run, what was spent before it was interrupted, and the time in seconds."""
        self._limits = limits
        self._committed = cost_micros
        self._requests = requests
        self._ends_at = inf if limits.seconds is None else now + limits.seconds
        self.exhausted = False
        """Whether the time is over, or a task did not fit into what was left; no other is started after it."""

    def check(self, now: float) -> None:
        """Notes whether the time is over."""
        self.exhausted = self.exhausted or now >= self._ends_at

    def commit(self, job: Job) -> bool:
        """Sets the expected cost of a task aside; returns False if it does not fit into what is left."""
        expected, limits = expected_of(job), self._limits
        too_expensive = limits.cost_micros is not None and self._committed + expected > limits.cost_micros
        if too_expensive or (limits.requests is not None and self._requests >= limits.requests):
            self.exhausted = True
            return False
        self._committed += expected
        self._requests += 1
        return True

    def release(self, job: Job) -> None:
        """Takes back what was set aside for a task that was refused; the call was made nevertheless."""
        self._committed -= expected_of(job)

    def settle(self, done: Measurement) -> None:
        """Replaces the expected cost of a task by what it did cost, if that is known."""
        if done.cost_micros is not None:
            self._committed += done.cost_micros - expected_of(done.job)

    def share(self, job: Job) -> float:
        """Returns the share that a task takes of the limit of which it takes most; 1 without limits."""
        limits = self._limits
        shares = [expected_of(job) / max(limits.cost_micros, 1)] if limits.cost_micros is not None else []
        shares += [1 / max(limits.requests, 1)] if limits.requests is not None else []
        return max(shares, default=1.0)


def usage_of(task: BenchmarkTask) -> Usage:
    """Returns what a call for a task will probably consume."""
    return expected_usage(prompt_tokens(task.prompt), task.prompt.sampling.max_output_tokens or 0)


def expected_cost(models: Sequence[Model], tasks: Iterable[BenchmarkTask]) -> int:
    """Returns the expected cost of all tasks for all models whose price is known."""
    usages = [usage_of(task) for task in tasks]
    return sum(model.cost_micros(usage) or 0 for model in models for usage in usages)


def expected_judging(judges: Sequence[Model], tasks: Iterable[tuple[object, PairwiseTask]], models: int) -> int:
    """Returns the expected cost of all comparisons of the answers of this many models, by the price of some judge."""
    cost = 0
    for _, task in tasks:
        usage = Usage(prompt_tokens(task.prompt) + JUDGING_TOKENS + 2 * TYPICAL_OUTPUT_TOKENS, TYPICAL_OUTPUT_TOKENS)
        cost += judgements_for(task, models) * sum(judge.cost_micros(usage) or 0 for judge in judges)
    return cost


def expected_of(job: Job) -> int:
    """Returns the expected cost of a task in micro-USD; 0 if the price is not known."""
    return job.model.cost_micros(usage_of(job.task)) or 0
