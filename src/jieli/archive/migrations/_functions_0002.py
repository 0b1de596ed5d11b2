"""SQL of the second migration: which holds cover which items, now with 时效, and what a class destruction may take.

Earlier definitions stand in `_functions_0001`; these replace them by name.
"""

# Each way to be covered is a join by equality, so that ten thousand items under a thousand holds stay one short
# statement. A hold of 时效 gives way to a tombstone of a destruction that a person concerned wishes: scope 本人, or
# a matter of the kind 请求 (ADR 20).
HELD = """
CREATE OR REPLACE FUNCTION archive_held(wanted bigint[]) RETURNS TABLE (item_id bigint, hold uuid)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    WITH living AS MATERIALIZED (
        SELECT h.id, h.scope, h.target FROM archive_hold h
        WHERE NOT EXISTS (SELECT FROM archive_hold_release r WHERE r.hold_id = h.id)
    ), asked AS MATERIALIZED (
        SELECT i.item_id, i.conversation, i.channel, b.speaker::text AS speaker, b.holder::text AS holder,
            c.counterparty IS NOT NULL AS pair
        FROM archive_item i
        LEFT JOIN archive_basis b ON b.id = i.basis_id
        LEFT JOIN archive_conversation c ON c.id = i.conversation
        WHERE i.item_id = ANY (wanted) AND EXISTS (SELECT FROM living)
    ), spoke AS MATERIALIZED (
        SELECT DISTINCT a.conversation, l.id
        FROM (SELECT DISTINCT conversation FROM asked WHERE pair) a
        JOIN archive_item o ON o.conversation = a.conversation
        JOIN archive_basis b ON b.id = o.basis_id
        JOIN living l ON l.target = b.speaker::text
        WHERE l.scope IN ('人', '时效') AND EXISTS (SELECT FROM living p WHERE p.scope IN ('人', '时效'))
    ), covered AS (
        SELECT a.item_id, l.id FROM asked a JOIN living l ON l.target = a.item_id::text WHERE l.scope = '条目'
        UNION
        SELECT a.item_id, l.id FROM asked a JOIN living l ON l.target = a.conversation::text
            WHERE l.scope = '会话'
        UNION
        SELECT a.item_id, l.id FROM asked a JOIN living l ON l.target = a.channel WHERE l.scope = '类别'
        UNION
        SELECT a.item_id, l.id FROM asked a JOIN living l ON l.target = a.speaker
            WHERE l.scope IN ('人', '时效')
        UNION
        SELECT a.item_id, l.id FROM asked a JOIN living l ON l.target = a.holder
            WHERE l.scope IN ('人', '时效')
        UNION
        SELECT a.item_id, s.id FROM asked a JOIN spoke s ON s.conversation = a.conversation
    )
    SELECT c.item_id, c.id FROM covered c JOIN living l ON l.id = c.id
    WHERE l.scope <> '时效' OR NOT EXISTS (
        SELECT FROM archive_tombstone t JOIN archive_shred s ON s.id = t.shred_id
        LEFT JOIN matters_matter m ON m.id = s.matter
        WHERE t.item_id = c.item_id AND (s.scope = '本人' OR m.kind = '请求'))
    ORDER BY c.item_id, c.id
$$;
"""

# Also: a destruction by class has its plan, and takes nothing that the plan does not cover.
ASKS = """
CREATE OR REPLACE FUNCTION archive_tombstone_asks() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(27241, 2);
    IF EXISTS (SELECT FROM archive_held((SELECT array_agg(item_id) FROM fresh))) THEN
        RAISE EXCEPTION 'archive.held' USING ERRCODE = 'JL001';
    END IF;
    IF EXISTS (
        SELECT FROM fresh f JOIN archive_shred s ON s.id = f.shred_id
        JOIN archive_item i ON i.item_id = f.item_id
        LEFT JOIN archive_retention_plan p ON p.id = s.id
        WHERE s.scope = '类别' AND (i.channel = p.channel AND i.event_at < p.before AND i.item_id <= p.newest)
            IS NOT TRUE
    ) THEN
        RAISE EXCEPTION 'archive.not_due' USING ERRCODE = 'JL003';
    END IF;
    RETURN NULL;
END $$;
"""

UNDO_ASKS = """
CREATE OR REPLACE FUNCTION archive_tombstone_asks() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(27241, 2);
    IF EXISTS (SELECT FROM archive_held((SELECT array_agg(item_id) FROM fresh))) THEN
        RAISE EXCEPTION 'archive.held' USING ERRCODE = 'JL001';
    END IF;
    RETURN NULL;
END $$;
"""

# As before, but in sets: the bases of a batch are looked up in one pass over its items, not one pass for each basis.
PARTS = """
CREATE OR REPLACE FUNCTION archive_shred_parts(in_log smallint, in_entry bigint, parts jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM jsonb_array_elements(parts) AS w(pair)
        JOIN ledger_part p ON p.log = in_log AND p.entry = (w.pair ->> 0)::bigint AND p.n = (w.pair ->> 1)::integer
        WHERE p.body IS NOT NULL
            AND (p.row_table IN ('archive_basis', 'archive_conversation')) IS NOT TRUE
    ) THEN
        RAISE EXCEPTION 'archive.not_ours' USING ERRCODE = 'JL002';
    END IF;
    WITH named AS MATERIALIZED (
        SELECT p.entry, p.n, p.row_table, p.row_id::bigint AS id FROM jsonb_array_elements(parts) AS w(pair)
        JOIN ledger_part p ON p.log = in_log AND p.entry = (w.pair ->> 0)::bigint AND p.n = (w.pair ->> 1)::integer
        WHERE p.body IS NOT NULL
    ), bases AS MATERIALIZED (
        SELECT b.id, b.batch_id FROM named w JOIN archive_basis b ON b.id = w.id WHERE w.row_table = 'archive_basis'
    ), used AS MATERIALIZED (
        SELECT DISTINCT i.basis_id FROM (SELECT DISTINCT batch_id FROM bases) d
        JOIN archive_item i ON i.item_id BETWEEN d.batch_id * 65536 AND d.batch_id * 65536 + 65535
        WHERE i.basis_id IS NOT NULL
    ), emptied AS (
        UPDATE archive_basis b SET speaker_kind = NULL, speaker = NULL, account = NULL, holder = NULL, rows = NULL,
            shredded_in = in_entry
        FROM bases s WHERE b.id = s.id AND s.id NOT IN (SELECT basis_id FROM used)
        RETURNING b.id
    ), talks AS (
        UPDATE archive_conversation c SET room = NULL, counterparty = NULL, shredded_in = in_entry
        FROM named w WHERE w.row_table = 'archive_conversation' AND c.id = w.id AND NOT EXISTS (
            SELECT FROM archive_item i WHERE i.conversation = c.id AND i.shredded_in IS NULL)
        RETURNING c.id
    )
    UPDATE ledger_part p SET salt = NULL, body = NULL, shredded_in = in_entry
        FROM named w WHERE p.log = in_log AND p.entry = w.entry AND p.n = w.n
            AND ((w.row_table = 'archive_basis' AND w.id IN (SELECT id FROM emptied))
                OR (w.row_table = 'archive_conversation' AND w.id IN (SELECT id FROM talks)));
END $$;
"""
