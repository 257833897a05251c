"""One call of a target: what it sends is passed on, timed and counted, however it ends."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from ymera_service.config import ExecutionSettings
from ymera_service.execution.accounting import cost_of, counted_micros, usage_of
from ymera_service.execution.context import ExecutionContext
from ymera_service.execution.events import Delta
from ymera_service.execution.facts import Attempt
from ymera_service.execution.limits import TimeLimits, usual_seconds
from ymera_service.execution.portions import check_turns, portion_of
from ymera_service.execution.progress import Progress
from ymera_service.execution.provided import bounded, clean
from ymera_service.execution.race import Race
from ymera_service.plugins.boundary import Boundary
from ymera_service.plugins.replies import CallEvent
from ymera_service.resilience.permit import Permit
from ymera_service.routing.operations import is_free
from ymera_service.sdk.cancellation import being_cancelled
from ymera_service.sdk.context import CallContext
from ymera_service.sdk.errors import (
    Cancelled,
    ProviderError,
    ProviderTimeout,
    RequestError,
    StreamInterrupted,
    YmeraError,
)
from ymera_service.sdk.events import Accepted, Finished
from ymera_service.sdk.failures import Failure
from ymera_service.sdk.generation import GenerateRequest
from ymera_service.sdk.models import Model
from ymera_service.sdk.providers import Provider
from ymera_service.sdk.targets import Target
from ymera_service.sdk.work import WorkRequest
from ymera_service.telemetry.timing import Phase
from ymera_service.transport.waiting import CONNECTION_WAIT

log = structlog.get_logger(__name__)

LINGER_SECONDS = 1.0
"""How long a provider may take to close its answer once the end of it was seen."""
EVIDENCE_SECONDS = 0.5
"""A wait that a deadline cut counts against a target from here on: short deadlines are the caller's choice."""
CALLERS_EVIDENCE_SECONDS = 5.0
"""A silence that the caller's own limit cut counts against a target from here on."""
TIMER_SLACK = 0.05
"""A limit is moved only when it would move by more than this share: a timer per event would cost 1 % of a stream."""


@dataclass(slots=True)
class Callee:
    """A target with what is needed to call it.

    `number` is that of the attempt in its turn. `last` says that no other target may be called after it. In a `race`,
    others are called at the same time; a `hedge` is the one that was called later.
    """

    number: int
    target: Target
    model: Model
    provider: Provider
    permit: Permit
    last: bool = False
    race: Race | None = None
    hedge: bool = False

    @property
    def is_beaten(self) -> bool:
        """Whether another target has begun the answer."""
        return self.race is not None and self.race.is_lost(self.number)


class _ConnectionWait:
    """Starts the time of a call, and starts it anew when it had to wait for a connection."""

    __slots__ = ("_limit", "_progress", "_scope")

    def __init__(self, scope: asyncio.Timeout, progress: Progress, limit: Callable[[], float]) -> None:
        self._scope = scope
        self._progress = progress
        self._limit = limit

    def began(self) -> None:
        """See `ConnectionWait`."""
        self._progress.waits = True
        if not self._scope.expired():
            self._scope.reschedule(None)

    def ended(self) -> None:
        """See `ConnectionWait`."""
        progress = self._progress
        progress.waits, progress.began = False, asyncio.get_running_loop().time()
        progress.limit = self._limit()
        if not self._scope.expired():
            self._scope.reschedule(progress.began + progress.limit)


