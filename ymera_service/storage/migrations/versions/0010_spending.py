"""Adds what counts as spent where the cost of a call is not known."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Adds the columns."""
    for table in ("executions", "usage_hours"):
        op.add_column(table, sa.Column("spent_micros", sa.BigInteger))
