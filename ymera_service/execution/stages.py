"""The stages of an execution, in the order in which a request meets them.

A stage takes the context, adds facts to it and returns; it ends the execution by raising a `YmeraError`.
"""

import asyncio
import random
from collections.abc import Callable, Sequence
from typing import Protocol

import structlog

from ymera_service.catalog import Catalog
from ymera_service.execution.attempt import AttemptRunner, Callee
from ymera_service.execution.context import ExecutionContext
from ymera_service.execution.events import AttemptStarted, Started
from ymera_service.execution.facts import Attempt
from ymera_service.execution.failover import Choice, choices
from ymera_service.resilience.breaker import Breakers, Permit
from ymera_service.resilience.retries import RetryBudgets, backoff
from ymera_service.resilience.slots import Slots
from ymera_service.routing.router import Router
from ymera_service.sdk.errors import NoHealthyModel, ProviderError
from ymera_service.sdk.targets import Target
from ymera_service.telemetry.timing import Phase

log = structlog.get_logger(__name__)


class Stage(Protocol):
    """One step of an execution."""

    async def __call__(self, context: ExecutionContext) -> None:
        """Takes the execution a step further."""


class Admit:
    """Takes a slot. The pipeline gives it back when the record is written."""

    def __init__(self, slots: Slots) -> None:
        self._slots = slots

    async def __call__(self, context: ExecutionContext) -> None:
        """See `Stage`. Raises `Overloaded` or `ShuttingDown`."""
        with context.timings.phase(Phase.QUEUE):
            await self._slots.acquire()
        context.has_slot = True


class Route:
    """Decides which targets are tried."""

    def __init__(self, router: Router) -> None:
        self._router = router

    async def __call__(self, context: ExecutionContext) -> None:
        """See `Stage`. Raises `RequestError` or `NoHealthyModel`."""
        request = context.execution.request
        with context.timings.phase(Phase.ROUTE):
            selection = self._router.route(request.prompt, request.preferences, full_view=request.full_view)
        ranking = selection.ranking
        context.decide(selection.decision, ranking[:1] if request.preferences.no_failover else ranking)
        await context.send(Started(request.request_id, selection.decision))


class Generate:
    """Gets an answer: calls one target after the other until one has given it."""

    def __init__(
        self,
        *,
        attempts: AttemptRunner,
        catalog: Catalog,
        breakers: Breakers,
        budgets: RetryBudgets,
        max_attempts: int,
        draw: random.Random,
    ) -> None:
        self._attempts = attempts
        self._catalog = catalog
        self._breakers = breakers
        self._budgets = budgets
        self._max_attempts = max_attempts
        self._draw = draw

    async def __call__(self, context: ExecutionContext) -> None:
        """See `Stage`. Raises the last target's error, or `NoHealthyModel` where none could be called."""
        context.begin_turn()
        failure: ProviderError | None = None
        while (callee := await self._next(context, failure)) is not None:
            turn = context.execution.turns[-1]
            previous = turn.attempts[-1].error if turn.attempts else None
            try:
                await context.send(AttemptStarted(turn.number, len(turn.attempts) + 1, callee.target, previous))
            except BaseException:
                callee.permit.released()
                raise
            failure = await self._attempts.run(context, callee)
            if failure is None:
                self._budgets.of(callee.target.provider).deposit()
                return
            if context.irrevocable:
                break
        raise failure or self._none_healthy(context)

    async def _next(self, context: ExecutionContext, failure: ProviderError | None) -> Callee | None:
        """Returns what to call next; None where another call is of no use."""
        attempts = context.execution.turns[-1].attempts
        if len(attempts) >= self._most(context) or (failure is not None and not failure.fails_over):
            return None
        for choice in choices(context.ranking, context.execution):
            if self._breakers.accepts(choice.target) and await self._may_call(context, choice):
                callee = self._callee(choice.target, self._breakers.try_acquire, last=self._is_last(context, choice))
                if callee is not None:
                    return _logged(callee, choice, attempts)
        return await self._least_bad(context)

    async def _least_bad(self, context: ExecutionContext) -> Callee | None:
        """Returns the target with the fewest failures of those whose breaker is open; None beyond the budget."""
        attempts, snapshot = context.execution.turns[-1].attempts, self._catalog.snapshot
        refused = [
            choice
            for choice in choices(context.ranking, context.execution)
            if choice.target.model in snapshot.models and not self._breakers.accepts(choice.target)
        ]
        choice = min(refused, key=lambda choice: self._breakers.failing_share(choice.target), default=None)
        if choice is None or not await self._may_call(context, choice):
            return None
        callee = self._callee(choice.target, self._breakers.acquire_anyway, last=True)
        return callee and _logged(callee, choice, attempts)

    def _most(self, context: ExecutionContext) -> int:
        """Returns how many calls one answer may take: the server's limit, or the caller's if that is lower."""
        wanted = context.execution.request.preferences.max_attempts
        return self._max_attempts if wanted is None else min(wanted, self._max_attempts)

    def _is_last(self, context: ExecutionContext, choice: Choice) -> bool:
        """Tells whether no other target may be called after this one."""
        if len(context.execution.turns[-1].attempts) + 1 >= self._most(context):
            return True
        return not any(
            other.target.id != choice.target.id and self._breakers.accepts(other.target)
            for other in choices(context.ranking, context.execution)
        )

    async def _may_call(self, context: ExecutionContext, choice: Choice) -> bool:
        """Waits until a target may be called; returns False where the deadline or the budget forbids it."""
        wait = backoff(choice.retry_after, choice.retry - 1, self._draw) if choice.retry else 0.0
        if wait and asyncio.get_running_loop().time() + wait >= context.execution.request.deadline:
            return False
        if self._is_charged(choice) and not self._budgets.of(choice.target.provider).try_withdraw():
            return False
        if wait:
            await asyncio.sleep(wait)
        return True

    def _is_charged(self, choice: Choice) -> bool:
        """Tells whether a call is charged to the retry budget: where the target's recent calls speak against it."""
        return choice.limited or not self._breakers.accepts(choice.target)

    def _callee(self, target: Target, acquire: Callable[[Target], Permit | None], *, last: bool) -> Callee | None:
        """Returns a target ready to be called; None if it has gone from the catalogue or its breaker is open."""
        model = self._catalog.snapshot.models.get(target.model)
        if model is None:
            return None
        provider, permit = self._catalog.provider(target.provider), acquire(target)
        return None if permit is None else Callee(target, model, provider, permit, last)

    def _none_healthy(self, context: ExecutionContext) -> NoHealthyModel:
        opened = self._breakers.open_domains()
        waits = [max(opened.get(domain, 0.0) for domain in target.domains) for target in context.ranking]
        return NoHealthyModel(
            "the circuit breaker of every eligible target is open", retry_after=min(waits, default=1.0)
        )


def _logged(callee: Callee, choice: Choice, attempts: Sequence[Attempt]) -> Callee:
    if attempts:
        log.warning("failover", target=callee.target.id, retry=choice.retry)
    return callee