class AttemptRunner:
    """Makes attempts. `boundary` reads what leaves a provider's code."""

    def __init__(self, settings: ExecutionSettings, boundary: Boundary) -> None:
        self._settings = settings
        self._boundary = boundary
        self.limits = TimeLimits(settings)

    async def run(self, context: ExecutionContext, callee: Callee) -> ProviderError | None:
        """Calls a target, sends what it answers to the sink, and adds the attempt to the facts.

        Returns why the target failed; None where it answered. Whatever else ends the call, such as the
        deadline or the caller's leaving, is raised; of these only a deadline that passed without any sign
        of an answer counts against the target.
        """
        clock = asyncio.get_running_loop().time
        progress = Progress(clock(), context.execution.request.preferences.patience)
        try:
            failure = await self._receive(context, callee, progress)
        except BaseException as error:
            self._end_early(context, callee, progress, error)
            raise
        _settle(context, callee, progress, failure)
        if progress.sign_at is not None or isinstance(failure, ProviderTimeout):
            self.limits.learn(context, callee.target, (progress.sign_at or clock()) - progress.began)
        if progress.first_token_at is not None:
            self.limits.learn_part(context, callee.target, progress.first_token_at - progress.began)
        deployment = callee.target.deployment
        if failure is None and (deployment.account or deployment.endpoint):
            _report_time(context, callee, progress, clock())
        self._add(context, callee, progress, failure)
        if failure is None and progress.portion is not None and progress.reply is not None:
            context.take(progress.portion, progress.reply)
        return failure

    def _end_early(self, context: ExecutionContext, callee: Callee, progress: Progress, error: BaseException) -> None:
        """Books a call that the deadline, the caller, a quicker one or a request that can't be expressed ended."""
        if callee.is_beaten:
            waited = asyncio.get_running_loop().time() - progress.began
            self.limits.learn_part(context, callee.target, waited)
            callee.permit.took(waited, stream=context.execution.stream)
        timed_out = _waited_unanswered(context, callee, progress) if isinstance(error, asyncio.CancelledError) else None
        _settle_timeout(context, callee, progress, timed_out)
        cut_off = "another target began its answer sooner" if callee.is_beaten else "the attempt was cut off"
        refused = error if isinstance(error, RequestError) else Cancelled(cut_off)
        self._add(context, callee, progress, timed_out or refused)

    async def _receive(self, context: ExecutionContext, callee: Callee, progress: Progress) -> ProviderError | None:
        call = _call_context(context, callee)
        request_id = call.request_id
        clock = asyncio.get_running_loop().time
        progress.limit = self.limits.first(context, callee.target, last=callee.last)
        scope = asyncio.timeout_at(progress.began + progress.limit)
        CONNECTION_WAIT.set(
            _ConnectionWait(scope, progress, lambda: self.limits.first(context, callee.target, last=callee.last))
        )
        try:
            request = _request(context, callee, progress)
            async with scope, self._boundary.calling(callee.provider, request, call) as events:
                async for event in events:
                    now = clock()
                    delta = progress.take(event, now)
                    if type(event) is Accepted and event.headroom is not None:
                        callee.permit.heard(event.headroom)
                    if delta is not None:
                        await _release(context, callee, delta, scope, progress)
                    if now >= progress.limit_holds_until or type(event) is Finished:
                        self._extend(scope, progress, context.execution.stream, event, clock)
        except BaseException as error:  # noqa: BLE001  # a plugin may raise anything; the boundary sorts it
            failure: ProviderError = ProviderTimeout(self._too_slow(context, callee, progress))
            if not (scope.expired() and isinstance(error, TimeoutError)):
                failure = self._boundary.failure_of(error, callee.model.id, request_id)
            # What goes wrong after the provider's own end of the answer takes nothing from the answer.
            return None if progress.finished else failure
        if progress.finished is None:
            if being_cancelled():
                raise asyncio.CancelledError  # the provider suppressed it and ended normally
            return StreamInterrupted(f"{callee.model.id} stopped before the end of its answer")
        return None

    def _extend(
        self,
        scope: asyncio.Timeout,
        progress: Progress,
        stream: bool,
        event: CallEvent,
        clock: Callable[[], float],
    ) -> None:
        """Moves the limit: any sign that the provider is at work counts, thinking and keep-alives included."""
        if isinstance(event, Finished):
            seconds = LINGER_SECONDS
        elif (
            progress.finished is not None
            or isinstance(event, Accepted)
            or (not stream and progress.first_token_at is None)
        ):
            return
        elif progress.first_token_at is None:
            rest = progress.began + min(self._settings.thinking_seconds, progress.patience) - clock()
            seconds = min(self._settings.first_token_seconds, rest)
        else:
            seconds = self._settings.idle_seconds
        if scope.expired():
            return
        until, present = clock() + seconds, scope.when()
        if present is None or abs(until - present) > seconds * TIMER_SLACK:
            scope.reschedule(until)
            present = until
        if progress.first_token_at is not None and progress.finished is None:
            progress.limit_holds_until = present - seconds * (1 - TIMER_SLACK)

    def _too_slow(self, context: ExecutionContext, callee: Callee, progress: Progress) -> str:
        if _is_callers_limit(progress):
            return f"{callee.model.id} sent no part of an answer within the caller's limit of {progress.patience:g} s"
        if not context.execution.stream:
            return f"{callee.model.id} did not answer within {progress.limit:.3g} s"
        if progress.first_token_at is None:
            silent = self._settings.first_token_seconds if progress.sign_at is not None else progress.limit
            thinking = self._settings.thinking_seconds
            return (
                f"{callee.model.id} gave no sign of an answer for {silent:.3g} s, or no part of it for {thinking:g} s"
            )
        return f"{callee.model.id} paused for more than {self._settings.idle_seconds:g} s"

    def _add(self, context: ExecutionContext, callee: Callee, progress: Progress, failure: YmeraError | None) -> None:
        now = asyncio.get_running_loop().time()
        usage, estimated = usage_of(context, progress, failure)
        first = progress.first_token_at
        cost, source = cost_of(callee.model, usage, progress, failure)
        attempt = Attempt(
            number=callee.number,
            target=callee.target,
            began_at=progress.began,
            duration=now - progress.began,
            time_to_first_token=None if first is None else first - progress.began,
            usage=usage,
            cost_micros=cost,
            estimated=estimated,
            finish_reason=progress.finished.reason if progress.finished else None,
            error=Failure.of(failure) if failure else None,
            retryable=callee.is_beaten or (isinstance(failure, ProviderError) and failure.retryable),
            simulated=callee.model.info.simulated,
            tool_calls=tuple(progress.calls.values()),
            adaptations=bounded(progress.adaptations),
            hedge=callee.hedge,
            response_id=clean(progress.response.response_id),
            response_model=clean(progress.response.model),
            raw_finish_reason=clean(progress.finished.raw_reason) if progress.finished else "",
            stop_sequence=clean(progress.finished.stop_sequence) if progress.finished else "",
            service_tier=clean(progress.service_tier),
            cost_source=source,
            counted_micros=counted_micros(context, callee.model, usage) if cost is None else 0,
        )
        if callee.race is not None and callee.is_beaten:
            context.add(attempt, callee.race.winner)
            return
        context.add(attempt)
        _time(context, progress, now)
        if estimated and progress.finished is not None and (progress.usage or progress.not_credible):
            reported = progress.not_credible or progress.usage
            log.warning("usage is not credible, estimated", target=callee.target.id, reported=reported, estimate=usage)
        if isinstance(failure, ProviderError):
            log.warning(
                "attempt failed",
                target=callee.target.id,
                turn=len(context.execution.turns),
                attempt=attempt.number,
                reason=failure.reason,
                error=failure.message,
            )


