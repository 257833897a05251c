"""A record of an execution."""

from datetime import UTC, datetime

from ymera_service.sdk.generation import Usage
from ymera_service.storage.records import ExecutionRecord, ExecutionStatus


def record(request_id: str) -> ExecutionRecord:
    """Returns the record of a completed execution."""
    return ExecutionRecord(
        request_id=request_id,
        created_at=datetime(2026, 11, 21, tzinfo=UTC),
        status=ExecutionStatus.COMPLETED,
        category="chat",
        model="acme/large",
        target="acme/large@eu",
        usage=Usage(),
        usage_estimated=False,
        cost_micros=1,
        finish_reason="stop",
        duration=1.0,
        time_to_first_token=None,
        session_id="",
        agent_name="",
        end_user="",
        labels={},
        catalog_version="",
        decision=b"{}",
    )
