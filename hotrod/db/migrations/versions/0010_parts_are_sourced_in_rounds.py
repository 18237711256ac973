"""Parts are sourced in rounds."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "exchange_rates",
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("value", sa.Numeric(precision=18, scale=8), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_by", sa.String(length=120), nullable=False),
        sa.CheckConstraint("value > 0", name="ck_exchange_rates_value_positive"),
        sa.PrimaryKeyConstraint("currency", name="pk_exchange_rates"),
    )
    op.create_table(
        "sourcing_rounds",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("business_key", sa.String(length=31), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("needs", postgresql.JSONB(), nullable=False),
        sa.Column("proposal", postgresql.JSONB(), nullable=False),
        sa.Column("advice", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_sourcing_rounds"),
        sa.UniqueConstraint("run_id", name="uq_sourcing_rounds_run_id"),
    )
    op.create_index(
        "ix_sourcing_rounds_open",
        "sourcing_rounds",
        ["business_key"],
        unique=False,
        postgresql_where=sa.text("state IN ('searching', 'proposed', 'approved')"),
    )
    op.create_table(
        "found_offers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("sku", sa.String(length=40), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("reference", sa.String(length=120), nullable=False),
        sa.Column("offer", postgresql.JSONB(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["round_id"],
            ["sourcing_rounds.id"],
            name="fk_found_offers_round_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_found_offers"),
        sa.UniqueConstraint(
            "round_id",
            "sku",
            "source",
            "reference",
            name="uq_found_offers_round_id_sku_source_reference",
        ),
    )
    op.create_table(
        "purchases",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("serial", sa.Integer(), sa.Identity(always=False, start=1001), nullable=False),
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("business_key", sa.String(length=31), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("seller", sa.String(length=120), nullable=False),
        sa.Column("method", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("total", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("order_number", sa.String(length=80), nullable=False),
        sa.Column("expected_on", sa.Date(), nullable=True),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ordered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ordered_by", sa.String(length=120), nullable=False),
        sa.Column("late_told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state NOT IN ('ordered', 'received') OR ordered_at IS NOT NULL",
            name="ck_purchases_ordered_has_day",
        ),
        sa.ForeignKeyConstraint(["round_id"], ["sourcing_rounds.id"], name="fk_purchases_round_id"),
        sa.PrimaryKeyConstraint("id", name="pk_purchases"),
        sa.UniqueConstraint(
            "round_id", "source", "seller", name="uq_purchases_round_id_source_seller"
        ),
        sa.UniqueConstraint("serial", name="uq_purchases_serial"),
    )
    op.create_index(
        "ix_purchases_open",
        "purchases",
        ["state"],
        unique=False,
        postgresql_where=sa.text("state IN ('to_buy', 'ordered')"),
    )
    op.create_table(
        "purchase_lines",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("purchase_id", sa.Uuid(), nullable=False),
        sa.Column("part_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(length=120), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("url", sa.String(length=2000), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("per_piece", sa.Numeric(precision=14, scale=6), nullable=False),
        sa.CheckConstraint("quantity > 0", name="ck_purchase_lines_quantity_positive"),
        sa.ForeignKeyConstraint(["part_id"], ["parts.id"], name="fk_purchase_lines_part_id"),
        sa.ForeignKeyConstraint(
            ["purchase_id"], ["purchases.id"], name="fk_purchase_lines_purchase_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_purchase_lines"),
    )
    op.create_index("ix_purchase_lines_part_id", "purchase_lines", ["part_id"], unique=False)
    op.create_index(
        "ix_purchase_lines_purchase_id", "purchase_lines", ["purchase_id"], unique=False
    )


def downgrade() -> None:
    op.drop_table("purchase_lines")
    op.drop_table("purchases")
    op.drop_table("found_offers")
    op.drop_table("sourcing_rounds")
    op.drop_table("exchange_rates")
