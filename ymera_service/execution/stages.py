"""The stages of an execution, in the order in which a request meets them.

A stage takes the context, adds facts to it and returns; it ends the execution by raising a `YmeraError`.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Protocol

import structlog

from ymera_service.catalog import Catalog
from ymera_service.config import ExecutionSettings
from ymera_service.execution.accounting import affords
from ymera_service.execution.accounts import Accounts
from ymera_service.execution.attempt import AttemptRunner, Callee
from ymera_service.execution.context import ExecutionContext
from ymera_service.execution.events import AttemptStarted, Started
from ymera_service.execution.facts import ExecutionRequest
from ymera_service.execution.failover import Choice, Standing, Standings
from ymera_service.execution.hedging import Hedging
from ymera_service.execution.recording import Recording
from ymera_service.resilience.breaker import Breakers
from ymera_service.resilience.retries import RetryBudgets, backoff
from ymera_service.resilience.slots import Slots
from ymera_service.routing.decision import Selection
from ymera_service.routing.operations import work_tokens
from ymera_service.routing.prompts.reading import MergedReading
from ymera_service.routing.router import Router
from ymera_service.sdk.errors import ModelNotFound, NoEligibleModel, NoHealthyModel, ProviderError
from ymera_service.sdk.targets import Target
from ymera_service.sdk.work import CountRequest, TokenCount
from ymera_service.telemetry.timing import Phase

log = structlog.get_logger(__name__)


class Stage(Protocol):
    """One step of an execution."""

    async def __call__(self, context: ExecutionContext) -> None:
        """Takes the execution a step further."""


class Screen:
    """Refuses what could get no slot whatever its targets are, before any work is done for it."""

    def __init__(self, slots: Slots) -> None:
        self._slots = slots

    async def __call__(self, context: ExecutionContext) -> None:
        """See `Stage`. Raises `Overloaded` or `ShuttingDown`."""
        self._slots.check(context.execution.request.sharer)


async def _none_under_way() -> bool:
    return False


class Route:
    """Decides which targets are tried."""

    def __init__(self, router: Router, listed: Callable[[], Awaitable[bool]] = _none_under_way) -> None:
        """`listed` waits for lists of models that are under way since the start; returns whether there were any."""
        self._router = router
        self._listed = listed

    async def __call__(self, context: ExecutionContext) -> None:
        """See `Stage`. Raises `RequestError` or `NoHealthyModel`."""
        request = context.execution.request
        began = perf_counter()
        try:
            reading = await self._router.read(request.prompt) if request.work is None else None
            try:
                selection = self._selection(request, reading)
            except (ModelNotFound, NoEligibleModel, NoHealthyModel):
                # What a provider listed for an earlier process may lack a model that it has now.
                if not await self._listed():
                    raise
                selection = self._selection(request, reading)
        finally:
            context.timings.add(Phase.ROUTE, perf_counter() - began)
        context.decide(selection)

    def _selection(self, request: ExecutionRequest, reading: MergedReading | None) -> Selection:
        if request.work is not None:
            return self._router.route_work(request.work, request.preferences, full_view=request.full_view)
        return self._router.route(
            request.prompt,
            request.preferences,
            caller=request.caller,
            reading=reading,
            attribution=request.attribution,
            request_id=request.request_id,
            full_view=request.full_view,
        )


class Admit:
    """Takes a slot for one of the targets. The pipeline releases it when the record is written."""

    def __init__(self, slots: Slots) -> None:
        self._slots = slots

    async def __call__(self, context: ExecutionContext) -> None:
        """See `Stage`. Raises `Overloaded` or `ShuttingDown`."""
        request = context.execution.request
        context.admitted = False
        began = perf_counter()
        try:
            context.slot = await self._slots.acquire(context.pools, request.sharer, request.deadline)
        finally:
            context.timings.add(Phase.QUEUE, perf_counter() - began)
        context.admitted = True
        assert context.execution.decision is not None
        await context.send(Started(request.request_id, context.execution.decision))


QUICK_SECONDS = 1.0
"""A failure that took no longer leaves time for more attempts."""


class Generate:
    """Gets an answer: calls one target after the other until one has given it.

    Work takes a turn for each portion. All of it is done by one model, as what different models return can't be
    compared with each other; if that fails, another one does all of it.
    """

    def __init__(
        self,
        *,
        attempts: AttemptRunner,
        catalog: Catalog,
        breakers: Breakers,
        budgets: RetryBudgets,
        recording: Recording,
        settings: ExecutionSettings,
        draw: random.Random,
    ) -> None:
        """`draw` settles the jitter of retries, and which of equal accounts is called."""
        self._catalog = catalog
        self._breakers = breakers
        self._accounts = Accounts(breakers, draw)
        self._standings = Standings(breakers)
        self._budgets = budgets
        self._recording = recording
        self._settings = settings
        self._draw = draw
        self._hedging = Hedging(
            attempts=attempts,
            catalog=catalog,
            breakers=breakers,
            standings=self._standings,
            budgets=budgets,
            recording=recording,
            order=self._order,
            most=self._most,
            wanted=settings.hedging,
        )

    async def __call__(self, context: ExecutionContext) -> None:
        """See `Stage`. Raises the last target's error, or `NoHealthyModel` where none could be called.

        Raises `CallerBudgetSpent` where none could be paid for.

        Raises `RecordingUnavailable` where a call could not be accounted for.
        """
        try:
            await self._take_turn(context)
        except (ProviderError, NoHealthyModel):
            if not _estimated(context):
                raise
        pools = context.pools
        while context.is_unfinished:
            model = _model_of(context)
            context.pools = tuple([pool for pool in pools if pool.model == model])
            try:
                await self._take_turn(context)
            except (ProviderError, NoHealthyModel) as failure:
                pools = tuple([pool for pool in pools if pool.model != model])
                if not pools or (isinstance(failure, ProviderError) and not failure.fails_over):
                    raise
                log.warning("work started over", failed=model, reason=failure.reason)
                context.start_over(pools)
                await self._take_turn(context)

    async def _take_turn(self, context: ExecutionContext) -> None:
        context.begin_turn()
        failure: ProviderError | None = None
        while (callee := await self._next(context, failure)) is not None:
            turn = context.execution.turns[-1]
            previous = turn.attempts[-1].error if turn.attempts else None
            try:
                await context.send(AttemptStarted(turn.number, callee.number, callee.target, previous))
                self._recording.begin(context, callee.number, callee.target, callee.model)
            except BaseException:
                callee.permit.released()
                raise
            failure = await self._hedging.run(context, callee)
            if failure is None:
                self._budgets.of(context.execution.turns[-1].attempts[-1].target.provider).deposit()
                return
            if context.irrevocable:
                break
        raise failure or context.unaffordable or self._standings.none_callable(context.ranking)

    async def _next(self, context: ExecutionContext, failure: ProviderError | None) -> Callee | None:
        """Returns what to call next, after the wait that it needs; None where another call is of no use."""
        attempts = context.execution.turns[-1].attempts
        if len(attempts) >= self._most(context) or (failure is not None and not failure.fails_over):
            return None
        self._order(context, first=not attempts)
        waited, refused = 0, set[str]()
        while (choice := self._standings.best(context.ranking, context.execution, refused)) is not None:
            delay = self._delay(choice, waited)
            if delay and await _slept(context, delay):
                waited = choice.retry  # by now another target may be ready, or this one paused again
            elif not delay and (callee := self._callee(context, choice)):
                if attempts:
                    log.warning("failover", target=callee.target.id, retry=choice.retry)
                return callee
            else:
                refused.add(choice.target.id)
        return None

    def _order(self, context: ExecutionContext, *, first: bool = False) -> None:
        """Orders the targets, as they stand at this call; of the first call, only as far as it needs.

        Without failover, what was called is called again.
        """
        selection, alone = context.selection, context.execution.request.preferences.no_failover
        assert selection is not None
        if alone and not first:
            return
        affinity, streamed = selection.decision.inputs.affinity, context.execution.stream
        ranking = self._accounts.spread(
            context.pools, selection.accounts, affinity=affinity, stream=streamed, first=first
        )
        context.ranking = ranking[:1] if alone else ranking

    def _most(self, context: ExecutionContext) -> int:
        """Returns how many attempts may be made for one answer."""
        for attempt in context.execution.turns[-1].attempts:
            if attempt.duration > QUICK_SECONDS:
                return self._most_slow(context)
        return _allowed(context, self._settings.max_attempts)

    def _most_slow(self, context: ExecutionContext) -> int:
        return _allowed(context, min(self._settings.max_attempts, self._settings.max_slow_attempts))

    def _delay(self, choice: Choice, waited: int) -> float:
        """Returns the seconds to wait before a call. Those who wait for the end of a pause don't call all at once."""
        if choice.standing is Standing.PAUSED:
            return self._standings.pause(choice.target) + backoff(0, self._draw)
        return backoff(choice.retry - 1, self._draw) if choice.retry > waited else 0.0

    def _callee(self, context: ExecutionContext, choice: Choice) -> Callee | None:
        """Returns a target to be called; None if it left the catalogue, has its share of slots, or costs too much."""
        target = choice.target
        model, provider = self._catalog.snapshot.models.get(target.model), target.provider
        if model is None or (context.slot is not None and not context.slot.move_to(target)):
            return None
        if not affords(context, model):
            return None
        charged = choice.limited or choice.standing is Standing.HOPELESS
        if charged and not self._budgets.of(provider).try_withdraw():
            return None
        last = self._is_last(context, target)
        permit = self._breakers.acquire(target)
        return Callee(context.take_number(), target, model, self._catalog.provider(provider), permit, last)

    def _is_last(self, context: ExecutionContext, target: Target) -> bool:
        """Returns whether no other target may be called if this one hangs, which makes it a slow one."""
        made = len(context.execution.turns[-1].attempts) + 1
        return made >= self._most_slow(context) or not self._standings.any_ready(
            context.ranking, context.execution, {each.id for each in context.ranking if each.pool == target.pool}
        )


def _estimated(context: ExecutionContext) -> bool:
    """Estimates what no target counts; returns whether that can be estimated."""
    work = context.execution.request.work
    if isinstance(work, CountRequest):
        context.take(work, TokenCount(work_tokens(work)))
    return isinstance(work, CountRequest)


def _model_of(context: ExecutionContext) -> str:
    """Returns the id of the model that was called last."""
    latest = context.execution.latest
    assert latest is not None
    return latest.target.model


def _allowed(context: ExecutionContext, attempts: int) -> int:
    """Returns the server's limit of attempts, or the caller's if that is lower."""
    wanted = context.execution.request.preferences.max_attempts
    return attempts if wanted is None else min(attempts, wanted)


async def _slept(context: ExecutionContext, seconds: float) -> bool:
    """Waits, unless the deadline would pass meanwhile."""
    if asyncio.get_running_loop().time() + seconds >= context.execution.request.deadline:
        return False
    await asyncio.sleep(seconds)
    return True
