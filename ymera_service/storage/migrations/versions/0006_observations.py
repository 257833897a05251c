"""Adds what an execution can be learnt from: features of its request, and observations of how good its answer was."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Adds the column and the table."""
    op.add_column("executions", sa.Column("features", sa.Text))
    op.create_table(
        "observations",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("request_id", sa.String, nullable=False),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("value", sa.Double),
        sa.Column("amount", sa.Double),
        sa.Column("model", sa.String, nullable=False),
        sa.Column("category", sa.String, nullable=False),
        sa.Column("caller", sa.String, nullable=False),
        sa.Column("tokens", sa.BigInteger, nullable=False),
        sa.Column("time_to_first_token", sa.Double),
    )
    op.create_index("observations_created_at", "observations", ["created_at"])
    op.create_index("observations_by_request", "observations", ["request_id"])
