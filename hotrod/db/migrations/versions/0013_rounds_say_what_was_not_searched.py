"""Rounds of sourcing say which sources could not be searched."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "sourcing_rounds",
        sa.Column("unsearched", postgresql.JSONB(), nullable=False, server_default="{}"),
    )
    op.alter_column("sourcing_rounds", "unsearched", server_default=None)


def downgrade() -> None:
    op.drop_column("sourcing_rounds", "unsearched")
