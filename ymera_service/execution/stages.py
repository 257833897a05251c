"""The stages of an execution, in the order in which a request meets them.

A stage takes the context, adds facts to it and returns; it ends the execution by raising a `YmeraError`.
"""

import asyncio
import random
from typing import Protocol

import structlog

from ymera_service.catalog import Catalog
from ymera_service.execution.attempt import AttemptRunner, Callee
from ymera_service.execution.context import ExecutionContext
from ymera_service.execution.events import AttemptStarted, Started
from ymera_service.execution.failover import Choice, choices
from ymera_service.resilience.breaker import Breakers
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
        context.decide(selection.decision, selection.ranking)
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
        if len(attempts) >= self._max_attempts or (failure is not None and not failure.fails_over):
            return None
        for choice in choices(context.ranking, context.execution):
            if choice.retry and not await self._may_retry(context, choice):
                continue
            if (callee := self._callee(choice.target, last=self._is_last(context, choice.target))) is not None:
                if attempts:
                    log.warning("failover", target=choice.target.id, retry=choice.retry)
                return callee
        return None

    def _is_last(self, context: ExecutionContext, target: Target) -> bool:
        """Tells whether no other target may be called after this one."""
        if len(context.execution.turns[-1].attempts) + 1 >= self._max_attempts:
            return True
        return not any(
            choice.target.id != target.id and self._breakers.accepts(choice.target)
            for choice in choices(context.ranking, context.execution)
        )

    async def _may_retry(self, context: ExecutionContext, choice: Choice) -> bool:
        """Waits until a target may be called again; returns False where the deadline or the budget forbids it."""
        wait = backoff(choice.retry_after, choice.retry - 1, self._draw)
        if asyncio.get_running_loop().time() + wait >= context.execution.request.deadline:
            return False
        if not self._budgets.of(choice.target.provider).try_withdraw():
            return False
        await asyncio.sleep(wait)
        return True

    def _callee(self, target: Target, *, last: bool) -> Callee | None:
        """Returns a target ready to be called; None if it has gone from the catalogue or its breaker is open."""
        model = self._catalog.snapshot.models.get(target.model)
        if model is None:
            return None
        provider, permit = self._catalog.provider(target.provider), self._breakers.try_acquire(target)
        return None if permit is None else Callee(target, model, provider, permit, last)

    def _none_healthy(self, context: ExecutionContext) -> NoHealthyModel:
        opened = self._breakers.open_domains()
        waits = [max(opened.get(domain, 0.0) for domain in target.domains) for target in context.ranking]
        return NoHealthyModel(
            "the circuit breaker of every eligible target is open", retry_after=min(waits, default=1.0)
        )
