"""Queues, leases and first responses."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_effects_open",
        "effects",
        ["claimed_at"],
        unique=False,
        postgresql_where=sa.text("state <> 'done'"),
    )
    op.add_column("inbox", sa.Column("responded_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("inbox", sa.Column("response_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("inbox", sa.Column("redacted_at", sa.DateTime(timezone=True), nullable=True))
    op.drop_index(
        op.f("ix_inbox_waiting"),
        table_name="inbox",
        postgresql_where="((state)::text = 'waiting'::text)",
    )
    op.create_index(
        "ix_inbox_accepted", "inbox", ["accepted_at"], unique=False, postgresql_using="brin"
    )
    op.create_index(
        "ix_inbox_finished",
        "inbox",
        ["state", "finished_at"],
        unique=False,
        postgresql_where=sa.text("finished_at IS NOT NULL"),
    )
    # Of an ordering key only one is at the head.
    op.execute("""
        UPDATE inbox SET state = 'held' WHERE state = 'waiting' AND EXISTS (
            SELECT FROM inbox AS earlier WHERE earlier.ordering_key = inbox.ordering_key
            AND earlier.id < inbox.id AND earlier.state IN ('waiting', 'claimed'))
    """)
    # Rows change state a few times and then rest: keep dead entries out of the queues' indexes.
    op.execute("ALTER TABLE inbox SET (autovacuum_vacuum_scale_factor = 0.02)")
    op.create_index(
        "ix_inbox_heads",
        "inbox",
        ["ordering_key"],
        unique=True,
        postgresql_where=sa.text("state IN ('waiting', 'claimed')"),
    )
    op.create_index(
        "ix_inbox_held",
        "inbox",
        ["ordering_key", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'held'"),
    )
    op.create_index(
        "ix_inbox_queues",
        "inbox",
        ["lane_rank", "business_key", "event", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index(
        "ix_inbox_runs",
        "inbox",
        ["run_id"],
        unique=False,
        postgresql_where=sa.text("run_id IS NOT NULL"),
    )
    op.create_index(
        "ix_inbox_suspended",
        "inbox",
        ["id"],
        unique=False,
        postgresql_where=sa.text("state = 'suspended'"),
    )
    op.create_index(
        "ix_inbox_unanswered",
        "inbox",
        ["event", "lane_rank", "id"],
        unique=False,
        postgresql_where=sa.text(
            "responded_at IS NULL AND state IN ('held', 'waiting', 'claimed')"
        ),
    )
    op.create_index(
        "ix_inbox_unredacted",
        "inbox",
        ["finished_at"],
        unique=False,
        postgresql_where=sa.text("redacted_at IS NULL AND state IN ('done', 'discarded')"),
    )


def downgrade() -> None:
    op.drop_index(
        "ix_inbox_unredacted",
        table_name="inbox",
        postgresql_where=sa.text("redacted_at IS NULL AND state IN ('done', 'discarded')"),
    )
    op.drop_index(
        "ix_inbox_unanswered",
        table_name="inbox",
        postgresql_where=sa.text(
            "responded_at IS NULL AND state IN ('held', 'waiting', 'claimed')"
        ),
    )
    op.drop_index(
        "ix_inbox_suspended", table_name="inbox", postgresql_where=sa.text("state = 'suspended'")
    )
    op.drop_index(
        "ix_inbox_runs", table_name="inbox", postgresql_where=sa.text("run_id IS NOT NULL")
    )
    op.drop_index(
        "ix_inbox_queues", table_name="inbox", postgresql_where=sa.text("state = 'waiting'")
    )
    op.drop_index("ix_inbox_held", table_name="inbox", postgresql_where=sa.text("state = 'held'"))
    op.drop_index(
        "ix_inbox_heads",
        table_name="inbox",
        postgresql_where=sa.text("state IN ('waiting', 'claimed')"),
    )
    op.drop_index(
        "ix_inbox_finished", table_name="inbox", postgresql_where=sa.text("finished_at IS NOT NULL")
    )
    op.drop_index("ix_inbox_accepted", table_name="inbox", postgresql_using="brin")
    op.create_index(
        op.f("ix_inbox_waiting"),
        "inbox",
        ["lane_rank", "id"],
        unique=False,
        postgresql_where="((state)::text = 'waiting'::text)",
    )
    op.execute("UPDATE inbox SET state = 'waiting' WHERE state IN ('held', 'suspended')")
    op.execute("ALTER TABLE inbox RESET (autovacuum_vacuum_scale_factor)")
    op.drop_column("inbox", "redacted_at")
    op.drop_column("inbox", "response_until")
    op.drop_column("inbox", "responded_at")
    op.drop_index(
        "ix_effects_open", table_name="effects", postgresql_where=sa.text("state <> 'done'")
    )
