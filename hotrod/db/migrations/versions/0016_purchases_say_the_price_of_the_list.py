"""Lines of purchases say the price of a piece in the seller's currency."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "purchase_lines",
        sa.Column("unit_price", sa.Numeric(precision=16, scale=6), nullable=True),
    )
    op.add_column(
        "purchase_lines",
        sa.Column("unit_currency", sa.String(length=3), nullable=False, server_default=""),
    )
    op.alter_column("purchase_lines", "unit_currency", server_default=None)


def downgrade() -> None:
    op.drop_column("purchase_lines", "unit_currency")
    op.drop_column("purchase_lines", "unit_price")
