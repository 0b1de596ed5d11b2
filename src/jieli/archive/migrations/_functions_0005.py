"""SQL of the fifth migration: emptying what a person is in the registers (ADR 26), and what else a plan may empty.

`archive_shred` and what it does to items, bases, conversations and media stand in earlier files. Its function for
parts is renamed here and called for those; the parts of registers and of other rooms' records have theirs.
"""

# What keeps a person in the registers, as (kind, what): the one place that decides. `wished`: he himself wants to
# be erased, and holds of 时效 give way. Days are China's. 24 and 12 months are what the articles prescribe (LCL-50,
# LDMA-27); a policy may ask for more, which is asked before the intent.
KEPT = """
CREATE FUNCTION archive_person_kept(person uuid, wished boolean, today date) RETURNS TABLE (kind text, what text)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT '保全', h.id::text FROM archive_hold h
        WHERE h.target = person::text AND (h.scope = '人' OR (h.scope = '时效' AND NOT wished))
            AND NOT EXISTS (SELECT FROM archive_hold_release r WHERE r.hold_id = h.id)
    UNION
    SELECT '事项', m.number FROM matters_person p JOIN matters_matter m ON m.id = p.matter_id
        WHERE p.person = archive_person_kept.person
            AND ((m.closed_on IS NULL AND m.kind <> '请求')
                OR (m.kind = '争议' AND m.closed_on + interval '12 months' >= today))
    UNION
    SELECT '劳动合同', s.staff_no FROM parties_staff s
        WHERE s.id = archive_person_kept.person
            AND (s.left_on IS NULL OR s.left_on + interval '24 months' >= today)
    ORDER BY 1, 2
$$;
"""

# The living parts that an intent names. A pair's first number is a place: log and index (ADR 19).
NAMED = """
CREATE FUNCTION archive_named(parts jsonb) RETURNS TABLE (log smallint, entry bigint, n integer, tab text, id text)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT p.log, p.entry, p.n, p.row_table, p.row_id FROM jsonb_array_elements(parts) AS w(pair)
    JOIN ledger_part p ON p.log = ((w.pair ->> 0)::bigint >> 40) + 1
        AND p.entry = (w.pair ->> 0)::bigint & 1099511627775 AND p.n = (w.pair ->> 1)::integer
    WHERE p.body IS NOT NULL
$$;
"""

# Each part goes to who empties its table; what is none of ours here is emptied, or refused, by the earlier function.
PARTS = """
ALTER FUNCTION archive_shred_parts(smallint, bigint, jsonb) RENAME TO archive_shred_archived;

CREATE FUNCTION archive_shred_parts(in_log smallint, in_entry bigint, parts jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    standing text[] := ARRAY['parties_staff', 'parties_customer', 'parties_customer_identity', 'access_user',
        'access_credential', 'assets_group_member'];
    registers jsonb;
    openings jsonb;
    archived jsonb;
BEGIN
    SELECT coalesce(jsonb_agg(w.pair) FILTER (WHERE p.row_table = ANY (standing)), '[]'),
        coalesce(jsonb_agg(w.pair) FILTER (WHERE p.row_table = 'reading_opening'), '[]'),
        coalesce(jsonb_agg(w.pair)
            FILTER (WHERE (p.row_table = ANY (standing || ARRAY['reading_opening'])) IS NOT TRUE), '[]')
        INTO registers, openings, archived
        FROM jsonb_array_elements(parts) AS w(pair)
        LEFT JOIN ledger_part p ON p.log = ((w.pair ->> 0)::bigint >> 40) + 1
            AND p.entry = (w.pair ->> 0)::bigint & 1099511627775 AND p.n = (w.pair ->> 1)::integer;
    PERFORM archive_shred_archived(in_log, in_entry, archived);
    IF jsonb_array_length(registers) > 0 THEN
        PERFORM archive_shred_registers(in_log, in_entry, registers);
    END IF;
    IF jsonb_array_length(openings) > 0 THEN
        PERFORM archive_shred_openings(in_log, in_entry, openings);
    END IF;
END $$;
"""

