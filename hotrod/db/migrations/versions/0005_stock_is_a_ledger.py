"""Stock is a ledger of movements; levels follow from it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_POST = """
    CREATE FUNCTION post_stock_movement() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        part parts;
        level stock_levels;
        in_all bigint;
    BEGIN
        SELECT * INTO part FROM parts WHERE id = NEW.part_id FOR NO KEY UPDATE;
        IF NEW.currency <> part.currency THEN
            RAISE EXCEPTION 'part % is valued in %, not in %', part.sku, part.currency, NEW.currency
                USING ERRCODE = 'check_violation';
        END IF;
        SELECT coalesce(sum(on_hand), 0) INTO in_all FROM stock_levels WHERE part_id = part.id;
        INSERT INTO stock_levels (id, part_id, location, on_hand, reserved, updated_at)
            VALUES (gen_random_uuid(), part.id, NEW.location, NEW.quantity, 0, now())
            ON CONFLICT (part_id, location) DO UPDATE
            SET on_hand = stock_levels.on_hand + NEW.quantity, updated_at = now()
            RETURNING * INTO level;
        IF level.on_hand <> NEW.on_hand_after THEN
            RAISE EXCEPTION '% of part % are at % after this movement, not %',
                level.on_hand, part.sku, NEW.location, NEW.on_hand_after
                USING ERRCODE = 'check_violation';
        END IF;
        IF NEW.quantity < 0 AND level.on_hand < level.reserved AND NEW.override_by = '' THEN
            RAISE EXCEPTION 'part % at % would fall to %, with % reserved',
                part.sku, NEW.location, level.on_hand, level.reserved
                USING ERRCODE = 'check_violation';
        END IF;
        IF NEW.quantity > 0 THEN
            UPDATE parts SET average_cost = CASE
                WHEN in_all <= 0 OR part.average_cost IS NULL THEN NEW.unit_cost
                ELSE round((in_all * part.average_cost + NEW.quantity * NEW.unit_cost)
                           / (in_all + NEW.quantity), 6)
                END
            WHERE id = part.id;
        END IF;
        RETURN NEW;
    END $$
"""

_RESERVE = """
    CREATE FUNCTION count_stock_reservation() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        level stock_levels;
        more integer := NEW.quantity - NEW.used - NEW.released;
    BEGIN
        IF TG_OP = 'UPDATE' THEN
            more := more - (OLD.quantity - OLD.used - OLD.released);
            IF (NEW.part_id, NEW.location, NEW.quantity)
               IS DISTINCT FROM (OLD.part_id, OLD.location, OLD.quantity) OR more > 0 THEN
                RAISE EXCEPTION 'a reservation is used or released, not changed'
                    USING ERRCODE = 'restrict_violation';
            END IF;
        END IF;
        INSERT INTO stock_levels (id, part_id, location, on_hand, reserved, updated_at)
            VALUES (gen_random_uuid(), NEW.part_id, NEW.location, 0, greatest(more, 0), now())
            ON CONFLICT (part_id, location) DO UPDATE
            SET reserved = stock_levels.reserved + more, updated_at = now()
            RETURNING * INTO level;
        IF more > 0 AND level.reserved > level.on_hand AND NEW.override_by = '' THEN
            RAISE EXCEPTION '% of the part would be reserved at %, of % on hand',
                level.reserved, NEW.location, level.on_hand
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END $$
"""

_REFUSE = """
    CREATE FUNCTION refuse_to_rewrite_stock() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '% of % is refused: stock changes by new movements and reservations only',
            TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END $$
"""

# What other triggers write is let through: that is how levels follow from the ledger.
_TRIGGERS = """
    CREATE TRIGGER post BEFORE INSERT ON stock_movements
        FOR EACH ROW EXECUTE FUNCTION post_stock_movement();
    CREATE TRIGGER keep BEFORE UPDATE OR DELETE OR TRUNCATE ON stock_movements
        EXECUTE FUNCTION refuse_to_rewrite_stock();
    CREATE TRIGGER count BEFORE INSERT OR UPDATE ON stock_reservations
        FOR EACH ROW EXECUTE FUNCTION count_stock_reservation();
    CREATE TRIGGER keep BEFORE DELETE OR TRUNCATE ON stock_reservations
        EXECUTE FUNCTION refuse_to_rewrite_stock();
    CREATE TRIGGER keep BEFORE INSERT OR UPDATE OR DELETE ON stock_levels
        FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION refuse_to_rewrite_stock();
    CREATE TRIGGER keep_all BEFORE TRUNCATE ON stock_levels
        EXECUTE FUNCTION refuse_to_rewrite_stock();
    CREATE TRIGGER keep_average BEFORE UPDATE OF average_cost ON parts
        FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION refuse_to_rewrite_stock();
"""

# Nothing has reserved yet: a reserved piece would have no ticket.
_OPENING = """
    UPDATE stock_levels SET reserved = 0 WHERE reserved <> 0;
    UPDATE parts SET average_cost = unit_cost
        WHERE EXISTS (SELECT FROM stock_levels WHERE part_id = parts.id AND on_hand > 0);
    INSERT INTO stock_movements (key, part_id, location, kind, quantity, on_hand_after, unit_cost,
        currency, ticket, order_reference, lot, reason, actor, override_by, override_reason, at)
    SELECT 'opening:' || part_id || ':' || location, part_id, location, 'count', on_hand, on_hand,
        unit_cost, currency, '', '', '', 'opening stock', 'migration 0005', '', '', updated_at
    FROM stock_levels JOIN parts ON parts.id = part_id ORDER BY sku, location
