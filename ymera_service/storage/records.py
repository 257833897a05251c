"""What is kept, as plain data."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ymera_service.sdk.generation import Usage


class ExecutionStatus(StrEnum):
    """How an execution ended."""

    ROUTED = "routed"
    COMPLETED = "completed"
    TRUNCATED = "truncated"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class ExecutionRecord:
    """One request: what was decided, tried and spent. Prompts and answers are not kept.

    `decision` and `error` are JSON as the routing room writes it; durations are in seconds.
    """

    request_id: str
    created_at: datetime
    status: ExecutionStatus
    category: str
    model: str
    usage: Usage
    usage_estimated: bool
    cost_micros: int | None
    finish_reason: str
    duration: float
    time_to_first_token: float | None
    session_id: str
    agent_name: str
    decision: bytes
    error: bytes | None = None


@dataclass(frozen=True, slots=True)
class BenchmarkResult:
    """One graded task. `score` is `None` where the call failed; `duration` is in seconds."""

    run_id: str
    created_at: datetime
    model: str
    suite: str
    category: str
    task_id: str
    score: float | None
    duration: float
    usage: Usage
    cost_micros: int | None
    error_reason: str = ""


@dataclass(frozen=True, slots=True)
class BenchmarkSummary:
    """What a model's latest benchmark results in a category amount to. `median_duration` is in seconds."""

    model: str
    category: str
    tasks: int
    score: float
    median_duration: float
