"""Suppliers with their price lists, substitutes of parts, and bills of common faults."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "suppliers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=31), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("region", sa.String(length=2), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("shipping", sa.Numeric(12, 2), nullable=False),
        sa.Column("free_from", sa.Numeric(12, 2), nullable=True),
        sa.Column("minimum", sa.Numeric(12, 2), nullable=False),
        sa.Column("tax_rate", sa.Numeric(6, 4), nullable=False),
        sa.Column("lead_days_least", sa.Integer(), nullable=True),
        sa.Column("lead_days_most", sa.Integer(), nullable=True),
        sa.Column("accepts_returns", sa.Boolean(), nullable=True),
        sa.Column("return_days", sa.Integer(), nullable=True),
        sa.Column("order_by", sa.String(length=11), nullable=False),
        sa.Column("order_at", sa.String(length=300), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "(lead_days_least IS NULL) = (lead_days_most IS NULL) "
            "AND lead_days_least BETWEEN 0 AND lead_days_most",
            name=op.f("ck_suppliers_lead_days_in_order"),
        ),
        sa.CheckConstraint(
            "shipping >= 0 AND free_from >= 0 AND minimum >= 0 AND tax_rate BETWEEN 0 AND 1",
            name=op.f("ck_suppliers_amounts_not_negative"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppliers")),
        sa.UniqueConstraint("key", name=op.f("uq_suppliers_key")),
        sa.UniqueConstraint("name", name=op.f("uq_suppliers_name")),
    )
    op.create_table(
        "fault_parts",
        sa.Column("device", sa.String(length=60), nullable=False),
        sa.Column("category", sa.String(length=20), nullable=False),
        sa.Column("part_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_fault_parts_quantity_positive")),
        sa.ForeignKeyConstraint(["part_id"], ["parts.id"], name=op.f("fk_fault_parts_part_id")),
        sa.PrimaryKeyConstraint("device", "category", "part_id", name=op.f("pk_fault_parts")),
    )
    op.create_table(
        "part_substitutes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("part_id", sa.Uuid(), nullable=False),
        sa.Column("substitute_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=13), nullable=False),
        sa.Column("ticket", sa.String(length=16), nullable=False),
        sa.Column("works", sa.Boolean(), nullable=False),
        sa.Column("both_ways", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(kind = 'tried') = (ticket <> '')", name=op.f("ck_part_substitutes_tried_has_ticket")
        ),
        sa.CheckConstraint("part_id <> substitute_id", name=op.f("ck_part_substitutes_not_itself")),
        sa.ForeignKeyConstraint(
            ["part_id"], ["parts.id"], name=op.f("fk_part_substitutes_part_id")
        ),
        sa.ForeignKeyConstraint(
            ["substitute_id"], ["parts.id"], name=op.f("fk_part_substitutes_substitute_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_part_substitutes")),
        sa.UniqueConstraint(
            "part_id",
            "substitute_id",
            "kind",
            "ticket",
            name=op.f("uq_part_substitutes_part_id_substitute_id_kind_ticket"),
        ),
    )
    op.create_index(
        op.f("ix_part_substitutes_substitute_id"), "part_substitutes", ["substitute_id"]
    )
    op.create_table(
        "supplier_prices",
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(length=80), nullable=False),
        sa.Column("part_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("part_number", sa.String(length=80), nullable=False),
        sa.Column("condition", sa.String(length=11), nullable=False),
        sa.Column("prices", JSONB(), nullable=False),
        sa.Column("pack_size", sa.Integer(), nullable=False),
        sa.Column("available", sa.Integer(), nullable=True),
        sa.Column("lead_days_least", sa.Integer(), nullable=True),
        sa.Column("lead_days_most", sa.Integer(), nullable=True),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(lead_days_least IS NULL) = (lead_days_most IS NULL) "
            "AND lead_days_least BETWEEN 0 AND lead_days_most",
            name=op.f("ck_supplier_prices_lead_days_in_order"),
        ),
        sa.CheckConstraint(
            "pack_size > 0 AND available >= 0",
            name=op.f("ck_supplier_prices_quantities_not_negative"),
        ),
        sa.ForeignKeyConstraint(["part_id"], ["parts.id"], name=op.f("fk_supplier_prices_part_id")),
        sa.ForeignKeyConstraint(
            ["supplier_id"], ["suppliers.id"], name=op.f("fk_supplier_prices_supplier_id")
        ),
        sa.PrimaryKeyConstraint("supplier_id", "reference", name=op.f("pk_supplier_prices")),
    )
    op.create_index(op.f("ix_supplier_prices_part_id"), "supplier_prices", ["part_id"])


def downgrade() -> None:
    for table in ("supplier_prices", "part_substitutes", "fault_parts", "suppliers"):
        op.drop_table(table)
