"""Model calls are found by the vendor's id, as when a batch is settled."""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_model_calls_request_id"), "model_calls", ["request_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_model_calls_request_id"), table_name="model_calls")
