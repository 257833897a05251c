"""The stored records, as plain data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
    UNKNOWN = "unknown"


class Operation(StrEnum):
    """What an execution did, as OpenTelemetry's `gen_ai.operation.name` calls it."""

    CHAT = "chat"
    EMBEDDINGS = "embeddings"
    COUNT_TOKENS = "count_tokens"
    MODERATION = "moderation"
    RERANK = "rerank"


@dataclass(slots=True)
class ExecutionRecord:
    """One request: its decision, attempts and usage. Prompts and answers are not stored. Never changed, and not frozen,
    which would take twice as long to make for every request.

    A later record of the same request replaces the earlier one. Durations are in seconds.

    Attributes:
        model: The id of the model that answered; empty if none did.
        target: The id of the target that answered.
        cost_micros: None if a price is not known.
        spent_micros: What counts towards the limits of its caller where `cost_micros` is None; else None.
        catalog_version: Names the `CatalogVersion` from which the decision was made.
        decision: JSON, as `routing` writes it.
        attempts: JSON, as `execution` writes it.
        error: JSON of a `Failure`.
        caller: The name of the caller's key; empty if callers were not identified.
        operation: What it did.
        features: JSON, as `routing` writes it: what can be learnt from; None if it is not kept.
        arm_shares: The shares of the arms of its experiment, as `routing` writes them; None if it is in none. The arm
            is a label.
    """

    request_id: str
    created_at: datetime
    status: ExecutionStatus
    category: str
    model: str
    target: str
    usage: Usage
    usage_estimated: bool
    cost_micros: int | None
    finish_reason: str
    duration: float
    time_to_first_token: float | None
    session_id: str
    agent_name: str
    end_user: str
    labels: Mapping[str, str]
    catalog_version: str
    decision: bytes
    attempts: bytes = b"[]"
    error: bytes | None = None
    caller: str = ""
    operation: Operation = Operation.CHAT
    features: bytes | None = None
    spent_micros: int | None = None
    arm_shares: str | None = None


class UnsettledExecution(ExecutionRecord):
    """What was known of an execution when its process ended. It never replaces a record of the same request."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class ExecutionFilter:
    """Which executions to list; None, or empty, means any.

    Attributes:
        start: They arrived then or later.
        end: They arrived before.
        labels: They have all of these.
        caller: The name of the key that they were called with.
    """

    start: datetime | None = None
    end: datetime | None = None
    status: ExecutionStatus | None = None
    model: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    end_user: str = ""
    caller: str = ""


@dataclass(frozen=True, slots=True)
class ExecutionLabel:
    """A label of an execution, by which it is found. `created_at` is that of the execution."""

    key: str
    value: str
    created_at: datetime
    request_id: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a request with an idempotency key came to, so that a repeat gets the same.

    Attributes:
        caller: Whose key it is; empty without authentication.
        request_id: Names the execution.
        fingerprint: The same for equal requests.
        ends_by: When the execution is over, at the latest.
        answer: JSON, as `execution` writes it; None while the execution is under way.
    """

    caller: str
    key: str
    request_id: str
    fingerprint: str
    created_at: datetime
    ends_by: datetime
    answer: bytes | None = None


class ObservationSource(StrEnum):
    """Where an observation comes from. Executions and benchmark results have tables of their own.

    `RESET` is not an observation: earlier ones of the model, in its category or in all if that is empty, no longer
    count.
    """

    FEEDBACK = "feedback"
    RESET = "reset"


@dataclass(frozen=True, slots=True)
class Observation:
    """What was observed of the answer to a request, after its end. Of those with the same request, source and name,
    the latest counts.

    Attributes:
        id: Of feedback, its request and name, so that a later one replaces it; else a UUIDv7.
        name: What was observed, such as "rating".
        value: How good the answer was by it, from 0 to 1; None if it says nothing of that.
        amount: What was counted or measured, where that is not the value.
        model: The model that answered.
        category: What the request was taken for.
        caller: Of the request.
        tokens: Of the answer, like the seconds to its first token.
    """

    id: str
    created_at: datetime
    request_id: str
    source: ObservationSource
    name: str
    value: float | None
    amount: float | None
    model: str
    category: str
    caller: str
    tokens: int
    time_to_first_token: float | None


@dataclass(frozen=True, slots=True)
class SessionAnswer:
    """Which target answered a request, for those that follow it in its session or have results of its tool calls.

    Attributes:
        created_at: When it was answered.
        server: Names the process that answered.
        target: The id of the target.
        session: Names the session among those of all callers; empty if the request has none.
        turn: JSON, as `routing` writes it: what is compared with later turns; None without a session.
        tool_calls: The keys of the tool calls that it made, separated by spaces.
    """

    request_id: str
    created_at: datetime
    server: str
    target: str
    session: str
    turn: bytes | None
    tool_calls: str


