"""Adds who an execution was for, and what executions are listed by."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Adds the columns and the table of labels."""
    op.add_column("executions", sa.Column("end_user", sa.String, nullable=False, server_default=""))
    op.add_column("executions", sa.Column("labels", sa.Text, nullable=False, server_default="{}"))
    op.create_table(
        "execution_labels",
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("value", sa.String, primary_key=True),
        sa.Column("created_at", sa.DateTime(timezone=True), primary_key=True),
        sa.Column("request_id", sa.String, primary_key=True),
        sqlite_with_rowid=False,
    )
    op.create_index("execution_labels_created_at", "execution_labels", ["created_at"])
