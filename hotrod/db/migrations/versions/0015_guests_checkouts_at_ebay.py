"""Guests' checkouts at eBay."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "checkouts",
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.String(length=120), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("items", postgresql.JSONB(), nullable=False),
        sa.Column("purchases", postgresql.JSONB(), nullable=False),
        sa.Column("total", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("order_id", sa.String(length=80), nullable=False),
        sa.Column("refusal", sa.String(length=300), nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("given_up_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("paid_at IS NULL OR order_id <> ''", name="ck_checkouts_paid_has_order"),
        sa.ForeignKeyConstraint(["round_id"], ["sourcing_rounds.id"], name="fk_checkouts_round_id"),
        sa.PrimaryKeyConstraint("round_id", name="pk_checkouts"),
        sa.UniqueConstraint("session_id", name="uq_checkouts_session_id"),
    )
    op.create_index(
        "uq_checkouts_paid_order_id",
        "checkouts",
        ["order_id"],
        unique=True,
        postgresql_where=sa.text("paid_at IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_table("checkouts")
