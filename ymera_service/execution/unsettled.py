"""Reads what was noted of an execution whose process ended before its outcome was recorded."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from ymera_service.execution.facts import Consumption
from ymera_service.execution.reading import turns_from_json
from ymera_service.execution.recording import failure_to_json, spent_of, with_labels
from ymera_service.sdk.errors import OutcomeUnknown
from ymera_service.sdk.failures import Failure
from ymera_service.storage.records import (
    ExecutionLabel,
    ExecutionRecord,
    ExecutionStatus,
    Operation,
    UnsettledExecution,
)

_UNKNOWN = failure_to_json(
    Failure(OutcomeUnknown.reason, "the server ended before the outcome was recorded; usage and cost are estimates")
)


def unsettled_execution(note: Mapping[str, Any]) -> Sequence[ExecutionRecord | ExecutionLabel]:
    """Returns what to record for a note that `Recording.begin` made.

    Raises:
        IndexError, KeyError, TypeError, ValueError: It is not such a note.
    """
    under_way = [call | {"error": orjson.Fragment(_UNKNOWN)} for call in note["under_way"]]
    attempts = orjson.dumps([*note["attempts"], *under_way])
    made = [attempt for turn in turns_from_json(attempts) for attempt in turn.attempts]
    consumption = Consumption.of(made)
    record = UnsettledExecution(
        request_id=note["request_id"],
        created_at=datetime.fromisoformat(note["created_at"]),
        status=ExecutionStatus.UNKNOWN,
        category=note["category"],
        model="",
        target="",
        usage=consumption.usage,
        usage_estimated=True,
        cost_micros=consumption.cost_micros,
        finish_reason="",
        duration=note["duration"],
        time_to_first_token=None,
        session_id=note["session_id"],
        agent_name=note["agent_name"],
        end_user=note["end_user"],
        labels=note["labels"],
        arm_shares=note.get("arm_shares"),
        catalog_version=note["catalog_version"],
        decision=orjson.dumps(note["decision"]),
        attempts=attempts,
        caller=note["caller"],
        error=_UNKNOWN,
        operation=Operation(note["operation"]),
        spent_micros=spent_of(made) if consumption.cost_micros is None else None,
    )
    return with_labels(record)
