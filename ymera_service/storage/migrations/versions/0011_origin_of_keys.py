"""Adds where a provider's key may be sent to."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Adds the column."""
    op.add_column("provider_keys", sa.Column("origin", sa.String, nullable=False, server_default=""))
