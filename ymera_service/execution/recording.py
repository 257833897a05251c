"""Makes what is known of an execution durable: before each call of a provider in the journal, at its end in storage."""

import asyncio
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import reduce
from typing import Any

import orjson
import structlog

from ymera_service.execution.accounting import next_usage
from ymera_service.execution.context import ExecutionContext
from ymera_service.execution.facts import Attempt, Execution, ExecutionRequest
from ymera_service.execution.outcomes import answer_to_json, is_kept
from ymera_service.routing.operations import is_free
from ymera_service.routing.prompts.features import to_json as features_to_json
from ymera_service.routing.stored import to_json
from ymera_service.sdk.failures import Failure
from ymera_service.sdk.models import Model
from ymera_service.sdk.targets import Target
from ymera_service.storage import Recorder
from ymera_service.storage.labels import arm_label
from ymera_service.storage.records import ExecutionLabel, ExecutionRecord, Outcome
from ymera_service.storage.rows import Record
from ymera_service.storage.tables import USAGE_COLUMNS

log = structlog.get_logger(__name__)

FACTS = ("response_id", "response_model", "raw_finish_reason", "stop_sequence", "service_tier", "cost_source")
"""Texts of an attempt that are stored if they are not empty."""
RECORD_SECONDS = 10.0
"""How long storage may take to make a record durable."""
EXECUTION_NOTE = "execution"
"""The kind of the notes in the journal that `unsettled_execution` reads."""
NOTED_MESSAGE = 128
"""Characters of an error's message that are noted."""
NOTED_ATTEMPTS = 16
"""Attempts that are noted one by one."""


class Recording:
    """Records executions, before their callers get the outcome, and also if these have disconnected."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._later: set[asyncio.Task[None]] = set()

    def check(self) -> None:
        """Checks that an execution could be recorded.

        Raises:
            RecordingUnavailable: It could not.
        """
        self._recorder.check()

    def begin(self, context: ExecutionContext, number: int, target: Target, model: Model) -> None:
        """Notes a call before it is made: what to record if the process ends before the outcome is.

        Raises:
            RecordingUnavailable: It can't be noted, so the call must not be made.
        """
        execution, decision = context.execution, context.execution.decision
        assert decision is not None
        context.stored_decision = context.stored_decision or to_json(decision)
        now = asyncio.get_running_loop().time()
        calls = context.under_way | {number: _under_way(context, number, target, model, now)}
        note = {
            "kind": EXECUTION_NOTE,
            "request_id": execution.request.request_id,
            "created_at": execution.created_at,
            "category": decision.category,
            "duration": now - execution.began,
            "session_id": execution.request.preferences.session_id,
            "agent_name": execution.request.attribution.agent_name,
            "end_user": execution.request.attribution.end_user,
            "caller": execution.request.caller,
            "labels": _labels(execution) if decision.assignment else execution.request.attribution.labels,
            "arm_shares": decision.assignment.shares if decision.assignment is not None else None,
            "catalog_version": decision.inputs.catalog_version,
            "operation": execution.request.operation,
            "decision": orjson.Fragment(context.stored_decision),
            "attempts": _noted(_attempts(execution)),
            "under_way": [_attempt(len(execution.turns), call) for call in calls.values()],
        }
        context.note = self._recorder.note(orjson.dumps(note), context.note)
        context.under_way = calls

    def record(self, context: ExecutionContext) -> Awaitable[None]:
        """Makes the record durable, and with it, if it was kept for repeats, what was written.

        Raises:
            StorageUnavailable: It is not durable within `RECORD_SECONDS`.
        """
        return self._recorder.record(*records_of(context), slot=context.note, within=RECORD_SECONDS)

    def record_later(self, context: ExecutionContext) -> None:
        """Records what an execution consumed whose caller has gone, without holding up its end."""
        task = asyncio.create_task(self._recorder.record(*records_of(context), slot=context.note))
        self._later.add(task)
        task.add_done_callback(self._recorded)

    def _recorded(self, task: asyncio.Task[None]) -> None:
        self._later.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("execution not recorded", problem=str(error))

    async def flush(self) -> None:
        """Returns when everything that `record_later` took is written, or has failed."""
        await asyncio.gather(*self._later, return_exceptions=True)


def _under_way(context: ExecutionContext, number: int, target: Target, model: Model, now: float) -> Attempt:
    """Returns the call that is made now, with what it will probably consume."""
    usage = next_usage(context, model)
    cost = 0 if is_free(context.execution.request.work) else model.cost_micros(usage)
    return Attempt(number, target, now, 0.0, usage=usage, cost_micros=cost, estimated=True)


def records_of(context: ExecutionContext) -> Sequence[Record]:
    """Returns all that is kept of an execution that was routed, to be written at once."""
    execution, kept, records = context.execution, context.kept, with_labels(record_of(context))
    if kept is None or not is_kept(execution):
        return records
    return *records, outcome_of(execution.request, execution.created_at, answer_to_json(kept.so_far(execution)))


def with_labels(record: ExecutionRecord) -> Sequence[ExecutionRecord | ExecutionLabel]:
    """Returns a record and the labels by which it is found."""
    if not record.labels:
        return (record,)
    labels = record.labels.items()
    return record, *(ExecutionLabel(key, value, record.created_at, record.request_id) for key, value in labels)


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


def record_of(context: ExecutionContext) -> ExecutionRecord:
    """Returns what is kept of an execution that was routed."""
    execution = context.execution
    decision, request, consumption = execution.decision, execution.request, execution.consumption
    assert decision is not None
    assert execution.ended_at is not None
    answering, preferences, features = execution.answering, request.preferences, context.features
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
        labels=_labels(execution) if decision.assignment else request.attribution.labels,
        catalog_version=decision.inputs.catalog_version,
        decision=context.stored_decision or to_json(decision),
        attempts=attempts_to_json(execution),
        caller=request.caller,
        features=None if features is None else features_to_json(features),
        error=None if execution.error is None else failure_to_json(Failure.of(execution.error)),
        operation=request.operation,
        spent_micros=spent_of(execution.attempts) if consumption.cost_micros is None else None,
        arm_shares=None if decision.assignment is None else decision.assignment.shares,
    )


def _labels(execution: Execution) -> Mapping[str, str]:
    """Returns the labels of an execution in an experiment: its caller's, and its arm."""
    assert execution.decision is not None
    assert execution.decision.assignment is not None
    assignment = execution.decision.assignment
    return {**execution.request.attribution.labels, arm_label(assignment.experiment): assignment.arm}


