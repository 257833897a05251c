"""Keeps what judges found of the answers of two models."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Creates the table."""
    op.create_table(
        "benchmark_comparisons",
        sa.Column("run_id", sa.String, primary_key=True),
        sa.Column("suite", sa.String, primary_key=True),
        sa.Column("task_id", sa.String, primary_key=True),
        sa.Column("first", sa.String, primary_key=True),
        sa.Column("second", sa.String, primary_key=True),
        sa.Column("category", sa.String, nullable=False),
        sa.Column("judge", sa.String, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("preference", sa.Double, nullable=False),
    )
    op.create_index("benchmark_comparisons_created_at", "benchmark_comparisons", ["created_at"])