def _settle(context: ExecutionContext, callee: Callee, progress: Progress, failure: ProviderError | None) -> None:
    if is_free(progress.portion):  # vendors serve and limit it apart from what they charge for
        callee.permit.released()
        return
    if failure is None:
        callee.permit.succeeded()
        return
    failure.metadata.setdefault("model", callee.model.id)
    if isinstance(failure, ProviderTimeout) and _was_impatient(progress):
        callee.permit.released()
    elif isinstance(failure, ProviderTimeout) and progress.sign_at is None:
        _settle_timeout(context, callee, progress, failure)
    else:
        callee.permit.failed(failure)


def _report_time(context: ExecutionContext, callee: Callee, progress: Progress, now: float) -> None:
    """Reports how long a call took that answered, by which the deployments of its model are chosen."""
    if context.execution.stream and progress.sign_at is not None:
        callee.permit.took(progress.sign_at - progress.began, stream=True)
    elif progress.portion is None:
        written = progress.usage.output_tokens if progress.usage is not None else 0
        callee.permit.took(now - progress.began, stream=False, output_tokens=written)


def _is_callers_limit(progress: Progress) -> bool:
    """Returns whether the caller's own limit for the first part of an answer ended a call."""
    waited = asyncio.get_running_loop().time() - progress.began
    return progress.first_token_at is None and waited > progress.patience * (1 - TIMER_SLACK)


