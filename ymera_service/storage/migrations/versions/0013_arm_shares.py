"""Adds the shares of the arms of experiments."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Adds the column."""
    op.add_column("executions", sa.Column("arm_shares", sa.String))
