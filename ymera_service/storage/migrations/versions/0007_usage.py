"""Creates the sums of usage by the hour, which outlast the executions that they were made from."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

TOKENS = (
    "input_tokens",
    "output_tokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
    "reasoning_output_tokens",
)


def upgrade() -> None:
    """Creates the tables."""
    op.create_table(
        "usage_hours",
        sa.Column("hour", sa.DateTime(timezone=True), primary_key=True),
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("day", sa.DateTime(timezone=True), nullable=False),
        *(
            sa.Column(name, sa.String, nullable=False)
            for name in ("operation", "model", "account", "caller", "agent_name")
        ),
        sa.Column("labels", sa.Text, nullable=False),
        *(
            sa.Column(name, sa.BigInteger, nullable=False)
            for name in ("requests", "attempts", "estimated_attempts", "unpriced_attempts", *TOKENS, "cost_micros")
        ),
    )
    op.create_table(
        "summed_hours",
        sa.Column("hour", sa.DateTime(timezone=True), primary_key=True),
        sa.Column("records", sa.BigInteger, nullable=False),
    )
