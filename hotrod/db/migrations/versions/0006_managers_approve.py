"""Managers approve purchases, and every answer is kept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_REFUSE = """
    CREATE FUNCTION refuse_to_rewrite_answers() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '% of % is refused: answers are only added', TG_OP, TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation';
    END $$
"""
_KEEP = """
    CREATE TRIGGER keep BEFORE UPDATE OR DELETE OR TRUNCATE ON approval_answers
        EXECUTE FUNCTION refuse_to_rewrite_answers()
"""


def upgrade() -> None:
    op.create_table(
        "approvals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("business_key", sa.String(length=31), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("amount", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("lines", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("needs", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("remind_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deadline_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "quantities", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(state = 'approved') = (quantities IS NOT NULL)",
            name=op.f("ck_approvals_approved_pieces"),
        ),
        sa.CheckConstraint(
            "(state = 'open') = (decided_at IS NULL)", name=op.f("ck_approvals_decided_when_closed")
        ),
        sa.ForeignKeyConstraint(
            ["business_key"], ["businesses.key"], name=op.f("fk_approvals_business_key")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approvals")),
        sa.UniqueConstraint(
            "kind", "subject_id", "round", name=op.f("uq_approvals_kind_subject_id_round")
        ),
    )
    op.create_index(
        "ix_approvals_deadline",
        "approvals",
        ["deadline_at"],
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(
        "uq_approvals_open",
        "approvals",
        ["kind", "subject_id"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "approval_answers",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("approval_id", sa.Uuid(), nullable=False),
        sa.Column("manager", sa.String(length=80), nullable=False),
        sa.Column("via", sa.String(length=7), nullable=False),
        sa.Column("choice", sa.String(length=7), nullable=False),
        sa.Column("quantities", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("address", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("result", sa.String(length=12), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["approval_id"], ["approvals.id"], name=op.f("fk_approval_answers_approval_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval_answers")),
    )
    op.create_index("ix_approval_answers_approval_id_id", "approval_answers", ["approval_id", "id"])
    op.create_table(
        "approval_asks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("approval_id", sa.Uuid(), nullable=False),
        sa.Column("manager", sa.String(length=31), nullable=False),
        sa.Column("role", sa.String(length=8), nullable=False),
        sa.ForeignKeyConstraint(
            ["approval_id"], ["approvals.id"], name=op.f("fk_approval_asks_approval_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval_asks")),
        sa.UniqueConstraint(
            "approval_id", "manager", name=op.f("uq_approval_asks_approval_id_manager")
        ),
    )
    op.execute(_REFUSE)
    op.execute(_KEEP)


def downgrade() -> None:
    op.drop_table("approval_asks")
    op.drop_table("approval_answers")
    op.execute("DROP FUNCTION refuse_to_rewrite_answers")
    op.drop_table("approvals")
