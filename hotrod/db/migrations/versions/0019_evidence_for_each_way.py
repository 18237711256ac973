"""Evidence that parts stand in for each other is written down for each way."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        INSERT INTO part_substitutes
            (id, part_id, substitute_id, kind, ticket, works, both_ways, note, by, at)
        SELECT gen_random_uuid(), substitute_id, part_id, kind, ticket, works, false, note, by, at
        FROM part_substitutes WHERE both_ways
        ON CONFLICT (part_id, substitute_id, kind, ticket) DO UPDATE
        SET works = excluded.works, note = excluded.note, by = excluded.by, at = excluded.at
        WHERE part_substitutes.at < excluded.at
        """
    )
    op.drop_column("part_substitutes", "both_ways")


def downgrade() -> None:
    op.add_column(
        "part_substitutes",
        sa.Column("both_ways", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.alter_column("part_substitutes", "both_ways", server_default=None)
