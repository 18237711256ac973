"""Questions say why they are asked again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("sourcing_rounds", "approvals"):
        op.add_column(table, sa.Column("why_again", sa.Text(), nullable=False, server_default=""))
        op.alter_column(table, "why_again", server_default=None)
    op.add_column(
        "sourcing_rounds",
        sa.Column("surcharges", postgresql.JSONB(), nullable=False, server_default="{}"),
    )
    op.alter_column("sourcing_rounds", "surcharges", server_default=None)


def downgrade() -> None:
    op.drop_column("sourcing_rounds", "surcharges")
    for table in ("approvals", "sourcing_rounds"):
        op.drop_column(table, "why_again")
