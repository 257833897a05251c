"""Adds who an execution was for, indexes to list executions by, and outcomes for repeats."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Adds the columns and the tables."""
    op.add_column("executions", sa.Column("end_user", sa.String, nullable=False, server_default=""))
    op.add_column("executions", sa.Column("labels", sa.Text, nullable=False, server_default="{}"))
    op.create_index("executions_by_model", "executions", ["model", "created_at"])
    op.create_index("executions_by_status", "executions", ["status", "created_at"])
    known = sa.text("end_user != ''")
    op.create_index(
        "executions_by_end_user",
        "executions",
        ["end_user", "created_at"],
        sqlite_where=known,
        postgresql_where=known,
    )
    _create_labels()
    _create_outcomes()


def _create_labels() -> None:
    op.create_table(
        "execution_labels",
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("value", sa.String, primary_key=True),
        sa.Column("created_at", sa.DateTime(timezone=True), primary_key=True),
        sa.Column("request_id", sa.String, primary_key=True),
        sqlite_with_rowid=False,
    )
    op.create_index("execution_labels_created_at", "execution_labels", ["created_at"])


def _create_outcomes() -> None:
    op.create_table(
        "outcomes",
        sa.Column("caller", sa.String, primary_key=True),
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("request_id", sa.String, nullable=False),
        sa.Column("fingerprint", sa.String, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.Text),
    )
    op.create_index("outcomes_created_at", "outcomes", ["created_at"])
