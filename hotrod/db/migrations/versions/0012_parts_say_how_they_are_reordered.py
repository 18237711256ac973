"""Parts say how they are reordered, and their EAN."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name, kind, before in (
        ("point_by_hand", sa.Boolean(), "false"),
        ("criticality", sa.String(length=1), "B"),
        ("ean", sa.String(length=13), ""),
    ):
        op.add_column("parts", sa.Column(name, kind, nullable=False, server_default=before))
        op.alter_column("parts", name, server_default=None)
    op.create_check_constraint(
        op.f("ck_parts_criticality_known"), "parts", "criticality IN ('A', 'B', 'C')"
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_parts_criticality_known"), "parts")
    for column in ("ean", "criticality", "point_by_hand"):
        op.drop_column("parts", column)
