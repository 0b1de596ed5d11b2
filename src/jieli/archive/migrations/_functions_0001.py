"""SQL of the first migration: sequences, and what the database itself asks before anything is destroyed.

27241 = 0x6A69 is the house's first lock key, 2 is SHREDDING of `jieli.ledger.locks`.
"""

SEQUENCES = """
CREATE SEQUENCE archive_batch_id_seq AS bigint OWNED BY archive_batch.id;
CREATE SEQUENCE archive_conversation_id_seq AS bigint OWNED BY archive_conversation.id;
CREATE SEQUENCE archive_basis_id_seq AS bigint OWNED BY archive_basis.id;
CREATE SEQUENCE archive_segment_id_seq AS bigint OWNED BY archive_segment.id;
-- Ciphertext does not compress: do not try. Index rows neither, they are packed.
ALTER TABLE archive_item ALTER COLUMN ciphertext SET STORAGE EXTERNAL;
ALTER TABLE archive_segment_row ALTER COLUMN data SET STORAGE EXTERNAL;
"""

# Which holds cover which of these items. A person's hold covers what he said, what came through an account that he
# held at the time, and both halves of a one-to-one conversation in which he spoke; in a room, his own words.
HELD = """
CREATE FUNCTION archive_held(wanted bigint[]) RETURNS TABLE (item_id bigint, hold uuid)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    WITH asked AS (
        SELECT i.item_id, i.conversation, i.channel, i.basis_id, c.counterparty IS NOT NULL AS pair
        FROM archive_item i LEFT JOIN archive_conversation c ON c.id = i.conversation
        WHERE i.item_id = ANY (wanted)
    ), spoke AS (
        SELECT DISTINCT o.conversation, b.speaker::text AS person
        FROM archive_item o JOIN archive_basis b ON b.id = o.basis_id
        WHERE o.conversation IN (SELECT a.conversation FROM asked a WHERE a.pair)
          AND EXISTS (SELECT FROM archive_hold h WHERE h.scope = '人' AND h.target = b.speaker::text)
    ), living AS (
        SELECT h.id, h.scope, h.target FROM archive_hold h
        WHERE NOT EXISTS (SELECT FROM archive_hold_release r WHERE r.hold_id = h.id)
    )
    SELECT a.item_id, l.id
    FROM asked a
    LEFT JOIN archive_basis b ON b.id = a.basis_id
    JOIN living l ON
        (l.scope = '条目' AND l.target = a.item_id::text)
        OR (l.scope = '会话' AND l.target = a.conversation::text)
        OR (l.scope = '人' AND l.target IN (b.speaker::text, b.holder::text))
        OR (l.scope = '人' AND EXISTS (
            SELECT FROM spoke s WHERE s.conversation = a.conversation AND s.person = l.target))
        OR (l.scope = '类别' AND l.target = a.channel)
    ORDER BY a.item_id, l.id
$$;
"""

# A hold and a destruction never pass each other unseen: both take the lock before they look. Each statement of
# a plpgsql function sees what was committed while it waited.
TRIGGERS = """
CREATE FUNCTION archive_hold_waits() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(27241, 2);
    RETURN NULL;
END $$;
CREATE TRIGGER archive_hold_waits BEFORE INSERT ON archive_hold
    FOR EACH STATEMENT EXECUTE FUNCTION archive_hold_waits();

CREATE FUNCTION archive_tombstone_asks() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(27241, 2);
    IF EXISTS (SELECT FROM archive_held((SELECT array_agg(item_id) FROM fresh))) THEN
        RAISE EXCEPTION 'archive.held' USING ERRCODE = 'JL001';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER archive_tombstone_asks AFTER INSERT ON archive_tombstone
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION archive_tombstone_asks();
"""