"""


def upgrade() -> None:
    op.add_column("parts", sa.Column("tracking", sa.String(length=6), server_default="none"))
    op.alter_column("parts", "tracking", nullable=False, server_default=None)
    op.add_column("parts", sa.Column("average_cost", sa.Numeric(14, 6), nullable=True))
    op.add_column("parts", sa.Column("low_since", sa.DateTime(timezone=True), nullable=True))
    op.drop_constraint(op.f("ck_stock_levels_not_negative"), "stock_levels")
    op.create_check_constraint(
        op.f("ck_stock_levels_reserved_not_negative"), "stock_levels", "reserved >= 0"
    )
    op.create_table(
        "stock_movements",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("part_id", sa.Uuid(), nullable=False),
        sa.Column("location", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("on_hand_after", sa.Integer(), nullable=False),
        sa.Column("unit_cost", sa.Numeric(14, 6), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("ticket", sa.String(length=16), nullable=False),
        sa.Column("order_reference", sa.String(length=80), nullable=False),
        sa.Column("lot", sa.String(length=80), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("actor", sa.String(length=120), nullable=False),
        sa.Column("override_by", sa.String(length=120), nullable=False),
        sa.Column("override_reason", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "CASE kind WHEN 'receive' THEN quantity > 0 WHEN 'return' THEN quantity > 0 "
            "WHEN 'use' THEN quantity < 0 WHEN 'adjust' THEN quantity <> 0 "
            "ELSE kind = 'count' END",
            name=op.f("ck_stock_movements_signed_by_kind"),
        ),
        sa.CheckConstraint(
            "kind NOT IN ('use', 'return') OR ticket <> ''",
            name=op.f("ck_stock_movements_use_has_ticket"),
        ),
        sa.CheckConstraint(
            "kind <> 'adjust' OR reason <> ''", name=op.f("ck_stock_movements_adjust_has_reason")
        ),
        sa.CheckConstraint(
            "(override_by = '') = (override_reason = '')",
            name=op.f("ck_stock_movements_override_is_whole"),
        ),
        sa.CheckConstraint("unit_cost >= 0", name=op.f("ck_stock_movements_cost_not_negative")),
        sa.ForeignKeyConstraint(["part_id"], ["parts.id"], name=op.f("fk_stock_movements_part_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_movements")),
        sa.UniqueConstraint("key", name=op.f("uq_stock_movements_key")),
    )
    op.create_index("ix_stock_movements_part_id_id", "stock_movements", ["part_id", "id"])
    op.create_index(
        "ix_stock_movements_ticket",
        "stock_movements",
        ["ticket"],
        postgresql_where=sa.text("ticket <> ''"),
    )
    op.create_table(
        "stock_reservations",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("part_id", sa.Uuid(), nullable=False),
        sa.Column("location", sa.String(length=40), nullable=False),
        sa.Column("ticket", sa.String(length=16), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("released", sa.Integer(), nullable=False),
        sa.Column("actor", sa.String(length=120), nullable=False),
        sa.Column("override_by", sa.String(length=120), nullable=False),
        sa.Column("override_reason", sa.Text(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "quantity > 0 AND used >= 0 AND released >= 0 AND used + released <= quantity",
            name=op.f("ck_stock_reservations_open_not_negative"),
        ),
        sa.CheckConstraint(
            "(override_by = '') = (override_reason = '')",
            name=op.f("ck_stock_reservations_override_is_whole"),
        ),
        sa.ForeignKeyConstraint(
            ["part_id"], ["parts.id"], name=op.f("fk_stock_reservations_part_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_reservations")),
        sa.UniqueConstraint("key", name=op.f("uq_stock_reservations_key")),
    )
    op.create_index(op.f("ix_stock_reservations_part_id"), "stock_reservations", ["part_id"])
    op.create_index(
        "ix_stock_reservations_open",
        "stock_reservations",
        ["ticket", "part_id"],
        postgresql_where=sa.text("used + released < quantity"),
    )
    op.create_table(
        "parts_on_order",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("part_id", sa.Uuid(), nullable=False),
        sa.Column("order_reference", sa.String(length=80), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("received", sa.Integer(), nullable=False),
        sa.Column("expected_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ordered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "quantity >= 0 AND received >= 0", name=op.f("ck_parts_on_order_not_negative")
        ),
        sa.ForeignKeyConstraint(["part_id"], ["parts.id"], name=op.f("fk_parts_on_order_part_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parts_on_order")),
        sa.UniqueConstraint(
            "part_id", "order_reference", name=op.f("uq_parts_on_order_part_id_order_reference")
        ),
    )
    for statement in (*_OPENING.split(";\n"), _POST, _RESERVE, _REFUSE, *_TRIGGERS.split(";\n")):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TRIGGER keep_average ON parts")
    op.execute("DROP TRIGGER keep_all ON stock_levels")
    op.execute("DROP TRIGGER keep ON stock_levels")
    op.drop_table("parts_on_order")
    op.drop_table("stock_reservations")
    op.drop_table("stock_movements")
    for function in (
        "refuse_to_rewrite_stock",
        "count_stock_reservation",
        "post_stock_movement",
    ):
        op.execute(f"DROP FUNCTION {function}")
    op.drop_constraint(op.f("ck_stock_levels_reserved_not_negative"), "stock_levels")
    op.execute("UPDATE stock_levels SET on_hand = 0 WHERE on_hand < 0")
    op.create_check_constraint(
        op.f("ck_stock_levels_not_negative"), "stock_levels", "on_hand >= 0 AND reserved >= 0"
    )
    for column in ("low_since", "average_cost", "tracking"):
        op.drop_column("parts", column)
