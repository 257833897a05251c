"""Which target is called next in a turn: a pure function of the ranking and what was tried."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ymera_service.execution.facts import Execution
from ymera_service.sdk.errors import RateLimited
from ymera_service.sdk.targets import Target


@dataclass(frozen=True, slots=True)
class Choice:
    """A target that may be called next.

    `retry` counts its failures in this turn, 0 for a target that was not tried yet; `retry_after` is what its
    provider asked for, in seconds; `limited` says that its provider asked for fewer requests.
    """

    target: Target
    retry: int = 0
    retry_after: float | None = None
    limited: bool = False


def choices(ranking: Sequence[Target], execution: Execution) -> Iterator[Choice]:
    """Yields what may be called next, best first.

    A turn after the first begins with the target that gave the answer before it. Targets not tried in this
    turn come first, then those whose failure may have passed, both in the order of their rank: going over to
    a different target costs nothing, calling the same one again costs a wait.
    """
    attempts = execution.turns[-1].attempts
    failures = {attempt.target.id: attempt for attempt in attempts}
    ordered = _continued(ranking, execution)
    for target in ordered:
        if target.id not in failures:
            yield Choice(target)
    for target in ordered:
        latest = failures.get(target.id)
        if latest is not None and latest.retryable and latest.error is not None:
            count = sum(attempt.target.id == target.id for attempt in attempts)
            limited = latest.error.reason == RateLimited.reason
            yield Choice(target, count, latest.error.retry_after, limited)


def _continued(ranking: Sequence[Target], execution: Execution) -> Sequence[Target]:
    """Puts the target of the turn before first."""
    if len(execution.turns) == 1:
        return ranking
    answered = execution.turns[-2].answered_by
    if answered is None:
        return ranking
    return [answered.target, *(target for target in ranking if target.id != answered.target.id)]