# Empties what a committed intent names: the items of its tombstones, and the parts of conversations and bases
# that its entry's facts list, none of which may still have an item without a tombstone. Idempotent.
SHRED = """
CREATE FUNCTION archive_shred(intent uuid) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    named record;
    body jsonb;
    emptied integer;
BEGIN
    PERFORM pg_advisory_xact_lock(27241, 2);
    SELECT p.log, p.entry INTO named FROM ledger_part p JOIN ledger_entry e ON e.log = p.log AND e.index = p.entry
        WHERE p.row_table = 'archive_shred' AND p.row_id = intent::text AND e.kind = 'archive.shred';
    IF NOT FOUND THEN
        RAISE EXCEPTION 'archive.not_intended' USING ERRCODE = 'JL002';
    END IF;
    IF EXISTS (
        SELECT FROM archive_held((
            SELECT array_agg(t.item_id) FROM archive_tombstone t
            JOIN archive_item i ON i.item_id = t.item_id AND i.conversation = t.conversation
            WHERE t.shred_id = intent AND i.shredded_in IS NULL))
    ) THEN
        RAISE EXCEPTION 'archive.held' USING ERRCODE = 'JL001';
    END IF;
    UPDATE archive_item i SET basis_id = NULL, cipher_sha256 = NULL, ciphertext = NULL, fields_digest = NULL,
            shredded_in = named.entry
        FROM archive_tombstone t
        WHERE t.shred_id = intent AND i.item_id = t.item_id AND i.conversation = t.conversation
            AND i.shredded_in IS NULL;
    GET DIAGNOSTICS emptied = ROW_COUNT;
    SELECT convert_from(p.body, 'UTF8')::jsonb -> 'facts' INTO body FROM ledger_part p
        WHERE p.log = named.log AND p.entry = named.entry AND p.n = 0;
    PERFORM archive_shred_parts(named.log, named.entry, body -> 'parts');
    RETURN emptied;
END $$;

CREATE FUNCTION archive_shred_parts(in_log smallint, in_entry bigint, parts jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    part record;
BEGIN
    FOR part IN
        SELECT p.entry, p.n, p.row_table, p.row_id FROM jsonb_array_elements(parts) AS w(pair)
        JOIN ledger_part p ON p.log = in_log AND p.entry = (w.pair ->> 0)::bigint AND p.n = (w.pair ->> 1)::integer
        WHERE p.body IS NOT NULL
    LOOP
        IF part.row_table = 'archive_basis' THEN
            IF EXISTS (
                SELECT FROM archive_basis b JOIN archive_item i ON i.basis_id = b.id
                    AND i.item_id BETWEEN b.batch_id * 65536 AND b.batch_id * 65536 + 65535
                WHERE b.id = part.row_id::bigint
            ) THEN CONTINUE; END IF;
            UPDATE archive_basis SET speaker_kind = NULL, speaker = NULL, account = NULL, holder = NULL, rows = NULL,
                shredded_in = in_entry WHERE id = part.row_id::bigint;
        ELSIF part.row_table = 'archive_conversation' THEN
            IF EXISTS (
                SELECT FROM archive_item i WHERE i.conversation = part.row_id::bigint AND i.shredded_in IS NULL
            ) THEN CONTINUE; END IF;
            UPDATE archive_conversation SET room = NULL, counterparty = NULL, shredded_in = in_entry
                WHERE id = part.row_id::bigint;
        ELSE
            RAISE EXCEPTION 'archive.not_ours' USING ERRCODE = 'JL002';
        END IF;
        UPDATE ledger_part SET salt = NULL, body = NULL, shredded_in = in_entry
            WHERE log = in_log AND entry = part.entry AND n = part.n;
    END LOOP;
END $$;

CREATE FUNCTION archive_sweep_segments() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    swept integer;
BEGIN
    DELETE FROM archive_segment_row r USING archive_segment s
        WHERE s.id = r.segment AND s.replaced_by IS NOT NULL;
    DELETE FROM archive_segment WHERE replaced_by IS NOT NULL;
    GET DIAGNOSTICS swept = ROW_COUNT;
    RETURN swept;
END $$;

REVOKE ALL ON FUNCTION archive_shred(uuid), archive_sweep_segments() FROM PUBLIC;
REVOKE ALL ON FUNCTION archive_shred_parts(smallint, bigint, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION archive_shred(uuid), archive_sweep_segments() TO jieli_shred;
"""

UNDO = """
DROP TRIGGER archive_tombstone_asks ON archive_tombstone;
DROP TRIGGER archive_hold_waits ON archive_hold;
DROP FUNCTION archive_shred(uuid), archive_shred_parts(smallint, bigint, jsonb), archive_sweep_segments(),
    archive_tombstone_asks(), archive_hold_waits(), archive_held(bigint[]);
DROP SEQUENCE archive_batch_id_seq, archive_conversation_id_seq, archive_basis_id_seq, archive_segment_id_seq;
"""
