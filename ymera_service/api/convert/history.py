"""Past executions: attempts, records and the filters of lists."""

from collections.abc import Iterable

from ymera.v1 import content_pb2
from ymera.v1 import routing_pb2 as pb

from ymera_service.api.convert import Fields
from ymera_service.api.convert.attribution import attribution_fields
from ymera_service.api.convert.content import FINISH_REASONS
from ymera_service.api.convert.routing import decision_fields, target_fields
from ymera_service.api.convert.times import moment
from ymera_service.api.convert.usage import duration_fields, failure_fields, usage_fields
from ymera_service.execution.facts import Attempt, Turn
from ymera_service.sdk.context import Attribution
from ymera_service.sdk.generation import Adaptation, AdaptationKind, FinishReason, Usage
from ymera_service.serving.checks.limits import fits
from ymera_service.serving.checks.violations import Violations
from ymera_service.serving.history import PastExecution, Recomputed
from ymera_service.storage.records import ExecutionFilter, ExecutionStatus, Operation

_STATUS_NUMBERS = {status: pb.ExecutionStatus.Value(f"EXECUTION_STATUS_{status.name}") for status in ExecutionStatus}
_STATUSES = {number: status for status, number in _STATUS_NUMBERS.items()}
_KINDS = {kind: pb.Warning.Kind.Value(f"KIND_{kind.name}") for kind in AdaptationKind}
_OPERATIONS = {operation: pb.Operation.Value(f"OPERATION_{operation.name}") for operation in Operation}
_NOTHING = Usage()


def attempts_fields(turns: Iterable[Turn]) -> list[Fields]:
    """Returns every attempt of every turn."""
    return [_attempt(turn.number, attempt) for turn in turns for attempt in turn.attempts]


def _attempt(turn: int, attempt: Attempt) -> Fields:
    spent = attempt.usage != _NOTHING
    return {
        **target_fields(attempt.target),
        "turn": turn,
        "number": attempt.number,
        "error": failure_fields(attempt.error),
        "duration": duration_fields(attempt.duration),
        "time_to_first_token": duration_fields(attempt.time_to_first_token),
        "usage": usage_fields(attempt.usage, attempt.cost_micros, estimated=attempt.estimated) if spent else None,
        "warnings": list(map(_warning, attempt.adaptations)),
        "response_id": attempt.response_id,
        "response_model": attempt.response_model,
        "finish_reason": FINISH_REASONS[attempt.finish_reason] if attempt.finish_reason else None,
        "raw_finish_reason": attempt.raw_finish_reason,
        "stop_sequence": attempt.stop_sequence,
        "hedge": attempt.hedge,
        "service_tier": attempt.service_tier,
        "cost_source": attempt.cost_source,
    }


def _warning(adaptation: Adaptation) -> Fields:
    return {"kind": _KINDS[adaptation.kind], "field": adaptation.field, "detail": adaptation.detail}


def execution_fields(past: PastExecution) -> Fields:
    """Returns a past execution as it was recorded."""
    record = past.record
    reason = FINISH_REASONS[FinishReason(record.finish_reason)] if record.finish_reason else None
    return {
        "request_id": record.request_id,
        "create_time": record.created_at,
        "status": _STATUS_NUMBERS[record.status],
        "decision": None if past.decision is None else decision_fields(past.decision),
        "usage": usage_fields(record.usage, record.cost_micros, estimated=record.usage_estimated),
        "finish_reason": reason or content_pb2.FINISH_REASON_UNSPECIFIED,
        "error": failure_fields(past.error),
        "duration": duration_fields(record.duration),
        "time_to_first_token": duration_fields(record.time_to_first_token),
        "session_id": record.session_id,
        "attribution": attribution_fields(Attribution(record.agent_name, record.end_user, record.labels)),
        "attempts": attempts_fields(past.turns),
        "model": record.model,
        "operation": _OPERATIONS[record.operation],
    }


def recomputed_fields(recomputed: Recomputed) -> Fields:
    """Returns a decision that was computed again, or why it could not be."""
    return {
        "recomputed_decision": None if recomputed.decision is None else decision_fields(recomputed.decision),
        "recomputation_problem": recomputed.problem,
    }


def filter_of(wanted: pb.ExecutionFilter, faults: Violations) -> ExecutionFilter:
    """Returns which executions to list, noting what our types can't express; the checks are in `serving.checks`."""
    if wanted.status not in (_STATUSES.keys() | {pb.EXECUTION_STATUS_UNSPECIFIED}):
        faults.add("filter.status", "is not known")
    return ExecutionFilter(
        start=moment("start_time", wanted, faults, "filter."),
        end=moment("end_time", wanted, faults, "filter."),
        status=_STATUSES.get(wanted.status),
        model=wanted.model,
        labels=dict(sorted(wanted.labels.items())) if fits("filter.labels", len(wanted.labels), faults) else {},
        end_user=wanted.end_user,
    )
