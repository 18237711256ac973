"""What all processes know together of outside services."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# Makes the row of an account when it isn't there, and takes up a change of its usual rate. The
# log of the database needn't be on disk before the answer: at worst, a crash forgets half a second.
_RATE = """
    CREATE FUNCTION rate_of(
        of_account text, with_calls integer, with_seconds double precision,
        moment double precision
    ) RETURNS service_rates LANGUAGE plpgsql AS $$
    DECLARE
        kept service_rates;
    BEGIN
        PERFORM set_config('synchronous_commit', 'off', true);
        SELECT * INTO kept FROM service_rates WHERE account = of_account FOR UPDATE;
        IF NOT FOUND THEN
            INSERT INTO service_rates VALUES
                (of_account, with_calls, with_seconds, with_calls, with_seconds, 0, '{}', 0)
                ON CONFLICT DO NOTHING;
            SELECT * INTO kept FROM service_rates WHERE account = of_account FOR UPDATE;
        ELSIF (kept.usual_calls, kept.usual_seconds) <> (with_calls, with_seconds) THEN
            kept := with_rate(kept, with_calls, with_seconds, moment);
            kept.usual_calls := with_calls;
            kept.usual_seconds := with_seconds;
        END IF;
        RETURN kept;
    END $$
"""

# Of slices of another width, all calls count as made in the present one.
_WITH_RATE = """
    CREATE FUNCTION with_rate(
        kept service_rates, new_calls integer, new_seconds double precision,
        moment double precision
    ) RETURNS service_rates LANGUAGE plpgsql AS $$
    BEGIN
        IF kept.seconds <> new_seconds AND cardinality(kept.counts) > 0 THEN
            kept.counts := ARRAY[(SELECT sum(made) FROM unnest(kept.counts) AS made)::integer];
            kept.slice := floor(moment / (new_seconds / 100));
        END IF;
        kept.calls := new_calls;
        kept.seconds := new_seconds;
        RETURN kept;
    END $$
"""

# counts[1] is of the slice kept.slice, the last one of the latest reservation; later reservations
# are never before earlier ones. A slice is free when it and the 102 before it hold fewer calls
# than the rate allows: 100 are the window, one it begins within, two are for the way.
_RESERVE = """
    CREATE FUNCTION reserve_call(
        of_account text, with_calls integer, with_seconds double precision,
        at_most double precision,
        moment double precision DEFAULT extract(epoch FROM clock_timestamp())
    ) RETURNS double precision LANGUAGE plpgsql AS $$
    DECLARE
        kept service_rates := rate_of(of_account, with_calls, with_seconds, moment);
        width double precision := kept.seconds / 100;
        place bigint := floor(greatest(moment, kept.not_before) / width);
        gone integer;
        wait double precision;
    BEGIN
        place := greatest(place, kept.slice + cardinality(kept.counts) - 1);
        LOOP
            gone := least(greatest(place - 102 - kept.slice, 0), cardinality(kept.counts));
            kept.counts := kept.counts[gone + 1:];
            kept.slice := kept.slice + gone;
            EXIT WHEN (SELECT coalesce(sum(made), 0) FROM unnest(kept.counts) AS made) < kept.calls;
            place := kept.slice + 103;
        END LOOP;
        wait := greatest(greatest(place * width, kept.not_before) - moment, 0);
        IF wait <= at_most THEN
            IF cardinality(kept.counts) = 0 THEN
                kept.slice := place;
            END IF;
            kept.counts := kept.counts || array_fill(
                0, ARRAY[greatest(place - kept.slice + 1 - cardinality(kept.counts), 0)::integer]);
            kept.counts[place - kept.slice + 1] := kept.counts[place - kept.slice + 1] + 1;
            UPDATE service_rates
            SET usual_calls = kept.usual_calls, usual_seconds = kept.usual_seconds,
                calls = kept.calls, seconds = kept.seconds,
                slice = kept.slice, counts = kept.counts
            WHERE account = of_account;
        END IF;
        RETURN wait;
    END $$