def _was_impatient(progress: Progress) -> bool:
    """Returns whether the caller's limit ended a call too early to say anything of the target."""
    too_short = progress.sign_at is not None or progress.patience < CALLERS_EVIDENCE_SECONDS
    return _is_callers_limit(progress) and too_short


def _settle_timeout(
    context: ExecutionContext, callee: Callee, progress: Progress, failure: ProviderError | None
) -> None:
    """Counts a wait for a first sign where it was long enough to say something of the target."""
    waited = asyncio.get_running_loop().time() - progress.began
    enough = max(EVIDENCE_SECONDS, usual_seconds(context, callee.target)) * (1 - TIMER_SLACK)
    if failure is None or waited < enough or is_free(progress.portion):
        callee.permit.released()
    else:
        callee.permit.failed(failure)


def _waited_unanswered(context: ExecutionContext, callee: Callee, progress: Progress) -> ProviderTimeout | None:
    """Returns the failure of a target that had given no sign when the deadline ended the call."""
    if progress.sign_at is not None or progress.waits or not context.deadline.passed:
        return None
    seconds = asyncio.get_running_loop().time() - progress.began
    return ProviderTimeout(f"{callee.model.id} gave no sign of an answer in the {seconds:.3g} s until the deadline")


def _request(context: ExecutionContext, callee: Callee, progress: Progress) -> GenerateRequest | WorkRequest:
    """Returns what is asked of the provider.

    Raises:
        InvalidProviderRequest: The model can't do so much.
    """
    work = context.execution.request.work
    if work is None:
        return _generation(context, callee)
    check_turns(work, callee.model)
    progress.portion = portion_of(work, callee.model, context.done)
    return progress.portion


def _generation(context: ExecutionContext, callee: Callee) -> GenerateRequest:
    request, stream = context.execution.request, context.execution.stream
    if not (request.options or request.strict):  # most requests
        return GenerateRequest(callee.model.info.name, request.prompt, stream)
    options = request.options.get(callee.target.provider, {})
    return GenerateRequest(callee.model.info.name, request.prompt, stream, options, request.strict)


def _call_context(context: ExecutionContext, callee: Callee) -> CallContext:
    execution = context.execution
    request = execution.request
    return CallContext(
        request.request_id,
        callee.target,
        request.deadline,
        request.attribution,
        request.traceparent,
        execution.turns[-1].number,
        callee.number,
        request.caller,
    )


async def _release(
    context: ExecutionContext, callee: Callee, delta: Delta, scope: asyncio.Timeout, progress: Progress
) -> None:
    """Hands a part of the answer over. A caller that reads slowly does not count against the provider's time."""
    if callee.race is not None and not callee.race.win(callee.number):
        raise asyncio.CancelledError
    if context.execution.stream and not context.execution.released:
        context.execution = context.execution.with_release()
    if context.sink.try_send(delta):
        return
    scope.reschedule(None)
    progress.limit_holds_until = 0.0
    await context.sink.send(delta)


def _time(context: ExecutionContext, progress: Progress, now: float) -> None:
    accepted = progress.accepted_at or now
    first = progress.first_token_at or now
    context.timings.add(Phase.CONNECT, accepted - progress.began)
    if progress.accepted_at is not None:
        context.timings.add(Phase.FIRST_TOKEN, first - accepted)
    if progress.first_token_at is not None:
        context.timings.add(Phase.STREAM, now - first)
