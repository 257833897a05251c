"""Lets what callers spent be read from an index alone, as it is read every few seconds."""

from alembic import op
from sqlalchemy import text

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Adds the columns to the index."""
    known = text("caller != ''")
    op.drop_index("executions_by_caller", "executions")
    op.create_index(
        "executions_by_caller",
        "executions",
        ["caller", "created_at", "spent_micros", "cost_micros"],
        sqlite_where=known,
        postgresql_where=known,
    )
