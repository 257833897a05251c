"""Keeps the features of benchmark tasks, so that routing knows which requests are like them."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Creates the table."""
    op.create_table(
        "benchmark_tasks",
        sa.Column("suite", sa.String, primary_key=True),
        sa.Column("task_id", sa.String, primary_key=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("features", sa.Text, nullable=False),
    )
    op.create_index("benchmark_tasks_created_at", "benchmark_tasks", ["created_at"])
