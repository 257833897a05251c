"""Executes requests with an idempotency key once; a repeat gets the stored outcome or waits for it.

The key is claimed in storage before a provider is called, and the outcome is stored in the same commit as the
record. So nothing is paid twice: not by a repeat that comes at the same time, not by one at another server on the
same database, and not after this server was killed. For the same reason an execution does not end when its caller
goes away.
"""

import asyncio
from datetime import UTC, datetime

import structlog

from ymera_service.execution.events import Sink
from ymera_service.execution.facts import Execution, ExecutionRequest
from ymera_service.execution.outcomes import answer_from_json, events_of, is_kept
from ymera_service.execution.pipeline import Pipeline
from ymera_service.execution.recording import outcome_of
from ymera_service.routing.decision import Preferences
from ymera_service.sdk.errors import (
    DeadlineExceeded,
    ExecutionNotFound,
    FieldViolation,
    InvalidRequest,
    OutcomeUnknown,
    StorageUnavailable,
)
from ymera_service.sdk.generation import Prompt
from ymera_service.serving.history import History, PastExecution
from ymera_service.storage import Database
from ymera_service.storage.records import ExecutionStatus, Outcome
from ymera_service.telemetry.timing import Timings

log = structlog.get_logger(__name__)

POLL_SECONDS = 0.2
"""How often a repeat looks for the outcome of a request that another server executes."""

EMPTY = Prompt(())

Key = tuple[str, str]


class Idempotency:
    """Runs requests that have an idempotency key."""

    def __init__(self, pipeline: Pipeline, database: Database, history: History) -> None:
        self._pipeline = pipeline
        self._outcomes = database.outcomes
        self._history = history
        self._under_way: dict[Key, asyncio.Task[Execution]] = {}

    async def run(self, request: ExecutionRequest, sink: Sink, timings: Timings, *, stream: bool) -> Execution:
        """Sends the events of the execution, or those of the outcome of an earlier one, to the sink.

        If the present task is cancelled, the execution goes on; what the sink then does not take, it has to drop.

        Raises:
            InvalidRequest: The key was used with a different request.
            OutcomeUnknown: The first request with the key may have been charged, but its outcome was lost.
            DeadlineExceeded: The first request was still under way.
            YmeraError: As `Pipeline.stream`, before the first event.
        """
        key = request.caller, request.idempotency_key
        while (first := self._under_way.get(key)) is not None:
            await _ended(first, request)
        # No wait between the look above and the entry below: only one task of this server runs a key.
        task = asyncio.create_task(self._claimed(request, sink, timings, stream=stream))
        self._under_way[key] = task
        task.add_done_callback(lambda _: self._under_way.pop(key, None))
        return await asyncio.shield(task)

    async def _claimed(self, request: ExecutionRequest, sink: Sink, timings: Timings, *, stream: bool) -> Execution:
        claim = outcome_of(request, datetime.now(UTC))
        while (stored := await self._outcomes.claim(claim)).request_id != claim.request_id:
            _check_same(stored, claim)
            if stored.answer is not None:
                return await self._replay(stored, stored.answer, sink)
            await _wait_for(stored, request)
        return await self._execute(request, claim, sink, timings, stream=stream)

    async def _execute(
        self, request: ExecutionRequest, claim: Outcome, sink: Sink, timings: Timings, *, stream: bool
    ) -> Execution:
        kept = False
        try:
            execution = await self._pipeline.keep(request, sink, timings, stream=stream)
            kept = is_kept(execution)
        finally:
            if not kept:
                await self._release(claim)
        return execution

    async def _release(self, claim: Outcome) -> None:
        try:
            await self._outcomes.release(claim)
        except StorageUnavailable:
            log.exception("idempotency key not released", request_id=claim.request_id)

    async def _replay(self, stored: Outcome, answer: bytes, sink: Sink) -> Execution:
        try:
            execution = _execution_of(await self._history.find(stored.request_id, stored.caller))
        except ExecutionNotFound:
            raise _lost(stored.request_id) from None
        for event in events_of(answer_from_json(execution, answer)):
            await sink.send(event)
        return execution


async def _ended(first: asyncio.Task[Execution], request: ExecutionRequest) -> None:
    left = request.deadline - asyncio.get_running_loop().time()
    await asyncio.wait({first}, timeout=max(left, 0.0))
    if not first.done():
        raise _late()


async def _wait_for(stored: Outcome, request: ExecutionRequest) -> None:
    """Waits a little for an outcome that another server has to store."""
    if datetime.now(UTC) > stored.ends_by:
        raise _lost(stored.request_id)
    if asyncio.get_running_loop().time() + POLL_SECONDS > request.deadline:
        raise _late()
    await asyncio.sleep(POLL_SECONDS)


def _lost(request_id: str) -> OutcomeUnknown:
    problem = "the outcome of the first request with this idempotency key was lost, and may have been charged"
    return OutcomeUnknown(f"{problem}; use another key to execute it again", metadata={"request_id": request_id})


def _late() -> DeadlineExceeded:
    return DeadlineExceeded("the deadline passed while the first request with this idempotency key was under way")


def _check_same(stored: Outcome, claim: Outcome) -> None:
    if stored.fingerprint != claim.fingerprint:
        problem = "was used with a different request in the last 24 hours; use a new key for a new request"
        raise InvalidRequest([FieldViolation("idempotency_key", problem)])


def _execution_of(past: PastExecution) -> Execution:
    """Returns a past execution as facts; its prompt was not stored."""
    record = past.record
    request = ExecutionRequest(record.request_id, EMPTY, Preferences(), 0.0)
    return Execution(
        request,
        stream=False,
        created_at=record.created_at,
        began=0.0,
        decision=past.decision,
        turns=past.turns,
        released=record.status is ExecutionStatus.TRUNCATED,
        error=None if past.error is None else past.error.as_error(),
        ended_at=record.duration,
    )