"""

_PAUSE = """
    CREATE FUNCTION pause_calls(
        of_account text, with_calls integer, with_seconds double precision,
        pause double precision,
        moment double precision DEFAULT extract(epoch FROM clock_timestamp())
    ) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM rate_of(of_account, with_calls, with_seconds, moment);
        UPDATE service_rates SET not_before = greatest(not_before, moment + pause)
        WHERE account = of_account;
    END $$
"""

_LEARN = """
    CREATE FUNCTION learn_rate(
        of_account text, with_calls integer, with_seconds double precision,
        new_calls integer, new_seconds double precision,
        moment double precision DEFAULT extract(epoch FROM clock_timestamp())
    ) RETURNS void LANGUAGE plpgsql AS $$
    DECLARE
        kept service_rates := with_rate(
            rate_of(of_account, with_calls, with_seconds, moment), new_calls, new_seconds, moment);
    BEGIN
        UPDATE service_rates
        SET usual_calls = kept.usual_calls, usual_seconds = kept.usual_seconds,
            calls = kept.calls, seconds = kept.seconds, slice = kept.slice, counts = kept.counts
        WHERE account = of_account;
    END $$
"""


def upgrade() -> None:
    op.create_table(
        "api_metrics",
        sa.Column("minute", sa.DateTime(timezone=True), nullable=False),
        sa.Column("service", sa.String(length=80), nullable=False),
        sa.Column("operation", sa.String(length=80), nullable=False),
        sa.Column("outcome", sa.String(length=80), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("total_milliseconds", sa.Float(precision=53), nullable=False),
        sa.Column("longest_milliseconds", sa.Float(precision=53), nullable=False),
        sa.PrimaryKeyConstraint(
            "minute", "service", "operation", "outcome", name=op.f("pk_api_metrics")
        ),
    )
    op.create_table(
        "integration_logs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("service", sa.String(length=80), nullable=False),
        sa.Column("operation", sa.String(length=80), nullable=False),
        sa.Column("outcome", sa.String(length=80), nullable=False),
        sa.Column("milliseconds", sa.Float(precision=53), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_integration_logs")),
    )
    op.create_index(op.f("ix_integration_logs_at"), "integration_logs", ["at"], unique=False)
    op.create_table(
        "service_breakers",
        sa.Column("service", sa.String(length=80), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("rest_seconds", sa.Float(precision=53), nullable=False),
        sa.Column("open_until", sa.Float(precision=53), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("service", name=op.f("pk_service_breakers")),
    )
    op.create_table(
        "service_rates",
        sa.Column("account", sa.String(length=80), nullable=False),
        sa.Column("usual_calls", sa.Integer(), nullable=False),
        sa.Column("usual_seconds", sa.Float(precision=53), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Float(precision=53), nullable=False),
        sa.Column("slice", sa.BigInteger(), nullable=False),
        sa.Column("counts", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column("not_before", sa.Float(precision=53), nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_service_rates")),
    )
    op.create_table(
        "service_tokens",
        sa.Column("account", sa.String(length=80), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_service_tokens")),
    )
    op.execute("ALTER TABLE service_rates SET (fillfactor = 50)")  # it is updated all the time
    for function in (_WITH_RATE, _RATE, _RESERVE, _PAUSE, _LEARN):
        op.execute(function)


def downgrade() -> None:
    for function in ("learn_rate", "pause_calls", "reserve_call", "rate_of", "with_rate"):
        op.execute(f"DROP FUNCTION {function}")
    op.drop_table("service_tokens")
    op.drop_table("service_rates")
    op.drop_table("service_breakers")
    op.drop_index(op.f("ix_integration_logs_at"), table_name="integration_logs")
    op.drop_table("integration_logs")
    op.drop_table("api_metrics")
