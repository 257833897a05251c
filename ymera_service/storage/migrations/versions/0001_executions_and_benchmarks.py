"""Creates the tables of executions, of the catalog versions they name, and of benchmark results."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Creates the tables."""
    _create_executions()
    _create_catalog_versions()
    _create_benchmark_results()


def _usage() -> list[sa.Column[int]]:
    return [
        sa.Column("input_tokens", sa.BigInteger, nullable=False),
        sa.Column("output_tokens", sa.BigInteger, nullable=False),
        sa.Column("cache_read_input_tokens", sa.BigInteger, nullable=False),
        sa.Column("cache_creation_input_tokens", sa.BigInteger, nullable=False),
        sa.Column("reasoning_output_tokens", sa.BigInteger, nullable=False),
    ]


def _create_executions() -> None:
    op.create_table(
        "executions",
        sa.Column("request_id", sa.String, primary_key=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("category", sa.String, nullable=False),
        sa.Column("model", sa.String, nullable=False),
        sa.Column("target", sa.String, nullable=False),
        *_usage(),
        sa.Column("usage_estimated", sa.Boolean, nullable=False),
        sa.Column("cost_micros", sa.BigInteger),
        sa.Column("finish_reason", sa.String, nullable=False),
        sa.Column("duration", sa.Double, nullable=False),
        sa.Column("time_to_first_token", sa.Double),
        sa.Column("session_id", sa.String, nullable=False),
        sa.Column("agent_name", sa.String, nullable=False),
        sa.Column("catalog_version", sa.String, nullable=False),
        sa.Column("decision", sa.Text, nullable=False),
        sa.Column("attempts", sa.Text, nullable=False),
        sa.Column("error", sa.Text),
    )
    op.create_index("executions_created_at", "executions", ["created_at"])
    op.create_index("executions_catalog_version", "executions", ["catalog_version"])


def _create_catalog_versions() -> None:
    op.create_table(
        "catalog_versions",
        sa.Column("version", sa.String, primary_key=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("models", sa.Text, nullable=False),
    )


def _create_benchmark_results() -> None:
    op.create_table(
        "benchmark_results",
        sa.Column("run_id", sa.String, primary_key=True),
        sa.Column("model", sa.String, primary_key=True),
        sa.Column("suite", sa.String, primary_key=True),
        sa.Column("task_id", sa.String, primary_key=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("category", sa.String, nullable=False),
        sa.Column("score", sa.Double),
        sa.Column("duration", sa.Double, nullable=False),
        *_usage(),
        sa.Column("cost_micros", sa.BigInteger),
        sa.Column("error_reason", sa.String, nullable=False),
    )
    summarised = ["model", "category", "created_at", "score", "duration"]
    op.create_index("benchmark_results_by_model", "benchmark_results", summarised)
    op.create_index("benchmark_results_by_time", "benchmark_results", ["created_at", "model"])
