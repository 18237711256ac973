"""Rounds count their turns."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "sourcing_rounds", sa.Column("turn", sa.Integer(), nullable=False, server_default="0")
    )
    op.alter_column("sourcing_rounds", "turn", server_default=None)
    op.execute(
        """
        UPDATE sourcing_rounds SET turn = asked.turn
        FROM (
            SELECT subject_id, max(round) AS turn FROM approvals WHERE kind = 'parts'
            GROUP BY subject_id
        ) AS asked
        WHERE asked.subject_id = sourcing_rounds.id
        """
    )


def downgrade() -> None:
    op.drop_column("sourcing_rounds", "turn")
