"""Keeps what an execution did."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Adds the column; what is stored already generated answers."""
    op.add_column("executions", sa.Column("operation", sa.String, nullable=False, server_default="chat"))
