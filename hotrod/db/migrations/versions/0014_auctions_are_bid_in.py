"""Bids in auctions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_ONE_OF_A_SELLER = "uq_purchases_round_id_source_seller"


def upgrade() -> None:
    op.create_table(
        "auction_bids",
        sa.Column("purchase_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.String(length=120), nullable=False),
        sa.Column("most", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("shipping", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("place_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("price", sa.Numeric(precision=12, scale=2), nullable=True),
        sa.Column("why_lost", sa.String(length=200), nullable=False),
        sa.CheckConstraint("most > 0", name="ck_auction_bids_limit_positive"),
        sa.ForeignKeyConstraint(
            ["purchase_id"], ["purchases.id"], name="fk_auction_bids_purchase_id"
        ),
        sa.PrimaryKeyConstraint("purchase_id", name="pk_auction_bids"),
    )
    op.drop_constraint(_ONE_OF_A_SELLER, "purchases", type_="unique")
    op.create_index(
        "ix_purchases_one_of_a_seller",
        "purchases",
        ["round_id", "source", "seller"],
        unique=True,
        postgresql_where=sa.text("method <> 'bid'"),
    )


def downgrade() -> None:
    op.drop_index("ix_purchases_one_of_a_seller", table_name="purchases")
    op.create_unique_constraint(_ONE_OF_A_SELLER, "purchases", ["round_id", "source", "seller"])
    op.drop_table("auction_bids")
