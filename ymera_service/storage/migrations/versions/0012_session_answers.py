"""Adds what servers share of their sessions: which target answered, and what its turn was about."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Adds the table."""
    op.create_table(
        "session_answers",
        sa.Column("request_id", sa.String, primary_key=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("server", sa.String, nullable=False),
        sa.Column("target", sa.String, nullable=False),
        sa.Column("session", sa.String, nullable=False),
        sa.Column("turn", sa.Text),
        sa.Column("tool_calls", sa.String, nullable=False),
    )
    op.create_index("session_answers_created_at", "session_answers", ["created_at"])
