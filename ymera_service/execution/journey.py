"""A request's way through the house, top to bottom: admit → route → call, with failover → record.

The streamed journey is the only one: `execute` collects it.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from ymera_service.catalog import Catalog
from ymera_service.config import ExecutionSettings
from ymera_service.execution.answer import Answer, Collector
from ymera_service.execution.calls import Caller
from ymera_service.execution.events import (
    AttemptStarted,
    Cancelled,
    Completed,
    Delta,
    ExecutionEvent,
    ExecutionRequest,
    Failed,
    Started,
    Terminal,
    Truncated,
)
from ymera_service.execution.failover import Failover
from ymera_service.execution.patience import Patience, Watch
from ymera_service.execution.run import Call, Run
from ymera_service.resilience.admission import Admission
from ymera_service.resilience.breaker import Breakers
from ymera_service.routing.decision import Decision, to_json
from ymera_service.routing.evidence import Evidence
from ymera_service.routing.router import Router
from ymera_service.routing.sessions import Sessions
from ymera_service.sdk.errors import (
    DeadlineExceeded,
    InternalError,
    ProviderError,
    ShuttingDown,
    StorageUnavailable,
    YmeraError,
)
from ymera_service.sdk.generation import Usage
from ymera_service.storage.recorder import Recorder
from ymera_service.storage.records import ExecutionRecord, ExecutionStatus
from ymera_service.telemetry.timing import Phase, Timings

log = structlog.get_logger(__name__)

RECORD_SECONDS = 10.0
"""How long storage may take to make a record durable."""


@dataclass(frozen=True, slots=True)
class Routed:
    """A decision that was asked for alone."""

    request_id: str
    decision: Decision


class Executor:
    """Carries out requests."""

    def __init__(
        self,
        *,
        admission: Admission,
        router: Router,
        catalog: Catalog,
        breakers: Breakers,
        evidence: Evidence,
        sessions: Sessions,
        recorder: Recorder,
        settings: ExecutionSettings,
        draw: random.Random | None = None,
    ) -> None:
        self._admission = admission
        self._router = router
        self._evidence = evidence
        self._sessions = sessions
        self._recorder = recorder
        self._patience = Patience()
        self._caller = Caller(catalog, settings)
        self._failover = Failover(
            catalog,
            breakers,
            settings.max_attempts,
            draw or random.Random(),  # noqa: S311  # jitter
        )
        self._abandoned: set[asyncio.Task[None]] = set()

    async def route(self, request: ExecutionRequest, timings: Timings) -> Routed:
        """Decides without calling a model; the decision is durable when this returns.

        Raises:
            RequestError: The request can't be routed.
            ServerError: The server can't serve it now.
        """
        created_at, began = datetime.now(UTC), _now()
        async with self._admitted(request, timings) as watch:
            decision = self._decide(request, timings)
            record = _routed_record(request, decision, created_at, _now() - began)
            with timings.phase(Phase.RECORD):
                await watch.wait(self._make_durable(record))
        return Routed(request.request_id, decision)

    async def execute(self, request: ExecutionRequest, timings: Timings) -> Answer:
        """Returns the whole answer.

        Raises:
            YmeraError: Whatever a stream would have ended with instead of `Completed`.
        """
        collector = Collector()
        async with aclosing(self._journey(request, timings, stream=False)) as events:
            async for event in events:
                collector.take(event)
        return collector.answer()

    def stream(self, request: ExecutionRequest, timings: Timings) -> AsyncGenerator[ExecutionEvent, None]:
        """Yields the answer while it is written: `Started`, …, exactly one terminal event.

        Closing the generator, or cancelling its task, stops the provider at once; what was consumed until
        then is recorded all the same.

        Raises:
            RequestError, ServerError: Only before the first event.
        """
        return self._journey(request, timings, stream=True)

    async def _journey(
        self, request: ExecutionRequest, timings: Timings, *, stream: bool
    ) -> AsyncGenerator[ExecutionEvent, None]:
        created_at, began = datetime.now(UTC), _now()
        async with self._admitted(request, timings) as watch:
            decision = self._decide(request, timings)
            run = Run(request, timings, watch, stream, created_at, began, decision)
            outcome: Terminal | None = None
            try:
                yield Started(request.request_id, decision)
                async with aclosing(self._answer(run)) as events:
                    async for event in events:
                        yield event
                outcome = _completed(run)
            except YmeraError as error:
                outcome = _stopped(run, error)
            except Exception:
                log.exception("execution failed", request_id=request.request_id)
                outcome = _stopped(run, InternalError("the execution failed inside; the log tells more"))
            finally:
                if outcome is None:
                    self._record_later(run)
            yield await self._record(run, outcome)

    @asynccontextmanager
    async def _admitted(self, request: ExecutionRequest, timings: Timings) -> AsyncIterator[Watch]:
        """Holds a place while the block runs, and gives the watch over its waits."""
        watch = self._patience.watch(request.deadline)
        try:
            with timings.phase(Phase.QUEUE):
                await watch.wait(self._admission.acquire())
            try:
                yield watch
            finally:
                self._admission.release()
        finally:
            watch.close()

    def _decide(self, request: ExecutionRequest, timings: Timings) -> Decision:
        with timings.phase(Phase.ROUTE):
            return self._router.decide(request.prompt, request.preferences)

    async def _answer(self, run: Run) -> AsyncGenerator[AttemptStarted | Delta, None]:
        """Calls one model after the other until one answers; raises the last one's error."""
        error: ProviderError | None = None
        while (call := await self._failover.next_call(run, error)) is not None:
            try:
                async with aclosing(self._caller.call(run, call)) as events:
                    async for event in events:
                        yield event
            except ProviderError as failure:
                error = failure
                if run.answered:
                    raise
            else:
                self._learn(run, call)
                return
        raise error or self._failover.none_left(run)

    def _learn(self, run: Run, call: Call) -> None:
        self._failover.succeeded()
        self._sessions.remember(run.request.preferences.session_id, call.model.id)
        self._evidence.observe(
            call.model.id,
            output_tokens=(call.usage or Usage()).output_tokens,
            time_to_first_token=call.time_to_first_token if run.stream else None,
            duration=_now() - call.began,
        )

    async def _record(self, run: Run, outcome: Terminal) -> Terminal:
        """Makes the record durable before anyone hears of the outcome."""
        with run.timings.phase(Phase.RECORD):
            try:
                await self._make_durable(run.record(outcome, _now()))
            except StorageUnavailable as error:
                return _stopped(run, error)
        return outcome

    async def _make_durable(self, record: ExecutionRecord) -> None:
        try:
            async with asyncio.timeout(RECORD_SECONDS):
                await self._recorder.record(record)
        except TimeoutError:
            raise StorageUnavailable(f"the record was not durable within {RECORD_SECONDS:g} s") from None

    def _record_later(self, run: Run) -> None:
        """Records what an execution consumed whose caller has gone, without holding up its end."""
        task = asyncio.ensure_future(self._recorder.record(run.record(None, _now())))
        self._abandoned.add(task)
        task.add_done_callback(self._recorded_later)

    def _recorded_later(self, task: asyncio.Task[None]) -> None:
        self._abandoned.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("execution not recorded", problem=str(error))

    async def stop(self) -> None:
        """Ends every execution under way as cancelled, and returns when each is recorded."""
        self._patience.stop()
        await self._admission.drained()
        await asyncio.gather(*self._abandoned, return_exceptions=True)


def _now() -> float:
    return asyncio.get_running_loop().time()


def _completed(run: Run) -> Completed:
    call = run.call
    assert call is not None
    assert call.finished is not None
    return Completed(
        call.finished.reason, call.model.id, run.consumption, run.decision_made(), call.model.info.simulated
    )


def _stopped(run: Run, error: YmeraError) -> Terminal:
    decision = run.decision_made()
    if isinstance(error, DeadlineExceeded | ShuttingDown):
        return Cancelled(error, run.consumption, decision)
    if run.answered and run.call:
        return Truncated(error, run.call.model.id, run.consumption, decision)
    return Failed(error, run.consumption, decision)


def _routed_record(
    request: ExecutionRequest, decision: Decision, created_at: datetime, duration: float
) -> ExecutionRecord:
    return ExecutionRecord(
        request_id=request.request_id,
        created_at=created_at,
        status=ExecutionStatus.ROUTED,
        category=decision.category,
        model=decision.candidates[0].model,
        usage=Usage(),
        usage_estimated=False,
        cost_micros=0,
        finish_reason="",
        duration=duration,
        time_to_first_token=None,
        session_id=request.preferences.session_id,
        agent_name=request.preferences.agent_name,
        decision=to_json(decision),
    )
