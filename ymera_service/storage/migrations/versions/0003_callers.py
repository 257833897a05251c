"""Adds the name of the caller to executions, and an index to list them by."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Adds the column and the index."""
    op.add_column("executions", sa.Column("caller", sa.String, nullable=False, server_default=""))
    known = sa.text("caller != ''")
    op.create_index(
        "executions_by_caller", "executions", ["caller", "created_at"], sqlite_where=known, postgresql_where=known
    )
