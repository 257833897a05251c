"""Adds the name of the caller to executions."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Adds the column."""
    op.add_column("executions", sa.Column("caller", sa.String, nullable=False, server_default=""))