def spent_of(attempts: Iterable[Attempt]) -> int:
    """Returns what attempts count towards the limits of their caller."""
    return sum([attempt.spent_micros for attempt in attempts])


def attempts_to_json(execution: Execution) -> bytes:
    """Returns the stored form of all attempts; `reading.turns_from_json` reads it."""
    return orjson.dumps(_attempts(execution))


def _attempts(execution: Execution) -> list[dict[str, Any]]:
    return [_attempt(turn.number, attempt) for turn in execution.turns for attempt in turn.attempts]


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
    for name in FACTS:
        if fact := getattr(attempt, name):
            stored[name] = fact
    if attempt.hedge:
        stored["hedge"] = True
    if attempt.counted_micros:
        stored["counted_micros"] = attempt.counted_micros
    if attempt.adaptations:
        stored["adaptations"] = [(one.kind, one.field, one.detail) for one in attempt.adaptations]
    if attempt.error is not None:
        stored["error"] = _failure(attempt.error)
    return stored


def failure_to_json(failure: Failure) -> bytes:
    """Returns the stored form of a failure; `reading.failure_from_json` reads it."""
    return orjson.dumps(_failure(failure))


def _noted(attempts: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any]]:
    """Returns attempts as they are noted: of many, the earlier ones as one that consumed what they did."""
    if not attempts:  # most calls are the first
        return attempts
    if len(attempts) > NOTED_ATTEMPTS:
        *earlier, latest = attempts[: 1 - NOTED_ATTEMPTS]
        attempts = [reduce(_with_both, earlier, latest), *attempts[1 - NOTED_ATTEMPTS :]]
    return [_shortened(attempt) for attempt in attempts]


def _with_both(attempt: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    known = attempt["cost_micros"] is not None and other["cost_micros"] is not None
    return attempt | {
        **{name: attempt[name] + other[name] for name in USAGE_COLUMNS},
        "cost_micros": attempt["cost_micros"] + other["cost_micros"] if known else None,
        "estimated": attempt["estimated"] or other["estimated"],
        "counted_micros": 0 if known else _counted(attempt) + _counted(other),
    }


def _counted(attempt: dict[str, Any]) -> int:
    cost: int | None = attempt["cost_micros"]
    return attempt.get("counted_micros", 0) if cost is None else cost


def _shortened(attempt: dict[str, Any]) -> dict[str, Any]:
    """Returns an attempt as it is noted: what a provider says of its failure may be too long for the journal."""
    error = attempt.get("error")
    if error is None:
        return attempt
    return attempt | {"error": error | {"message": error["message"][:NOTED_MESSAGE], "metadata": {}}}


def _failure(failure: Failure) -> dict[str, Any]:
    return {
        "reason": failure.reason,
        "message": failure.message,
        "metadata": dict(failure.metadata),
        "retry_after": failure.retry_after,
    }
