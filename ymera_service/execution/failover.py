"""Which target is called next in a turn: from the ranking, what was tried, breakers and pauses."""

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from ymera_service.execution.facts import Attempt, Execution
from ymera_service.resilience.breaker import Breakers
from ymera_service.sdk.errors import (
    AuthenticationFailed,
    NoHealthyModel,
    PermissionDenied,
    QuotaExhausted,
    RateLimited,
)
from ymera_service.sdk.targets import Target

_OF_ACCOUNT = {kind.reason for kind in (AuthenticationFailed, PermissionDenied, QuotaExhausted, RateLimited)}
"""Failures that say nothing of the same model with another account."""


class Standing(IntEnum):
    """How well a target stands, best first."""

    READY = 0
    FAILING = 1
    """Its breaker lets no call pass now, but some of its latest calls succeeded."""
    PAUSED = 2
    """Its provider asked for time."""
    HOPELESS = 3
    """All of its latest calls failed, so that another one is charged to the retry budget."""


@dataclass(slots=True)
class Choice:
    """A target that may be called next.

    `retry` counts its failures in this turn, 0 for a target that was not tried yet; `limited` says that its
    provider asked for fewer requests.
    """

    target: Target
    retry: int = 0
    limited: bool = False
    standing: Standing = Standing.READY


def choices(ranking: Sequence[Target], execution: Execution) -> Iterable[Choice]:
    """Returns what may be called next, best first, however it stands.

    A turn after the first begins with the target that gave the answer before it. Targets not tried in this
    turn come first, then those whose failure may have passed, both in the order of their rank: going over to
    a different target costs nothing, calling the same one again costs a wait. The same model with another account
    counts as the same one, unless it was the account that was refused.
    """
    attempts, ordered = execution.turns[-1].attempts, _continued(ranking, execution)
    return _after(attempts, ordered) if attempts else map(Choice, ordered)


def _after(attempts: Sequence[Attempt], ordered: Sequence[Target]) -> Iterator[Choice]:
    failures = {attempt.target.id: attempt for attempt in attempts}
    failed = {attempt.target.pool: attempt for attempt in attempts if not _is_of_account(attempt)}
    for target in ordered:
        if target.id not in failures and target.pool not in failed:
            yield Choice(target)
    for target in ordered:
        if target.id not in failures and (latest := failed.get(target.pool)) is not None and latest.retryable:
            yield Choice(target, sum(attempt.target.pool == target.pool for attempt in attempts))
    for target in ordered:
        latest = failures.get(target.id)
        if latest is not None and latest.retryable and latest.error is not None:
            count = sum(attempt.target.id == target.id for attempt in attempts)
            yield Choice(target, count, latest.error.reason == RateLimited.reason)


def _is_of_account(attempt: Attempt) -> bool:
    return attempt.error is not None and attempt.error.reason in _OF_ACCOUNT


def _continued(ranking: Sequence[Target], execution: Execution) -> Sequence[Target]:
    """Puts the target of the turn before first."""
    if len(execution.turns) == 1:
        return ranking
    answered = execution.turns[-2].answered_by
    if answered is None:
        return ranking
    return [answered.target, *(target for target in ranking if target.id != answered.target.id)]


class Standings:
    """How targets stand now, according to their breakers and pauses."""

    def __init__(self, breakers: Breakers) -> None:
        self._breakers = breakers
        self._pauses = breakers.pauses

    def best(self, ranking: Sequence[Target], execution: Execution, refused: Container[str]) -> Choice | None:
        """Returns the first choice that is ready; else the least bad one of those whose target is not refused."""
        best, lowest = None, (len(Standing), 0.0)
        for choice in choices(ranking, execution):
            if choice.target.id in refused:
                continue
            standing, badness = self._of(choice.target)
            if standing is Standing.READY:
                return choice
            if (standing, badness) < lowest:
                best, lowest = replace(choice, standing=standing), (standing, badness)
        return best

    def any_ready(self, ranking: Sequence[Target], execution: Execution, besides: Container[str]) -> bool:
        """Returns whether there is a choice that is ready, besides some targets."""
        for choice in choices(ranking, execution):
            if choice.target.id not in besides and self._of(choice.target)[0] is Standing.READY:
                return True
        return False

    def pause(self, target: Target) -> float:
        """Returns the seconds until a target's pause is over; 0 if it is not paused."""
        return self._pauses.remaining(target)

    def _of(self, target: Target) -> tuple[Standing, float]:
        """Returns how a target stands, and how badly in comparison with others that stand like it."""
        if pause := self._pauses.remaining(target):
            return Standing.PAUSED, pause
        if self._breakers.accepts(target):
            return Standing.READY, 0.0
        hopeless = self._breakers.is_hopeless(target)
        return Standing.HOPELESS if hopeless else Standing.FAILING, self._breakers.failing_share(target)

    def none_callable(self, ranking: Sequence[Target]) -> NoHealthyModel:
        """Returns the error of a request of which no target could be called; it states when one may be."""
        opened, paused = self._breakers.open_domains(), self._pauses.domains()
        closed = {**opened, **{domain: max(wait, opened.get(domain, 0.0)) for domain, wait in paused.items()}}
        waits = [max(closed.get(domain, 0.0) for domain in target.domains) for target in ranking]
        problem = "the circuit breaker of every eligible target is open"
        if any(self._pauses.remaining(target) for target in ranking):
            problem = "every eligible target keeps failing or is paused, as its provider asked"
        return NoHealthyModel(problem, retry_after=min(waits, default=1.0))
