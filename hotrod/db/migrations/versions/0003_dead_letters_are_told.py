"""Dead letters are told of; first responses go in turns."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_UNANSWERED = "responded_at IS NULL AND state IN ('held', 'waiting', 'claimed')"


def upgrade() -> None:
    op.add_column("inbox", sa.Column("told_at", sa.DateTime(timezone=True), nullable=True))
    # Ops know of old ones, or it is too late.
    op.execute("""
        UPDATE inbox SET told_at = finished_at
        WHERE state = 'dead' AND finished_at < now() - interval '7 days'
    """)
    op.create_index(
        "ix_inbox_untold",
        "inbox",
        ["id"],
        unique=False,
        postgresql_where=sa.text("state = 'dead' AND told_at IS NULL"),
    )
    op.drop_index("ix_inbox_unanswered", table_name="inbox")
    op.create_index(
        "ix_inbox_unanswered",
        "inbox",
        ["lane_rank", "business_key", "event", "id"],
        unique=False,
        postgresql_where=sa.text(_UNANSWERED),
    )


def downgrade() -> None:
    op.drop_index("ix_inbox_unanswered", table_name="inbox")
    op.create_index(
        "ix_inbox_unanswered",
        "inbox",
        ["event", "lane_rank", "id"],
        unique=False,
        postgresql_where=sa.text(_UNANSWERED),
    )
    op.drop_index("ix_inbox_untold", table_name="inbox")
    op.drop_column("inbox", "told_at")
