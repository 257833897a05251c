"""The tables. The migrations create them in a database; a test keeps both in step.

Durations are floats in seconds, money is whole micro-USD, times are UTC and JSON is text. That an index leaves out some
rows is in the migrations alone, as a condition here would import every kind of database.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

import orjson
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Double,
    Index,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)


class UtcDateTime(TypeDecorator[datetime]):
    """A moment. SQLite has no time zones, so moments are stored and returned as UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Returns the time in UTC; a time without a zone would have to be guessed.

        Raises:
            ValueError: The time has no zone.
        """
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored time needs a time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Returns the time with its zone, UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class JsonText(TypeDecorator[bytes]):
    """UTF-8 bytes stored as text, which people and the database's JSON functions can read."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> str | None:
        """Returns the text."""
        return None if value is None else value.decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> bytes | None:
        """Returns the bytes."""
        return None if value is None else value.encode()


class Labels(TypeDecorator[Mapping[str, str]]):
    """Labels as the text of a JSON object, whose keys are sorted, so that equal labels are equal texts."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Mapping[str, str] | None, dialect: Dialect) -> str:
        """Returns the text; most executions have no labels."""
        return orjson.dumps(dict(value), option=orjson.OPT_SORT_KEYS).decode() if value else "{}"

    def process_result_value(self, value: str | None, dialect: Dialect) -> Mapping[str, str]:
        """Returns the labels."""
        labels: Mapping[str, str] = orjson.loads(value or "{}")
        return labels


metadata = MetaData()


def _usage() -> list[Column[int]]:
    return [
        Column("input_tokens", BigInteger, nullable=False),
        Column("output_tokens", BigInteger, nullable=False),
        Column("cache_read_input_tokens", BigInteger, nullable=False),
        Column("cache_creation_input_tokens", BigInteger, nullable=False),
        Column("reasoning_output_tokens", BigInteger, nullable=False),
    ]


executions = Table(
    "executions",
    metadata,
    Column("request_id", String, primary_key=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("status", String, nullable=False),
    Column("category", String, nullable=False),
    Column("model", String, nullable=False),
    Column("target", String, nullable=False),
    *_usage(),
    Column("usage_estimated", Boolean, nullable=False),
    Column("cost_micros", BigInteger),
    Column("spent_micros", BigInteger),
    Column("finish_reason", String, nullable=False),
    Column("duration", Double, nullable=False),
    Column("time_to_first_token", Double),
    Column("session_id", String, nullable=False),
    Column("agent_name", String, nullable=False),
    Column("end_user", String, nullable=False, server_default=""),
    Column("labels", Labels, nullable=False, server_default="{}"),
    Column("catalog_version", String, nullable=False),
    Column("decision", JsonText, nullable=False),
    Column("attempts", JsonText, nullable=False),
    Column("error", JsonText),
    Column("caller", String, nullable=False, server_default=""),
    Column("operation", String, nullable=False, server_default="chat"),
    Column("features", JsonText),
    Column("arm_shares", String),
    Index("executions_created_at", "created_at"),
    Index("executions_by_model", "model", "created_at"),
    Index("executions_by_status", "status", "created_at"),
    Index("executions_by_end_user", "end_user", "created_at"),
    Index("executions_by_caller", "caller", "created_at", "spent_micros", "cost_micros"),
    Index("executions_catalog_version", "catalog_version"),
)

execution_labels = Table(
    "execution_labels",
    metadata,
    Column("key", String, primary_key=True),
    Column("value", String, primary_key=True),
    Column("created_at", UtcDateTime, primary_key=True),
    Column("request_id", String, primary_key=True),
    Index("execution_labels_created_at", "created_at"),
    sqlite_with_rowid=False,
)

outcomes = Table(
    "outcomes",
    metadata,
    Column("caller", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("request_id", String, nullable=False),
    Column("fingerprint", String, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("ends_by", UtcDateTime, nullable=False),
    Column("answer", JsonText),
    Index("outcomes_created_at", "created_at"),
)

observations = Table(
    "observations",
    metadata,
    Column("id", String, primary_key=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("request_id", String, nullable=False),
    Column("source", String, nullable=False),
    Column("name", String, nullable=False),
    Column("value", Double),
    Column("amount", Double),
    Column("model", String, nullable=False),
    Column("category", String, nullable=False),
    Column("caller", String, nullable=False),
    Column("tokens", BigInteger, nullable=False),
    Column("time_to_first_token", Double),
    Index("observations_created_at", "created_at"),
    Index("observations_by_request", "request_id"),
)

session_answers = Table(
    "session_answers",
    metadata,
    Column("request_id", String, primary_key=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("server", String, nullable=False),
    Column("target", String, nullable=False),
    Column("session", String, nullable=False),
    Column("turn", JsonText),
    Column("tool_calls", String, nullable=False),
    Index("session_answers_created_at", "created_at"),
)

catalog_versions = Table(
    "catalog_versions",
    metadata,
    Column("version", String, primary_key=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("models", JsonText, nullable=False),
)

SUMMARISED = ("model", "category", "created_at", "score", "duration", "suite", "task_id", "run_id")
"""All columns of benchmark results that summaries are made from, so that they are read from an index alone."""

benchmark_results = Table(
    "benchmark_results",
    metadata,
    Column("run_id", String, primary_key=True),
    Column("model", String, primary_key=True),
    Column("suite", String, primary_key=True),
    Column("task_id", String, primary_key=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("category", String, nullable=False),
    Column("score", Double),
    Column("duration", Double, nullable=False),
    *_usage(),
    Column("cost_micros", BigInteger),
    Column("error_reason", String, nullable=False),
    Index("benchmark_results_by_model", *SUMMARISED),
    Index("benchmark_results_by_time", "created_at", "model"),
)

benchmark_comparisons = Table(
    "benchmark_comparisons",
    metadata,
    Column("run_id", String, primary_key=True),
    Column("suite", String, primary_key=True),
    Column("task_id", String, primary_key=True),
    Column("first", String, primary_key=True),
    Column("second", String, primary_key=True),
    Column("category", String, nullable=False),
    Column("judge", String, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("preference", Double, nullable=False),
    Index("benchmark_comparisons_created_at", "created_at"),
)

benchmark_tasks = Table(
    "benchmark_tasks",
    metadata,
    Column("suite", String, primary_key=True),
    Column("task_id", String, primary_key=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("features", JsonText, nullable=False),
    Index("benchmark_tasks_created_at", "created_at"),
)

benchmark_runs = Table(
    "benchmark_runs",
    metadata,
    Column("run_id", String, primary_key=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("caller", String, nullable=False),
    Column("plan", JsonText, nullable=False),
    Column("ended_at", UtcDateTime),
    Index("benchmark_runs_by_caller", "caller", "run_id"),
)

benchmark_answers = Table(
    "benchmark_answers",
    metadata,
    Column("run_id", String, primary_key=True),
    Column("model", String, primary_key=True),
    Column("suite", String, primary_key=True),
    Column("task_id", String, primary_key=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("prompt", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Column("findings", JsonText, nullable=False),
    Index("benchmark_answers_created_at", "created_at"),
)

leases = Table(
    "leases",
    metadata,
    Column("name", String, primary_key=True),
    Column("holder", String, nullable=False),
    Column("until", UtcDateTime, nullable=False),
)

usage_hours = Table(
    "usage_hours",
    metadata,
    Column("hour", UtcDateTime, primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("day", UtcDateTime, nullable=False),
    Column("operation", String, nullable=False),
    Column("model", String, nullable=False),
    Column("account", String, nullable=False),
    Column("caller", String, nullable=False),
    Column("agent_name", String, nullable=False),
    Column("labels", Labels, nullable=False),
    Column("requests", BigInteger, nullable=False),
    Column("attempts", BigInteger, nullable=False),
    Column("estimated_attempts", BigInteger, nullable=False),
    Column("unpriced_attempts", BigInteger, nullable=False),
    *_usage(),
    Column("cost_micros", BigInteger, nullable=False),
    Column("spent_micros", BigInteger),
)

provider_keys = Table(
    "provider_keys",
    metadata,
    Column("id", String, primary_key=True),
    Column("provider", String, nullable=False),
    Column("name", String, nullable=False),
    Column("origin", String, nullable=False, server_default=""),
    Column("fingerprint", String, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("rotated_at", UtcDateTime),
    Column("revoked_at", UtcDateTime),
    Column("revision", BigInteger, nullable=False),
    Column("master_key_id", String, nullable=False),
    Column("data_key", LargeBinary),
    Column("ciphertext", LargeBinary),
    Index(
        "provider_keys_in_use",
        "provider",
        "name",
        unique=True,
    ),
)

summed_hours = Table(
    "summed_hours",
    metadata,
    Column("hour", UtcDateTime, primary_key=True),
    Column("records", BigInteger, nullable=False),
)

USAGE_COLUMNS = tuple(column.name for column in _usage())
"""The columns that form the `usage` of a record."""
