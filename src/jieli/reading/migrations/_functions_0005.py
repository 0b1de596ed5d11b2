"""SQL of the fifth migration: when a plan may empty openings (ADR 20), asked of this room's own tables.

The archive declares both functions and denies by default; these replace them by name, and so keep their rights.
"""

# What was searched for, and about whom, leaves an opening whose time is over; who opened, when, for what, stays.
# Only under a plan of the class, only openings older than it says, none that concerns somebody who is held.
OPENINGS = """
CREATE OR REPLACE FUNCTION archive_shred_openings(in_log smallint, in_entry bigint, parts jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    place bigint := ((in_log - 1)::bigint << 40) + (in_entry & 1099511627775);
    until bigint;
BEGIN
    SELECT r.before INTO until
        FROM ledger_part p JOIN archive_shred s ON s.id::text = p.row_id
        JOIN archive_retention_plan r ON r.id = s.id
        WHERE p.log = in_log AND p.entry = in_entry & 1099511627775 AND p.row_table = 'archive_shred'
            AND s.scope = '类别' AND r.code = 'opening';
    IF NOT FOUND THEN
        RAISE EXCEPTION 'archive.not_ours' USING ERRCODE = 'JL002';
    END IF;
    IF EXISTS (
        SELECT FROM archive_named(parts) g JOIN reading_opening o ON o.id = g.id::uuid WHERE o.at >= until
    ) THEN
        RAISE EXCEPTION 'archive.not_due' USING ERRCODE = 'JL003';
    END IF;
    IF EXISTS (
        SELECT FROM archive_opening_held((SELECT array_agg(g.id::uuid) FROM archive_named(parts) g))
    ) THEN
        RAISE EXCEPTION 'archive.held' USING ERRCODE = 'JL001';
    END IF;
    WITH going AS MATERIALIZED (SELECT * FROM archive_named(parts)), emptied AS (
        UPDATE reading_opening SET query = NULL, account = NULL, party = NULL
            WHERE id IN (SELECT id::uuid FROM going)
    )
    UPDATE ledger_part p SET salt = NULL, body = NULL, shredded_in = place
        FROM going g WHERE p.log = g.log AND p.entry = g.entry AND p.n = g.n;
END $$;

CREATE OR REPLACE FUNCTION archive_opening_held(wanted uuid[]) RETURNS TABLE (opening uuid)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    WITH living AS MATERIALIZED (
        SELECT h.target FROM archive_hold h WHERE h.scope IN ('人', '时效')
            AND NOT EXISTS (SELECT FROM archive_hold_release r WHERE r.hold_id = h.id)
    )
    SELECT o.id FROM reading_opening o WHERE o.id = ANY (wanted) AND (
        o.party::text IN (SELECT target FROM living)
        OR EXISTS (SELECT FROM reading_concern c WHERE c.opening_id = o.id
            AND c.staff::text IN (SELECT target FROM living))
        OR EXISTS (SELECT FROM matters_matter m WHERE m.id = o.matter AND m.closed_on IS NULL))
    ORDER BY 1
$$;
"""
