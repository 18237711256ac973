"""Calls that were answered late count as made when they were answered."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# Of the calls since its moment the first is taken for it: a count has no names. A call that has
# left the counts meanwhile is only added.
_ANSWERED = """
    CREATE FUNCTION call_answered(
        of_account text, with_calls integer, with_seconds double precision,
        after double precision,
        moment double precision DEFAULT extract(epoch FROM clock_timestamp())
    ) RETURNS void LANGUAGE plpgsql AS $$
    DECLARE
        kept service_rates := rate_of(of_account, with_calls, with_seconds, moment);
        width double precision := kept.seconds / 100;
        place bigint := floor(moment / width);
        made bigint := floor((moment - after) / width);
        was integer;
    BEGIN
        IF place - made <= 2 THEN
            RETURN;
        END IF;
        IF cardinality(kept.counts) = 0 THEN
            kept.slice := place;
        END IF;
        kept.counts := array_fill(0, ARRAY[greatest(kept.slice - place, 0)::integer])
            || kept.counts;
        kept.slice := least(kept.slice, place);
        kept.counts := kept.counts || array_fill(
            0, ARRAY[greatest(place - kept.slice + 1 - cardinality(kept.counts), 0)::integer]);
        SELECT min(n) INTO was FROM generate_subscripts(kept.counts, 1) AS n
            WHERE n > made - kept.slice AND n <= place - kept.slice AND kept.counts[n] > 0;
        IF was IS NOT NULL THEN
            kept.counts[was] := kept.counts[was] - 1;
        END IF;
        kept.counts[place - kept.slice + 1] := kept.counts[place - kept.slice + 1] + 1;
        UPDATE service_rates
        SET usual_calls = kept.usual_calls, usual_seconds = kept.usual_seconds,
            calls = kept.calls, seconds = kept.seconds, slice = kept.slice, counts = kept.counts
        WHERE account = of_account;
    END $$
"""


def upgrade() -> None:
    op.execute(_ANSWERED)


def downgrade() -> None:
    op.execute("DROP FUNCTION call_answered")