@dataclass(frozen=True, slots=True)
class CatalogVersion:
    """The models at the time of the decisions that name this version. `models` is JSON, as `catalog` writes it."""

    version: str
    created_at: datetime
    models: bytes


@dataclass(frozen=True, slots=True)
class BenchmarkResult:
    """One task. `score` is None if the call failed, or if the answer is not graded; `duration` is in seconds."""

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
class BenchmarkRun:
    """A run of benchmark tasks. A later record of the same run replaces the earlier one.

    Attributes:
        run_id: A UUIDv7.
        caller: The name of the caller's key; empty if callers were not identified.
        plan: JSON, as `benchmark` writes it: what the run measures.
        ended_at: When all tasks were done; None if they are not.
    """

    run_id: str
    created_at: datetime
    caller: str
    plan: bytes
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RunTotals:
    """What is stored of a run's tasks: how many, how many of them were not graded, and what they consumed.

    `cost_micros` is the sum of the known costs; None if none is known.
    """

    tasks: int = 0
    failures: int = 0
    usage: Usage = field(default_factory=Usage)
    cost_micros: int | None = None


@dataclass(frozen=True, slots=True)
class BenchmarkAnswer:
    """What a model was asked in a task and what it answered, shortened and without secrets.

    Attributes:
        findings: JSON, as `benchmark` writes it: what the grading found.
    """

    run_id: str
    model: str
    suite: str
    task_id: str
    created_at: datetime
    prompt: str
    answer: str
    findings: bytes


@dataclass(frozen=True, slots=True)
class BenchmarkSummary:
    """The summary of a model's latest benchmark results in a category.

    Attributes:
        median_duration: In seconds.
        suite: The suite that all results are of; empty if they are of several, or if that does not matter.
        adjusted: Whether the score is one over suites of different difficulty; see `routing.difficulty`.
        comparisons: How many comparisons of answers the score rests on besides; `tasks` counts what they are worth.
    """

    model: str
    category: str
    tasks: int
    score: float
    median_duration: float
    suite: str = ""
    adjusted: bool = False
    comparisons: int = 0


@dataclass(frozen=True, slots=True)
class UsageFilter:
    """Which usage to sum: of whole hours, from `start` to before `end`. None means any."""

    start: datetime
    end: datetime
    operation: str | None = None
    model: str | None = None
    caller: str | None = None
    agent_name: str | None = None


@dataclass(frozen=True, slots=True)
class SealedKey:
    """A provider's key, encrypted.

    Attributes:
        name: Which of the provider's accounts it belongs to.
        origin: The scheme, host and port that it may be sent to.
        fingerprint: What may be shown of it.
        rotated_at: When it was last replaced by another one.
        revoked_at: When it was revoked; what was encrypted is then deleted.
        revision: Counts the changes.
        master_key_id: The master key that encrypted its data key.
        data_key: Encrypted.
        ciphertext: The key, encrypted with its data key.
    """

    id: str
    provider: str
    name: str
    origin: str
    fingerprint: str
    created_at: datetime
    rotated_at: datetime | None = None
    revoked_at: datetime | None = None
    revision: int = 0
    master_key_id: str = ""
    data_key: bytes | None = field(default=None, repr=False)
    ciphertext: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class UsageHour:
    """The sum of what calls of models consumed in an hour, of all that have the same values here.

    In a sum over an hour's several values, the field is empty.

    Attributes:
        operation: An `Operation`, or "benchmark" for calls that measured a model.
        account: The account, or key, that the provider was called with.
        requests: Those whose last attempt is counted here, so that each request counts once in a sum.
        attempts: Calls of models, failed ones included.
        estimated_attempts: Of them, those whose tokens had to be estimated.
        unpriced_attempts: Of them, those whose cost is not known.
        cost_micros: What the others cost.
        spent_micros: What all of them count towards the limits of their caller. It is not read with the rest.
    """

    hour: datetime | None = None
    day: datetime | None = None
    operation: str = ""
    model: str = ""
    account: str = ""
    caller: str = ""
    agent_name: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    requests: int = 0
    attempts: int = 0
    estimated_attempts: int = 0
    unpriced_attempts: int = 0
    usage: Usage = field(default_factory=Usage)
    cost_micros: int = 0
    spent_micros: int = 0


def total_of(rows: Sequence[UsageHour]) -> UsageHour:
    """Returns the sum of rows."""
    return UsageHour(
        requests=sum(row.requests for row in rows),
        attempts=sum(row.attempts for row in rows),
        estimated_attempts=sum(row.estimated_attempts for row in rows),
        unpriced_attempts=sum(row.unpriced_attempts for row in rows),
        usage=Usage(
            sum(row.usage.input_tokens for row in rows),
            sum(row.usage.output_tokens for row in rows),
            sum(row.usage.cache_read_input_tokens for row in rows),
            sum(row.usage.cache_creation_input_tokens for row in rows),
            sum(row.usage.reasoning_output_tokens for row in rows),
        ),
        cost_micros=sum(row.cost_micros for row in rows),
    )
