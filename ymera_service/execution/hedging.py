"""Hedging: a second target is called beside one that is slow to begin its answer, and the first to begin goes on.

Dean and Barroso, "The tail at scale" (2013): where the second call waits until the first has taken longer than 95 % do,
it adds 5 % of calls and takes the slow ones out of the tail. What it adds when a target has become slow altogether is
bounded by the retry budget.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import structlog

from ymera_service.catalog import Catalog
from ymera_service.execution.accounting import affords
from ymera_service.execution.attempt import AttemptRunner, Callee
from ymera_service.execution.context import ExecutionContext
from ymera_service.execution.events import AttemptStarted
from ymera_service.execution.failover import Standing, Standings
from ymera_service.execution.race import Race
from ymera_service.execution.recording import Recording
from ymera_service.resilience.breaker import Breakers
from ymera_service.resilience.retries import RetryBudgets
from ymera_service.sdk.errors import ProviderError, RecordingUnavailable, RequestError
from ymera_service.sdk.models import Model
from ymera_service.sdk.targets import Target

log = structlog.get_logger(__name__)


class Hedging:
    """Makes attempts, with another one beside them where that is wanted; `wanted` is for requests that don't say."""

    def __init__(
        self,
        *,
        attempts: AttemptRunner,
        catalog: Catalog,
        breakers: Breakers,
        standings: Standings,
        budgets: RetryBudgets,
        recording: Recording,
        order: Callable[[ExecutionContext], None],
        most: Callable[[ExecutionContext], int],
        wanted: bool,
    ) -> None:
        """`order` orders the targets of an execution as they stand now; `most` returns how many attempts may be made
        for the present answer."""
        self._attempts = attempts
        self._catalog = catalog
        self._breakers = breakers
        self._standings = standings
        self._budgets = budgets
        self._recording = recording
        self._order = order
        self._most = most
        self._wanted = wanted

    def run(self, context: ExecutionContext, callee: Callee) -> Awaitable[ProviderError | None]:
        """Like `AttemptRunner.run`, with another call beside it if that is wanted and the first is slow."""
        after = self._patience(context, callee)
        return self._attempts.run(context, callee) if after is None else self._race(context, callee, after)

    async def _race(self, context: ExecutionContext, callee: Callee, after: float) -> ProviderError | None:
        race, most = Race(context), self._most(context)
        async with asyncio.TaskGroup() as group:
            race.enter(callee.number, context.slot)
            first = group.create_task(self._call(context, replace(callee, race=race), race))
            await asyncio.wait({first}, timeout=after)
            if not first.done() and race.winner is None and context.calls < most:
                hedge = self._hedge(context, callee, race, most)
                if hedge is not None:
                    group.create_task(self._call(context, hedge, race))
        return race.failure()

    def _patience(self, context: ExecutionContext, callee: Callee) -> float | None:
        """Returns the seconds after which another target is called beside this one; None if none is to be.

        A call that is to show whether a target works again is not cut short, and work is done by one model.
        """
        request = context.execution.request
        wanted = self._wanted if request.preferences.hedging is None else request.preferences.hedging
        if not wanted or request.work is not None or callee.last or callee.permit.is_probe:
            return None
        return self._attempts.limits.hedge(context, callee.target)

    async def _call(self, context: ExecutionContext, callee: Callee, race: Race) -> None:
        race.start(callee.number)
        try:
            race.settle(callee.number, await self._attempts.run(context, callee))
        except RequestError as error:
            if not callee.hedge:  # the first target may answer what can't be expressed in the other's format
                race.settle(callee.number, error)
        finally:
            race.leave(callee.number)

    def _hedge(self, context: ExecutionContext, first: Callee, race: Race, most: int) -> Callee | None:
        """Returns what to call beside a target, entered in the race; None for lack of a target, a slot or a budget."""
        other = self._other(context, first)
        if other is None:
            return None
        target, slot = other[0], None
        if context.slot is not None and (slot := context.slot.beside(target)) is None:
            return None
        paid = affords(context, other[1]) and self._budgets.of(target.provider).try_withdraw()
        if not paid or not self._announce(context, *other):
            if slot is not None:
                slot.release()
            return None
        log.info("hedge", target=target.id, beside=first.target.id)
        provider, permit = self._catalog.provider(target.provider), self._breakers.acquire(target)
        number, both = context.take_number(), {first.target.id, target.id}
        last = number >= most or not self._standings.any_ready(context.ranking, context.execution, both)
        race.enter(number, slot)
        return Callee(number, *other, provider, permit, last, race, hedge=True)

    def _other(self, context: ExecutionContext, first: Callee) -> tuple[Target, Model] | None:
        """Returns the best target that is ready and was not called for this answer."""
        self._order(context)
        called = {attempt.target.id for attempt in context.execution.turns[-1].attempts}
        called |= {target.id for target in context.ranking if target.pool == first.target.pool}
        choice = self._standings.best(context.ranking, context.execution, called)
        if choice is None or choice.standing is not Standing.READY:
            return None
        model = self._catalog.snapshot.models.get(choice.target.model)
        return None if model is None else (choice.target, model)

    def _announce(self, context: ExecutionContext, target: Target, model: Model) -> bool:
        """Announces the next call to the caller and the journal; returns False if that is not possible at once."""
        turn, number = context.execution.turns[-1].number, context.calls + 1
        if not context.sink.try_send(AttemptStarted(turn, number, target, hedge=True)):
            return False  # waiting here could send it in the middle of the answer
        try:
            self._recording.begin(context, number, target, model)
        except (RecordingUnavailable, ValueError):  # it can't be accounted for, or not beside the other calls
            return False
        return True
