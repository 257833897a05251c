"""A request's way, from top to bottom: route → admit → answer, then record, then the observers.

There is one implementation: a whole answer is the stream collected. Bad requests are refused before they
get here; guards on the prompt will stand before `Generate`, guards on what is released and validators after it.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from time import perf_counter
from typing import Any

import structlog

from ymera_service.access.spending import Tab
from ymera_service.execution.answer import Answer, AnswerCollector
from ymera_service.execution.context import ExecutionContext
from ymera_service.execution.deadlines import Deadlines
from ymera_service.execution.events import Ended, Sink
from ymera_service.execution.facts import UNREAD, Execution, ExecutionRequest
from ymera_service.execution.observers import Observers
from ymera_service.execution.outcomes import Keeping
from ymera_service.execution.recording import Recording
from ymera_service.execution.stages import Route, Stage
from ymera_service.resilience.slots import RETRY_AFTER, Slots
from ymera_service.routing.decision import Decision
from ymera_service.sdk.errors import Cancelled, InternalError, Overloaded, StorageUnavailable, YmeraError
from ymera_service.sdk.work import Reply
from ymera_service.telemetry.timing import Phase, Timings

log = structlog.get_logger(__name__)

MAX_ROUTING = 1024
"""Requests for a decision alone that are under way at a time; their decisions wait for the same commits."""


@dataclass(frozen=True, slots=True)
class Done:
    """Work: the execution, and the replies of its calls in the order of the inputs."""

    execution: Execution
    replies: tuple[Reply, ...]


class Pipeline:
    """Carries out requests; `build_pipeline` lists the stages."""

    def __init__(
        self, *, route: Route, execute: Sequence[Stage], slots: Slots, recording: Recording, observers: Observers
    ) -> None:
        self._route = (route,)
        self._execute = tuple(execute)
        self._recording = recording
        self._deadlines = Deadlines()
        self._under_way = 0
        self._routing = 0
        self._idle = asyncio.Event()
        self.slots = slots
        self.observers = observers

    async def route(self, request: ExecutionRequest, timings: Timings) -> Decision:
        """Decides without calling a model; the decision is durable when this returns.

        Takes no slot, so that executions can't keep it out.

        Raises:
            RequestError: The request can't be routed.
            ServerError: The server can't serve it now.
        """
        if self._routing >= MAX_ROUTING:
            raise Overloaded(f"{self._routing} decisions wait for storage; try again later", retry_after=RETRY_AFTER)
        self._routing += 1
        try:
            execution = await self._run(request, AnswerCollector(), timings, stream=False, stages=self._route)
        finally:
            self._routing -= 1
        return _decision_of(execution)

    async def execute(self, request: ExecutionRequest, timings: Timings) -> Answer:
        """Returns the whole answer; its execution's error says why there is none.

        Raises:
            RequestError, ServerError: The request was refused before a decision was made.
        """
        collector = AnswerCollector()
        execution = await self._run(request, collector, timings, stream=False, stages=self._execute)
        return collector.answer(execution)

    async def work(self, request: ExecutionRequest, timings: Timings) -> Done:
        """Does work other than answering a prompt; its execution's error says why it failed.

        Raises:
            RequestError, ServerError: The request was refused before a decision was made.
        """
        replies: list[Reply] = []
        execution = await self._run(
            request, AnswerCollector(), timings, stream=False, stages=self._execute, replies=replies
        )
        return Done(execution, tuple(replies))

    def stream(self, request: ExecutionRequest, sink: Sink, timings: Timings) -> Coroutine[Any, Any, Execution]:
        """Sends the answer while it is written; the last event is `Ended`.

        Cancelling the task stops the provider at once; what was consumed until then is recorded all the same.

        Raises:
            RequestError, ServerError: Only before the first event.
        """
        return self._run(request, sink, timings, stream=True, stages=self._execute)

    async def keep(self, request: ExecutionRequest, sink: Sink, timings: Timings, *, stream: bool) -> Execution:
        """Like `stream`, and stores the outcome with the record, under the request's idempotency key.

        Args:
            request: One with a key, which is claimed.
            sink: Gets the events, whether or not providers are asked to stream.
            timings: Gets the phases.
            stream: Providers are asked to stream.

        Raises:
            RequestError, ServerError: Only before the first event.
        """
        sink = Keeping(sink)
        return await self._run(request, sink, timings, stream=stream, stages=self._execute, kept=sink.collector)

    async def _run(
        self,
        request: ExecutionRequest,
        sink: Sink,
        timings: Timings,
        *,
        stream: bool,
        stages: Sequence[Stage],
        kept: AnswerCollector | None = None,
        replies: list[Reply] | None = None,
    ) -> Execution:
        self._recording.check()
        execution = Execution(request, stream, datetime.now(UTC), _now())
        context = ExecutionContext(
            execution,
            sink,
            timings,
            self._deadlines.scope(request.deadline),
            kept=kept,
            replies=[] if replies is None else replies,
            tab=None if request.budget is None else Tab(request.budget),
        )
        self._under_way += 1
        try:
            error = await self._through(context, stages)
            return await self._finish(context, error)
        except asyncio.CancelledError as left:
            self._abandon(context, UNREAD if UNREAD in left.args else "the caller went away")
            raise
        finally:
            self._end(context)

    def _end(self, context: ExecutionContext) -> None:
        if context.tab is not None:
            context.tab.close()
        if context.slot is not None:
            context.slot.release()
        self._under_way -= 1
        if not self._under_way and self._deadlines.stopping:
            self._idle.set()

    async def _through(self, context: ExecutionContext, stages: Sequence[Stage]) -> YmeraError | None:
        """Takes an execution through the stages and returns what ended it early.

        Raises:
            YmeraError: It ended before it was decided and admitted, so that there is nothing to record.
        """
        try:
            async with context.deadline:
                for stage in stages:
                    await stage(context)
        except YmeraError as error:
            if not context.is_recorded:
                raise
            return error.detached()
        except Exception:
            log.exception("execution failed", request_id=context.execution.request.request_id)
            failed = InternalError("the execution failed; the server's log has the cause")
            if not context.is_recorded:
                raise failed from None
            return failed
        return None

    async def _finish(self, context: ExecutionContext, error: YmeraError | None) -> Execution:
        """Makes the record durable before the outcome is sent."""
        execution = context.execution = context.execution.ended(_now(), error)
        began = perf_counter()
        try:
            await self._recording.record(context)
        except StorageUnavailable as refused:
            execution = context.execution = replace(execution, error=refused.detached())
        except Exception:
            log.exception("execution can't be recorded", request_id=execution.request.request_id)
            failed = InternalError("the execution can't be recorded; the server's log has the cause")
            execution = context.execution = replace(execution, error=failed)
        finally:
            context.timings.add(Phase.RECORD, perf_counter() - began)
        self._notify(context)
        await context.send(Ended(execution))
        return execution

    def _notify(self, context: ExecutionContext) -> None:
        context.notified = True
        self.observers.notify(context.execution)

    def _abandon(self, context: ExecutionContext, reason: str) -> None:
        """Records what an execution consumed whose caller has gone, or does not read its stream."""
        if not context.is_recorded or context.notified:
            return
        if context.execution.ended_at is None:
            context.execution = context.execution.ended(_now(), Cancelled(reason))
            self._recording.record_later(context)
        self._notify(context)

    async def stop(self) -> None:
        """Ends every execution under way as cancelled, and returns when each is recorded."""
        self._deadlines.stop()
        while self._under_way:
            self._idle.clear()
            await self._idle.wait()
        await self._recording.flush()
        await self.observers.flush()


def _decision_of(execution: Execution) -> Decision:
    if execution.error is not None:
        raise execution.error
    assert execution.decision is not None
    return execution.decision


def _now() -> float:
    return asyncio.get_running_loop().time()
