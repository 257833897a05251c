"""Makes what is known of an execution durable."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson
import structlog

from ymera_service.execution.answer import AnswerCollector
from ymera_service.execution.facts import Attempt, Execution, ExecutionRequest
from ymera_service.execution.outcomes import answer_to_json, is_kept
from ymera_service.routing.stored import to_json
from ymera_service.sdk.errors import Failure, StorageUnavailable
from ymera_service.storage import Recorder
from ymera_service.storage.records import ExecutionLabel, ExecutionRecord, Outcome
from ymera_service.storage.rows import Record

log = structlog.get_logger(__name__)

PROVIDERS_FACTS = ("response_id", "response_model", "raw_finish_reason", "stop_sequence")
"""Of an attempt; stored if they are not empty."""
RECORD_SECONDS = 10.0
"""How long storage may take to make a record durable."""


class Recording:
    """Records executions, before their outcome is told and after their caller has gone."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._later: set[asyncio.Task[None]] = set()

    async def record(self, execution: Execution, kept: AnswerCollector | None = None) -> None:
        """Returns when the record is durable; with it, if it was `kept` for repeats, what was written.

        Raises:
            StorageUnavailable: It is not, or not within `RECORD_SECONDS`.
        """
        try:
            async with asyncio.timeout(RECORD_SECONDS):
                await self._recorder.record(*records_of(execution, kept))
        except TimeoutError:
            raise StorageUnavailable(f"the record was not durable within {RECORD_SECONDS:g} s") from None

    def record_later(self, execution: Execution) -> None:
        """Records what an execution consumed whose caller has gone, without holding up its end."""
        task = asyncio.create_task(self._recorder.record(*records_of(execution)))
        self._later.add(task)
        task.add_done_callback(self._recorded)

    def _recorded(self, task: asyncio.Task[None]) -> None:
        self._later.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("execution not recorded", problem=str(error))

    async def flush(self) -> None:
        """Returns when everything that `record_later` took is written, or has failed."""
        await asyncio.gather(*self._later, return_exceptions=True)


def records_of(execution: Execution, kept: AnswerCollector | None = None) -> Sequence[Record]:
    """Returns all that is kept of an execution that was routed, to be written at once."""
    record = record_of(execution)
    records: list[Record] = [record]
    for key, value in record.labels.items():
        records.append(ExecutionLabel(key, value, record.created_at, record.request_id))
    if kept is not None and is_kept(execution):
        records.append(outcome_of(execution.request, execution.created_at, answer_to_json(kept.so_far(execution))))
    return records


def outcome_of(request: ExecutionRequest, created_at: datetime, answer: bytes | None = None) -> Outcome:
    """Returns the outcome of a request with an idempotency key; without an `answer`, that it is under way."""
    seconds = request.deadline - asyncio.get_running_loop().time() + RECORD_SECONDS
    return Outcome(
        caller=request.caller,
        key=request.idempotency_key,
        request_id=request.request_id,
        fingerprint=request.fingerprint,
        created_at=created_at,
        ends_by=created_at + timedelta(seconds=seconds),
        answer=answer,
    )


def record_of(execution: Execution) -> ExecutionRecord:
    """Returns what is kept of an execution that was routed."""
    decision, request, consumption = execution.decision, execution.request, execution.consumption
    assert decision is not None
    assert execution.ended_at is not None
    answering, preferences = execution.answering, request.preferences
    return ExecutionRecord(
        request_id=request.request_id,
        created_at=execution.created_at,
        status=execution.status,
        category=decision.category,
        model=answering.target.model if answering else "",
        target=answering.target.id if answering else "",
        usage=consumption.usage,
        usage_estimated=consumption.estimated,
        cost_micros=consumption.cost_micros,
        finish_reason=answering.finish_reason or "" if answering else "",
        duration=execution.ended_at - execution.began,
        time_to_first_token=execution.time_to_first_token,
        session_id=preferences.session_id,
        agent_name=request.attribution.agent_name,
        end_user=request.attribution.end_user,
        labels=request.attribution.labels,
        catalog_version=decision.inputs.catalog_version,
        decision=to_json(decision),
        attempts=attempts_to_json(execution),
        error=None if execution.error is None else orjson.dumps(_failure(Failure.of(execution.error))),
    )


def attempts_to_json(execution: Execution) -> bytes:
    """Returns the stored form of all attempts; `reading.turns_from_json` reads it."""
    return orjson.dumps([_attempt(turn.number, attempt) for turn in execution.turns for attempt in turn.attempts])


def _attempt(turn: int, attempt: Attempt) -> dict[str, Any]:
    stored: dict[str, Any] = {
        "turn": turn,
        "number": attempt.number,
        "model": attempt.target.model,
        "account": attempt.target.deployment.account,
        "endpoint": attempt.target.deployment.endpoint,
        "duration": attempt.duration,
        "time_to_first_token": attempt.time_to_first_token,
        "input_tokens": attempt.usage.input_tokens,
        "output_tokens": attempt.usage.output_tokens,
        "cache_read_input_tokens": attempt.usage.cache_read_input_tokens,
        "cache_creation_input_tokens": attempt.usage.cache_creation_input_tokens,
        "reasoning_output_tokens": attempt.usage.reasoning_output_tokens,
        "cost_micros": attempt.cost_micros,
        "estimated": attempt.estimated,
        "finish_reason": attempt.finish_reason,
        "simulated": attempt.simulated,
    }
    for name in PROVIDERS_FACTS:
        if fact := getattr(attempt, name):
            stored[name] = fact
    if attempt.adaptations:
        stored["adaptations"] = [(one.kind, one.field, one.detail) for one in attempt.adaptations]
    if attempt.error is not None:
        stored["error"] = _failure(attempt.error)
    return stored


def _failure(failure: Failure) -> dict[str, Any]:
    return {
        "reason": failure.reason,
        "message": failure.message,
        "metadata": dict(failure.metadata),
        "retry_after": failure.retry_after,
    }
