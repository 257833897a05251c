"""Lets the index for summaries of benchmark results say which task a result is of."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Replaces the index."""
    op.drop_index("benchmark_results_by_model", "benchmark_results")
    columns = ["model", "category", "created_at", "score", "duration", "suite", "task_id", "run_id"]
    op.create_index("benchmark_results_by_model", "benchmark_results", columns)
