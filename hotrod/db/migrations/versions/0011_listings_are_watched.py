"""Listings are watched."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "watches",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=14), nullable=False),
        sa.Column("business_key", sa.String(length=31), nullable=False),
        sa.Column("part_id", sa.Uuid(), nullable=True),
        sa.Column("words", sa.String(length=100), nullable=False),
        sa.Column("conditions", postgresql.JSONB(), nullable=False),
        sa.Column("at_most", sa.Numeric(precision=12, scale=2), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("sellers", postgresql.JSONB(), nullable=False),
        sa.Column("region", sa.String(length=2), nullable=False),
        sa.Column("recipient", sa.String(length=31), nullable=False),
        sa.Column("by_mail", sa.Boolean(), nullable=False),
        sa.Column("by_slack", sa.Boolean(), nullable=False),
        sa.Column("wanted_minutes", sa.Integer(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retry_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=120), nullable=False),
        sa.CheckConstraint("(part_id IS NULL) <> (words = '')", name="ck_watches_part_or_words"),
        sa.CheckConstraint(
            "kind <> 'price_below' OR at_most IS NOT NULL", name="ck_watches_price_has_limit"
        ),
        sa.CheckConstraint("by_mail OR by_slack", name="ck_watches_told_somehow"),
        sa.CheckConstraint(
            "wanted_minutes > 0 AND priority BETWEEN 1 AND 9", name="ck_watches_can_be_planned"
        ),
        sa.ForeignKeyConstraint(["part_id"], ["parts.id"], name="fk_watches_part_id"),
        sa.PrimaryKeyConstraint("id", name="pk_watches"),
        sa.UniqueConstraint("name", name="uq_watches_name"),
    )
    op.create_index("ix_watches_part_id", "watches", ["part_id"], unique=False)
    op.create_table(
        "watch_calls",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("watch_id", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["watch_id"], ["watches.id"], name="fk_watch_calls_watch_id", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_watch_calls"),
    )
    op.create_index("ix_watch_calls_at", "watch_calls", ["at"], unique=False)
    op.create_index("ix_watch_calls_watch_id", "watch_calls", ["watch_id"], unique=False)
    op.create_table(
        "watch_sightings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("watch_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(length=120), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("seller", sa.String(length=120), nullable=False),
        sa.Column("url", sa.String(length=2000), nullable=False),
        sa.Column("price", sa.Numeric(precision=12, scale=2), nullable=True),
        sa.Column("matched", sa.Boolean(), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("news", sa.String(length=20), nullable=False),
        sa.Column("news_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("digest_id", sa.Uuid(), nullable=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["watch_id"], ["watches.id"], name="fk_watch_sightings_watch_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_watch_sightings"),
        sa.UniqueConstraint("watch_id", "reference", name="uq_watch_sightings_watch_id_reference"),
    )
    op.create_index(
        "ix_watch_sightings_untold",
        "watch_sightings",
        ["digest_id"],
        unique=False,
        postgresql_where=sa.text("news <> '' AND told_at IS NULL"),
    )
    op.create_index(
        "ix_watch_sightings_watch_id_title", "watch_sightings", ["watch_id", "title"], unique=False
    )


def downgrade() -> None:
    op.drop_table("watch_sightings")
    op.drop_table("watch_calls")
    op.drop_table("watches")