# Only under an intent of the scope 人及登记, only rows of the person it names, and never while something keeps him.
REGISTERS = """
CREATE FUNCTION archive_shred_registers(in_log smallint, in_entry bigint, parts jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    place bigint := ((in_log - 1)::bigint << 40) + (in_entry & 1099511627775);
    whom uuid;
    wished boolean;
    since bigint;
BEGIN
    SELECT s.target::uuid, coalesce(m.kind = '请求', false), s.at INTO whom, wished, since
        FROM ledger_part p JOIN archive_shred s ON s.id::text = p.row_id
        LEFT JOIN matters_matter m ON m.id = s.matter
        WHERE p.log = in_log AND p.entry = in_entry & 1099511627775 AND p.row_table = 'archive_shred'
            AND s.scope = '人及登记';
    IF NOT FOUND OR EXISTS (
        SELECT FROM archive_named(parts) g WHERE (CASE g.tab
            WHEN 'parties_customer_identity' THEN EXISTS (
                SELECT FROM parties_customer_identity i WHERE i.id = g.id::uuid AND i.customer_id = whom)
            WHEN 'assets_group_member' THEN EXISTS (
                SELECT FROM assets_group_member m JOIN assets_group r ON r.asset_id = m.group_id
                WHERE m.id = g.id::uuid AND m.account_id IS NULL AND (m.customer_id = whom OR EXISTS (
                    SELECT FROM parties_customer_identity i WHERE i.customer_id = whom
                        AND i.platform = r.platform AND i.external_id = m.external_id)))
            WHEN 'access_user' THEN EXISTS (SELECT FROM access_user u WHERE u.id = g.id::uuid AND u.staff = whom)
            WHEN 'access_credential' THEN EXISTS (
                SELECT FROM access_credential c JOIN access_user u ON u.id = c.user_id
                WHERE c.id = g.id::uuid AND u.staff = whom)
            ELSE g.id::uuid = whom END) IS NOT TRUE
    ) THEN
        RAISE EXCEPTION 'archive.not_ours' USING ERRCODE = 'JL002';
    END IF;
    IF EXISTS (SELECT FROM archive_named(parts)) AND EXISTS (
        SELECT FROM archive_person_kept(
            whom, wished, (to_timestamp(since / 1000) AT TIME ZONE 'Asia/Shanghai')::date)
    ) THEN
        RAISE EXCEPTION 'archive.held' USING ERRCODE = 'JL001';
    END IF;
    WITH going AS MATERIALIZED (SELECT * FROM archive_named(parts)), identities AS (
        UPDATE parties_customer_identity SET external_id = NULL, shredded_in = place
            WHERE id IN (SELECT id::uuid FROM going WHERE tab = 'parties_customer_identity')
    ), customers AS (
        UPDATE parties_customer SET name = NULL, phone = NULL, region = NULL, industry = NULL, minor = NULL,
            health = NULL, shredded_in = place
            WHERE id IN (SELECT id::uuid FROM going WHERE tab = 'parties_customer')
    ), staff AS (
        UPDATE parties_staff SET name = NULL, phone = NULL, shredded_in = place
            WHERE id IN (SELECT id::uuid FROM going WHERE tab = 'parties_staff')
    ), users AS (
        UPDATE access_user SET name = '已删除的人', sign_in = 'erased:' || id::text, password = '!',
            session_epoch = session_epoch + 1 WHERE id IN (SELECT id::uuid FROM going WHERE tab = 'access_user')
    ), passkeys AS (
        UPDATE access_credential SET label = '已删除的人'
            WHERE id IN (SELECT id::uuid FROM going WHERE tab = 'access_credential')
    ), members AS (
        UPDATE assets_group_member SET external_id = 'erased:' || id::text
            WHERE id IN (SELECT id::uuid FROM going WHERE tab = 'assets_group_member')
    )
    UPDATE ledger_part p SET salt = NULL, body = NULL, shredded_in = place
        FROM going g WHERE p.log = g.log AND p.entry = g.entry AND p.n = g.n;
END $$;
"""
# Records of a room above: the archive knows neither its tables nor when they may go, so all of them are held and none
# is ours to empty. The room's own migration replaces both by what asks its tables (reading's fifth); rights stay.
HELD_BY_DEFAULT = """
CREATE OR REPLACE FUNCTION archive_opening_held(wanted uuid[]) RETURNS TABLE (opening uuid)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT DISTINCT w.id FROM unnest(wanted) AS w(id) ORDER BY 1
$$;

CREATE OR REPLACE FUNCTION archive_shred_openings(in_log smallint, in_entry bigint, parts jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM archive_named(parts)) THEN
        RAISE EXCEPTION 'archive.not_ours' USING ERRCODE = 'JL002';
    END IF;
END $$;
"""

RIGHTS = """
REVOKE ALL ON FUNCTION archive_shred_parts(smallint, bigint, jsonb), archive_shred_openings(smallint, bigint, jsonb),
    archive_shred_registers(smallint, bigint, jsonb) FROM PUBLIC;
"""

UNDO = """
DROP FUNCTION archive_shred_openings(smallint, bigint, jsonb), archive_opening_held(uuid[]),
    archive_shred_registers(smallint, bigint, jsonb), archive_shred_parts(smallint, bigint, jsonb),
    archive_named(jsonb), archive_person_kept(uuid, boolean, date);
ALTER FUNCTION archive_shred_archived(smallint, bigint, jsonb) RENAME TO archive_shred_parts;
"""
